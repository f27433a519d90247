"""Sparse matrices of all people as files on each executor's disk, and their products by runs of items.

A matrix is written by the driver as its blocks come in, sent to each executor once, and mapped by all of its tasks:
in memory is what is read, once a machine. A task makes a run of rows of the product, by the numeric core's kernels.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyspark import SparkFiles
from pyspark.sql import SparkSession

from chalicelib.recommendations.numeric.interactions import Ints, Reals
from chalicelib.recommendations.numeric.neighbours import Neighbours, strongest
from chalicelib.recommendations.numeric.sparse import Sparse, dense_product
from infra.spark.blocks import Arrays

_TASKS_A_CORE = 4
_MOST_RUN_BYTES = 64_000_000  # of dense rows that a task sends back


@dataclass(frozen=True, slots=True)
class Files:
    """A matrix, or several with the same places and other values, by the names of its files."""

    name: str
    n_rows: int
    n_columns: int

    def open(self, values: str) -> Sparse:
        """Return the matrix with those values, mapped; on an executor or on the driver."""
        starts = self._map("starts", np.int64)
        return Sparse(starts, self._map("columns", np.int32), self._map(values, np.float32), self.n_columns)

    def _map(self, array: str, dtype: Any) -> NDArray[Any]:
        path = Path(SparkFiles.get(f"{self.name}.{array}"))
        if not path.stat().st_size:
            return np.empty(0, dtype=dtype)
        # As a plain array: slices of a memmap cost microseconds more each.
        return np.asarray(np.memmap(path, dtype=dtype, mode="r"))


def spread(spark: SparkSession, folder: Path, blocks: Iterable[Arrays], n_columns: int) -> Files:
    """Write the matrix whose blocks of rows come one by one, and send it to the executors.

    A block: `lengths` of its rows, `columns`, and values under any other names.
    """
    name = secrets.token_hex(8)
    streams: dict[str, Any] = {}
    n_rows = n_entries = 0
    try:
        _append(streams, folder, name, "starts", np.zeros(1, dtype=np.int64))
        for block in blocks:
            _append(streams, folder, name, "starts", n_entries + np.cumsum(block["lengths"], dtype=np.int64))
            for array, values in block.items():
                if array != "lengths":
                    kind = np.int32 if array == "columns" else np.float32
                    _append(streams, folder, name, array, values.astype(kind, copy=False))
            n_rows += len(block["lengths"])
            n_entries += len(block["columns"])
    finally:
        for stream in streams.values():
            stream.close()
    for array in streams:
        # It stays in the folder until the job is over: an executor that comes later asks for it.
        spark.sparkContext.addFile(str(folder / f"{name}.{array}"))
    return Files(name, n_rows, n_columns)


def _append(streams: dict[str, Any], folder: Path, name: str, array: str, values: NDArray[Any]) -> None:
    if array not in streams:
        streams[array] = (folder / f"{name}.{array}").open("wb")
    streams[array].write(np.ascontiguousarray(values).data)


def entries_of(matrix: Sparse, values: str = "values") -> dict[str, NDArray[Any]]:
    """Return a matrix as a block of `spread`."""
    return {"lengths": matrix.lengths, "columns": matrix.columns, values: matrix.values}


# --- products ----------------------------------------------------------------------------------------------------


def neighbours(spark: SparkSession, files: Files, left: str, right: str, k: int, work: Ints) -> Neighbours:
    """Return the `k` strongest of each column with each other column: see `neighbours.strongest`.

    `left`, `right`: which values count on the way there and back; `work`: (n_columns,) single products of each.
    """

    def run(bounds: tuple[int, int]) -> tuple[int, NDArray[Any], NDArray[Any]]:
        first, last = bounds
        rows = files.open(left).transposed_part(first, last)
        # One thread: a core has a task of its own.
        found = strongest(rows, files.open(right), k, first_item=first, threads=1)
        return first, found.codes, found.strengths

    codes = np.zeros((files.n_columns, k), dtype=np.int32)
    strengths = np.zeros((files.n_columns, k), dtype=np.float32)
    for first, some_codes, some_strengths in _each_run(spark, run, even_runs(work, _n_tasks(spark))):
        codes[first : first + len(some_codes)] = some_codes
        strengths[first : first + len(some_codes)] = some_strengths
    return Neighbours(codes, strengths)


def product(spark: SparkSession, left: Files, right: Files) -> Reals:
    """Return how often each column of `left` is in one row with each column of `right`: dense, on the driver."""
    n, width = left.n_columns, right.n_columns
    made = np.zeros((n, width), dtype=np.float32)
    n_runs = max(_n_tasks(spark), -(-made.nbytes // _MOST_RUN_BYTES))

    def run(bounds: tuple[int, int]) -> tuple[int, Reals]:
        first, last = bounds
        return first, dense_product(left.open("values").transposed_part(first, last), right.open("values"))

    for first, rows in _each_run(spark, run, even_runs(np.ones(n, dtype=np.int64), n_runs)):
        made[first : first + len(rows)] = rows
    return made


def even_runs(work: Ints, n_runs: int) -> list[tuple[int, int]]:
    """Return runs [first, last) of items that take about as much work each; each item in one, none empty."""
    sums = np.cumsum(work.astype(np.float64) + 1.0)
    if not len(sums):
        return []
    ends = np.searchsorted(sums, np.linspace(0, sums[-1], n_runs + 1)[1:], side="left") + 1
    bounds = np.unique(np.concatenate([[0], np.minimum(ends, len(sums)), [len(sums)]])).tolist()
    return list(pairwise(bounds))


def _n_tasks(spark: SparkSession) -> int:
    return int(spark.sparkContext.defaultParallelism) * _TASKS_A_CORE


def _each_run(spark: SparkSession, run: Any, runs: list[tuple[int, int]]) -> Iterator[Any]:
    if runs:
        yield from spark.sparkContext.parallelize(runs, len(runs)).map(run).collect()
