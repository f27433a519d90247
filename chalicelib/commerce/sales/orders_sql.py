"""The SQL of orders and their items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from chalicelib.commerce.tables import inventory_items, order_items, orders, products
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_SHOWN = [
    orders.c.id,
    orders.c.user_id,
    orders.c.status,
    orders.c.gender,
    orders.c.created_at,
    orders.c.returned_at,
    orders.c.shipped_at,
    orders.c.delivered_at,
    orders.c.num_of_item,
    orders.c.updated_at,
    orders.c.currency,
    orders.c.total_cents,
]
_ITEMS = (
    select(
        order_items,
        products.c.name.label("product_name"),
        products.c.sku.label("product_sku"),
        inventory_items.c.product_distribution_center_id.label("distribution_center_id"),
    )
    .join_from(order_items, products)
    .join(inventory_items, order_items.c.inventory_item_id == inventory_items.c.id, isouter=True)
    .order_by(order_items.c.id)
)


def find_order(connection: Connection, order_id: int) -> AnyRow | None:
    """Return an order with all its columns."""
    return connection.execute(select(orders).where(orders.c.id == order_id)).first()


def find_order_by_request(connection: Connection, request_key: str) -> AnyRow | None:
    """Return the order that a request with this key placed."""
    return connection.execute(select(orders).where(orders.c.request_key == request_key)).first()


def lock_order(connection: Connection, order_id: int) -> AnyRow | None:
    """Return an order that nobody else changes until the transaction ends."""
    return connection.execute(select(orders).where(orders.c.id == order_id).with_for_update()).first()


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list; what is None narrows nothing. `email` is folded; with it goes who has it."""

    user_id: int | None = None
    status: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    email: str | None = None
    customer_of_email: int | None = None


def list_orders(connection: Connection, page: PageRequest, wish: OrderFilter) -> Page[AnyRow]:
    """Return orders, newest first."""
    statement = select(*_SHOWN)
    if wish.user_id is not None:
        statement = statement.where(orders.c.user_id == wish.user_id)
    if wish.status is not None:
        statement = statement.where(orders.c.status == wish.status)
    if wish.created_from is not None:
        statement = statement.where(orders.c.created_at >= wish.created_from)
    if wish.created_to is not None:
        statement = statement.where(orders.c.created_at <= wish.created_to)
    if wish.email is not None:
        mailed = func.lower(orders.c.email) == wish.email
        theirs = orders.c.user_id == wish.customer_of_email
        statement = statement.where(mailed if wish.customer_of_email is None else or_(mailed, theirs))
    return fetch_page(connection, statement, page, order=[orders.c.created_at, orders.c.id], descending=True)


def list_items(connection: Connection, order_id: int) -> Sequence[AnyRow]:
    """Return the items of an order with product_name, product_sku and distribution_center_id of the unit."""
    return connection.execute(_ITEMS.where(order_items.c.order_id == order_id)).all()


def insert_order(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert an order and return its id."""
    return insert_row(connection, orders, values)


def insert_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert items of an order."""
    connection.execute(insert(order_items), list(rows))


def update_order(connection: Connection, order_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of an order; its version goes up."""
    changed = {**values, "version": orders.c.version + 1}
    connection.execute(update(orders).where(orders.c.id == order_id).values(**changed))


def update_items(connection: Connection, item_ids: Collection[int], values: Mapping[str, Any]) -> None:
    """Change columns of items."""
    connection.execute(update(order_items).where(order_items.c.id.in_(item_ids)).values(**values))


def set_refunded(connection: Connection, item_ids: Collection[int]) -> None:
    """Note of items that all that was paid for them is given back."""
    paid = order_items.c.sale_price_cents
    added = paid + order_items.c.tax_cents
    for included, amount in ((True, paid), (False, added)):
        of_kind = order_items.c.id.in_(item_ids) & order_items.c.tax_included.is_(included)
        connection.execute(update(order_items).where(of_kind).values(refunded_cents=amount))
