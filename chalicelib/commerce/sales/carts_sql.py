"""The SQL of carts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from chalicelib.commerce.sale_tables import cart_items, carts, checkout_items, checkouts
from chalicelib.commerce.tables import products, stock_levels
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.dialect import upsert

_FREE = (
    select(func.coalesce(func.sum(stock_levels.c.free), 0))
    .where(stock_levels.c.product_id == products.c.id)
    .scalar_subquery()
)
# The next checkout of a cart takes the place of its open one: those units are there for it.
_HELD = (
    select(func.count())
    .select_from(checkout_items.join(checkouts))
    .where(
        checkouts.c.cart_id == cart_items.c.cart_id,
        checkouts.c.state == "open",
        checkout_items.c.product_id == cart_items.c.product_id,
    )
    .correlate(cart_items)
    .scalar_subquery()
)
_ITEMS = (
    select(
        cart_items.c.product_id,
        cart_items.c.quantity,
        products.c.name,
        products.c.brand,
        products.c.category_key,
        products.c.retail_price_cents,
        products.c.image_key,
        products.c.image_alt,
        products.c.status,
        (_FREE + _HELD).label("free"),
    )
    .join_from(cart_items, products)
    .order_by(cart_items.c.added_at, cart_items.c.product_id)
)


def find_cart(connection: Connection, public_id: str) -> AnyRow | None:
    """Return a cart."""
    return connection.execute(select(carts).where(carts.c.public_id == public_id)).first()


def lock_cart(connection: Connection, cart_id: int) -> AnyRow | None:
    """Return a cart that nobody else changes until the transaction ends."""
    return connection.execute(select(carts).where(carts.c.id == cart_id).with_for_update()).first()


def find_cart_of(connection: Connection, customer_id: int) -> AnyRow | None:
    """Return the cart of a customer."""
    return connection.execute(select(carts).where(carts.c.customer_id == customer_id)).first()


def ensure_cart_of(connection: Connection, customer_id: int, values: Mapping[str, Any]) -> None:
    """Make the cart of a customer unless there is one."""
    row = {**values, "customer_id": customer_id}
    upsert(connection, carts, row, keys=["customer_id"], update={"customer_id": customer_id})


def insert_cart(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a cart and return its id."""
    return insert_row(connection, carts, values)


def update_cart(connection: Connection, cart_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a cart."""
    connection.execute(update(carts).where(carts.c.id == cart_id).values(**values))


def delete_cart(connection: Connection, cart_id: int) -> None:
    """Delete a cart with what is in it."""
    connection.execute(delete(carts).where(carts.c.id == cart_id))


def list_items(connection: Connection, cart_id: int) -> Sequence[AnyRow]:
    """Return what is in a cart, with its product and how many units it could have, in the order it was put in."""
    return connection.execute(_ITEMS.where(cart_items.c.cart_id == cart_id)).all()


def list_quantities(connection: Connection, cart_id: int) -> dict[int, int]:
    """Return the quantity of each product in a cart."""
    statement = select(cart_items.c.product_id, cart_items.c.quantity).where(cart_items.c.cart_id == cart_id)
    return {row.product_id: row.quantity for row in connection.execute(statement)}


def count_units(connection: Connection, customer_id: int) -> int:
    """Return how many units are in the cart of a customer."""
    units = func.coalesce(func.sum(cart_items.c.quantity), 0)
    statement = select(units).join_from(carts, cart_items).where(carts.c.customer_id == customer_id)
    return int(connection.execute(statement).scalar_one())


def set_quantity(connection: Connection, cart_id: int, product_id: int, quantity: int, now: datetime) -> None:
    """Put so many units of a product into a cart, whatever was in it."""
    values = {"cart_id": cart_id, "product_id": product_id, "quantity": quantity, "added_at": now}
    upsert(connection, cart_items, values, keys=["cart_id", "product_id"], update={"quantity": quantity})


def delete_items(connection: Connection, cart_id: int, product_ids: Sequence[int] | None = None) -> None:
    """Take products out of a cart; all of them when none is named."""
    statement = delete(cart_items).where(cart_items.c.cart_id == cart_id)
    if product_ids is not None:
        statement = statement.where(cart_items.c.product_id.in_(product_ids))
    connection.execute(statement)


def find_sellable(connection: Connection, product_id: int) -> AnyRow | None:
    """Return a product that may be put into a cart."""
    published = (products.c.id == product_id) & (products.c.status == "published")
    return connection.execute(select(products.c.id).where(published)).first()


def list_products(connection: Connection, product_ids: Collection[int]) -> Sequence[AnyRow]:
    """Return what a price needs of products that are sold: id, retail_price_cents, category_key."""
    published = products.c.id.in_(product_ids) & (products.c.status == "published")
    columns = select(products.c.id, products.c.retail_price_cents, products.c.category_key)
    return connection.execute(columns.where(published)).all()


def delete_left(connection: Connection, before: datetime, limit: int) -> int:
    """Delete carts of guests that nobody touched since `before`; return how many."""
    left = select(carts.c.id).where(carts.c.customer_id.is_(None), carts.c.updated_at < before).limit(limit)
    ids = list(connection.scalars(left))
    if not ids:
        return 0
    # Whose cart was touched, or taken over, since it was looked for keeps it.
    still_left = carts.c.id.in_(ids) & carts.c.customer_id.is_(None) & (carts.c.updated_at < before)
    return connection.execute(delete(carts).where(still_left)).rowcount
