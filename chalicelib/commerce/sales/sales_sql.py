"""The SQL of what was sold: figures over orders and their items. Returned orders are left out."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from chalicelib.commerce.tables import order_items, orders, products
from chalicelib.core.database import AnyRow, Connection

_SOLD = orders.c.status != "returned"


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
        .where(order_items.c.user_id == customer_id, order_items.c.status.not_in(["cancelled", "returned"]))
        # By the folded keys: "Jeans" and "JEANS" are one.
        .group_by(products.c.category_key, products.c.brand_key)
        .order_by(units.desc(), spent.desc(), products.c.category_key, products.c.brand_key)
        .limit(limit)
    )
    return connection.execute(statement).all()
