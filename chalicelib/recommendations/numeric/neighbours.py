"""Item-item neighbourhoods: for each item the K others that the same people have, weighed by BM25 or by random walks.

Sources: Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009; Paudel et al., Updatable,
Accurate, Diverse, and Scalable Recommendations for Interactive Applications (RP3beta), 2016.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.interactions import Codes, Ints, Reals
from chalicelib.recommendations.numeric.sparse import Sparse, blocks, single_products

# Sums that each thread keeps at once, 16 MB, as the last cache of a server holds them; single products at once.
_CACHED_SUMS = 4 * 1024 * 1024
_BLOCK = 500_000
_THREADS = 2
_TINY = float(np.finfo(np.float32).tiny)
# Rows of fewer single products than this part of the columns are sorted as they are.
_FEW = 24


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The strongest targets of each item: `codes` (n_items, k) int32, `strengths` (n_items, k) float32, strongest
    first. Where there are fewer, strengths are 0 and codes 0.
    """

    codes: Codes
    strengths: Reals

    @property
    def k(self) -> int:
        """The most neighbours that an item has here."""
        return int(self.codes.shape[1])


def bm25_neighbours(people: Sparse, k: int, *, k1: float, b: float) -> Neighbours:
    """Return BM25 neighbours of `people` ((n_people, n_items), 1 for a purchase): an item is a document of people.

    `k1` bounds what one strong interaction counts, `b` in [0, 1] how much frequent items are held down.
    """
    frequency = np.bincount(people.columns, weights=people.values, minlength=people.n_columns)
    weighed = bm25_weighed(people, frequency, k1=k1, b=b)
    return strongest(weighed.transposed(), weighed, k)


def bm25_weighed(people: Sparse, frequency: NDArray[Any], *, k1: float, b: float) -> Sparse:
    """Return the weights that both sides of the product have; `people` may be some of all people.

    `frequency`: (n_items,) the sum of the values of each item over all people.
    """
    mean = float(frequency.sum()) / max(len(frequency), 1)
    norm = 1.0 - b + b * frequency / max(mean, 1e-9)
    idf = np.log(max(people.n_columns, 2)) - np.log1p(people.lengths)
    weighed = people.values * (k1 + 1.0) / (k1 * norm[people.columns] + people.values) * idf[people.rows]
    return people.with_values(weighed)


def rp3_neighbours(people: Sparse, k: int, *, alpha: float, beta: float) -> Neighbours:
    """Return RP3beta neighbours: the chance to come from item to person to item, to the power of `alpha`, held down
    by the target's frequency to the power of `beta`.
    """
    there, back = rp3_chances(people, np.bincount(people.columns, minlength=people.n_columns), alpha=alpha, beta=beta)
    return strongest(there.transposed(), back, k)


def rp3_chances(people: Sparse, degree: Ints, *, alpha: float, beta: float) -> tuple[Sparse, Sparse]:
    """Return the chances of the way from items to people (to be transposed) and of the way back; `people` may be some
    of all people. `degree`: (n_items,) how many of all people have each item.
    """
    degree = np.maximum(degree, 1)
    there = (people.values / degree[people.columns]) ** alpha
    back = (people.values / np.maximum(people.lengths, 1)[people.rows]) ** alpha
    held_down = back * degree[people.columns].astype(np.float64) ** -beta
    return people.with_values(there), people.with_values(held_down)


def strongest(left: Sparse, right: Sparse, k: int, *, first_item: int = 0, threads: int = _THREADS) -> Neighbours:
    """Return the `k` greatest of each row of `left` x `right` above 0 but the row's own item; ties by column.

    The rows of `left` are the items from `first_item` on: all, or a run of them. They are worked on in blocks whose
    sums fit a processor's cache, by two threads.
    """
    found = Neighbours(
        np.zeros((left.n_rows, k), dtype=np.int32),
        np.zeros((left.n_rows, k), dtype=np.float32),
    )
    bits = max(right.n_columns - 1, 2).bit_length()  # of a column: rows of sums begin at powers of two
    most_rows = max(1, _CACHED_SUMS >> bits)
    waiting = SimpleQueue[tuple[int, int]]()
    for block in blocks(left, right, most_products=_BLOCK, most_rows=most_rows):
        waiting.put(block)

    def work() -> None:
        sums = np.zeros((most_rows, 1 << bits), dtype=np.float32)
        with suppress(Empty):
            while True:
                _strongest_of_block(found, left, right, *waiting.get_nowait(), sums, bits, first_item)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()
    return found


