"""Counting facets: how many products each value has among what was found. No database.

The counts of a facet ignore its own filter, so that a second value of it can be chosen; all other filters hold.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import TypeVar

from chalicelib.commerce.search_words import price_bands
from chalicelib.core.text import fold

T = TypeVar("T")

MOST_VALUES = 50
PART, END = "\x1f", "\x1e"
_NO_MARKS = str.maketrans({PART: " ", END: " "})


@dataclass(frozen=True, slots=True)
class Columns:
    """What facets count, a value for each product found; "" where it has none."""

    category: Sequence[str] = ()
    brand: Sequence[str] = ()
    department: Sequence[str] = ()
    price_cents: Sequence[int] = ()
    in_stock: Sequence[bool] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters: folded keys, prices in cents with both ends, in stock or not; empty and None choose all."""

    categories: Collection[str] = ()
    brands: Collection[str] = ()
    departments: Collection[str] = ()
    min_price_cents: int | None = None
    max_price_cents: int | None = None
    in_stock: bool | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a facet with their counts, most first, and how many further values there are."""

    counts: Sequence[tuple[str, int]]
    others: int


@dataclass(frozen=True, slots=True)
class Facets:
    """The counts of a search: `price` as (least, greatest, count) in cents, `stock` as (in stock, not)."""

    total: int
    category: Values
    brand: Values
    department: Values
    price: Sequence[tuple[int, int | None, int]]
    stock: tuple[int, int]


def facets_text(category: str, brand: str | None, department: str | None, price_cents: int) -> str:
    """Return what facets count of a product as one text, each part with its mark behind it."""
    parts = [category, brand or "", department or "", str(price_cents)]
    return "".join(part.translate(_NO_MARKS) + PART for part in parts)


def read_columns(texts: Iterable[str], in_stock: Callable[[Sequence[int]], Collection[int]]) -> Columns:
    """Return the columns of products from texts: id, mark, `facets_text` and END of each, a comma between two.

    `in_stock` tells which of the ids are in stock.
    """
    joined = ",".join(texts)
    if not joined:
        return Columns()
    # A part's mark stands before END, too.
    fields = joined.removesuffix(PART + END).replace(f"{END},", "").split(PART)
    ids = list(map(int, fields[0::5]))
    stocked = in_stock(ids)
    category, brand, department = (list(map(sys.intern, fields[at::5])) for at in (1, 2, 3))  # few, many times
    return Columns(
        category,
        brand,
        department,
        list(map(int, fields[4::5])),
        [each in stocked for each in ids],
    )


def count_facets(columns: Columns, chosen: Chosen) -> Facets:
    """Return the counts of `columns` under the filters."""
    masks = {
        "category": _mask(columns.category, chosen.categories),
        "brand": _mask(columns.brand, chosen.brands),
        "department": _mask(columns.department, chosen.departments),
        "price": _price_mask(columns.price_cents, chosen),
        "stock": None if chosen.in_stock is None else [each == chosen.in_stock for each in columns.in_stock],
    }

    def others(facet: str) -> list[bool] | None:
        return _both([mask for name, mask in masks.items() if name != facet and mask is not None])

    every = _both([mask for mask in masks.values() if mask is not None])
    in_stock = list(_kept(columns.in_stock, others("stock")))
    return Facets(
        total=len(columns.category) if every is None else sum(every),
        category=_values(_kept(columns.category, others("category")), chosen.categories),
        brand=_values(_kept(columns.brand, others("brand")), chosen.brands),
        department=_values(_kept(columns.department, others("department")), chosen.departments),
        price=price_bands(list(_kept(columns.price_cents, others("price")))),
        stock=(sum(in_stock), len(in_stock) - sum(in_stock)),
    )


def _mask(column: Sequence[str], keys: Collection[str]) -> list[bool] | None:
    if not keys:
        return None
    spellings = {value for value in set(column) if value and fold(value) in keys}
    return [value in spellings for value in column]


def _price_mask(column: Sequence[int], chosen: Chosen) -> list[bool] | None:
    low, high = chosen.min_price_cents, chosen.max_price_cents
    if low is None and high is None:
        return None
    return [(low is None or low <= cents) and (high is None or cents <= high) for cents in column]


def _both(masks: Sequence[list[bool]]) -> list[bool] | None:
    if len(masks) < 2:
        return masks[0] if masks else None
    return list(map(all, zip(*masks, strict=True)))


def _kept(column: Sequence[T], mask: list[bool] | None) -> Iterable[T]:
    return column if mask is None else compress(column, mask)


def _values(column: Iterable[str], chosen: Collection[str]) -> Values:
    """Count the values of a column; spellings that differ in case alone are one, shown as most products have it."""
    spelled = Counter(column)
    spelled.pop("", None)
    total: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for spelling, count in sorted(spelled.items(), key=lambda item: (-item[1], item[0])):
        key = fold(spelling)
        total[key] += count
        shown.setdefault(key, spelling)
    ordered = sorted(total, key=lambda key: (-total[key], key))
    kept = [key for at, key in enumerate(ordered) if at < MOST_VALUES or key in chosen]
    return Values([(shown[key], total[key]) for key in kept], len(ordered) - len(kept))
