"""The SQL of how categories, brands, centers and products are written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from chalicelib.commerce.tables import distribution_centers, products
from chalicelib.core.database import AnyRow, Connection

_product = products.c


def list_products(connection: Connection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return products of any status: id, name, sku, category, brand."""
    statement = select(_product.id, _product.name, _product.sku, _product.category, _product.brand)
    return connection.execute(statement.where(_product.id.in_(ids))).all()


def list_centers(connection: Connection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return centers, archived ones too: id, name."""
    center = distribution_centers.c
    return connection.execute(select(center.id, center.name).where(center.id.in_(ids))).all()


def list_spellings(connection: Connection, column: str, keys: Sequence[str]) -> Sequence[AnyRow]:
    """Return how categories or brands are written, the first of several ways: key, name."""
    key = _product[f"{column}_key"]
    statement = select(key.label("key"), func.min(_product[column]).label("name")).where(key.in_(keys))
    return connection.execute(statement.group_by(key)).all()
