"""The SQL of products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.commerce.tables import order_items, product_changes, products, stock_levels
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.core.text import fold

# Free units over all centers, read with each row: a page stays one statement.
_AVAILABLE = (
    select(func.coalesce(func.sum(stock_levels.c.free), 0))
    .where(stock_levels.c.product_id == products.c.id)
    .scalar_subquery()
    .label("available")
)
# What a list shows; the description is for the product's own page.
SHOWN = [
    *(column for column in products.c if column.name not in {"category_key", "brand_key", "description"}),
    _AVAILABLE,
]
PUBLISHED = products.c.status == "published"
# Made once: building them costs as much as a short query.
_ALL = select(*SHOWN)
_PUBLISHED = _ALL.where(PUBLISHED)
_WHOLE = select(*SHOWN, products.c.description)
_LOOKUP = 1_000  # values of one IN list


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
    status: str | None = None

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
        if self.status is not None:
            found.append(products.c.status == self.status)
        return found


class NotUnique(Exception):
    """Another product has the SKU."""


def find_product(connection: Connection, product_id: int) -> AnyRow | None:
    """Return a product with its description and its units `available`."""
    return connection.execute(_WHOLE.where(products.c.id == product_id)).first()


def list_products(
    connection: Connection, wanted: ProductFilter, page: PageRequest, *, unpublished: bool
) -> Page[AnyRow]:
    """Return products by id; drafts and archived ones only when `unpublished`."""
    statement, conditions = _ALL if unpublished else _PUBLISHED, wanted.conditions()
    return fetch_page(
        connection, statement.where(*conditions) if conditions else statement, page, order=[products.c.id]
    )


def list_whole_products(connection: Connection, *, after: int, status: str | None, limit: int) -> Sequence[AnyRow]:
    """Return products with everything that is known of them, by id, behind the id `after`."""
    statement = select(products).where(products.c.id > after)
    if status is not None:
        statement = statement.where(products.c.status == status)
    return connection.execute(statement.order_by(products.c.id).limit(limit)).all()


def list_described_products(
    connection: Connection, *, after: int, statuses: Sequence[str], limit: int
) -> Sequence[AnyRow]:
    """Return what shoppers know a product by (id, name, category, brand, department, retail_price_cents), by id."""
    columns = products.c
    described = select(
        columns.id, columns.name, columns.category, columns.brand, columns.department, columns.retail_price_cents
    )
    wanted = described.where(columns.id > after, columns.status.in_(statuses))
    return connection.execute(wanted.order_by(columns.id).limit(limit)).all()


def list_availability(connection: Connection, product_id: int) -> Sequence[AnyRow]:
    """Return the free and reserved units of a product, by center."""
    levels = stock_levels.c
    statement = select(levels.distribution_center_id, levels.free, levels.reserved)
    return connection.execute(
        statement.where(levels.product_id == product_id).order_by(levels.distribution_center_id)
    ).all()


def find_products(connection: Connection, product_ids: Iterable[int], *, lock: bool = False) -> dict[int, AnyRow]:
    """Return whole products by id; `lock` keeps others from changing them until the transaction ends."""
    ids, found = sorted(set(product_ids)), {}
    for start in range(0, len(ids), _LOOKUP):
        part = ids[start : start + _LOOKUP]
        statement = select(products).where(products.c.id.in_(part)).order_by(products.c.id)
        rows = connection.execute(statement.with_for_update() if lock else statement)
        found.update({row.id: row for row in rows})
    return found


def find_published_ids(connection: Connection, product_ids: Iterable[int]) -> set[int]:
    """Return those of at most some hundred ids that are of published products."""
    statement = select(products.c.id).where(products.c.id.in_(sorted(set(product_ids))), PUBLISHED)
    return set(connection.scalars(statement))


def find_sku_owners(connection: Connection, skus: Iterable[str]) -> dict[str, int]:
    """Return the ids of the products that have one of `skus`, by SKU."""
    given, found = sorted(set(skus)), {}
    for start in range(0, len(given), _LOOKUP):
        part = given[start : start + _LOOKUP]
        statement = select(products.c.sku, products.c.id).where(products.c.sku.in_(part))
        found.update({row.sku: row.id for row in connection.execute(statement)})
    return found


def insert_products(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Insert products, all of the same columns, and return their ids by SKU.

    Raises:
        NotUnique: another has a SKU; the transaction must be rolled back.
    """
    if not rows:
        return {}
    try:
        connection.execute(insert(products), list(rows))
    except IntegrityError as error:
        raise NotUnique from error
    return find_sku_owners(connection, (row["sku"] for row in rows))


def update_products(connection: Connection, changes: Mapping[int, Mapping[str, Any]]) -> None:
    """Change columns of products by id, in the order of their ids, and count their versions up.

    Raises:
        NotUnique: another has a SKU; the transaction must be rolled back.
    """
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for product_id, values in sorted(changes.items()):
        names = tuple(sorted(values))
        alike.setdefault(names, []).append({"the_id": product_id, **{f"new_{name}": values[name] for name in names}})
    try:
        for names, rows in alike.items():
            assigned: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
            statement = update(products).where(products.c.id == bindparam("the_id"))
            connection.execute(statement.values(**assigned, version=products.c.version + 1), rows)
    except IntegrityError as error:
        raise NotUnique from error


def insert_changes(connection: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write down changes of products."""
    if entries:
        connection.execute(insert(product_changes), entries)


def list_changes(connection: Connection, product_id: int, page: PageRequest) -> Page[AnyRow]:
    """Return the changes of a product, newest first."""
    statement = select(product_changes).where(product_changes.c.product_id == product_id)
    return fetch_page(connection, statement, page, order=[product_changes.c.id], descending=True)


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
        select(*SHOWN, score)
        .join_from(products, _KEPT, _KEPT.c.product_id == products.c.id, isouter=True)
        .where(PUBLISHED, of_interest, _not_bought_by(not_bought_by), *wanted.conditions())
        .order_by(score.desc(), _POPULARITY.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def list_popular(
    connection: Connection, wanted: ProductFilter, *, not_bought_by: int, leave_out: Sequence[int], limit: int
) -> Sequence[AnyRow]:
    """Return products by units bought and kept, most first; those never bought come last."""
    statement = (
        select(*SHOWN)
        .join_from(products, _KEPT, _KEPT.c.product_id == products.c.id, isouter=True)
        .where(PUBLISHED, _not_bought_by(not_bought_by), products.c.id.not_in(leave_out), *wanted.conditions())
        .order_by(_POPULARITY.desc(), products.c.id)
        .limit(limit)
    )
    return connection.execute(statement).all()


def _not_bought_by(customer_id: int) -> ColumnElement[bool]:
    bought = exists().where(order_items.c.user_id == customer_id, order_items.c.product_id == products.c.id)
    return ~bought
