"""The SQL of what lies on the shelves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from chalicelib.commerce.tables import inventory_items, products
from chalicelib.core.database import AnyRow, Connection

_UNITS = inventory_items.c


def list_products(connection: Connection, after: int, limit: int, low_at: int) -> Sequence[AnyRow]:
    """Return the products behind an id: id, category, category_key, retail_price_cents, status, low_at."""
    low = func.coalesce(products.c.low_stock_level, low_at).label("low_at")
    named = (products.c.id, products.c.category, products.c.category_key)
    columns = (*named, products.c.retail_price_cents, products.c.status, low)
    return connection.execute(
        select(*columns).where(products.c.id > after).order_by(products.c.id).limit(limit)
    ).all()


def list_units(connection: Connection, after: int, last: int) -> Sequence[AnyRow]:
    """Return the free units of the products behind an id and up to another, by center."""
    place = (_UNITS.product_id, _UNITS.product_distribution_center_id.label("center_id"))
    statement = (
        select(
            *place,
            func.count().label("free"),
            func.sum(_UNITS.cost_cents).label("cost_cents"),
            func.min(_UNITS.created_at).label("oldest_at"),
        )
        .where(_UNITS.product_id > after, _UNITS.product_id <= last, _UNITS.state == "free")
        # An import says at its end where its units lie.
        .where(_UNITS.product_distribution_center_id.is_not(None))
        .group_by(_UNITS.product_id, _UNITS.product_distribution_center_id)
    )
    return connection.execute(statement).all()
