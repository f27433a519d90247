"""Sales line by line, for those who sum them up: what counts as sold, given back, kept, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from chalicelib.commerce.sales import sale_lines_sql
from chalicelib.core.database import Connection
from chalicelib.events import outbox

_HOUR = timedelta(hours=1)
FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def lines(connection: Connection, first: date, start: datetime, end: datetime, offset_s: int) -> Any:
    """Return the statement that finds the items of the orders of some days, one row an item, for INSERT ... SELECT.

    The days are `first`, from `start` until before `end`, or that and those behind it, all of 24 hours, where clocks
    are `offset_s` ahead of UTC.

    Rows: day, item_id, hour (of the day, from 0), order_id, customer_id (null of guests), product_id, category,
    brand (folded), department, traffic_source, country ("" is none), distribution_center (of the unit while it is
    kept, else of the product), cancelled, returned, booked (1 or 0), sale_cents, discount_cents, refund_cents (0: see
    `goodwill`), cost_cents (of the unit, else of the product). Its rows may be many: they are read by no one, but
    written into a table of the one who asks, in one statement.
    """
    return sale_lines_sql.lines(connection, first, start, end, offset_s)


def goodwill(connection: Connection, start: datetime, end: datetime) -> dict[int, int]:
    """Return what was given back for items that are kept, in cents by item, of the orders of a time.

    Money is given back for an order: each item that is kept has its share by its price, to the cent.
    """
    owed = {row.order_id: int(row.cents) for row in sale_lines_sql.list_goodwill(connection, start, end)}
    if not owed:
        return {}
    shares: dict[int, int] = {}
    kept = sale_lines_sql.list_kept(connection, sorted(owed))
    for order_id, found in groupby(kept, key=lambda row: row.order_id):
        items = list(found)
        parts = share_out(owed[order_id], [int(item.sale_cents) for item in items])
        shares.update({item.item_id: part for item, part in zip(items, parts, strict=True) if part})
    return shares


def share_out(amount_cents: int, prices_cents: Sequence[int]) -> list[int]:
    """Return the shares of an amount by prices; they add up to it. By heads where nothing had a price."""
    weights = prices_cents if sum(prices_cents) else [1] * len(prices_cents)
    whole, until, parts = sum(weights), 0, []
    for weight in weights:
        given = amount_cents * until // whole
        until += weight
        parts.append(amount_cents * until // whole - given)
    return parts


def changed_hours(connection: Connection, since: datetime) -> list[datetime]:
    """Return the beginnings of the hours (UTC) with orders whose lines may have changed from `since` on."""
    return [FIRST + hour * _HOUR for hour in sale_lines_sql.list_changed_hours(connection, since)]


def imported_since(connection: Connection, since: datetime) -> bool:
    """Tell whether an import has ended from `since` on: anything may have changed.

    It stamps its rows with the moment at which it began, and changes items without their orders.
    """
    imported = outbox.last_recorded(connection, "import.finished")
    return imported is not None and imported >= since


def bounds(connection: Connection) -> tuple[datetime, datetime] | None:
    """Return when the first and the last order were placed; None where there is none."""
    found = sale_lines_sql.find_bounds(connection)
    return None if found.first is None else (found.first, found.last)


def count_orders(connection: Connection, start: datetime, end: datetime) -> int:
    """Return how many orders were placed from `start` until before `end`."""
    return sale_lines_sql.count_orders(connection, start, end)
