"""The product search over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.commerce import search
from chalicelib.commerce.products_api import Product, is_staff, present
from chalicelib.commerce.search import Chosen, Facets
from chalicelib.commerce.search_cursors import CURSOR_PATTERN, key_of, numbers_of
from chalicelib.commerce.search_words import split_values
from chalicelib.core.auth import PUBLIC, Caller
from chalicelib.core.database import Connection
from chalicelib.core.money import Money, MoneyLimit, ceil_cents, floor_cents, from_cents
from chalicelib.core.paging import MAX_LIMIT, Page, PageRequest
from chalicelib.core.routes import Reply, Routes
from chalicelib.core.text import fold

routes = Routes("Catalogue")

# Anything may be typed into a search box; what is no word in it is passed over.
Words = Annotated[
    str,
    Field(
        max_length=500,
        description="Words of name, brand, category or department. Each may be a beginning (`jea`); order, case, "
        "accents, plural and small slips do not matter. Empty finds everything. The first 8 words count.",
        examples=["slim jeans"],
    ),
]
_SEVERAL = "Any of these will do, `Jeans|Shorts`; case is ignored; a bar within a name is written `||`."
Values = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$", description=_SEVERAL)]


class FacetQuery(BaseModel):
    """What to search for, and filters."""

    model_config = ConfigDict(extra="forbid")

    q: Words = ""
    category: Values | None = None
    brand: Values | None = None
    department: Values | None = None
    min_price: MoneyLimit | None = Field(None, description="Lowest retail price, itself included.")
    max_price: MoneyLimit | None = Field(None, description="Highest retail price, itself included.")
    in_stock: bool | None = Field(None, description="Only what has free units in any center, or only what has none.")

    def chosen(self) -> Chosen:
        """Return the filters with folded keys and prices in cents."""
        return Chosen(
            categories=_keys(self.category),
            brands=_keys(self.brand),
            departments=_keys(self.department),
            min_price_cents=None if self.min_price is None else ceil_cents(self.min_price),
            max_price_cents=None if self.max_price is None else floor_cents(self.max_price),
            in_stock=self.in_stock,
        )


class SearchQuery(FacetQuery):
    """What to search for, filters, order and page."""

    sort: Literal["relevance", "price_asc", "price_desc", "newest", "name"] = Field(
        "relevance", description="By relevance equal ones, and all where there are no words, are by units bought."
    )
    limit: int = Field(50, ge=0, le=MAX_LIMIT, description="How many products to answer at most.")
    after: str = Field(
        "",
        pattern=CURSOR_PATTERN,
        description="Continue behind this cursor (from `X-Next-Cursor`), with all else as before; empty for the "
        "first page. Quick at any depth.",
    )


class SuggestQuery(BaseModel):
    """What has been typed so far."""

    model_config = ConfigDict(extra="forbid")

    q: Words = ""
    limit: int = Field(5, ge=0, le=20, description="How many of each kind to answer at most.")


class ValueCount(BaseModel):
    """A value and how many products have it."""

    value: str
    count: int


class ValueFacet(BaseModel):
    """The values of a facet, most products first."""

    values: list[ValueCount] = Field(description="At most 50, and those that are chosen.")
    others: int = Field(description="How many further values there are.")


class PriceBand(BaseModel):
    """A band of prices, to be sent as `min_price` and `max_price`; the highest has no end."""

    min_price: Money
    max_price: Money | None
    count: int


class StockFacet(BaseModel):
    """How many products have free units, and how many have none."""

    in_stock: int
    out_of_stock: int


class FacetCounts(BaseModel):
    """The counts of a search."""

    total: int = Field(description="Products that the search finds under all filters.")
    did_you_mean: str | None = Field(
        description="The words that were looked for, where they are not those of `q`: unknown ones are put right or "
        "left out."
    )
    matching: Literal["all", "most"] = Field(description="`most` where no product has all of the words.")
    category: ValueFacet
    brand: ValueFacet
    department: ValueFacet
    price: list[PriceBand]
    stock: StockFacet


class SuggestedProduct(BaseModel):
    """A product's name."""

    id: int
    name: str


class Suggested(BaseModel):
    """What the query may become."""

    products: list[SuggestedProduct]
    categories: list[ValueCount]
    brands: list[ValueCount]


def _keys(values: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(value) for value in split_values(values or "")))


@routes.get("/products/search", access=PUBLIC, response=list[Product])
def search_products(connection: Connection, caller: Caller | None, query: SearchQuery) -> Reply:
    """Search the products that are for sale.

    Every word must match. What the words stand in comes first: the name (whole words before beginnings), then the
    brand, the category, the department; equal ones by units bought. Where no product has all words, those with most
    of them are found. A word that no product has is read as the nearest known one (one slip from 4 letters on, two
    from 8) or left out: `X-Did-You-Mean` then holds the words that were looked for, percent-encoded.
    """
    after = key_of(query.after, query.sort)
    found = search.search_products(
        connection, query.q, query.chosen(), sort=query.sort, after=after, limit=query.limit
    )
    items = [present(row, for_staff=is_staff(caller)) for row in found.items]
    next_key = None if found.next_key is None else numbers_of(found.next_key)
    page = Page(items, PageRequest(query.limit, after=()), next_key=next_key)
    return Reply(page, {} if found.did_you_mean is None else {"X-Did-You-Mean": quote(found.did_you_mean)})


@routes.get("/products/facets", access=PUBLIC, response=FacetCounts)
def count_products(connection: Connection, query: FacetQuery) -> dict[str, Any]:
    """Count what a search finds, by category, brand, department, price and stock.

    The counts of a facet ignore its own filter: they say what choosing another value would find. They may be some
    seconds old.
    """
    counts, did_you_mean, every = search.count_products(connection, query.q, query.chosen())
    return {
        "total": counts.total,
        "did_you_mean": did_you_mean,
        "matching": "all" if every else "most",
        "category": _present_values(counts, "category"),
        "brand": _present_values(counts, "brand"),
        "department": _present_values(counts, "department"),
        "price": [
            {
                "min_price": from_cents(least),
                "max_price": None if greatest is None else from_cents(greatest),
                "count": count,
            }
            for least, greatest, count in counts.price
        ],
        "stock": {"in_stock": counts.stock[0], "out_of_stock": counts.stock[1]},
    }


def _present_values(counts: Facets, facet: Literal["category", "brand", "department"]) -> dict[str, Any]:
    values = getattr(counts, facet)
    return {"values": _counted(values.counts), "others": values.others}


def _counted(counts: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"value": value, "count": count} for value, count in counts]


@routes.get("/products/suggest", access=PUBLIC, response=Suggested)
def suggest_products(connection: Connection, query: SuggestQuery) -> dict[str, Any]:
    """Suggest products, categories and brands for what has been typed so far."""
    found = search.suggest(connection, query.q, query.limit)
    return {
        "products": [{"id": product_id, "name": name} for product_id, name in found.products],
        "categories": _counted(found.categories),
        "brands": _counted(found.brands),
    }
