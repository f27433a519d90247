"""What came back and why, by day, for other domains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from chalicelib.commerce.sales import returned_sql
from chalicelib.core.database import Connection

# The reason of what came back without a return: of imported orders.
UNKNOWN = returned_sql.UNKNOWN


def changed_days(connection: Connection, since: datetime | None) -> list[date]:
    """Return the days (UTC) whose figures of returns may have changed from `since` on; None: all that have any.

    These are the days of the orders that changed, those on which their items came back, and those on which their
    returns were asked for and decided. An import may move what it wrote before to another day, and nothing tells from
    which: see `sale_lines.imported_since`.
    """
    return returned_sql.list_changed_days(connection, since)


def list_recategorized(connection: Connection, since: datetime) -> list[int]:
    """Return the products whose category was changed from `since` on."""
    return returned_sql.list_recategorized(connection, since)


def count_returns(connection: Connection, start: datetime, end: datetime) -> Sequence[Any]:
    """Return how many returns were asked for, received and refused in a time, by reason.

    Each row: reason, and `requested`, `received`, `refused`, of which one is counted and the others are 0.
    """
    return returned_sql.count_returns(connection, start, end)


def sum_items(connection: Connection, start: datetime, end: datetime) -> Sequence[Any]:
    """Return what came back in a time by reason and product, each once.

    Each row: reason, product_id, items, cents (what they were sold for), seconds (from delivery to return) and timed
    (of how many items those seconds are). An item without a time of its return counts at that of its order.
    """
    return returned_sql.sum_items(connection, start, end)


def count_orders(connection: Connection, start: datetime, end: datetime) -> tuple[int, int]:
    """Return how many orders of a time were not cancelled, and of how many of them something came back."""
    return returned_sql.count_orders(connection, start, end)
