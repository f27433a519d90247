"""Choosing products, as other domains may ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.commerce import products_sql
from chalicelib.commerce.products_sql import ProductFilter
from chalicelib.core.database import Connection

__all__ = ["ProductFilter", "best_matches", "popular"]


def best_matches(
    connection: Connection,
    weights: Sequence[tuple[str, str | None, float]],
    wanted: ProductFilter,
    *,
    not_bought_by: int,
    limit: int,
) -> Sequence[Any]:
    """Return products by how much their category and brand weigh: see `products_sql.list_best_matches`."""
    if not weights:
        return []
    return products_sql.list_best_matches(connection, weights, wanted, not_bought_by=not_bought_by, limit=limit)


def popular(
    connection: Connection, wanted: ProductFilter, *, not_bought_by: int, leave_out: Sequence[int], limit: int
) -> Sequence[Any]:
    """Return the products bought most that the customer has not bought."""
    if limit == 0:
        return []
    return products_sql.list_popular(
        connection, wanted, not_bought_by=not_bought_by, leave_out=leave_out, limit=limit
    )
