"""The SQL of managing stock: units that come and move, and what staff look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, case, cast, func, insert, literal, or_, select

from chalicelib.commerce.sale_tables import checkout_items, checkouts
from chalicelib.commerce.stock.ledger import Place
from chalicelib.commerce.tables import (
    distribution_centers,
    inventory_items,
    order_items,
    products,
    stock_levels,
    stock_movements,
)
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_LEVELS = stock_levels.c
_UNITS = inventory_items.c

# Every product's free units in all centers, whether it was ever in stock or not, and where it begins to be low.
_FREE = (
    select(_LEVELS.product_id, func.sum(_LEVELS.free).label("free"))
    .group_by(_LEVELS.product_id)
    .subquery("free_units")
)
_FREE_IN_ALL = cast(func.coalesce(_FREE.c.free, 0), Integer)
_LOW_AT = func.coalesce(products.c.low_stock_level, bindparam("low_stock_level", type_=Integer))
# Free units in hundredths of the threshold.
_COVER = case((_LOW_AT == 0, 0), else_=cast(_FREE_IN_ALL * 100 // _LOW_AT, Integer))


@dataclass(frozen=True, slots=True)
class StockFilter:
    """Which rows to list; None: any. Names are those of the filtered columns."""

    product_id: int | None = None
    distribution_center_id: int | None = None
    state: str | None = None
    kind: str | None = None
    reference: str | None = None

    def conditions(self, columns: Mapping[str, ColumnElement[Any]]) -> list[ColumnElement[bool]]:
        """Return the filter as conditions on `columns`, by the names of the fields."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return [columns[name] == value for name, value in given.items() if value is not None]


def lock_center(connection: Connection, center_id: int) -> AnyRow | None:
    """Return whether a center is archived, and keep it as it is until the end of the transaction."""
    centers = distribution_centers.c
    statement = select(centers.id, centers.archived_at).where(centers.id == center_id)
    return connection.execute(statement.with_for_update(read=True)).first()


def find_product(connection: Connection, product_id: int) -> AnyRow | None:
    """Return what units keep of their product, and its threshold of low stock."""
    product = products.c
    statement = select(
        product.id,
        product.category,
        product.name,
        product.brand,
        product.retail_price_cents,
        product.department,
        product.sku,
        product.cost_cents,
        product.low_stock_level,
    )
    return connection.execute(statement.where(product.id == product_id)).first()


def insert_units(connection: Connection, values: Mapping[str, Any], count: int) -> None:
    """Insert `count` equal units."""
    connection.execute(insert(inventory_items), [dict(values)] * count)


def lock_free_units(connection: Connection, place: Place, most: int) -> list[int]:
    """Lock up to `most` free units of a product in a center, by id, waiting for those that others have locked."""
    statement = (
        select(_UNITS.id)
        .where(
            _UNITS.product_id == place.product_id,
            _UNITS.product_distribution_center_id == place.center_id,
            _UNITS.state == "free",
        )
        .order_by(_UNITS.id)
        .limit(most)
        .with_for_update()
    )
    return list(connection.scalars(statement))


def list_levels_of(
    connection: Connection, product_id: int, limit: int, center_ids: Sequence[int] | None = None
) -> Sequence[AnyRow]:
    """Return the counters of a product, in all centers or some, by center."""
    statement = select(stock_levels).where(_LEVELS.product_id == product_id)
    if center_ids is not None:
        statement = statement.where(_LEVELS.distribution_center_id.in_(center_ids))
    return connection.execute(statement.order_by(_LEVELS.distribution_center_id).limit(limit)).all()


def list_levels(
    connection: Connection, wanted: StockFilter, page: PageRequest, *, low_stock_level: int | None
) -> Page[AnyRow]:
    """Return counters by product and center; with `low_stock_level` (the shop's own) those of low products alone."""
    columns = {"product_id": _LEVELS.product_id, "distribution_center_id": _LEVELS.distribution_center_id}
    statement: Select[Any] = select(stock_levels).where(*wanted.conditions(columns))
    if low_stock_level is not None:
        low = _low(low_stock_level).with_only_columns(products.c.id)
        statement = statement.where(_LEVELS.product_id.in_(low))
    return fetch_page(connection, statement, page, order=[_LEVELS.product_id, _LEVELS.distribution_center_id])


