"""What was sold and kept (neither cancelled nor returned), by the time of its order, for other domains."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from chalicelib.commerce.sales import kept_sales_sql
from chalicelib.core.database import Connection
from chalicelib.events import outbox

_ORDERS = 500


def changed_days(connection: Connection, since: datetime) -> list[date]:
    """Return the days (UTC) of the orders that were placed or changed from `since` on."""
    return kept_sales_sql.list_changed_days(connection, since)


def days_to_count(connection: Connection, since: datetime, *, floor: datetime) -> list[date]:
    """Return the days (UTC) whose sales may have changed from `since` on, of those from `floor` on.

    An import stamps its orders with the moment at which it began, and may change items without their orders: after
    one it is every day.
    """
    imported = outbox.last_recorded(connection, "import.finished")
    return changed_days(connection, floor if imported is not None and imported >= since else since)


def kept_by_day(connection: Connection, start: datetime, end: datetime) -> Sequence[kept_sales_sql.DaySales]:
    """Return what was sold from `start` until before `end` and kept, by day; days without any are left out."""
    return kept_sales_sql.list_kept_by_day(connection, start, end)


def total_of(connection: Connection, customer_id: int) -> kept_sales_sql.Total:
    """Return how many orders a customer has of which something was kept, and what that was sold for."""
    return kept_sales_sql.find_total_of(connection, customer_id)


def kept_items(connection: Connection, start: datetime, end: datetime) -> Iterator[Sequence[Any]]:
    """Yield what customers bought from `start` until before `end` and kept, order by order, some hundred at a time.

    Each item: id, order_id, customer_id, product_id, cents, at (when it was ordered).
    """
    after: tuple[datetime, int] | None = None
    while True:
        orders = kept_sales_sql.list_order_keys(connection, start, end, after=after, limit=_ORDERS)
        if not orders:
            return
        if items := kept_sales_sql.list_kept_items(connection, [order.id for order in orders]):
            yield items
        after = (orders[-1].created_at, orders[-1].id)


def kept_items_of(
    connection: Connection, customer_ids: Collection[int], start: datetime, end: datetime
) -> Sequence[Any]:
    """Return what some customers bought from `start` until before `end` and kept; see `kept_items`."""
    return kept_sales_sql.list_kept_items_of(connection, customer_ids, start, end)
