"""The plan of a model: which shapes, decays and weights do best on held-back people and days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric import blend, choose
from chalicelib.recommendations.numeric.cases import Case, slice_interactions
from chalicelib.recommendations.numeric.choose import Chosen
from chalicelib.recommendations.numeric.evaluation import measure, per_person
from chalicelib.recommendations.numeric.fit import (
    QUESTIONS,
    STATICS,
    Sizes,
    fit_parts,
    linear_items,
    static_scores,
    units_of,
)
from chalicelib.recommendations.numeric.interactions import Codes, Interactions, Reals
from chalicelib.recommendations.numeric.linear import LinearFits, Shape
from chalicelib.recommendations.numeric.model import LENGTHS, Part, Question, habit, length_bin
from chalicelib.recommendations.numeric.pairs import affordable, distinct, make_pairs

# (step, share of all work in [0, 1]) -> nothing: called a few dozen times.
Report = Callable[[str, float], None]

# Choosing and blending look at so many interactions at most: whole people, drawn at random.
CHOSEN_BY = 4_000_000
# Fewer cases of a question than this tell nothing.
_FEW_CASES = 40
_REPEATS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 1.6)
_REPEAT_HALF_LIVES: tuple[float | None, ...] = (30.0, 90.0, None)
_REPEATS_BY = 700
# Single products of each neighbourhood that is tried: some 20 ns each.
_MOST_PRODUCTS = 3e8


@dataclass(frozen=True, slots=True)
class Plan:
    """What to fit and how to blend it. `weights`: by question, then by length of history, then by part; `repeat`: how
    much having bought an item speaks for buying it again, and how that fades. `metrics` as in `train.Trained`.
    """

    chosen: Chosen
    weights: Mapping[Question, Mapping[str, Mapping[str, float]]]
    repeat: tuple[float, float | None]
    metrics: Mapping[str, Any]


def make_plan(
    interactions: Interactions, alike: Part, sizes: Sizes, *, now: int, unit_s: float, report: Report
) -> Plan:
    """Choose shapes, decays and weights on held-back people and days of `interactions`: see `some_people`.

    `alike` is the part of content, which needs no behaviour.
    """
    n = interactions.n_items
    slices = slice_interactions(interactions, unit_s=unit_s)
    asked: dict[Question, Sequence[Case]] = {"next": slices.next, "set": slices.set}
    cases = {question: each for question, each in asked.items() if len(each) >= _FEW_CASES}
    if not cases:
        even = {question: _even_weights() for question in QUESTIONS}
        return Plan(choose.usual(), even, (0.0, None), {"people": 0})
    chosen, parts = _choose(slices.training, cases, alike, sizes, now, unit_s, report)
    report("blending", 0.55)
    statics = static_scores(slices.training, now, unit_s)
    popularity = np.bincount(slices.training.items, weights=units_of(slices.training), minlength=n).astype(np.float32)
    weights: dict[Question, Any] = {}
    figures: dict[str, Any] = {}
    for question, those in cases.items():
        data = blend.features(those, parts, statics, chosen.decays[question], n)
        weights[question] = blend.learn_weights(data, None)
        figures[question] = _figures(data, those, popularity)
    for question in QUESTIONS:
        weights.setdefault(question, weights[next(iter(cases))])
        weights[question]["0"] = _popular_weights(statics)
    repeat = _learn_repeat(parts, statics, weights["next"], chosen.decays["next"], slices.returning, n)
    metrics = dict(figures.get("next") or figures["set"])
    return Plan(chosen, weights, repeat, {**metrics, "questions": figures})


def _choose(
    training: Interactions,
    cases: Mapping[Question, Sequence[Case]],
    alike: Part,
    sizes: Sizes,
    now: int,
    unit_s: float,
    report: Report,
) -> tuple[Chosen, dict[str, Part]]:
    """Return the shapes and decays that do best on the cases, and the parts of these shapes fitted to `training`."""
    n = training.n_items
    pairs = make_pairs(training, now=now, unit_s=unit_s)
    people = affordable(pairs, _MOST_PRODUCTS)
    bm25 = choose.choose_bm25(people, sizes.k, cases)
    report("choosing", 0.2)
    rp3 = choose.choose_rp3(people, sizes.k, cases)
    report("choosing", 0.3)
    items = linear_items(training, sizes)
    fits = LinearFits(pairs, training, items, unit_s)
    kept: dict[Shape, Part | None] = {}
    linear = choose.choose_linear(fits, items, sizes.linear_k, cases, n, kept)
    del fits  # and the matrices that it keeps, before others are made
    for question in QUESTIONS:
        linear.setdefault(question, linear[next(iter(cases))])
    report("choosing", 0.5)
    chosen = Chosen(bm25, rp3, linear)
    parts = fit_parts(training, pairs, chosen, alike, sizes, unit_s, kept)
    decays: dict[Question, dict[str, blend.Decay]] = {
        question: {
            name: choose.choose_decay(part, question, cases.get(question, ()), n) for name, part in parts.items()
        }
        for question in QUESTIONS
    }
    return replace(chosen, decays=decays), parts


def _figures(data: blend.Features, cases: Sequence[Case], popularity: Reals) -> dict[str, Any]:
    """Return what the blend reaches on people whose weights others have taught, and each part alone."""
    odd = np.arange(len(cases)) % 2 == 1
    listed: list[Codes] = [np.empty(0, np.int32)] * len(cases)
    for half in (odd, ~odd):
        learnt = blend.learn_weights(data.only(half), None)
        for place, codes in zip(np.flatnonzero(~half), blend.lists(data.only(~half), learnt), strict=True):
            listed[int(place)] = codes
    found = measure(listed, cases, popularity)
    alone: dict[str, Any] = {}
    for name in data.names:
        only = {str(length): {other: float(other == name) for other in data.names} for length in (0, *LENGTHS)}
        each = measure(blend.lists(data, only), cases, popularity)
        alone[name] = {key: value for key, value in each.items() if key != "by_length"}
    return {**found, "popularity": alone.pop("always"), "parts": alone}


def some_people(interactions: Interactions) -> Interactions:
    """Return the interactions of as many people, drawn at random, as choosing looks at."""
    kept = drawn(len(interactions), interactions.n_people)
    return interactions if kept is None else interactions.only(kept[interactions.people])


def drawn(n_interactions: int, n_people: int) -> NDArray[np.bool_] | None:
    """Return which people choosing looks at, (n_people,); None: at all."""
    if n_interactions <= CHOSEN_BY:
        return None
    return np.random.default_rng(1).random(n_people) < CHOSEN_BY / n_interactions


def _learn_repeat(
    parts: Mapping[str, Part],
    statics: Mapping[str, Reals],
    weights: Mapping[str, Mapping[str, float]],
    decays: Mapping[str, blend.Decay],
    cases: Sequence[Case],
    n: int,
) -> tuple[float, float | None]:
    """Return how much having had an item speaks for buying it (again), and how that fades."""
    with_repeats = [case for case in cases if len(case.repeats)]
    if len(with_repeats) < max(_FEW_CASES, len(cases) // 50):
        return 0.0, None
    those = cases[:_REPEATS_BY]
    data = blend.features(those, parts, statics, decays, n)
    best = -1.0
    found: tuple[float, float | None] = (0.0, None)
    new = [
        np.array([weights[length_bin(int(length))][name] for name in data.names]) for length in data.lengths.tolist()
    ]
    known = [distinct(case.history) for case in those]
    totals = [data.values[row] @ new[row] for row in range(len(data.codes))]
    for half_life in _REPEAT_HALF_LIVES:
        fading = [habit(case.history, each.items, half_life) for case, each in zip(those, known, strict=True)]
        for repeat in _REPEATS:
            lists = []
            for row, each in enumerate(known):
                codes = np.concatenate([data.codes[row], each.items])
                scores = np.concatenate([totals[row], repeat * fading[row]])
                scores[codes < 0] = -1e9
                lists.append(codes[np.argsort(-scores, kind="stable")[:20]])
            targets = [np.concatenate([case.targets, case.repeats]) for case in those]
            value = float(per_person(lists, targets).ndcg.mean())
            if value > best * 1.001:
                best, found = value, (repeat, half_life)
    return found


def _even_weights() -> dict[str, dict[str, float]]:
    """Return the weights where nothing could be learnt: behaviour before attributes before what all buy."""
    some = {"bm25": 1.0, "rp3": 0.3, "linear_next": 0.3, "content": 0.4, "recent": 0.1, "season": 0.1, "always": 0.1}
    found = {str(length): dict(some) for length in LENGTHS}
    found["0"] = _popular_weights(STATICS)
    return found


def _popular_weights(statics: Mapping[str, Any]) -> dict[str, float]:
    """Return the weights of an empty history: what sells now before what ever sold."""
    return {name: weight for name, weight in (("recent", 1.0), ("season", 0.5), ("always", 0.25)) if name in statics}
