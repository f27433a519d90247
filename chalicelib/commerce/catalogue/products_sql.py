"""The SQL of products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.commerce.search_tables import product_search
from chalicelib.commerce.tables import product_changes, products, stock_levels
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
IN_STOCK = (
    select(func.coalesce(func.max(stock_levels.c.free), 0))
    .where(stock_levels.c.product_id == products.c.id)
    .scalar_subquery()
) > 0
# Made once: building them costs as much as a short query.
_ALL = select(*SHOWN)
_PUBLISHED = _ALL.where(PUBLISHED)
_BY_IDS = _ALL.where(products.c.id.in_(bindparam("ids", expanding=True)))
_WHOLE = select(*SHOWN, products.c.description)
_LOOKUP = 1_000  # values of one IN list
_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """What products to find: category and brand are contained, the department is meant whole, case ignored; prices in
    cents, both ends included; `in_stock` leaves those alone that have free units.
    """

    category: str | None = None
    brand: str | None = None
    department: str | None = None
    min_price_cents: int | None = None
    max_price_cents: int | None = None
    in_stock: bool = False
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
        if department := fold(self.department or ""):
            # The search keeps the folded one of each published product.
            entry = product_search.c
            found.append(exists().where(entry.product_id == products.c.id, entry.department_key == department))
        if self.in_stock:
            found.append(IN_STOCK)
        return found

    def takes(self, row: Any) -> bool:
        """Tell whether the filter takes a row of `SHOWN`, as its conditions would."""
        return (
            fold(self.category or "") in fold(row.category, _KEY_LENGTH)
            and fold(self.brand or "") in fold(row.brand or "", _KEY_LENGTH)
            and (fold(self.department or "") in ("", fold(row.department or "")))
            and (self.min_price_cents is None or row.retail_price_cents >= self.min_price_cents)
            and (self.max_price_cents is None or row.retail_price_cents <= self.max_price_cents)
            and (self.status is None or row.status == self.status)
            and (not self.in_stock or row.available > 0)
        )


class NotUnique(Exception):
    """Another product has the SKU."""


def find_product(connection: Connection, product_id: int) -> AnyRow | None:
    """Return a product with its description and its units `available`."""
    return connection.execute(_WHOLE.where(products.c.id == product_id)).first()


def find_shown(connection: Connection, product_ids: Sequence[int]) -> dict[int, AnyRow]:
    """Return by id what a list shows of products, of any status."""
    if not product_ids:
        return {}
    return {row.id: row for row in connection.execute(_BY_IDS, {"ids": list(product_ids)})}


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
