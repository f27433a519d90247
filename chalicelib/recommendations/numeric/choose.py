"""Choosing the shape of each part of a model by what it says of held-back cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.blend import Decay
from chalicelib.recommendations.numeric.cases import Case
from chalicelib.recommendations.numeric.evaluation import AT, per_person
from chalicelib.recommendations.numeric.interactions import Codes, Reals
from chalicelib.recommendations.numeric.linear import LinearFits, Shape
from chalicelib.recommendations.numeric.model import Part, Question, Source, decayed
from chalicelib.recommendations.numeric.neighbours import Neighbours, bm25_neighbours, from_dense, rp3_neighbours
from chalicelib.recommendations.numeric.pairs import distinct
from chalicelib.recommendations.numeric.sparse import Sparse

S = TypeVar("S")

PLAIN: Decay = (0.0, None)
# What is tried first while shapes are compared, and then what each part may have.
_USUAL: Mapping[Question, Decay] = {"next": (0.25, 60.0), "set": PLAIN}
_DECAYS: Mapping[Question, tuple[Decay, ...]] = {
    "next": (PLAIN, (0.5, None), (0.0, 30.0), (0.0, 90.0), (0.25, 60.0), (0.5, 30.0)),
    "set": (PLAIN,),
}
_BM25 = ((0.2, 0.1), (1.2, 0.4), (5.0, 0.4))
_RP3 = ((0.3, 0.1), (0.4, 0.6), (0.75, 0.7))
_RIDGES = (1.2, 4.0)
_FADINGS = (180.0, 60.0)
_SEQUENCE = 0.3
# Cases that shapes are compared by: the means of so many people tell shapes apart that matter.
_COMPARED = 600
# A matrix of so many items a side is inverted in about 15 s on two cores: beyond it fewer shapes are tried.
_MANY_ITEMS = 5_000


def ndcg_of(part: Part, cases: Sequence[Case], decay: Decay, n: int) -> float:
    """Return the mean NDCG@10 of a part alone."""
    if not cases:
        return 0.0
    lists = []
    for case in cases:
        known = distinct(case.history)
        scores = part.spread(known.items, decayed(known, decay), n)
        scores[known.items] = -np.inf
        best = np.argpartition(-scores, min(AT, n - 1))[: min(AT, n)]
        lists.append(best[np.lexsort((best, -scores[best]))])
    return float(per_person(lists, [case.targets for case in cases]).ndcg.mean())


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parts that are worth blending: their shapes, and the decay of histories for each question."""

    bm25: tuple[float, float]
    rp3: tuple[float, float]
    linear: Mapping[Question, Shape | None]
    decays: Mapping[Question, Mapping[str, Decay]] = field(default_factory=dict)


def usual() -> Chosen:
    """Return what is taken where too few people came twice to choose by."""
    shape = Shape(4.0)
    # By age alone: of what is of one moment, as all may be, the rank would be that of the codes.
    assumed: Mapping[Question, Decay] = {"next": (0.0, 60.0), "set": PLAIN}
    decays: dict[Question, dict[str, Decay]] = {
        question: dict.fromkeys(("bm25", "rp3", "content", "linear_next", "linear_set"), decay)
        for question, decay in assumed.items()
    }
    return Chosen(_BM25[1], _RP3[1], {"next": shape, "set": shape}, decays)


def best_of(
    shapes: Iterable[S], fit: Callable[[S], Part | None], cases: Mapping[Question, Sequence[Case]], n: int
) -> tuple[S | None, dict[S, dict[Question, float]]]:
    """Return the shape that does best over all questions, each relative to its best, and the NDCG@10 of all."""
    figures: dict[S, dict[Question, float]] = {}
    for shape in shapes:
        part = fit(shape)
        if part is not None:
            figures[shape] = {
                question: ndcg_of(part, asked[:_COMPARED], _USUAL[question], n) for question, asked in cases.items()
            }
    if not figures:
        return None, figures
    best = {question: max(each[question] for each in figures.values()) or 1.0 for question in cases}
    chosen = max(figures, key=lambda shape: sum(figures[shape][question] / best[question] for question in cases))
    return chosen, figures


def choose_bm25(people: Sparse, k: int, cases: Mapping[Question, Sequence[Case]]) -> tuple[float, float]:
    """Return (k1, b)."""
    return best_of(_BM25, lambda shape: bm25_part(people, k, shape), cases, people.n_columns)[0] or _BM25[1]


