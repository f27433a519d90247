"""All interactions as blocks of whole people, spread over the executors, each worked on by the numeric core.

The blocks are ordered by person, so that one after the other they are what `sorted_interactions` makes of everything:
what is drawn from them is what the build in one process would draw.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import StorageLevel
from pyspark.sql import DataFrame

from chalicelib.recommendations.numeric.interactions import Interactions, coded_interactions

Array = NDArray[Any]
Arrays = Mapping[str, Array]

# A block of so many interactions takes some 200 MB while it is worked on; the driver gets sums of each.
ROWS = 1_000_000
_MOST_BLOCKS = 1_000
_SCHEMA = "first bigint, data binary"


def packed(arrays: Arrays) -> bytes:
    """Return arrays as bytes, without pickle."""
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def unpacked(data: Any) -> dict[str, Array]:
    """Return what was packed."""
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return dict(found)


@dataclass(frozen=True)
class Blocks:
    """`frame`: one row a block, held on the executors' disks. `firsts`: (n_blocks,) the first person of each block,
    ascending; `offsets`: (n_blocks + 1,) the code of that person among all.
    """

    frame: DataFrame
    firsts: Array
    offsets: Array
    n_items: int
    n_interactions: int
    first_s: int
    last_s: int

    @property
    def n_people(self) -> int:
        """How many people there are."""
        return int(self.offsets[-1])

    def each(self, compute: Callable[[Interactions, int], Arrays]) -> Iterator[dict[str, Array]]:
        """Yield what `compute` returns for each block and the code of its first person, in the order of people.

        All blocks are computed at once by the executors, and come to the driver one by one.
        """
        n_items, firsts, offsets = self.n_items, self.firsts, self.offsets

        def run(batches: Iterable[Any]) -> Iterator[Any]:
            for first, arrays in _blocks_of(batches):
                place = int(np.searchsorted(firsts, first))
                found = compute(_interactions(arrays, n_items), int(offsets[place]))
                yield _record(first, found)

        made = self.frame.mapInArrow(run, _SCHEMA).persist(StorageLevel.DISK_ONLY)
        try:
            made.count()  # otherwise the blocks would be computed one after the other
            for row in made.toLocalIterator():
                yield unpacked(row["data"])
        finally:
            made.unpersist()

    def free(self) -> None:
        """Let the executors forget the blocks."""
        self.frame.unpersist()


def make_blocks(rows: DataFrame, item_ids: Array, *, most_rows: int = ROWS) -> Blocks:
    """Return the interactions of products that are known, see `sources.INTERACTIONS`, in blocks of whole people."""
    n_blocks = min(max(1, -(-rows.count() // most_rows)), _MOST_BLOCKS)

    def run(batches: Iterable[Any]) -> Iterator[Any]:
        parts = [tuple(column.to_numpy(zero_copy_only=False) for column in batch.columns) for batch in batches]
        if not parts:
            return
        people, products, times, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
        parts.clear()
        known = np.isin(products, item_ids)
        if not known.any():
            return
        made = coded_interactions(people[known], products[known], times[known], weights[known], item_ids)
        columns: Arrays = {"people": made.people, "items": made.items, "times": made.times, "weights": made.weights}
        yield _record(int(people[known].min()), {**columns, "n_people": np.array(made.n_people)})

    # By range, not by hash: people keep their order over all blocks.
    frame = rows.repartitionByRange(n_blocks, "people").mapInArrow(run, _SCHEMA).persist(StorageLevel.DISK_ONLY)
    facts = sorted(_facts_of(frame))
    if not facts:
        return Blocks(frame, np.empty(0, np.int64), np.zeros(1, np.int64), len(item_ids), 0, 0, 0)
    firsts, n_people, n_rows, oldest, newest = (
        np.array(column, dtype=np.int64) for column in zip(*facts, strict=True)
    )
    offsets = np.concatenate([[0], np.cumsum(n_people)])
    return Blocks(frame, firsts, offsets, len(item_ids), int(n_rows.sum()), int(oldest.min()), int(newest.max()))


def _facts_of(frame: DataFrame) -> list[tuple[int, ...]]:
    def run(batches: Iterable[Any]) -> Iterator[Any]:
        for first, arrays in _blocks_of(batches):
            times = arrays["times"]
            facts = [first, int(arrays["n_people"]), len(times), int(times.min()), int(times.max())]
            yield pa.RecordBatch.from_arrays([pa.array([each], pa.int64()) for each in facts], list("abcde"))

    return [tuple(row) for row in frame.mapInArrow(run, ", ".join(f"{name} bigint" for name in "abcde")).collect()]


def _blocks_of(batches: Iterable[Any]) -> Iterator[tuple[int, dict[str, Array]]]:
    for batch in batches:
        for first, data in zip(batch["first"], batch["data"], strict=True):
            yield first.as_py(), unpacked(data.as_buffer())


def _record(first: int, arrays: Arrays) -> Any:
    return pa.RecordBatch.from_arrays([pa.array([first], pa.int64()), pa.array([packed(arrays)])], ["first", "data"])


def _interactions(arrays: Arrays, n_items: int) -> Interactions:
    return Interactions(
        arrays["people"], arrays["items"], arrays["times"], arrays["weights"], int(arrays["n_people"]), n_items
    )
