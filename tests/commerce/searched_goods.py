"""A small catalogue for tests of the search, and a search over it that is written anew, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.commerce import tables
from chalicelib.commerce.catalogue import search
from chalicelib.core.database import transaction
from tests.factories import make_center, make_order, make_product

_PLURALS = {"jeans": "jean", "shirts": "shirt", "dresses": "dress", "bags": "bag"}


@dataclass(frozen=True)
class Item:
    """A product as the tests mean it; `free` units in each of two centers, `sold` units bought."""

    name: str
    brand: str | None = "Levi"
    category: str = "Jeans"
    department: str | None = "Women"
    cents: int = 4950
    status: str = "published"
    free: Sequence[int] = ()
    sold: int = 0
    product_id: int = field(default=0, compare=False)

    @property
    def available(self) -> int:
        return sum(self.free)


def stock(items: Sequence[Item], **given: Any) -> list[int]:
    """Put the items into the shop and let the search know; return their ids."""
    centers = [make_center(), make_center()]
    ids = [
        make_product(
            name=item.name,
            brand=item.brand,
            category=item.category,
            department=item.department,
            retail_price_cents=item.cents,
            status=item.status,
            distribution_center_id=centers[0],
            **given,
        )
        for item in items
    ]
    for product_id, item in zip(ids, items, strict=True):
        if item.sold:
            make_order(None, *[(product_id, item.cents)] * item.sold)
    levels = [
        {"product_id": product_id, "distribution_center_id": center, "received": units, "free": units}
        | dict.fromkeys(("transferred", "reserved", "sold", "written_off"), 0)
        for product_id, item in zip(ids, items, strict=True)
        for center, units in zip(centers, item.free, strict=False)
    ]
    with transaction() as connection:
        if levels:
            connection.execute(tables.stock_levels.insert(), levels)
        search.index_products(connection, ids)
    return ids


def words(text: str | None) -> list[str]:
    """Return the words of plain ASCII text with single spaces."""
    return (text or "").lower().split()


def _forms(text: str | None) -> set[str]:
    return {form for word in words(text) for form in (word, _PLURALS.get(word, word))}


def _stands(query: str, text: str | None, *, whole: bool = False) -> bool:
    forms = _forms(text)
    singular = _PLURALS.get(query, query)
    if whole:
        return query in forms or singular in forms
    return any(form.startswith(query) for form in forms) or singular in forms


def level(item: Item, query: str) -> int | None:
    """Return the level of relevance at which an item has all words of a query; None when it lacks one."""
    fields = (item.name, item.brand, item.category, item.department)
    asked = words(query)

    def every(number: int, *, whole: bool = False) -> bool:
        return all(any(_stands(word, text, whole=whole) for text in fields[:number]) for word in asked)

    if every(1, whole=True):
        return 4
    return next((3 - at for at, number in enumerate((1, 2, 3, 4)) if every(number)), None)
