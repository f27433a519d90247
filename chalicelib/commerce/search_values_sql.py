"""The SQL of what stands beside the hits of a search: stock, and the values that a beginning may become."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import func, select

from chalicelib.commerce.search_sql import begins
from chalicelib.commerce.search_tables import product_search
from chalicelib.commerce.tables import products, stock_levels
from chalicelib.core.database import Connection

_STOCK_SLICE = 100_000

_entry = product_search.c


def list_in_stock(connection: Connection) -> set[str]:
    """Return the ids, as text, of all products that have free units in any center."""
    found: set[str] = set()
    last = 0
    while True:
        some = (
            select(stock_levels.c.product_id)
            .where(stock_levels.c.product_id > last, stock_levels.c.free > 0)
            .order_by(stock_levels.c.product_id)
            .limit(_STOCK_SLICE)
            .subquery("some")
        )
        joined, count, greatest = connection.execute(
            select(func.group_concat(some.c.product_id), func.count(), func.max(some.c.product_id))
        ).one()
        found.update(joined.split(",") if count else ())
        if count < _STOCK_SLICE:
            return found
        # The last product may have more rows: the next part begins with it again.
        last = greatest - 1


def list_values(
    connection: Connection, field: Literal["category", "brand"], beginning: str, limit: int
) -> list[tuple[str, int]]:
    """Return the brands or categories whose key begins with `beginning`, with their products, most first."""
    key = _entry.category_key if field == "category" else _entry.brand_key
    spelling = products.c.category if field == "category" else products.c.brand
    counted = (
        select(func.min(_entry.product_id).label("product_id"), func.count().label("number"))
        .where(*begins(key, beginning))
        .group_by(key)
        .order_by(func.count().desc(), key)
        .limit(limit)
        .subquery("counted")
    )
    statement = (
        select(spelling, counted.c.number)
        .join_from(counted, products, products.c.id == counted.c.product_id)
        .order_by(counted.c.number.desc(), spelling)
    )
    return [(row[0], row[1]) for row in connection.execute(statement)]
