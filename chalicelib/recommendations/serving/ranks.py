"""From scores to rows of the shelf in the order in which they are to be shown. Pure numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.interactions import Codes, Reals
from chalicelib.recommendations.numeric.ranking import diversify, top

# Beyond the first screens nobody sees whether a list is all of one kind.
_DIVERSIFIED = 50
# From how many of the best a varied list is chosen: more would let weak ones in.
_POOL = 4
_MOST_AT_ONCE = 500


def in_order(
    scores: Reals, tiers: Sequence[NDArray[np.bool_]], groups: NDArray[np.int32], n: int, diversity: float
) -> Iterator[Codes]:
    """Yield the rows of `tiers`, best first, in blocks without repetition: first `n` or fewer, then more and more.

    `tiers`: (n_rows,) bool each, disjoint; all rows of one come before those of the next. `groups`: (n_rows,), of
    which the first `n` are not to be too much of one (see `ranking.diversify`). Ties by row.
    """
    if n <= 0:
        return
    parts: list[Codes] = []
    for tier in tiers:
        missing = n - sum(map(len, parts))
        if missing:
            parts.append(_first(scores, tier, groups, missing, diversity))
    first = np.concatenate(parts)
    if len(first):
        yield first
    if len(first) < n:
        return
    # Only where some of them turned out to be gone.
    given, size = set(first.tolist()), n
    rest = np.concatenate([_sorted(scores, tier) for tier in tiers])
    rest = rest[[row not in given for row in rest.tolist()]] if given else rest
    at = 0
    while at < len(rest):
        yield rest[at : at + size]
        at, size = at + size, min(size * 4, _MOST_AT_ONCE)


def _first(scores: Reals, tier: NDArray[np.bool_], groups: NDArray[np.int32], n: int, diversity: float) -> Codes:
    varied = min(n, _DIVERSIFIED) if diversity > 0 else 0
    best = top(scores, max(n, varied * _POOL), tier)
    if not varied:
        return best[:n]
    pool = best[: varied * _POOL]
    head = diversify(pool, scores[pool], groups[pool], varied, diversity)
    if n == varied:
        return head
    chosen = np.isin(best, head)
    return np.concatenate([head, best[~chosen]])[:n]


def _sorted(scores: Reals, tier: NDArray[np.bool_]) -> Codes:
    rows = np.flatnonzero(tier).astype(np.int32)
    order: Codes = rows[np.lexsort((rows, -scores[rows]))]
    return order
