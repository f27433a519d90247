"""From scores to a list: the best allowed ones, in a stable order, and not all of one kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.interactions import Codes, Reals


def top(scores: Reals, n: int, allowed: NDArray[np.bool_] | None = None) -> Codes:
    """Return the codes of the `n` best scores among `allowed` ((n_items,) bool), best first; ties by code.

    Fewer where fewer are allowed.
    """
    codes = np.arange(len(scores), dtype=np.int32) if allowed is None else np.flatnonzero(allowed).astype(np.int32)
    if n <= 0 or not len(codes):
        return codes[:0]
    found = scores[codes]
    if n < len(codes):
        # All that are as good as the n-th: a partition alone would choose among ties by chance.
        worst = np.partition(found, len(found) - n)[len(found) - n]
        kept = found >= worst
        codes, found = codes[kept], found[kept]
    best: Codes = codes[np.lexsort((codes, -found))][:n]
    return best


def diversify(candidates: Codes, scores: Reals, groups: NDArray[np.int32], n: int, diversity: float) -> Codes:
    """Return `n` of `candidates` (best first, `scores` beside them) so that they are not all of one group.

    Each next one is the best of (1 - diversity) x its score in [0, 1] - diversity x the share of the list so far that
    is of its group (`groups`: (n_candidates,) codes). 0 keeps the order. After Carbonell & Goldstein, Maximal
    Marginal Relevance, 1998.
    """
    if diversity <= 0 or len(candidates) <= 1:
        return candidates[:n]
    span = float(scores.max() - scores.min()) or 1.0
    relevance = (scores - scores.min()) / span
    counts: dict[int, int] = {}
    left = np.ones(len(candidates), dtype=bool)
    chosen: list[int] = []
    for _ in range(min(n, len(candidates))):
        taken = np.array([counts.get(int(group), 0) for group in groups], dtype=np.float32) / max(len(chosen), 1)
        value = np.where(left, (1.0 - diversity) * relevance - diversity * taken, -np.inf)
        best = int(np.argmax(value))
        left[best] = False
        counts[int(groups[best])] = counts.get(int(groups[best]), 0) + 1
        chosen.append(best)
    return candidates[np.array(chosen, dtype=np.int64)]
