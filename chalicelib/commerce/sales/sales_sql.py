"""The SQL of what was sold: figures over orders and their items. Returned orders are left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from chalicelib.commerce.tables import order_items, orders, products
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.columns import fetch_integers
from chalicelib.core.database.dialect import by_index, epoch_s

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SOLD = orders.c.status != "returned"
_KEPT = order_items.c.status.not_in(["cancelled", "returned"])


def find_totals(connection: Connection) -> AnyRow:
    """Return orders, customers, revenue_cents and categories."""
    counted = select(func.count().label("orders"), func.count(orders.c.user_id.distinct()).label("customers")).where(
        _SOLD
    )
    revenue = select(func.sum(order_items.c.sale_price_cents)).join_from(order_items, orders).where(_SOLD)
    sold = select(order_items.c.product_id).join_from(order_items, orders).where(_SOLD)
    categories = select(func.count(products.c.category_key.distinct())).where(products.c.id.in_(sold))
    statement = counted.add_columns(
        revenue.scalar_subquery().label("revenue_cents"), categories.scalar_subquery().label("categories")
    )
    return connection.execute(statement).one()


def count_customers(connection: Connection) -> int:
    """Return how many customers have an order that was not returned."""
    return connection.scalar(select(func.count(orders.c.user_id.distinct())).where(_SOLD)) or 0


def list_top_products(connection: Connection, limit: int) -> Sequence[AnyRow]:
    """Return the products of most revenue: id, name, category, brand, order_count, revenue_cents, units."""
    best = (
        select(
            order_items.c.product_id,
            func.count(order_items.c.order_id.distinct()).label("order_count"),
            func.sum(order_items.c.sale_price_cents).label("revenue_cents"),
            func.count().label("units"),
        )
        .join_from(order_items, orders)
        .where(_SOLD)
        .group_by(order_items.c.product_id)
        .order_by(func.sum(order_items.c.sale_price_cents).desc(), order_items.c.product_id)
        .limit(limit)
        .subquery("best")
    )
    statement = (
        select(
            products.c.id,
            products.c.name,
            products.c.category,
            products.c.brand,
            best.c.order_count,
            best.c.revenue_cents,
            best.c.units,
        )
        .join_from(best, products, best.c.product_id == products.c.id)
        .order_by(best.c.revenue_cents.desc(), products.c.id)
    )
    return connection.execute(statement).all()


def list_preferences(connection: Connection, customer_id: int, limit: int) -> Sequence[AnyRow]:
    """Return what a customer bought and kept: category, brand, units, spent_cents; most units first."""
    units, spent = func.count(), func.sum(order_items.c.sale_price_cents)
    category, brand = func.min(products.c.category), func.min(products.c.brand)
    statement = (
        select(category.label("category"), brand.label("brand"), units.label("units"), spent.label("spent_cents"))
        .join_from(order_items, products)
        .where(order_items.c.user_id == customer_id, _KEPT)
        # By the folded keys: "Jeans" and "JEANS" are one.
        .group_by(products.c.category_key, products.c.brand_key)
        .order_by(units.desc(), spent.desc(), products.c.category_key, products.c.brand_key)
        .limit(limit)
    )
    return connection.execute(statement).all()


def find_page_end(connection: Connection, after_order_id: int, limit: int) -> int | None:
    """Return the order that the `limit`-th item behind the order is of; None where fewer follow."""
    statement = select(order_items.c.order_id).where(order_items.c.order_id > after_order_id)
    return connection.scalar(statement.order_by(order_items.c.order_id).offset(limit - 1).limit(1))


def fetch_purchases(
    connection: Connection, after_order_id: int, up_to_order_id: int | None, before: datetime
) -> list[NDArray[np.int64]]:
    """Return what customers kept of the orders in between: order, customer, product, time in s since 1970."""
    items = order_items.c
    statement = select(
        items.order_id, items.user_id, items.product_id, epoch_s(connection, items.created_at).label("at")
    ).where(items.order_id > after_order_id, items.user_id.is_not(None), _KEPT, items.created_at <= before)
    if up_to_order_id is not None:
        statement = statement.where(items.order_id <= up_to_order_id)
    # A page is so large a part of a small table that MySQL would read all of it, again for each page.
    return fetch_integers(connection, by_index(statement, order_items, "ix_order_items_order_id"))


# Made once: each recommendation asks it.
_PURCHASES_OF = (
    select(order_items.c.order_id, order_items.c.product_id, order_items.c.created_at)
    .where(order_items.c.user_id == bindparam("customer_id"), _KEPT)
    .order_by(order_items.c.created_at.desc(), order_items.c.id.desc())
    .limit(bindparam("limit"))
)


def list_purchases_of(connection: Connection, customer_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the units that a customer bought last and kept: order_id, product_id, created_at; newest first."""
    return connection.execute(_PURCHASES_OF, {"customer_id": customer_id, "limit": limit}).all()


# With what is known of the products: one statement for all that is asked of what somebody bought.
_BOUGHT_BY = (
    select(
        order_items.c.order_id,
        order_items.c.product_id,
        order_items.c.status,
        order_items.c.created_at,
        order_items.c.sale_price_cents,
        products.c.category,
        products.c.category_key,
        products.c.brand,
        products.c.brand_key,
    )
    .join_from(order_items, products)
    .where(order_items.c.user_id == bindparam("customer_id"), order_items.c.status != "cancelled")
    .order_by(order_items.c.created_at.desc(), order_items.c.id.desc())
    .limit(bindparam("limit"))
)


def list_bought(connection: Connection, customer_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the units that a customer bought last, but for cancelled ones, newest first: order_id, product_id,
    status, created_at, sale_price_cents, and category and brand of the product with their keys.
    """
    return connection.execute(_BOUGHT_BY, {"customer_id": customer_id, "limit": limit}).all()


def list_products_of(connection: Connection, customer_id: int) -> Sequence[int]:
    """Return the products that a customer bought, but for cancelled orders, each once."""
    bought = select(order_items.c.product_id).where(
        order_items.c.user_id == customer_id, order_items.c.status != "cancelled"
    )
    return connection.scalars(bought.distinct()).all()