def _low(low_stock_level: int) -> Select[Any]:
    """Select the products that are at their threshold or below; archived ones are not wanted any more."""
    return (
        select(
            products.c.id.label("product_id"),
            products.c.sku,
            products.c.name,
            _LOW_AT.label("low_stock_level"),
            _FREE_IN_ALL.label("free"),
            _COVER.label("cover"),
        )
        .join_from(products, _FREE, _FREE.c.product_id == products.c.id, isouter=True)
        .where(products.c.status != "archived", _FREE_IN_ALL <= _LOW_AT)
        .params(low_stock_level=low_stock_level)
    )


def list_low_stock(connection: Connection, page: PageRequest, *, low_stock_level: int) -> Page[AnyRow]:
    """Return low products, least cover first: product_id, sku, name, low_stock_level, free, cover."""
    low = _low(low_stock_level).subquery("low")
    return fetch_page(connection, select(low), page, order=[low.c.cover, low.c.product_id])


def list_on_shelf(connection: Connection, product_ids: Sequence[int], *, low_stock_level: int) -> Sequence[AnyRow]:
    """Return what is free of some products: product_id, sku, name, low_stock_level, free; not archived ones."""
    product = products.c
    own = (product.id, product.sku, product.name, product.low_stock_level)
    statement = (
        select(
            product.id.label("product_id"),
            product.sku,
            product.name,
            _LOW_AT.label("low_stock_level"),
            cast(func.coalesce(func.sum(_LEVELS.free), 0), Integer).label("free"),
        )
        .join_from(products, stock_levels, _LEVELS.product_id == product.id, isouter=True)
        .where(product.id.in_(product_ids), product.status != "archived")
        .group_by(*own)
        .params(low_stock_level=low_stock_level)
    )
    return connection.execute(statement).all()


_UNIT = select(
    _UNITS.id,
    _UNITS.product_id,
    _UNITS.product_distribution_center_id.label("distribution_center_id"),
    _UNITS.state,
    _UNITS.cost_cents,
    _UNITS.created_at,
    _UNITS.reserved_at,
    _UNITS.sold_at,
    _UNITS.written_off_at,
)


def list_units(connection: Connection, wanted: StockFilter, page: PageRequest) -> Page[AnyRow]:
    """Return units by id."""
    columns = {
        "product_id": _UNITS.product_id,
        "distribution_center_id": _UNITS.product_distribution_center_id,
        "state": _UNITS.state,
    }
    return fetch_page(connection, _UNIT.where(*wanted.conditions(columns)), page, order=[_UNITS.id])


def find_unit(connection: Connection, unit_id: int) -> AnyRow | None:
    """Return a unit with what it was when it came in."""
    statement = _UNIT.add_columns(
        _UNITS.product_sku,
        _UNITS.product_name,
        _UNITS.product_category,
        _UNITS.product_brand,
        _UNITS.product_department,
        _UNITS.product_retail_price_cents,
    )
    return connection.execute(statement.where(_UNITS.id == unit_id)).first()


