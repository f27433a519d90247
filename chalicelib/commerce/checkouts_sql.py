"""The SQL of checkouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from chalicelib.commerce.sale_tables import checkout_items, checkouts
from chalicelib.commerce.tables import products
from chalicelib.core.database import AnyRow, Connection, insert_row

_UNDER_WAY = ("open", "paying")


def find_checkout(connection: Connection, public_id: str) -> AnyRow | None:
    """Return a checkout."""
    return connection.execute(select(checkouts).where(checkouts.c.public_id == public_id)).first()


def find_checkout_by_request(connection: Connection, request_key: str) -> AnyRow | None:
    """Return the checkout that a request with this key made."""
    return connection.execute(select(checkouts).where(checkouts.c.request_key == request_key)).first()


def lock_checkout(connection: Connection, checkout_id: int) -> AnyRow:
    """Return a checkout that nobody else changes until the transaction ends."""
    return connection.execute(select(checkouts).where(checkouts.c.id == checkout_id).with_for_update()).one()


def lock_checkouts_of_cart(connection: Connection, cart_id: int) -> Sequence[AnyRow]:
    """Return the checkouts of a locked cart that are under way, locked.

    They are looked for first and then locked by id: a locking search may go through the index of the states, and
    would lock, and wait for, the checkouts of everybody.
    """
    ids = _under_way(connection, cart_id)
    if not ids:
        return []
    locking = select(checkouts).where(checkouts.c.id.in_(ids)).order_by(checkouts.c.id).with_for_update()
    return [row for row in connection.execute(locking) if row.state in _UNDER_WAY]


def _under_way(connection: Connection, cart_id: int) -> list[int]:
    under_way = (checkouts.c.cart_id == cart_id) & checkouts.c.state.in_(_UNDER_WAY)
    return list(connection.scalars(select(checkouts.c.id).where(under_way)))


def insert_checkout(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a checkout and return its id."""
    return insert_row(connection, checkouts, values)


def update_checkout(connection: Connection, checkout_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a checkout."""
    connection.execute(update(checkouts).where(checkouts.c.id == checkout_id).values(**values))


def insert_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the units of a checkout."""
    connection.execute(insert(checkout_items), list(rows))


def list_items(connection: Connection, checkout_id: int) -> Sequence[AnyRow]:
    """Return the units of a checkout."""
    statement = select(checkout_items).where(checkout_items.c.checkout_id == checkout_id)
    return connection.execute(statement.order_by(checkout_items.c.id)).all()


def list_lines(connection: Connection, checkout_id: int) -> Sequence[AnyRow]:
    """Return what is in a checkout by product: product_id, name, quantity, list_price_cents."""
    statement = (
        select(
            checkout_items.c.product_id,
            products.c.name,
            checkout_items.c.list_price_cents,
            func.count().label("quantity"),
        )
        .join_from(checkout_items, products)
        .where(checkout_items.c.checkout_id == checkout_id)
        .group_by(checkout_items.c.product_id, products.c.name, checkout_items.c.list_price_cents)
        .order_by(func.min(checkout_items.c.id))
    )
    return connection.execute(statement).all()


def move_to_cart(connection: Connection, cart_id: int, to_cart_id: int, customer_id: int, now: datetime) -> None:
    """Make checkouts of a cart that are under way those of another, a customer's; both carts are locked."""
    values = {"cart_id": to_cart_id, "customer_id": customer_id, "updated_at": now}
    mine = checkouts.c.id.in_(_under_way(connection, cart_id)) & checkouts.c.state.in_(_UNDER_WAY)
    connection.execute(update(checkouts).where(mine).values(**values))


def list_overdue(connection: Connection, now: datetime, behind: int, limit: int) -> list[int]:
    """Return ids above `behind` of open checkouts whose time has run out, by id."""
    overdue = (checkouts.c.state == "open") & (checkouts.c.expires_at <= now) & (checkouts.c.id > behind)
    return list(connection.scalars(select(checkouts.c.id).where(overdue).order_by(checkouts.c.id).limit(limit)))
