"""The SQL of the figures of returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, union

from chalicelib.analytics.returns.return_tables import (
    return_categories,
    return_days,
    return_orders,
    return_products,
)
from chalicelib.core.database import AnyRow, Connection

_days = return_days.c
_orders = return_orders.c
_COUNTS = ("requested", "received", "refused", "items", "value_cents", "waited_s", "timed")
_TABLES = (return_days, return_products, return_categories, return_orders)


@dataclass(frozen=True, slots=True)
class DayRows:
    """The rows of a day, as the tables have them."""

    reasons: Sequence[Mapping[str, Any]]
    products: Sequence[Mapping[str, Any]]
    categories: Sequence[Mapping[str, Any]]
    orders: Sequence[Mapping[str, Any]]


def replace_day(connection: Connection, day: date, rows: DayRows) -> None:
    """Put the figures of a day in the place of those that were there."""
    parts = (rows.reasons, rows.products, rows.categories, rows.orders)
    for table, part in zip(_TABLES, parts, strict=True):
        connection.execute(delete(table).where(table.c.day == day))
        if part:
            connection.execute(insert(table), list(part))


def list_counted(connection: Connection) -> list[date]:
    """Return the days that have figures."""
    found = union(*(select(table.c.day) for table in _TABLES)).subquery("found")
    return list(connection.scalars(select(found.c.day)))


def list_days_of(connection: Connection, product_ids: Sequence[int]) -> list[date]:
    """Return the days on which some products came back."""
    found = select(return_products.c.day).where(return_products.c.product_id.in_(product_ids)).distinct()
    return list(connection.scalars(found)) if product_ids else []


def delete_all(connection: Connection) -> None:
    """Forget all figures."""
    for table in _TABLES:
        connection.execute(delete(table))


def list_days(connection: Connection, first: date, last: date) -> Sequence[AnyRow]:
    """Return the sums of all reasons by day: day, and the counts."""
    sums = [func.sum(_days[name]).label(name) for name in _COUNTS]
    within = (_days.day >= first) & (_days.day <= last)
    return connection.execute(select(_days.day, *sums).where(within).group_by(_days.day).order_by(_days.day)).all()


def list_orders(connection: Connection, first: date, last: date) -> Sequence[AnyRow]:
    """Return the orders by day: day, orders, returned."""
    within = (_orders.day >= first) & (_orders.day <= last)
    return connection.execute(select(return_orders).where(within).order_by(_orders.day)).all()


def list_reasons(connection: Connection, first: date, last: date, limit: int) -> Sequence[AnyRow]:
    """Return the sums by reason, the most items first: reason, and the counts."""
    sums = [func.sum(_days[name]).label(name) for name in _COUNTS]
    within = (_days.day >= first) & (_days.day <= last)
    statement = select(_days.reason, *sums).where(within).group_by(_days.reason)
    most = (func.sum(_days["items"]).desc(), func.sum(_days.requested).desc(), _days.reason)
    return connection.execute(statement.order_by(*most).limit(limit)).all()


def list_top(connection: Connection, by: str, first: date, last: date, limit: int) -> Sequence[AnyRow]:
    """Return what came back most by `product_id` or `category`: it, items, value_cents."""
    table: Table = return_products if by == "product_id" else return_categories
    columns = table.c
    sums = [func.sum(columns[name]).label(name) for name in ("items", "value_cents")]
    within = (columns.day >= first) & (columns.day <= last)
    statement = select(columns[by], *sums).where(within).group_by(columns[by])
    most = (func.sum(columns["items"]).desc(), func.sum(columns.value_cents).desc(), columns[by])
    return connection.execute(statement.order_by(*most).limit(limit)).all()
