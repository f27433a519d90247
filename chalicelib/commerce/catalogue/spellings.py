"""How what sales are grouped by is written in the catalogue, for those who know its ids and folded keys alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from chalicelib.commerce.catalogue import spellings_sql
from chalicelib.core.database import Connection


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a thing; of a product its SKU, category and brand as well."""

    name: str
    sku: str | None = None
    category: str | None = None
    brand: str | None = None


def spell(connection: Connection, kind: str, keys: Collection[str]) -> dict[str, Named]:
    """Return the names of a few things by key, in one statement; what is not known any more is left out.

    `kind` is category or brand (keys are folded), distribution_center or product (keys are ids, as text).
    """
    if not keys:
        return {}
    if kind == "product":
        products = spellings_sql.list_products(connection, [int(key) for key in keys])
        return {str(row.id): Named(row.name, row.sku, row.category, row.brand) for row in products}
    if kind == "distribution_center":
        centers = spellings_sql.list_centers(connection, [int(key) for key in keys])
        return {str(row.id): Named(row.name) for row in centers}
    return {row.key: Named(row.name) for row in spellings_sql.list_spellings(connection, kind, sorted(keys))}
