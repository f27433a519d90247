"""Counting facets: how many products each value has among what was found. No database.

The counts of a facet ignore its own filter, so that a second value of it can be chosen; all other filters hold.
What is counted are columns of all products, held in memory: a code for each value, and masks of 0 and 1, a byte for
each product, that C goes through rather than Python.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import compress

from chalicelib.commerce.search_words import Term, band_of, patterns_anywhere, price_bands, without_fields
from chalicelib.core.text import fold

MOST_VALUES = 50
PART, END = "\x1f", "\x1e"
_NO_MARKS = str.maketrans({PART: " ", END: " "})
_FIELDS = 6  # of a product's text: id, words, category, brand, department, price
_INVERTED = bytes.maketrans(b"\0\1", b"\1\0")


@dataclass(frozen=True, slots=True)
class Column:
    """A value for each product: its code, the spelling of each code ("" for none), the codes of each folded key."""

    codes: Sequence[int]
    spellings: Sequence[str]
    by_key: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What facets count and words find, a value for each published product."""

    ids: Sequence[str]
    words: Sequence[str]
    category: Column
    brand: Column
    department: Column
    price_cents: Sequence[int]
    price_band: bytes


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


def read_catalogue(texts: Iterable[str]) -> Catalogue:
    """Return the columns of products from texts: id, PART, words, PART, `facets_text`, END of each, with commas."""
    joined = ",".join(texts)
    # A part's mark stands before END, too.
    fields = joined.removesuffix(PART + END).replace(f"{END},", "").split(PART) if joined else []
    prices = array("q", map(int, fields[5::_FIELDS]))
    return Catalogue(
        fields[0::_FIELDS],
        without_fields(fields[1::_FIELDS]),
        _column(fields[2::_FIELDS]),
        _column(fields[3::_FIELDS]),
        _column(fields[4::_FIELDS]),
        prices,
        bytes(map(band_of, prices)),
    )


def _column(values: Sequence[str]) -> Column:
    spellings = list(dict.fromkeys(["", *values]))
    code_of = {value: code for code, value in enumerate(spellings)}
    codes = map(code_of.__getitem__, values)
    by_key: dict[str, list[int]] = {}
    for code, value in enumerate(spellings[1:], 1):
        by_key.setdefault(fold(value), []).append(code)
    return Column(bytes(codes) if len(spellings) <= 256 else array("L", codes), spellings, by_key)


def stock_mask(catalogue: Catalogue, in_stock: Collection[str]) -> bytes:
    """Return the mask of the products whose ids are `in_stock`."""
    return bytes(map(in_stock.__contains__, catalogue.ids))


def words_mask(catalogue: Catalogue, terms: Sequence[Term], *, every: bool) -> bytes | None:
    """Return the mask of the products that have every term, or any; None for all where there are no terms."""
    masks = [_term_mask(catalogue.words, term) for term in terms]
    return _both(masks) if every else _any(masks)


def _term_mask(texts: Sequence[str], term: Term) -> bytes:
    begins, *others = patterns_anywhere(term)
    if not others:
        return bytes([begins in text for text in texts])
    [singular] = others
    return bytes([begins in text or singular in text for text in texts])


def count_facets(catalogue: Catalogue, in_stock: bytes, found: bytes | None, chosen: Chosen) -> Facets:
    """Return the counts under the filters of the products in the mask `found`, or of all."""
    masks = {
        "words": found,
        "category": _value_mask(catalogue.category, chosen.categories),
        "brand": _value_mask(catalogue.brand, chosen.brands),
        "department": _value_mask(catalogue.department, chosen.departments),
        "price": _price_mask(catalogue.price_cents, chosen),
        "stock": None if chosen.in_stock is None else in_stock if chosen.in_stock else in_stock.translate(_INVERTED),
    }

    def others(facet: str) -> bytes | None:
        return _both([mask for name, mask in masks.items() if name != facet and mask is not None])

    every = others("")
    stock = _count(in_stock, others("stock"))
    return Facets(
        total=len(catalogue.ids) if every is None else every.count(1),
        category=_values(catalogue.category, others("category"), chosen.categories),
        brand=_values(catalogue.brand, others("brand"), chosen.brands),
        department=_values(catalogue.department, others("department"), chosen.departments),
        price=price_bands(_count(catalogue.price_band, others("price"))),
        stock=(stock[1], stock[0]),
    )


def _value_mask(column: Column, keys: Collection[str]) -> bytes | None:
    if not keys:
        return None
    codes = {code for key in keys for code in column.by_key.get(key, ())}
    return bytes(map(codes.__contains__, column.codes))


def _price_mask(prices_cents: Sequence[int], chosen: Chosen) -> bytes | None:
    low, high = chosen.min_price_cents, chosen.max_price_cents
    if low is None and high is None:
        return None
    return bytes([(low is None or low <= cents) and (high is None or cents <= high) for cents in prices_cents])


def _both(masks: Sequence[bytes]) -> bytes | None:
    """Return the products in all masks. As numbers: a loop over the bytes would take a hundred times as long."""
    if len(masks) < 2:
        return masks[0] if masks else None
    both = int.from_bytes(masks[0])
    for mask in masks[1:]:
        both &= int.from_bytes(mask)
    return both.to_bytes(len(masks[0]))


def _any(masks: Sequence[bytes]) -> bytes | None:
    inverted = _both([mask.translate(_INVERTED) for mask in masks])
    return None if inverted is None else inverted.translate(_INVERTED)


def _count(codes: Sequence[int], mask: bytes | None) -> Counter[int]:
    return Counter(codes if mask is None else compress(codes, mask))


def _values(column: Column, mask: bytes | None, chosen: Collection[str]) -> Values:
    """Count the values of a column; spellings that differ in case alone are one, shown as most products have it."""
    spelled = _count(column.codes, mask)
    total = {key: count for key, codes in column.by_key.items() if (count := sum(map(spelled.__getitem__, codes)))}

    def place(key: str) -> tuple[int, str]:
        return (-total[key], key)

    kept = nsmallest(MOST_VALUES, total, key=place)
    kept += sorted(total.keys() & set(chosen) - set(kept), key=place)
    shown = {
        key: min((-spelled[code], column.spellings[code]) for code in column.by_key[key] if spelled[code])[1]
        for key in kept
    }
    return Values([(shown[key], total[key]) for key in kept], len(total) - len(kept))
