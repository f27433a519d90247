"""The SQL of choosing products for others: by taste, by what sells, by what is alike or bought in one order.

What reads many orders is bounded: a busy shop answers from its latest ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, and_, case, cast, exists, func, literal, select

from chalicelib.commerce.catalogue.products_sql import IN_STOCK, PUBLISHED, SHOWN, ProductFilter
from chalicelib.commerce.tables import order_items, orders, products
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.text import fold

_MOST_RECENT_ORDERS = 20_000
_MOST_SHARED_ITEMS = 2_000
_NOT_KEPT = ("cancelled", "returned")

# Units of each product that were bought and kept.
_KEPT = (
    select(order_items.c.product_id, func.count().label("units"))
    .where(order_items.c.status.not_in(_NOT_KEPT))
    .group_by(order_items.c.product_id)
    .subquery("kept")
)
_UNITS = func.coalesce(_KEPT.c.units, 0)


def list_best_matches(
    connection: Connection,
    weights: Sequence[tuple[str, str | None, float]],
    wanted: ProductFilter,
    *,
    not_bought_by: int | None,
    leave_out: Collection[int],
    in_stock_first: bool,
    limit: int,
) -> Sequence[AnyRow]:
    """Return products of the categories in `weights` with their `score`, best first.

    `weights` holds (category, brand, weight): a product scores the weight of its category and brand, or half of the
    greatest weight of its category, whichever is more; of equal ones the more popular comes first. What the customer
    bought is left out, but for orders that were cancelled. Case is ignored.
    """
    by_category: dict[str, float] = {}
    for category, _brand, weight in weights:
        by_category[category] = max(weight, by_category.get(category, 0.0))
    exact = [
        (
            and_(products.c.category_key == fold(category), products.c.brand_key == fold(brand)),
            literal(max(weight, by_category[category] / 2)),
        )
        for category, brand, weight in weights
        if brand is not None
    ]
    near = [
        (products.c.category_key == fold(category), literal(weight / 2)) for category, weight in by_category.items()
    ]
    score = case(*exact, *near, else_=literal(0.0)).label("score")
    of_interest = products.c.category_key.in_([fold(category) for category in by_category])
    statement = (
        select(*SHOWN, score, _UNITS.label("units"))
        .join_from(products, _KEPT, _KEPT.c.product_id == products.c.id, isouter=True)
        .where(PUBLISHED, of_interest, *_new_to(not_bought_by, leave_out), *wanted.conditions())
        .order_by(*_stock_order(in_stock_first), score.desc(), _UNITS.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def find_opened_at(connection: Connection) -> datetime | None:
    """Return when the first product came, None where there is none."""
    found: datetime | None = connection.scalar(select(products.c.created_at).order_by(products.c.id).limit(1))
    return found


def list_popular(
    connection: Connection,
    wanted: ProductFilter,
    *,
    not_bought_by: int | None,
    leave_out: Collection[int],
    in_stock_first: bool,
    limit: int,
) -> Sequence[AnyRow]:
    """Return products by `units` bought and kept, most first; those never bought come last."""
    statement = (
        select(*SHOWN, _UNITS.label("units"))
        .join_from(products, _KEPT, _KEPT.c.product_id == products.c.id, isouter=True)
        .where(PUBLISHED, *_new_to(not_bought_by, leave_out), *wanted.conditions())
        .order_by(*_stock_order(in_stock_first), _UNITS.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def list_trending(
    connection: Connection, wanted: ProductFilter, *, since: datetime, in_stock_first: bool, limit: int
) -> Sequence[AnyRow]:
    """Return products by `units` bought and kept in the latest orders `since` then, most first; no others."""
    lately = (
        select(orders.c.id)
        .where(orders.c.created_at >= since)
        .order_by(orders.c.created_at.desc(), orders.c.id.desc())
        .limit(_MOST_RECENT_ORDERS)
        .subquery("lately")
    )
    sold = (
        select(order_items.c.product_id, func.count().label("units"))
        .join_from(lately, order_items, order_items.c.order_id == lately.c.id)
        .where(order_items.c.status.not_in(_NOT_KEPT))
        .group_by(order_items.c.product_id)
        .subquery("sold")
    )
    statement = (
        select(*SHOWN, sold.c.units)
        .join_from(sold, products, products.c.id == sold.c.product_id)
        .where(PUBLISHED, *wanted.conditions())
        .order_by(*_stock_order(in_stock_first), sold.c.units.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def list_alike(
    connection: Connection,
    like: Any,
    wanted: ProductFilter,
    *,
    leave_out: Collection[int],
    in_stock_first: bool,
    limit: int,
) -> Sequence[AnyRow]:
    """Return other products of the category of the row `like` with their `score` in [0, 1], best first.

    Half of the score is for the same brand, half is the lower of both prices divided by the higher one.
    """
    price, cents = cast(products.c.retail_price_cents, Float), max(like.retail_price_cents, 1)
    near = case((price > cents, cents / price), else_=price / float(cents))
    same_brand: ColumnElement[float] = literal(0.0)
    if like.brand is not None:
        same_brand = case((products.c.brand_key == fold(like.brand), literal(0.5)), else_=literal(0.0))
    score = (same_brand + near / 2).label("score")
    statement = (
        select(*SHOWN, score)
        .where(
            PUBLISHED,
            products.c.category_key == fold(like.category),
            products.c.id != like.id,
            products.c.id.not_in(leave_out),
            *wanted.conditions(),
        )
        .order_by(*_stock_order(in_stock_first), score.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def list_bought_together(
    connection: Connection, product_id: int, wanted: ProductFilter, *, in_stock_first: bool, limit: int
) -> Sequence[AnyRow]:
    """Return products by the `count` of orders that they share with a product, most first, of its latest orders."""
    mine = (
        select(order_items.c.order_id)
        .where(order_items.c.product_id == product_id, order_items.c.status.not_in(_NOT_KEPT))
        .order_by(order_items.c.id.desc())
        .limit(_MOST_SHARED_ITEMS)
        .subquery("mine")
    )
    together = (
        select(order_items.c.product_id, func.count(order_items.c.order_id.distinct()).label("orders"))
        .join_from(mine, order_items, order_items.c.order_id == mine.c.order_id)
        .where(order_items.c.product_id != product_id, order_items.c.status.not_in(_NOT_KEPT))
        .group_by(order_items.c.product_id)
        .subquery("together")
    )
    statement = (
        select(*SHOWN, together.c.orders)
        .join_from(together, products, products.c.id == together.c.product_id)
        .where(PUBLISHED, *wanted.conditions())
        .order_by(*_stock_order(in_stock_first), together.c.orders.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def _new_to(customer_id: int | None, leave_out: Collection[int]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if leave_out:
        found.append(products.c.id.not_in(leave_out))
    if customer_id is not None:
        # What was cancelled was never theirs; what was sent back they know.
        bought = exists().where(
            order_items.c.user_id == customer_id,
            order_items.c.product_id == products.c.id,
            order_items.c.status != "cancelled",
        )
        found.append(~bought)
    return found


def _stock_order(in_stock_first: bool) -> list[ColumnElement[Any]]:
    return [case((IN_STOCK, 0), else_=1)] if in_stock_first else []