def choose_rp3(people: Sparse, k: int, cases: Mapping[Question, Sequence[Case]]) -> tuple[float, float]:
    """Return (alpha, beta)."""
    return best_of(_RP3, lambda shape: rp3_part(people, k, shape), cases, people.n_columns)[0] or _RP3[1]


def choose_linear(
    fits: LinearFits,
    items: Codes,
    k: int,
    cases: Mapping[Question, Sequence[Case]],
    n: int,
    kept: dict[Shape, Part | None],
) -> dict[Question, Shape | None]:
    """Return the shape of the linear model for each question: first the ridge, then fading and sequence.

    What was fitted on the way stays in `kept`.
    """
    figures: dict[Shape, dict[Question, float]] = {}

    # Each is fitted once: the chosen ones are blended afterwards.
    def fitted(shape: Shape) -> Part | None:
        if shape not in kept:
            kept[shape] = linear_part(fits, shape, items, k, n)
        return kept[shape]

    def look(shapes: Iterable[Shape]) -> None:
        wanted = [shape for shape in shapes if shape not in figures]
        figures.update(best_of(wanted, fitted, cases, n)[1])

    def best(question: Question) -> Shape:
        return max(figures, key=lambda shape: figures[shape][question])

    look(Shape(ridge) for ridge in (_RIDGES if len(items) <= _MANY_ITEMS else _RIDGES[:1]))
    if not figures:
        return dict.fromkeys(cases)
    if cases.get("next"):
        few = len(items) > _MANY_ITEMS
        ridge = best("next").ridge
        look(
            [Shape(ridge * 2, sequence=_SEQUENCE)] if few else [Shape(ridge * f, sequence=_SEQUENCE) for f in (1, 2)]
        )
        look(Shape(ridge, half_life=half_life) for half_life in (_FADINGS[:1] if few else _FADINGS))
        now_best = best("next")
        if not few and now_best.half_life is not None:
            look([Shape(now_best.ridge * 3, half_life=now_best.half_life)])
    if cases.get("set"):
        ridge = best("set").ridge
        look([Shape(ridge * 2 if len(items) > _MANY_ITEMS else ridge / 2)])
    return {question: best(question) for question in cases}


def choose_decay(part: Part, question: Question, cases: Sequence[Case], n: int) -> Decay:
    """Return how a part reads histories best for a question; as they are where nobody can be asked it: the weights
    are those of another question then, and what was at one moment has no order.
    """
    options = _DECAYS[question]
    if len(options) == 1 or not cases:
        return PLAIN
    return max(options, key=lambda decay: ndcg_of(part, cases[:_COMPARED], decay, n))


# --- parts -------------------------------------------------------------------------------------------------------


def bm25_part(people: Sparse, k: int, shape: tuple[float, float]) -> Part:
    """Fit BM25 neighbours of the shape (k1, b)."""
    return _whole(bm25_neighbours(people, k, k1=shape[0], b=shape[1]), "collaborative")


def rp3_part(people: Sparse, k: int, shape: tuple[float, float]) -> Part:
    """Fit RP3beta neighbours of the shape (alpha, beta)."""
    return _whole(rp3_neighbours(people, k, alpha=shape[0], beta=shape[1]), "collaborative")


class Fits(Protocol):
    """Whatever fits linear models: `LinearFits` here, or many machines."""

    def fit(self, shape: Shape) -> Reals | None:
        """Return the weights of a shape, as `LinearFits.fit`."""


def linear_part(fits: Fits, shape: Shape, items: Codes, k: int, n: int) -> Part | None:
    """Fit a linear model over `items`; None where it cannot be computed."""
    weights = fits.fit(shape)
    if weights is None:
        return None
    found = from_dense(weights, k)
    if len(items) == n:
        return Part(found, None, "collaborative")
    row_of = np.full(n, -1, dtype=np.int32)
    row_of[items] = np.arange(len(items), dtype=np.int32)
    return Part(Neighbours(items[found.codes], found.strengths), row_of, "collaborative")


def _whole(found: Neighbours, source: Source) -> Part:
    return Part(found, None, source)


def fading_sums(items: Codes, weights: Reals, ages: Reals, half_life: float, n: int) -> NDArray[Any]:
    """Return how much each item is bought, what is `half_life` days old counting half: (n,) float64."""
    return np.bincount(items, weights=weights * np.exp2(-ages / half_life), minlength=n)


def relative(found: NDArray[Any]) -> Reals:
    """Return amounts with the greatest as 1."""
    return (found / max(float(found.max(initial=0.0)), 1e-9)).astype(np.float32)
