"""Weighted draws with numpy, shared by every part of the sample shop."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rng = np.random.Generator

# Cells of one block of a rows x choices matrix: 8 MB of float64 per temporary, whatever the scale.
BLOCK_CELLS = 1_000_000


def pick(rng: Rng, weights: Reals, size: int) -> Ints:
    """Draw `size` indexes in proportion to `weights` (with replacement)."""
    steps = np.cumsum(weights)
    picked: Ints = np.searchsorted(steps, rng.random(size) * steps[-1], side="right")
    return picked


def pick_by_row(rng: Rng, logits: Reals) -> Ints:
    """Draw one column per row, in proportion to exp(logits)."""
    steps = np.exp(logits - logits.max(axis=1, keepdims=True)).cumsum(axis=1)
    chosen: Ints = (steps <= rng.random((len(logits), 1)) * steps[:, -1:]).sum(axis=1)
    return chosen


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of `rows` so that each block of a rows x columns matrix stays small."""
    step = max(1, BLOCK_CELLS // max(1, columns))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def runs(keys: Ints) -> Iterator[tuple[int, Ints]]:
    """Each distinct key with the positions that hold it, keys ascending."""
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    # Of nothing, split makes one empty part all the same.
    yield from zip(distinct.tolist(), np.split(order, starts[1:]), strict=False)


def zipf(rng: Rng, size: int, exponent: float) -> Reals:
    """Zipf weights in random order: the k-th most popular of `size` things weighs k ** -exponent."""
    weights = np.arange(1.0, size + 1) ** -exponent
    shuffled: Reals = rng.permutation(weights / weights.sum())
    return shuffled


def exact_shares(rng: Rng, shares: Reals, size: int) -> Ints:
    """`size` indexes in random order that meet `shares` exactly, up to rounding (no sampling noise)."""
    bounds = np.rint(np.cumsum(shares) / shares.sum() * size).astype(np.int64)
    return rng.permutation(np.searchsorted(bounds, np.arange(size), side="right").astype(np.int64))
