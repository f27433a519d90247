"""The assistant's tools that look into the catalogue: search, one product, what is like it, what suits a customer.

Each returns what a shopper sees at this moment: published products only.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.commerce.catalogue import product_images, products, search
from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.commerce.catalogue.search import Chosen, Found
from chalicelib.commerce.catalogue.search_words import split_words
from chalicelib.conversations.assistant.tool_arguments import (
    GetProduct,
    RecommendProducts,
    SearchProducts,
    SimilarProducts,
)
from chalicelib.conversations.assistant.turns import ProductFact, ToolCall, ToolResult, Vocabulary
from chalicelib.core.database import Connection
from chalicelib.core.text import fold
from chalicelib.recommendations.serving import neighbours, recommend
from chalicelib.recommendations.serving.wishes import Item, Person, Wish

# Whether a name has a colour no index knows: the products that have it anywhere are read until there are enough.
_BLOCK = 50
_MOST_BLOCKS = 4


def product_fact(row: Any, reason: str | None = None) -> ProductFact:
    """Return a product row, as lists show it, as the assistant knows products."""
    return ProductFact(
        id=row.id,
        name=row.name,
        brand=row.brand,
        category=row.category,
        department=row.department,
        price_cents=row.retail_price_cents,
        available=int(row.available),  # a sum is Decimal on MySQL
        image_url=product_images.url_of(row.image_key),
        reason=reason,
    )


def search_products(
    connection: Connection, call: ToolCall, wanted: SearchProducts, vocabulary: Vocabulary
) -> ToolResult:
    """Find products by words, colours and filters."""
    words, chosen = _understood(wanted, vocabulary)
    end = wanted.skip + wanted.limit
    if wanted.colours:
        rows, did_you_mean = _with_colours(connection, words, chosen, wanted, end + 1)
    else:
        found = _find(connection, words, chosen, wanted, (), end + 1)
        # What has some of the words only is not what was asked for.
        rows, did_you_mean = list(found.items) if found.every else [], found.did_you_mean
    shown = [product_fact(row) for row in rows[wanted.skip : end]]
    return ToolResult(call, products=shown, did_you_mean=did_you_mean, more=len(rows) > end)


def _understood(wanted: SearchProducts, vocabulary: Vocabulary) -> tuple[str, Chosen]:
    """Return the words and filters of a search: a category or brand that the shop does not have counts as words."""
    words = [wanted.words]
    keys: list[tuple[str, ...]] = []
    known = (vocabulary.categories, vocabulary.brands, vocabulary.departments)
    for value, spellings in zip((wanted.category, wanted.brand, wanted.department), known, strict=True):
        unknown = value is not None and bool(spellings) and fold(value) not in {fold(each) for each in spellings}
        if value is not None and unknown:
            words.append(value)
        keys.append(() if value is None or unknown else (fold(value),))
    categories, brands, departments = keys
    chosen = Chosen(categories, brands, departments, wanted.min_price_cents, wanted.max_price_cents, wanted.in_stock)
    return " ".join(filter(None, words)), chosen


def _find(
    connection: Connection,
    words: str,
    chosen: Chosen,
    wanted: SearchProducts,
    after: tuple[Any, ...],
    limit: int,
) -> Found:
    return search.search_products(connection, words, chosen, sort=wanted.sort, after=after, limit=limit)


def _with_colours(
    connection: Connection, words: str, chosen: Chosen, wanted: SearchProducts, limit: int
) -> tuple[list[Any], str | None]:
    """Return the first products whose name has one of the colours as a word, and the words that were looked for."""
    corrections: list[str] = []
    streams = [
        _of_colour(connection, words, colour, chosen, wanted, corrections) for colour in dict.fromkeys(wanted.colours)
    ]
    if wanted.sort == "relevance":  # the colour that was named first comes first
        merged = (row for stream in streams for row in stream)
    else:
        merged = heapq.merge(*streams, key=_SORTS[wanted.sort], reverse=wanted.sort in ("price_desc", "newest"))
    rows: dict[int, Any] = {}
    for row in merged:
        rows.setdefault(row.id, row)
        if len(rows) == limit:
            break
    return list(rows.values()), corrections[0] if corrections and not rows else None


_SORTS: dict[str, Any] = {
    "price_asc": lambda row: (row.retail_price_cents, row.id),
    "price_desc": lambda row: (row.retail_price_cents, row.id),
    "newest": lambda row: (row.created_at, row.id),
    "name": lambda row: (fold(row.name), row.id),
}


def _of_colour(
    connection: Connection,
    words: str,
    colour: str,
    chosen: Chosen,
    wanted: SearchProducts,
    corrections: list[str],
) -> Iterator[Any]:
    """Yield the products of a colour in the order of the search, reading some more blocks only as they are needed."""
    needed = set(split_words(colour))
    if not needed:
        return
    after: tuple[Any, ...] = ()
    for _ in range(_MOST_BLOCKS):
        found = _find(connection, f"{colour} {words}", chosen, wanted, after, _BLOCK)
        if not found.every:
            return
        if found.did_you_mean is not None:
            corrections.append(found.did_you_mean)
        yield from (row for row in found.items if needed <= set(split_words(row.name)))
        if found.next_key is None:
            return
        after = found.next_key


def get_product(connection: Connection, call: ToolCall, wanted: GetProduct) -> ToolResult:
    """Look one product up."""
    row = products.get_product(connection, wanted.product_id, unpublished=False)
    return ToolResult(call, products=[product_fact(row)])


def similar_products(connection: Connection, call: ToolCall, wanted: SimilarProducts) -> ToolResult:
    """Find what is most like a product."""
    row = products.get_product(connection, wanted.product_id, unpublished=False)
    wish = Wish(ProductFilter(max_price_cents=wanted.max_price_cents), wanted.limit)
    return _chosen(call, neighbours.similar_to(connection, row, wish).items)


def recommend_products(
    connection: Connection, call: ToolCall, wanted: RecommendProducts, customer_id: int | None
) -> ToolResult:
    """Choose products for a customer, or what sells where the caller is none."""
    wish = Wish(ProductFilter(category=wanted.category, max_price_cents=wanted.max_price_cents), wanted.limit)
    if customer_id is None:
        found = recommend.to_visit(connection, Person(), wish)
    else:
        # What becomes of it is not told to the experiment, so it is none of it.
        found = recommend.to_customer(connection, customer_id, wish, owner_id=customer_id, shown=False)
    return _chosen(call, found.items)


def _chosen(call: ToolCall, items: Sequence[Item]) -> ToolResult:
    published = (item for item in items if item.row.status == products.PUBLISHED)
    return ToolResult(call, products=[product_fact(item.row, item.reason.text) for item in published])
