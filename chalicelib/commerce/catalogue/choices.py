"""Choosing products for others: by taste, by what sells, by what is alike, by what is bought in one order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.commerce.catalogue import choices_sql, products_sql
from chalicelib.commerce.catalogue.products_sql import ProductFilter
from chalicelib.core.database import Connection

__all__ = [
    "ProductFilter",
    "alike",
    "best_matches",
    "bought_together",
    "find_shown",
    "new_since",
    "opened_at",
    "popular",
    "trending",
]

_NEW_FOR = timedelta(days=30)
_OPENING = timedelta(days=1)


def find_shown(connection: Connection, product_ids: Collection[int]) -> dict[int, Any]:
    """Return by id what a list shows of products as they are now, of any status, in one statement.

    `ProductFilter.takes` tells of a row whether it passes; a row that is not `published` is nobody's to see.
    """
    return products_sql.find_shown(connection, sorted(set(product_ids)))


def opened_at(connection: Connection) -> datetime | None:
    """Return when the first product came, None where there is none."""
    return choices_sql.find_opened_at(connection)


def new_since(opened: datetime | None, now: datetime) -> datetime:
    """Return the moment from which on what came is new in a shop that opened then: a month ago at most.

    What a shop began with, or took along in its first import, all came at once: nothing of it is new.
    """
    return now - _NEW_FOR if opened is None else max(now - _NEW_FOR, opened + _OPENING)


def best_matches(
    connection: Connection,
    weights: Sequence[tuple[str, str | None, float]],
    wanted: ProductFilter,
    *,
    not_bought_by: int | None,
    leave_out: Collection[int] = (),
    in_stock_first: bool = False,
    limit: int,
) -> Sequence[Any]:
    """Return published products by how much category and brand weigh: see `choices_sql.list_best_matches`."""
    if not weights or limit == 0:
        return []
    return choices_sql.list_best_matches(
        connection,
        weights,
        wanted,
        not_bought_by=not_bought_by,
        leave_out=leave_out,
        in_stock_first=in_stock_first,
        limit=limit,
    )


def popular(
    connection: Connection,
    wanted: ProductFilter,
    *,
    not_bought_by: int | None,
    leave_out: Collection[int] = (),
    in_stock_first: bool = False,
    limit: int,
) -> Sequence[Any]:
    """Return the published products bought most, with their `units`, that the customer (if any) has not bought."""
    if limit == 0:
        return []
    return choices_sql.list_popular(
        connection,
        wanted,
        not_bought_by=not_bought_by,
        leave_out=leave_out,
        in_stock_first=in_stock_first,
        limit=limit,
    )


def trending(
    connection: Connection, wanted: ProductFilter, *, since: datetime, in_stock_first: bool = False, limit: int
) -> Sequence[Any]:
    """Return the published products bought most `since` then, with their `units`, of some thousand orders at most."""
    return choices_sql.list_trending(connection, wanted, since=since, in_stock_first=in_stock_first, limit=limit)


def alike(
    connection: Connection,
    like: Any,
    wanted: ProductFilter,
    *,
    leave_out: Collection[int] = (),
    in_stock_first: bool = False,
    limit: int,
) -> Sequence[Any]:
    """Return published products of the category of the row `like`, by brand and price: `choices_sql.list_alike`."""
    if limit == 0:
        return []
    return choices_sql.list_alike(
        connection, like, wanted, leave_out=leave_out, in_stock_first=in_stock_first, limit=limit
    )


def bought_together(
    connection: Connection, product_id: int, wanted: ProductFilter, *, in_stock_first: bool = False, limit: int
) -> Sequence[Any]:
    """Return the published products that share most `orders` with a product, counted over its latest ones."""
    return choices_sql.list_bought_together(
        connection, product_id, wanted, in_stock_first=in_stock_first, limit=limit
    )
