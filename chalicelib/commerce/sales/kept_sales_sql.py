"""The SQL of what was sold and kept, by the time of its order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select

from chalicelib.commerce.tables import order_items, orders
from chalicelib.core.database import AnyRow, Connection

_KEPT = order_items.c.status.not_in(["cancelled", "returned"])


@dataclass(frozen=True, slots=True)
class DaySales:
    """What was sold on a day and kept."""

    day: date
    orders: int
    items: int
    revenue_cents: int


@dataclass(frozen=True, slots=True)
class Total:
    """What a customer bought and kept."""

    orders: int
    revenue_cents: int


def _day(given: object) -> date:
    return given if isinstance(given, date) else date.fromisoformat(str(given))  # a text on SQLite


def list_changed_days(connection: Connection, since: datetime) -> list[date]:
    """Return the days of orders that changed from `since` on, ascending."""
    day = func.date(orders.c.created_at)
    statement = select(day).where(orders.c.updated_at >= since).distinct().order_by(day)
    return [_day(each) for each in connection.scalars(statement)]


def list_kept_by_day(connection: Connection, start: datetime, end: datetime) -> Sequence[DaySales]:
    """Return what was sold and kept by day of the order, ascending."""
    day = func.date(orders.c.created_at)
    statement = (
        select(
            day,
            func.count(orders.c.id.distinct()),
            func.count(),
            func.sum(order_items.c.sale_price_cents),
        )
        .join_from(orders, order_items)
        .where(orders.c.created_at >= start, orders.c.created_at < end, _KEPT)
        .group_by(day)
        .order_by(day)
    )
    # Sums of integers are Decimal on MySQL.
    return [DaySales(_day(row[0]), row[1], row[2], int(row[3])) for row in connection.execute(statement)]


def find_total_of(connection: Connection, customer_id: int) -> Total:
    """Return what a customer bought and kept."""
    statement = (
        select(func.count(orders.c.id.distinct()), func.coalesce(func.sum(order_items.c.sale_price_cents), 0))
        .join_from(orders, order_items)
        .where(orders.c.user_id == customer_id, _KEPT)
    )
    row = connection.execute(statement).one()
    return Total(row[0], int(row[1]))


def list_order_keys(
    connection: Connection, start: datetime, end: datetime, *, after: tuple[datetime, int] | None, limit: int
) -> Sequence[AnyRow]:
    """Return the next orders of customers by time and id: created_at, id."""
    key = (orders.c.created_at, orders.c.id)
    at, last_id = after or (start, 0)
    statement = select(*key).where(orders.c.created_at >= at, orders.c.created_at < end)
    # The first part alone would do for the index; this leaves out what was there.
    statement = statement.where(or_(orders.c.created_at > at, orders.c.id > last_id))
    return connection.execute(statement.where(orders.c.user_id.is_not(None)).order_by(*key).limit(limit)).all()


_ITEMS = (
    select(
        order_items.c.id,
        order_items.c.order_id,
        orders.c.user_id.label("customer_id"),
        order_items.c.product_id,
        order_items.c.sale_price_cents.label("cents"),
        orders.c.created_at.label("at"),
    )
    .join_from(orders, order_items)
    .where(_KEPT)
    .order_by(orders.c.created_at, orders.c.id, order_items.c.id)
)


def list_kept_items(connection: Connection, order_ids: Collection[int]) -> Sequence[AnyRow]:
    """Return the items of some orders that were kept: id, order_id, customer_id, product_id, cents, at."""
    return connection.execute(_ITEMS.where(orders.c.id.in_(order_ids))).all()


def list_kept_items_of(
    connection: Connection, customer_ids: Collection[int], start: datetime, end: datetime
) -> Sequence[AnyRow]:
    """Return the items of orders of some customers that were kept: see `list_kept_items`."""
    statement = _ITEMS.where(orders.c.created_at >= start, orders.c.created_at < end)
    return connection.execute(statement.where(orders.c.user_id.in_(customer_ids))).all()
