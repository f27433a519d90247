"""How good lists are, against what people then did. Binary relevance; a seen or repeated item takes its place and
earns nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.cases import Case
from chalicelib.recommendations.numeric.interactions import Codes, Reals

AT, RECALL_AT = 10, 20
_DISCOUNTS = 1.0 / np.log2(np.arange(2, AT + 2))
_IDEAL = np.cumsum(_DISCOUNTS)
_LENGTH_NAMES = (("1-2", 1, 2), ("3-9", 3, 9), ("10-49", 10, 49), ("50+", 50, 1 << 31))


@dataclass(frozen=True, slots=True)
class PerPerson:
    """Figures of each person, (n,) float64 each: NDCG@10, Recall@20 (of at most 20 targets), hit@10 (0 or 1)."""

    ndcg: NDArray[np.float64]
    recall: NDArray[np.float64]
    hit: NDArray[np.float64]


def per_person(lists: Sequence[Codes], targets: Sequence[Codes]) -> PerPerson:
    """Return the figures of lists (best first, up to 20 each are looked at) against targets that are not empty."""
    figures = np.zeros((3, len(lists)))
    for row, (listed, wanted) in enumerate(zip(lists, targets, strict=True)):
        shown = np.asarray(listed[:RECALL_AT])
        first = np.zeros(len(shown), dtype=bool)
        first[np.unique(shown, return_index=True)[1]] = True
        hits = np.isin(shown, wanted) & first
        gained = float(_DISCOUNTS[: len(hits[:AT])][hits[:AT]].sum())
        figures[0, row] = gained / _IDEAL[min(AT, len(wanted)) - 1]
        figures[1, row] = hits.sum() / min(RECALL_AT, len(wanted))
        figures[2, row] = bool(hits[:AT].any())
    return PerPerson(*figures)


def measure(lists: Sequence[Codes], cases: Sequence[Case], popularity: Reals) -> dict[str, Any]:
    """Return ndcg10, recall20, hit10, coverage10 (share of the items that anybody is shown), novelty10 (mean of
    -log2 of the share of all purchases that an item has, in bits), people, and the first three by length of history.
    """
    if not cases:
        return {"people": 0}
    found = per_person(lists, [case.targets for case in cases])
    lengths = np.array([len(np.unique(case.history.items)) for case in cases])
    shown = [listed[:AT] for listed in lists]
    every = np.concatenate(shown) if shown else np.empty(0, np.int32)
    share = (popularity + 1.0) / float((popularity + 1.0).sum())
    by_length = {
        name: _summary(found, (lengths >= least) & (lengths <= most))
        for name, least, most in _LENGTH_NAMES
        if bool(((lengths >= least) & (lengths <= most)).any())
    }
    return {
        **_summary(found, np.ones(len(cases), dtype=bool)),
        "coverage10": _rounded(len(np.unique(every)) / max(len(popularity), 1)),
        "novelty10": _rounded(float(-np.log2(share[every]).mean()) if len(every) else 0.0),
        "by_length": by_length,
    }


def _summary(found: PerPerson, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "ndcg10": _rounded(float(found.ndcg[chosen].mean())),
        "recall20": _rounded(float(found.recall[chosen].mean())),
        "hit10": _rounded(float(found.hit[chosen].mean())),
        "people": int(chosen.sum()),
    }


def _rounded(value: float) -> float:
    return round(value, 5)
