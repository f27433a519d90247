"""The SQL of who came how far on the way to an order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from chalicelib.commerce.sale_tables import cart_items, carts, checkouts
from chalicelib.commerce.tables import orders
from chalicelib.core.database import AnyRow, Connection

# Of ids in one statement.
_MOST_AT_ONCE = 1000


def list_filled(connection: Connection, since: datetime) -> Sequence[AnyRow]:
    """Return what was put into carts that were touched since, and is there: cart_id, customer_id, at."""
    statement = (
        select(cart_items.c.cart_id, carts.c.customer_id, cart_items.c.added_at.label("at"))
        .join_from(carts, cart_items)
        .where(carts.c.updated_at >= since, cart_items.c.added_at >= since)
    )
    return connection.execute(statement).all()


def find_carts(connection: Connection, cart_ids: Collection[int]) -> set[int]:
    """Return which of some carts are there."""
    ids, found = sorted(cart_ids), set[int]()
    for at in range(0, len(ids), _MOST_AT_ONCE):
        part = ids[at : at + _MOST_AT_ONCE]
        found.update(connection.scalars(select(carts.c.id).where(carts.c.id.in_(part))))
    return found


def list_begun(connection: Connection, start: datetime, end: datetime) -> Iterable[AnyRow]:
    """Return who began checkouts: customer_id, email_key."""
    statement = select(checkouts.c.customer_id, checkouts.c.email_key).distinct()
    return connection.execute(statement.where(checkouts.c.created_at >= start, checkouts.c.created_at < end))


def list_ordered(connection: Connection, start: datetime, end: datetime) -> Iterable[AnyRow]:
    """Return who ordered by a checkout: order_id, customer_id, email_key."""
    customer = func.coalesce(orders.c.user_id, checkouts.c.customer_id).label("customer_id")
    statement = (
        select(orders.c.id.label("order_id"), customer, checkouts.c.email_key)
        .join_from(orders, checkouts, checkouts.c.order_id == orders.c.id)
        .where(orders.c.created_at >= start, orders.c.created_at < end)
    )
    return connection.execute(statement)
