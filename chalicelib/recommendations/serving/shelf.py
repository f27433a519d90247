"""The shop's published products as arrays, a row each by ascending id: what filters and models see of them.

Made from the memory of the product search, so it may be some seconds old: what is chosen here is looked up before it
is shown. Loads numpy; no database.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.core.text import fold

if TYPE_CHECKING:
    from chalicelib.commerce.catalogue.choices import ProductFilter
    from chalicelib.commerce.catalogue.search import Kept
    from chalicelib.commerce.catalogue.search_facets import Column

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Facet:
    """A value for each row as a code, (n,) int32; the spelling of each code; the codes of each folded key."""

    codes: NDArray[np.int32]
    spellings: Sequence[str]
    by_key: Any

    def holding(self, text: str) -> Mask:
        """Return the rows whose value holds the folded `text`."""
        return self._rows_of({code for key, codes in self.by_key.items() if text in key for code in codes})

    def equal(self, text: str) -> Mask:
        """Return the rows whose value is the folded `text`."""
        return self._rows_of(self.by_key.get(text, ()))

    def _rows_of(self, wanted: Collection[int]) -> Mask:
        chosen = np.zeros(len(self.spellings), dtype=bool)
        chosen[list(wanted)] = True
        found: Mask = chosen[self.codes]
        return found


@dataclass(frozen=True, slots=True)
class Shelf:
    """All published products: `ids` (n,) int64 ascending, `prices` (n,) int64 cents, `in_stock` (n,) bool."""

    ids: NDArray[np.int64]
    categories: Facet
    brands: Facet
    departments: Facet
    prices: NDArray[np.int64]
    in_stock: Mask

    def __len__(self) -> int:
        return len(self.ids)

    def rows_of(self, product_ids: Collection[int]) -> NDArray[np.int64]:
        """Return the rows of those of `product_ids` that are here."""
        wanted = np.fromiter(product_ids, dtype=np.int64, count=len(product_ids))
        rows = np.searchsorted(self.ids, wanted)
        inside = rows < len(self.ids)
        rows, wanted = rows[inside], wanted[inside]
        found: NDArray[np.int64] = rows[self.ids[rows] == wanted]
        return found

    def passing(self, wanted: ProductFilter, *, without: Collection[int] = ()) -> Mask:
        """Return the rows that pass a filter, but those of the products `without`: (n,) bool."""
        mask = np.ones(len(self.ids), dtype=bool)
        for facet, text in ((self.categories, wanted.category), (self.brands, wanted.brand)):
            if key := fold(text or ""):
                mask &= facet.holding(key)
        if key := fold(wanted.department or ""):
            mask &= self.departments.equal(key)
        if wanted.min_price_cents is not None:
            mask &= self.prices >= wanted.min_price_cents
        if wanted.max_price_cents is not None:
            mask &= self.prices <= wanted.max_price_cents
        if wanted.in_stock:
            mask &= self.in_stock
        if without:
            mask[self.rows_of(without)] = False
        return mask


class _Memory:
    """The search's memory and the shelf that was made of it, together: threads see both or neither."""

    made: tuple[Kept, Shelf] | None = None


def shelf_of(kept: Kept) -> Shelf:
    """Return the arrays of the search's memory; made once for each."""
    before = _Memory.made
    if before is not None and before[0] is kept:
        return before[1]
    if before is not None and before[0].catalogue is kept.catalogue:
        # Only the stock is another: what was made of the rest stays the same, for whoever keeps something beside it.
        made = replace(before[1], in_stock=_stock(kept, _order(kept)))
    else:
        made = _make(kept)
    _Memory.made = (kept, made)
    return made


def _order(kept: Kept) -> NDArray[np.int64]:
    return np.argsort(np.asarray(kept.catalogue.ids, dtype=np.int64), kind="stable")


def _make(kept: Kept) -> Shelf:
    order = _order(kept)
    return Shelf(
        np.asarray(kept.catalogue.ids, dtype=np.int64)[order],
        _facet(kept.catalogue.category, order),
        _facet(kept.catalogue.brand, order),
        _facet(kept.catalogue.department, order),
        np.asarray(kept.catalogue.price_cents, dtype=np.int64)[order],
        _stock(kept, order),
    )


def _stock(kept: Kept, order: NDArray[np.int64]) -> Mask:
    found: Mask = np.frombuffer(kept.in_stock, dtype=np.uint8)[order] != 0
    return found


def _facet(column: Column, order: NDArray[np.int64]) -> Facet:
    codes = column.codes
    raw = np.frombuffer(codes, dtype=np.uint8) if isinstance(codes, bytes) else np.asarray(codes)
    return Facet(raw.astype(np.int32)[order], column.spellings, column.by_key)
