"""The SQL of stock: which units there are, their counters, the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func, insert, select, update

from chalicelib.commerce.stock.ledger import COUNTERS, Entry, Place
from chalicelib.commerce.tables import distribution_centers, inventory_items, products, stock_levels, stock_movements
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import insert_new

_UNITS = inventory_items.c
_LEVELS = stock_levels.c

_SOURCES = (
    select(
        _LEVELS.product_id,
        _LEVELS.distribution_center_id,
        _LEVELS.free,
        distribution_centers.c.latitude,
        distribution_centers.c.longitude,
        case((products.c.distribution_center_id == _LEVELS.distribution_center_id, 1), else_=0).label("own"),
    )
    .join_from(stock_levels, distribution_centers)
    .join(products, products.c.id == _LEVELS.product_id)
    .where(_LEVELS.free > 0)
)

# Through ix_inventory_items_stock, which ends in the id: nothing is sorted, nothing else is locked.
_FREE_UNITS = (
    select(_UNITS.id)
    .where(
        _UNITS.product_id == bindparam("product_id"),
        _UNITS.product_distribution_center_id == bindparam("center_id"),
        _UNITS.state == "free",
    )
    .order_by(_UNITS.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)

# A subquery of a locking read is not locked: the row of a product is read by everybody.
_LOW_AT = select(products.c.low_stock_level).where(products.c.id == _LEVELS.product_id).scalar_subquery()
_LOCKED_LEVELS = select(stock_levels, _LOW_AT.label("low_at")).order_by(
    _LEVELS.product_id, _LEVELS.distribution_center_id
)

_ADD = (
    update(stock_levels)
    .where(_LEVELS.product_id == bindparam("at_product"), _LEVELS.distribution_center_id == bindparam("at_center"))
    .values({name: _LEVELS[name] + bindparam(f"add_{name}") for name in COUNTERS})
)


def list_sources(connection: Connection, product_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return where units of the products are free: product, center and its place, `free`, `own` (1 or 0)."""
    return connection.execute(_SOURCES.where(_LEVELS.product_id.in_(product_ids))).all()


def count_free(connection: Connection, product_ids: Sequence[int]) -> dict[int, int]:
    """Return the free units of each product that has a level, by the counters."""
    statement = (
        select(_LEVELS.product_id, func.sum(_LEVELS.free).label("free"))
        .where(_LEVELS.product_id.in_(product_ids))
        .group_by(_LEVELS.product_id)
    )
    return {row.product_id: int(row.free) for row in connection.execute(statement)}


def lock_free_units(connection: Connection, place: Place, most: int) -> list[int]:
    """Lock up to `most` free units of a product in a center, by id, leaving out those that others have locked."""
    given = {"product_id": place.product_id, "center_id": place.center_id, "most": most}
    return list(connection.scalars(_FREE_UNITS, given))


def lock_units(connection: Connection, unit_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Lock units, by id: id, product, center, state."""
    statement = (
        select(_UNITS.id, _UNITS.product_id, _UNITS.product_distribution_center_id, _UNITS.state)
        .where(_UNITS.id.in_(unit_ids))
        .order_by(_UNITS.id)
        .with_for_update()
    )
    return connection.execute(statement).all()


def change_units(connection: Connection, unit_ids: Sequence[int], state: str, values: Mapping[str, Any]) -> int:
    """Change the units that are in `state`; return how many were."""
    statement = update(inventory_items).where(_UNITS.id.in_(unit_ids), _UNITS.state == state).values(**values)
    return connection.execute(statement).rowcount


def insert_movements(
    connection: Connection, entries: Sequence[Entry], shared: Mapping[str, Any], created_at: datetime
) -> None:
    """Write entries into the ledger; `shared` columns are the same in all."""
    rows = [
        {
            "product_id": entry.place.product_id,
            "distribution_center_id": entry.place.center_id,
            "from_state": entry.source.value,
            "to_state": entry.target.value,
            "units": entry.units,
            "created_at": created_at,
            **shared,
        }
        for entry in entries
    ]
    connection.execute(insert(stock_movements), rows)


def find_places(connection: Connection, product_ids: Sequence[int]) -> set[Place]:
    """Return the places of the products that have counters."""
    statement = select(_LEVELS.product_id, _LEVELS.distribution_center_id)
    rows = connection.execute(statement.where(_LEVELS.product_id.in_(product_ids)))
    return {Place(*row) for row in rows}


def insert_levels(connection: Connection, places: Sequence[Place]) -> None:
    """Make counters at zero for the places that have none."""
    for place in sorted(places):
        values = {"product_id": place.product_id, "distribution_center_id": place.center_id}
        insert_new(connection, stock_levels, values | dict.fromkeys(COUNTERS, 0))


def lock_levels(connection: Connection, product_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Lock all counters of the products in order of product and center; `low_at` is the product's own threshold."""
    statement = _LOCKED_LEVELS.where(_LEVELS.product_id.in_(sorted(product_ids))).with_for_update()
    return connection.execute(statement).all()


def add_to_levels(connection: Connection, changes: Mapping[Place, Mapping[str, int]]) -> None:
    """Add to the counters of each place, in the order given."""
    rows = [
        {
            "at_product": place.product_id,
            "at_center": place.center_id,
            **{f"add_{name}": change[name] for name in COUNTERS},
        }
        for place, change in changes.items()
    ]
    connection.execute(_ADD, rows)
