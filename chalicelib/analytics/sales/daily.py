"""Sales day by day from the summaries, for those who look for what is usual or what will come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from chalicelib.analytics.days import Span
from chalicelib.analytics.sales import daily_sql, facts_sql
from chalicelib.core.database import Connection


def by_day(connection: Connection, dimension: str, values: Collection[str], days: Span) -> Sequence[Any]:
    """Return what was sold of some values of a dimension, a row a day that has sales.

    Rows: day, value, lines, orders, items, units, sold_cents. Items that were cancelled are left out, those that came
    back are not: they were asked for all the same, and of the last days it is not known yet what will come back.
    `lines` are all items, `units` those that did not come back.
    """
    return daily_sql.list_days(connection, dimension, values, days)


def most_sold(connection: Connection, dimension: str, days: Span, limit: int) -> list[tuple[str, int]]:
    """Return the values of a dimension of which most items were sold, and how many, most first."""
    return [(row.value, int(row.items)) for row in daily_sql.list_most_sold(connection, dimension, days, limit)]


def known_days(connection: Connection) -> Span | None:
    """Return the days from the first sale to the last; None where there was none."""
    first, last = facts_sql.list_bounds(connection)
    return None if first is None or last is None else Span(first, last)
