"""Which primary keys a file has already used: a set of integers that stays small. Needs numpy.

Kept apart from validation, whose modules a cold function may import without paying for numpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Ids = NDArray[np.int64]


class SeenIds:
    """A growing set of 64-bit ids, kept as disjoint runs of consecutive ids in ascending order.

    The ids of a dense file cost next to nothing, scattered ones 16 bytes each. Ascending batches are
    appended; a batch in the middle copies the runs once.
    """

    def __init__(self) -> None:
        self._count = 0  # runs in use; the arrays have room beyond
        self._first: _Ids = np.empty(1024, np.int64)
        self._last: _Ids = np.empty(1024, np.int64)

    def add(self, ids: Sequence[int]) -> list[int]:
        """Add ids; return the positions of those seen before, here or earlier in this batch, ascending."""
        batch = np.asarray(ids, dtype=np.int64)
        if batch.size == 0:
            return []
        order = np.argsort(batch, kind="stable")  # stable: of equal ids the first one counts as new
        ascending = batch[order]
        repeated = self._contains(ascending)
        repeated[1:] |= ascending[1:] == ascending[:-1]
        fresh = ascending[~repeated]
        if fresh.size:
            self._add_runs(*_runs(fresh))
        positions: list[int] = np.sort(order[repeated]).tolist()
        return positions

    def add_run(self, first: int, last: int) -> None:
        """Add all ids from `first` to `last`, none of which was added before."""
        self._add_runs(np.array([first], np.int64), np.array([last], np.int64))

    def missing(self, ids: Sequence[int]) -> list[int]:
        """Return the positions of ids that were never added, ascending."""
        found: list[int] = np.flatnonzero(~self._contains(np.asarray(ids, dtype=np.int64))).tolist()
        return found

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return self._first.nbytes + self._last.nbytes

    def _contains(self, ids: _Ids) -> NDArray[np.bool_]:
        if self._count == 0:
            return np.zeros(ids.size, np.bool_)
        run = np.searchsorted(self._first[: self._count], ids, side="right") - 1
        return (run >= 0) & (ids <= self._last[run])

    def _add_runs(self, first: _Ids, last: _Ids) -> None:
        """Add runs that overlap no run held."""
        if self._count and first[0] < self._first[self._count - 1]:
            held_first, held_last = self._first[: self._count], self._last[: self._count]
            at = np.searchsorted(held_first, first)
            first, last = np.insert(held_first, at, first), np.insert(held_last, at, last)
            self._count = 0
        elif self._count and first[0] - 1 == self._last[self._count - 1]:
            self._count -= 1
            first = first.copy()
            first[0] = self._first[self._count]
        self._append(*_joined(first, last))

    def _append(self, first: _Ids, last: _Ids) -> None:
        end = self._count + first.size
        if end > self._first.size:
            room = max(end, self._first.size * 3 // 2)
            self._first, self._last = _grown(self._first, room), _grown(self._last, room)
        self._first[self._count : end] = first
        self._last[self._count : end] = last
        self._count = end


def _runs(ids: _Ids) -> tuple[_Ids, _Ids]:
    """Return the first and last ids of the runs of consecutive ids in ascending distinct ids."""
    return _joined(ids, ids)


def _joined(first: _Ids, last: _Ids) -> tuple[_Ids, _Ids]:
    """Join ascending disjoint runs that touch."""
    apart = first[1:] - 1 != last[:-1]  # taken from the larger id, one less cannot overflow
    return first[np.concatenate(([True], apart))], last[np.concatenate((apart, [True]))]


def _grown(ids: _Ids, size: int) -> _Ids:
    grown = np.empty(size, np.int64)
    grown[: ids.size] = ids
    return grown
