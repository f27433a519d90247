"""The SQL of products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, select

from chalicelib.commerce.tables import order_items, products
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.core.text import fold

_HIDDEN = {
    "category_key",
    "brand_key",
    "status",
    "description",
    "image_key",
    "image_alt",
    "low_stock_level",
    "version",
}
_SHOWN = [column for column in products.c if column.name not in _HIDDEN]
_PRODUCTS = select(*_SHOWN)  # made once: building it costs as much as a short query


# Units of each product that were bought and kept.
_KEPT = (
    select(order_items.c.product_id, func.count().label("units"))
    .where(order_items.c.status.not_in(["cancelled", "returned"]))
    .group_by(order_items.c.product_id)
    .subquery("kept")
)
_POPULARITY = func.coalesce(_KEPT.c.units, 0)


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """What products to find: texts are contained, case ignored; prices in cents, both ends included."""

    category: str | None = None
    brand: str | None = None
    min_price_cents: int | None = None
    max_price_cents: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the filter as conditions."""
        found: list[ColumnElement[bool]] = []
        # Nothing, or nothing but space, is contained in everything: also in a brand that is not known.
        if category := fold(self.category or ""):
            found.append(products.c.category_key.contains(category, autoescape=True))
        if brand := fold(self.brand or ""):
            found.append(products.c.brand_key.contains(brand, autoescape=True))
        if self.min_price_cents is not None:
            found.append(products.c.retail_price_cents >= self.min_price_cents)
        if self.max_price_cents is not None:
            found.append(products.c.retail_price_cents <= self.max_price_cents)
        return found


def find_product(connection: Connection, product_id: int) -> AnyRow | None:
    """Return a product."""
    return connection.execute(_PRODUCTS.where(products.c.id == product_id)).first()


def list_products(connection: Connection, wanted: ProductFilter, page: PageRequest) -> Page[AnyRow]:
    """Return products by id."""
    conditions = wanted.conditions()
    statement = _PRODUCTS.where(*conditions) if conditions else _PRODUCTS
    return fetch_page(connection, statement, page, order=[products.c.id])


def list_best_matches(
    connection: Connection,
    weights: Sequence[tuple[str, str | None, float]],
    wanted: ProductFilter,
    *,
    not_bought_by: int,
    limit: int,
) -> Sequence[AnyRow]:
    """Return products of the categories in `weights` with their `score`, best first.

    `weights` holds (category, brand, weight): a product scores the weight of its category and brand, or half of the
    greatest weight of its category, whichever is more; of equal ones the more popular comes first. Products that
    the customer bought are left out. Case is ignored.
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
        select(*_SHOWN, score)
        .join_from(products, _KEPT, _KEPT.c.product_id == products.c.id, isouter=True)
        .where(of_interest, _not_bought_by(not_bought_by), *wanted.conditions())
        .order_by(score.desc(), _POPULARITY.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def list_popular(
    connection: Connection, wanted: ProductFilter, *, not_bought_by: int, leave_out: Sequence[int], limit: int
) -> Sequence[AnyRow]:
    """Return products by units bought and kept, most first; those never bought come last."""
    statement = (
        select(*_SHOWN)
        .join_from(products, _KEPT, _KEPT.c.product_id == products.c.id, isouter=True)
        .where(_not_bought_by(not_bought_by), products.c.id.not_in(leave_out), *wanted.conditions())
        .order_by(_POPULARITY.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def _not_bought_by(customer_id: int) -> ColumnElement[bool]:
    bought = exists().where(order_items.c.user_id == customer_id, order_items.c.product_id == products.c.id)
    return ~bought
