"""Sparse matrices by hand: rows of (column, value), and the products of two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.interactions import Codes, Ints, Reals

_LOOKED_THROUGH = 8_000_000  # entries at a time


@dataclass(frozen=True, slots=True)
class Sparse:
    """A matrix in compressed rows: `starts` (n_rows + 1,) int64, `columns` (n,) int32, `values` (n,) float32."""

    starts: Ints
    columns: Codes
    values: Reals
    n_columns: int

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ints:
        """How many entries each row has: (n_rows,) int64."""
        return np.diff(self.starts)

    @property
    def rows(self) -> Codes:
        """The row of each entry: (n,) int32."""
        return np.repeat(np.arange(self.n_rows, dtype=np.int32), self.lengths)

    def with_values(self, values: NDArray[Any]) -> Sparse:
        """Return the same places with other values."""
        return Sparse(self.starts, self.columns, values.astype(np.float32), self.n_columns)

    def transposed(self) -> Sparse:
        """Return columns as rows, each in the order of the rows here."""
        order = transposing_order(self.columns, self.n_columns)
        starts = np.zeros(self.n_columns + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.columns, minlength=self.n_columns), out=starts[1:])
        return Sparse(starts, self.rows[order], self.values[order], self.n_rows)

    def transposed_part(self, first: int, last: int) -> Sparse:
        """Return columns [first, last) as rows, as `transposed` does; of a mapped matrix only those are held."""
        found = [
            np.flatnonzero((part >= first) & (part < last)) + at
            for at in range(0, len(self.columns), _LOOKED_THROUGH)
            for part in (self.columns[at : at + _LOOKED_THROUGH],)
        ]
        entries = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
        columns = self.columns[entries] - np.int32(first)
        order = transposing_order(columns, last - first)
        starts = np.zeros(last - first + 1, dtype=np.int64)
        np.cumsum(np.bincount(columns, minlength=last - first), out=starts[1:])
        entries = entries[order]
        rows = (np.searchsorted(self.starts, entries, side="right") - 1).astype(np.int32)
        return Sparse(starts, rows, self.values[entries], self.n_rows)

    def dense_rows(self, first: int, last: int) -> Reals:
        """Return rows [first, last) as (last - first, n_columns) float32."""
        dense = np.zeros((last - first, self.n_columns), dtype=np.float32)
        part = slice(int(self.starts[first]), int(self.starts[last]))
        rows = np.repeat(np.arange(last - first), np.diff(self.starts[first : last + 1]))
        dense[rows, self.columns[part]] = self.values[part]
        return dense


def from_entries(
    rows: NDArray[Any], columns: NDArray[Any], values: NDArray[Any], shape: tuple[int, int], *, most: bool = False
) -> Sparse:
    """Return the matrix of entries in any order; those of one place are added, or the greatest counts (`most`)."""
    keys = rows.astype(np.int64) * shape[1] + columns
    if len(keys) and not np.all(keys[1:] > keys[:-1]):
        order = np.argsort(keys, kind="stable")
        keys, values = keys[order], values[order]
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        merge = np.maximum if most else np.add
        keys, values = keys[first], merge.reduceat(values, first)
    starts = np.zeros(shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys // shape[1], minlength=shape[0]), out=starts[1:])
    return Sparse(starts, (keys % shape[1]).astype(np.int32), values.astype(np.float32), shape[1])


def transposing_order(columns: Codes, n_columns: int) -> Ints:
    """Return the stable order of entries by column: a sort of plain numbers, a tenth of the time of an argsort."""
    bits = max(len(columns), 1).bit_length()
    if n_columns.bit_length() + bits > 63:
        return np.argsort(columns, kind="stable")
    packed = columns.astype(np.int64) << bits
    packed |= np.arange(len(columns))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def single_products(left: Sparse, right: Sparse, first: int, last: int, width: int) -> tuple[Ints, Reals]:
    """Return what rows [first, last) of `left` x `right` are sums of: places (row - first) x `width` + column,
    by row, and values; several of one place.
    """
    part = slice(int(left.starts[first]), int(left.starts[last]))
    middle = left.columns[part]
    # Not `lengths`: that is all rows' each time, and there are many blocks.
    begins = right.starts[middle]
    counts = right.starts[middle + 1] - begins
    ends = np.cumsum(counts)
    # Where in `right` each single product is: runs of consecutive entries, one for each entry of `left`.
    entries = np.arange(int(ends[-1]) if len(ends) else 0)
    entries += np.repeat(begins - (ends - counts), counts)
    offsets = np.repeat(np.arange(last - first, dtype=np.int64) * width, np.diff(left.starts[first : last + 1]))
    places = np.repeat(offsets, counts)
    places += right.columns.take(entries)
    values = np.repeat(left.values[part], counts)
    values *= right.values.take(entries)
    return places, values


def blocks(left: Sparse, right: Sparse, *, most_products: int, most_rows: int) -> list[tuple[int, int]]:
    """Return the rows of `left` in runs [first, last) of so many single products and rows at most, at least one."""
    work = np.concatenate([[0], np.cumsum(right.lengths[left.columns])])
    ends = work[left.starts[1:]]
    found: list[tuple[int, int]] = []
    first = 0
    while first < left.n_rows:
        last = int(np.searchsorted(ends, work[left.starts[first]] + most_products, side="right"))
        last = min(max(last, first + 1), first + most_rows, left.n_rows)
        found.append((first, last))
        first = last
    return found


def dense_product(left: Sparse, right: Sparse) -> Reals:
    """Return `left` x `right` as (n_rows, n_columns) float32."""
    made = np.zeros((left.n_rows, right.n_columns), dtype=np.float32)
    for first, last in blocks(left, right, most_products=4_000_000, most_rows=left.n_rows):
        places, values = single_products(left, right, first, last, right.n_columns)
        np.add.at(made[first:last].reshape(-1), places, values)
    return made