def _strongest_of_block(
    found: Neighbours, left: Sparse, right: Sparse, first: int, last: int, sums: Reals, bits: int, first_item: int
) -> None:
    """Add up the products of rows [first, last) in `sums` (all 0, and again 0 at the end), keep the greatest."""
    places, values = single_products(left, right, first, last, 1 << bits)
    if not len(places):
        return
    flat = sums.reshape(-1)
    np.add.at(flat, places, values)
    flat[np.arange(first, last) + first_item + (np.arange(last - first) << bits)] = 0.0  # nobody is its own neighbour
    # So few are all looked at, though some of them are there several times.
    few = len(places) * _FEW < (last - first) << bits
    kept = places if few else _contenders(sums[: last - first], found.k)
    amounts = flat[kept]
    flat[places] = 0.0
    _write_greatest(found, first, last, kept, amounts, bits)


def _contenders(sums: Reals, k: int) -> Ints:
    """Return places, by row, of all that may be among the `k` greatest of each row, above 0.

    Where columns are put into groups, the k-th greatest of the groups' greatest is not above the k-th of all.
    """
    n_rows, width = sums.shape
    groups = min(width, 1 << (4 * k - 1).bit_length())
    greatest = sums.reshape(n_rows, width // groups, groups).max(axis=1)
    greatest.sort(axis=1)
    least = greatest[:, -k] if k <= groups else np.zeros(n_rows, dtype=np.float32)
    return np.flatnonzero(sums >= np.maximum(least, _TINY)[:, None])


def _write_greatest(found: Neighbours, first: int, last: int, places: Ints, amounts: Reals, bits: int) -> None:
    """Write the greatest amounts of each row; a place may be given several times, with the same amount."""
    # Row, then amount downwards, then column in one number: a sort of plain numbers is many times quicker than one of
    # indexes. Amounts lose the bits that are too many: of 31 at least 24 stay.
    row_bits = max(last - first - 1, 1).bit_length()
    dropped = max(0, row_bits + bits + 31 - 63)
    kept_bits = 31 - dropped
    packed = places >> bits
    packed <<= kept_bits
    packed |= (0x7FFFFFFF - amounts.view(np.int32)) >> dropped
    packed <<= bits
    packed |= places & ((1 << bits) - 1)
    packed.sort()
    different = np.empty(len(packed), dtype=bool)
    different[:1] = True
    np.not_equal(packed[1:], packed[:-1], out=different[1:])
    packed = packed[different]
    starts = np.searchsorted(packed, np.arange(last - first + 1) << (kept_bits + bits))
    counts = np.minimum(np.diff(starts), found.k)
    rank = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    packed = packed[rank + np.repeat(starts[:-1], counts)]
    rows = first + np.repeat(np.arange(last - first), counts)
    codes = packed & ((1 << bits) - 1)
    packed >>= bits
    packed &= (1 << kept_bits) - 1
    strengths = (0x7FFFFFFF - (packed << dropped)).astype(np.int32).view(np.float32)
    above = strengths > _TINY
    found.codes[rows[above], rank[above]] = codes[above]
    found.strengths[rows[above], rank[above]] = strengths[above]


def from_dense(weights: Reals, k: int) -> Neighbours:
    """Return the `k` greatest amounts of each row of a dense (n_items, n_items) matrix, negative ones too."""
    n = len(weights)
    k = min(k, n)
    codes = np.empty((n, k), dtype=np.int32)
    strengths = np.empty((n, k), dtype=np.float32)
    for first in range(0, n, 1024):
        block = weights[first : first + 1024]
        best = (
            np.argpartition(-np.abs(block), k - 1, axis=1)[:, :k] if k < n else np.tile(np.arange(n), (len(block), 1))
        )
        best.sort(axis=1)
        amounts = np.abs(np.take_along_axis(block, best, axis=1))
        order = np.argsort(-amounts, axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        codes[first : first + 1024] = best
        strengths[first : first + 1024] = np.take_along_axis(block, best, axis=1)
    return Neighbours(codes, strengths)


def merged(parts: Iterable[tuple[float, Neighbours]], item: int) -> tuple[Codes, Reals]:
    """Return the targets of one item in several neighbourhoods with the sum of weight x strength, best first."""
    codes, values = [], []
    for weight, part in parts:
        row = part.strengths[item]
        best = float(row.max(initial=0.0))
        kept = row > 0
        if weight and best > 0:
            codes.append(part.codes[item][kept])
            values.append(weight * row[kept] / best)
    if not codes:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
    unique, places = np.unique(np.concatenate(codes), return_inverse=True)
    sums = np.bincount(places, weights=np.concatenate(values)).astype(np.float32)
    order = np.lexsort((unique, -sums))
    return unique[order].astype(np.int32), sums[order]
