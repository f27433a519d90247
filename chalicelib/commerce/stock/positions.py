"""What lies on the shelves, product by product, for other domains: read in slices, since it is all of the stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.commerce.stock import positions_sql
from chalicelib.core.config import settings
from chalicelib.core.database import Connection


@dataclass(frozen=True, slots=True)
class Slice:
    """Some products in the order of their ids, and what of them is free in each center.

    products: id, category, category_key, retail_price_cents, status, low_at (so many free units are few). units:
    product_id, center_id, free, cost_cents (of all of them), oldest_at; only where a unit is free.
    """

    products: Sequence[Any]
    units: Sequence[Any]


def read_slice(connection: Connection, *, after: int, limit: int) -> Slice:
    """Return the next products by id and their free units. Two statements."""
    products = positions_sql.list_products(connection, after, limit, settings().low_stock_level)
    if not products:
        return Slice([], [])
    return Slice(products, positions_sql.list_units(connection, after, products[-1].id))
