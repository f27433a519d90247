"""The SQL of stock cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, delete, func, insert, literal, select, update

from chalicelib.analytics.stock.cover_tables import stock_cover, stock_cover_centers, stock_pass, stock_totals
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import insert_new
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_cover = stock_cover.c
_centers = stock_cover_centers.c
_totals = stock_totals.c
_pass = stock_pass.c
_ROW = 1  # of the table with one row
_SUMS = ("products", "units", "cost_cents", "price_cents")


# --- the pass over all products ----------------------------------------------------------------------------------


def find_pass(connection: Connection) -> AnyRow | None:
    """Return how the pass goes; None before the first."""
    return connection.execute(select(stock_pass).where(_pass.id == _ROW)).first()


def update_pass(connection: Connection, values: Mapping[str, Any]) -> None:
    """Note how the pass goes."""
    insert_new(connection, stock_pass, {"id": _ROW, "after_id": 0})
    connection.execute(update(stock_pass).where(_pass.id == _ROW).values(**values))


def replace_slice(
    connection: Connection,
    after: int,
    last: int | None,
    products: Sequence[Mapping[str, Any]],
    centers: Sequence[Mapping[str, Any]],
) -> None:
    """Put the products behind an id and up to `last` (None: all) in the place of those that were there."""
    for table in (stock_cover, stock_cover_centers):
        gone = delete(table).where(table.c.product_id > after)
        connection.execute(gone if last is None else gone.where(table.c.product_id <= last))
    if products:
        connection.execute(insert(stock_cover), products)
    if centers:
        connection.execute(insert(stock_cover_centers), centers)


def replace_totals(connection: Connection) -> None:
    """Add up the products anew."""
    connection.execute(delete(stock_totals))
    for statement in (
        _added("state", _cover.state, _cover),
        _added("category", func.min(_cover.category), _cover, group=_cover.category_key),
        _added("center", cast(_centers.distribution_center_id, String(20)), _centers),
    ):
        connection.execute(insert(stock_totals).from_select(["kind", "name", *_SUMS], statement))


def _added(
    kind: str, name: ColumnElement[Any], columns: Any, *, group: ColumnElement[Any] | None = None
) -> Select[Any]:
    sums = [func.count(), func.sum(columns.free), func.sum(columns.cost_cents), func.sum(columns.price_cents)]
    return select(literal(kind), name, *sums).group_by(name if group is None else group)


# --- reading -----------------------------------------------------------------------------------------------------


def list_totals(connection: Connection, kind: str, limit: int) -> Sequence[AnyRow]:
    """Return how the products add up by one thing, the greatest value at cost first: name, and the sums."""
    statement = select(stock_totals).where(_totals.kind == kind)
    return connection.execute(statement.order_by(_totals.cost_cents.desc(), _totals.name).limit(limit)).all()


def list_cover(
    connection: Connection,
    page: PageRequest,
    *,
    sort: str,
    descending: bool,
    state: str | None,
    category_key: str | None,
    center_id: int | None,
) -> Page[AnyRow]:
    """Return products by a column of the table, then by id."""
    statement = select(stock_cover)
    if center_id is not None:
        here = (_centers.product_id == _cover.product_id) & (_centers.distribution_center_id == center_id)
        lies = [_centers[name].label(f"{name}_here") for name in ("free", "cost_cents", "price_cents")]
        statement = select(stock_cover, *lies).join_from(stock_cover, stock_cover_centers, here)
    if state is not None:
        statement = statement.where(_cover.state == state)
    if category_key is not None:
        statement = statement.where(_cover.category_key == category_key)
    order = [_cover[sort], _cover.product_id]
    return fetch_page(connection, statement, page, order=order, descending=descending)


def list_places(connection: Connection, product_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return where the free units of some products lie: product_id, distribution_center_id, free."""
    statement = select(_centers.product_id, _centers.distribution_center_id, _centers.free)
    mine = statement.where(_centers.product_id.in_(product_ids))
    return connection.execute(mine.order_by(_centers.product_id, _centers.distribution_center_id)).all()
