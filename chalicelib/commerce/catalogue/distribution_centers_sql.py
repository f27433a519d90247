"""The SQL of distribution centers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update

from chalicelib.commerce.tables import distribution_centers, products, stock_levels
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_CENTERS = select(distribution_centers)


def find_distribution_center(connection: Connection, center_id: int) -> AnyRow | None:
    """Return a distribution center."""
    return connection.execute(_CENTERS.where(distribution_centers.c.id == center_id)).first()


def list_distribution_centers(connection: Connection, page: PageRequest, *, archived: bool) -> Page[AnyRow]:
    """Return distribution centers by id; archived ones only when `archived`."""
    statement = _CENTERS if archived else _CENTERS.where(distribution_centers.c.archived_at.is_(None))
    return fetch_page(connection, statement, page, order=[distribution_centers.c.id])


def lock_distribution_center(connection: Connection, center_id: int) -> AnyRow | None:
    """Return a distribution center and keep others from changing or relying on it until the transaction ends."""
    statement = _CENTERS.where(distribution_centers.c.id == center_id)
    return connection.execute(statement.with_for_update()).first()


def list_centers(connection: Connection, center_ids: Sequence[int], *, lock: bool) -> Sequence[AnyRow]:
    """Return whether centers are archived; `lock` keeps others from changing them until the transaction ends."""
    columns = select(distribution_centers.c.id, distribution_centers.c.archived_at)
    statement = columns.where(distribution_centers.c.id.in_(center_ids)).order_by(distribution_centers.c.id)
    return connection.execute(statement.with_for_update(read=True) if lock else statement).all()


def list_names(connection: Connection, center_ids: Collection[int]) -> Sequence[AnyRow]:
    """Return id and name of centers."""
    named = select(distribution_centers.c.id, distribution_centers.c.name)
    return connection.execute(named.where(distribution_centers.c.id.in_(center_ids))).all()


def count_units(connection: Connection, center_id: int) -> int:
    """Return how many units of a center are free or reserved."""
    levels = stock_levels.c
    units = func.coalesce(func.sum(levels.free + levels.reserved), 0)
    # A sum of integers is Decimal on MySQL.
    return int(connection.execute(select(units).where(levels.distribution_center_id == center_id)).scalar_one())


def count_products(connection: Connection, center_id: int) -> int:
    """Return how many products that are not archived have the center as their home."""
    here = (products.c.distribution_center_id == center_id) & (products.c.status != "archived")
    return int(connection.execute(select(func.count()).select_from(products).where(here)).scalar_one())


def insert_distribution_center(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a distribution center and return its id."""
    return insert_row(connection, distribution_centers, values)


def update_distribution_center(connection: Connection, center_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a distribution center and count its version up."""
    statement = update(distribution_centers).where(distribution_centers.c.id == center_id)
    connection.execute(statement.values(**values, version=distribution_centers.c.version + 1))
