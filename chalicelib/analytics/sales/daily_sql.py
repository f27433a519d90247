"""The SQL of reading the summaries of sales day by day."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from chalicelib.analytics.days import Span
from chalicelib.analytics.sales.figure_tables import sales_days
from chalicelib.core.database import AnyRow, Connection

_row = sales_days.c


def list_days(connection: Connection, dimension: str, values: Collection[str], days: Span) -> Sequence[AnyRow]:
    """Return the days with sales of some values, ascending: day, value, lines, orders, items, units, sold_cents."""
    sold = (_row.gross_cents - _row.discount_cents).label("sold_cents")
    statement = (
        select(_row.day, _row.value, _row.lines, _row.orders, _row["items"], _row.units, sold)
        .where(_row.dimension == dimension, _row.day.between(days.first, days.last), _row.value.in_(values))
        .order_by(_row.day, _row.value)
    )
    return connection.execute(statement).all()


def list_most_sold(connection: Connection, dimension: str, days: Span, limit: int) -> Sequence[AnyRow]:
    """Return the values of which items were sold, most first: value, items."""
    items = func.sum(_row["items"]).label("items")
    statement = (
        select(_row.value, items)
        .where(_row.dimension == dimension, _row.day.between(days.first, days.last), _row["items"] > 0)
        .group_by(_row.value)
        .order_by(items.desc(), _row.value)
        .limit(limit)
    )
    return connection.execute(statement).all()