def list_orders_of(connection: Connection, unit_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the items of orders that a unit was, newest first."""
    item = order_items.c
    statement = (
        select(
            item.id.label("order_item_id"),
            item.order_id,
            item.status,
            item.created_at,
            item.shipped_at,
            item.delivered_at,
            item.returned_at,
        )
        .where(item.inventory_item_id == unit_id)
        .order_by(item.id.desc())
        .limit(limit)
    )
    return connection.execute(statement).all()


def list_checkouts_of(connection: Connection, unit_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the checkouts that a unit was held for, newest first."""
    statement = (
        select(checkouts.c.id, checkouts.c.state, checkouts.c.created_at, checkouts.c.order_id)
        .join_from(checkout_items, checkouts, checkouts.c.id == checkout_items.c.checkout_id)
        .where(checkout_items.c.inventory_item_id == unit_id)
        .order_by(checkouts.c.id.desc())
        .limit(limit)
    )
    return connection.execute(statement).all()


def list_movements(connection: Connection, wanted: StockFilter, page: PageRequest) -> Page[AnyRow]:
    """Return entries of the ledger, newest first."""
    entry = stock_movements.c
    names = ("product_id", "distribution_center_id", "kind", "reference")
    statement = select(stock_movements).where(*wanted.conditions({name: entry[name] for name in names}))
    return fetch_page(connection, statement, page, order=[entry.created_at, entry.id], descending=True)


def list_movements_for(
    connection: Connection, product_id: int, references: Sequence[str], limit: int
) -> Sequence[AnyRow]:
    """Return the entries of a product that were made for `references`, newest first."""
    entry = stock_movements.c
    statement = (
        select(stock_movements)
        .where(entry.product_id == product_id, entry.reference.in_(references))
        .order_by(entry.id.desc())
        .limit(limit)
    )
    return connection.execute(statement).all()


# --- the audit ---------------------------------------------------------------------------------------------------

_STATES = ("free", "reserved", "sold", "written_off")
_FROM_BEYOND = {"received": "outside", "transferred": "transit"}


def list_differences(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """Return where counters differ from the units, or from the ledger, or transfers do not cancel out.

    Each comparison is one statement, so that it sees one moment: `against` names it, the counters tell how many units
    the levels have too many.
    """
    found: list[dict[str, Any]] = []
    for against, statement in (
        ("units", _against_units()),
        ("ledger", _against_ledger()),
        ("transfers", _TRANSFERS),
    ):
        rows = connection.execute(statement.limit(limit - len(found))).mappings() if len(found) < limit else ()
        for row in rows:
            counters = {name: int(row.get(name) or 0) for name in (*_FROM_BEYOND, *_STATES)}
            place = {"product_id": row["product_id"], "distribution_center_id": row.get("distribution_center_id")}
            found.append({"against": against, **place, **counters})
    return found


def _compared(counters: Sequence[str], other: Select[Any]) -> Select[Any]:
    """Select the places where the levels' `counters` and those of `other`, which come negative, do not cancel out."""
    levels = select(
        _LEVELS.product_id, _LEVELS.distribution_center_id, *(_LEVELS[name].label(name) for name in counters)
    )
    both = levels.union_all(other).subquery("both_sides")
    sums = {name: func.sum(both.c[name]) for name in counters}
    return (
        select(both.c.product_id, both.c.distribution_center_id, *(total.label(name) for name, total in sums.items()))
        .group_by(both.c.product_id, both.c.distribution_center_id)
        .having(or_(*(total != 0 for total in sums.values())))
        .order_by(both.c.product_id, both.c.distribution_center_id)
    )


def _against_units() -> Select[Any]:
    units = select(
        _UNITS.product_id,
        _UNITS.product_distribution_center_id,
        *(case((_UNITS.state == state, -1), else_=0) for state in _STATES),
    )
    return _compared(_STATES, units)


def _against_ledger() -> Select[Any]:
    entry = stock_movements.c

    def balance(state: str, sign: int) -> ColumnElement[int]:
        into = case((entry.to_state == state, sign), else_=literal(0))
        return (into - case((entry.from_state == state, sign), else_=literal(0))) * entry.units

    counted = [balance(state, 1) for state in _FROM_BEYOND.values()] + [balance(state, -1) for state in _STATES]
    return _compared((*_FROM_BEYOND, *_STATES), select(entry.product_id, entry.distribution_center_id, *counted))


_TRANSFERS = (
    select(_LEVELS.product_id, func.sum(_LEVELS.transferred).label("transferred"))
    .group_by(_LEVELS.product_id)
    .having(func.sum(_LEVELS.transferred) != 0)
    .order_by(_LEVELS.product_id)
)
