"""The SQL of bringing counters and ledger in step with imported units: a range of products at a time, in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, update

from chalicelib.commerce.stock.ledger import COUNTERS, Entry, Place
from chalicelib.commerce.tables import inventory_items, products, stock_levels
from chalicelib.core.database import Connection
from chalicelib.core.database.dialect import insert_rows

_UNITS = inventory_items.c
_LEVELS = stock_levels.c
_PART = 2_000  # ids of one statement


def lock_products(connection: Connection, after: int, limit: int) -> list[int]:
    """Lock the next products behind the id `after`, and return their ids."""
    statement = select(products.c.id).where(products.c.id > after).order_by(products.c.id).limit(limit)
    return list(connection.scalars(statement.with_for_update()))


def fill_centers(connection: Connection, after: int, last: int) -> None:
    """Put units that lie in no center into that of their product. Nobody else takes such units."""
    homeless = select(_UNITS.id).where(
        _UNITS.product_id > after, _UNITS.product_id <= last, _UNITS.product_distribution_center_id.is_(None)
    )
    # Looked up first, without a lock: an update by the range would wait for every unit that others have locked.
    ids = list(connection.scalars(homeless))
    own = select(products.c.distribution_center_id).where(products.c.id == _UNITS.product_id).scalar_subquery()
    for start in range(0, len(ids), _PART):
        part = and_(_UNITS.id.in_(ids[start : start + _PART]), _UNITS.product_distribution_center_id.is_(None))
        connection.execute(update(inventory_items).where(part).values(product_distribution_center_id=own))


def count_units(connection: Connection, after: int, last: int) -> dict[Place, dict[str, int]]:
    """Return the units of the products behind `after` up to `last` by state; the index alone is read for it."""
    statement = (
        select(_UNITS.product_id, _UNITS.product_distribution_center_id, _UNITS.state, func.count())
        .where(_UNITS.product_id > after, _UNITS.product_id <= last)
        .group_by(_UNITS.product_id, _UNITS.product_distribution_center_id, _UNITS.state)
    )
    found: dict[Place, dict[str, int]] = defaultdict(dict)
    for product_id, center_id, state, units in connection.execute(statement):
        found[Place(product_id, center_id)][state] = units
    return found


def list_counters(connection: Connection, after: int, last: int) -> dict[Place, dict[str, int]]:
    """Return the counters of the products behind `after` up to `last`."""
    statement = select(
        _LEVELS.product_id, _LEVELS.distribution_center_id, *(_LEVELS[name] for name in COUNTERS)
    ).where(_LEVELS.product_id > after, _LEVELS.product_id <= last)
    return {Place(row[0], row[1]): dict(zip(COUNTERS, row[2:], strict=True)) for row in connection.execute(statement)}


def insert_counters(connection: Connection, counters: Mapping[Place, Mapping[str, int]]) -> None:
    """Insert the counters of places that had none."""
    columns: dict[str, list[int]] = {
        "product_id": [place.product_id for place in counters],
        "distribution_center_id": [place.center_id for place in counters],
    }
    columns |= {name: [each[name] for each in counters.values()] for name in COUNTERS}
    insert_rows(connection, "stock_levels", columns, {})


def insert_entries(
    connection: Connection, entries: Sequence[Entry], reference: str, actor: str, created_at: datetime
) -> None:
    """Write entries of the kind `imported` into the ledger."""
    columns: dict[str, list[Any]] = {
        "product_id": [entry.place.product_id for entry in entries],
        "distribution_center_id": [entry.place.center_id for entry in entries],
        "from_state": [entry.source.value for entry in entries],
        "to_state": [entry.target.value for entry in entries],
        "units": [entry.units for entry in entries],
    }
    moment = created_at.strftime("%Y-%m-%d %H:%M:%S.%f")
    constants = {"kind": "imported", "reference": reference, "actor": actor, "created_at": moment}
    insert_rows(connection, "stock_movements", columns, constants)
