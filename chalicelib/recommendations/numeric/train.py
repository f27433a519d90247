"""From interactions to a model: choose, fit, blend, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric import blend, choose, content
from chalicelib.recommendations.numeric.cases import Case, slice_interactions
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.choose import Chosen
from chalicelib.recommendations.numeric.evaluation import measure, per_person
from chalicelib.recommendations.numeric.interactions import Codes, Interactions, Reals
from chalicelib.recommendations.numeric.linear import LinearFits
from chalicelib.recommendations.numeric.model import LENGTHS, Part, Question, decayed
from chalicelib.recommendations.numeric.neighbours import Neighbours, strongest
from chalicelib.recommendations.numeric.pairs import Pairs, distinct, make_pairs, unit_of
from chalicelib.recommendations.numeric.sparse import Sparse, from_entries

# (step, share of all work in [0, 1]) -> nothing: called a few dozen times.
Report = Callable[[str, float], None]

FORMAT = 1
QUESTIONS: tuple[Question, ...] = ("next", "set")
# Half-lives in days of what is popular now, this season, and at all.
_STATICS = {"recent": 14.0, "season": 60.0, "always": 3_650.0}
_TOGETHER = 20
# Choosing and blending look at so many interactions at most: whole people, drawn at random.
_CHOSEN_BY = 4_000_000
# Fewer cases of a question than this tell nothing.
_FEW_CASES = 40
_MIN_ALIKE = 1e-3
_REPEATS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 1.6)
_REPEAT_DECAYS: tuple[blend.Decay, ...] = ((0.0, 30.0), (0.0, 90.0), (0.0, None))


@dataclass(frozen=True, slots=True)
class Budget:
    """What a build may take: memory in bytes, time in seconds. They bound which models are candidates."""

    memory_bytes: int = 2_000_000_000
    time_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Trained:
    """A model as it is stored: arrays by name, `settings` that JSON can hold, and what validation measured.

    `metrics`: see `evaluation.measure`, of the blend, for the question "next" (of "set" where nobody came twice),
    learnt on one half of the people and measured on the other, both ways; beside it "popularity" and "parts" (the
    same of each alone) and "questions" (the same of each question).
    """

    arrays: Mapping[str, NDArray[Any]]
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How large the parts may be: neighbours an item, items of the linear model and their neighbours."""

    k: int
    linear_items: int
    linear_k: int


def train(
    interactions: Interactions,
    catalogue: Catalogue,
    *,
    now: int,
    budget: Budget,
    report: Report = lambda _step, _share: None,
) -> Trained:
    """Return the model of all `interactions`, with parameters chosen on their latest slice.

    `now` is the moment of the build, seconds since 1970. The same input gives the same arrays.
    Empty input gives a model that knows nothing and ranks by code.
    """
    unit_s = unit_of(interactions.times)
    n = interactions.n_items
    vocabulary, vectors = content.learn(catalogue, n)
    sizes = _sizes(interactions, budget)
    report("content", 0.02)
    alike = Part(content.content_neighbours(vectors, sizes.k), None, "content") if n else _no_part(sizes.k)
    report("choosing", 0.1)
    chosen, weights, repeat, metrics = _choose(interactions, alike, sizes, now=now, unit_s=unit_s, report=report)
    report("fitting", 0.7)
    pairs = make_pairs(interactions, now=now, unit_s=unit_s)
    parts = _fit(interactions, pairs, chosen, alike, sizes, unit_s)
    report("popularity", 0.95)
    statics = _statics(interactions, now, unit_s)
    together = _together(interactions, unit_s)
    arrays: dict[str, NDArray[Any]] = {
        "popularity": np.bincount(interactions.items, weights=_units(interactions), minlength=n).astype(np.float32),
        "recent_popularity": statics["recent"],
        "together.codes": together.codes,
        "together.counts": together.strengths,
        "content.hashes": vocabulary.hashes,
        "content.rarity": vocabulary.rarity,
        "content.starts": vectors.starts,
        "content.columns": vectors.columns,
        "content.values": vectors.values,
        **{f"{name}.scores": scores for name, scores in statics.items()},
    }
    for name, part in parts.items():
        arrays |= _stored(name, part)
    questions = {
        question: {
            "decay": {name: list(chosen.decays[question][name]) for name in parts},
            "weights": weights[question],
            "repeat": repeat[0] if question == "next" else 0.0,
            "repeat_decay": list(repeat[1]),
        }
        for question in QUESTIONS
    }
    settings = {
        "format": FORMAT,
        "n_items": n,
        "parts": {name: part.source for name, part in parts.items()},
        "statics": list(statics),
        "questions": questions,
        "chosen": {
            "bm25": list(chosen.bm25),
            "rp3": list(chosen.rp3),
            "linear": {q: None if shape is None else asdict(shape) for q, shape in chosen.linear.items()},
        },
        "unit_s": unit_s,
    }
    report("done", 1.0)
    return Trained(arrays, settings, metrics)


def _sizes(interactions: Interactions, budget: Budget) -> _Sizes:
    n = interactions.n_items
    k = 200 if n <= 12_000 else 100
    # Three matrices of float32 at a time, in half of the memory; an inversion takes some n^3 / 1.5e10 s on two cores,
    # and half a dozen are to fit into a third of the time.
    by_memory = int((budget.memory_bytes / 2 / 12) ** 0.5)
    by_time = int((budget.time_s / 3 / 6 * 1.5e10) ** (1 / 3))
    most = min(by_memory, by_time, 12_000)
    known = int(np.count_nonzero(np.bincount(interactions.items, minlength=n)))
    return _Sizes(min(k, max(n, 1)), min(most if n <= 1.5 * most else most // 2, known), 512 if n <= 4_000 else 256)


def _choose(
    interactions: Interactions, alike: Part, sizes: _Sizes, *, now: int, unit_s: float, report: Report
) -> tuple[Chosen, dict[Question, Any], tuple[float, blend.Decay], dict[str, Any]]:
    """Choose shapes, decays and weights on held-back people and days."""
    n = interactions.n_items
    slices = slice_interactions(_some_people(interactions), unit_s=unit_s)
    asked: dict[Question, Sequence[Case]] = {"next": slices.next, "set": slices.set}
    cases = {question: each for question, each in asked.items() if len(each) >= _FEW_CASES}
    if not cases:
        return (
            choose.usual(),
            {question: _even_weights() for question in QUESTIONS},
            (0.0, (0.0, None)),
            {"people": 0},
        )
    pairs = make_pairs(slices.training, now=now, unit_s=unit_s)
    bm25 = choose.choose_bm25(pairs.people, sizes.k, cases)
    report("choosing", 0.2)
    rp3 = choose.choose_rp3(pairs.people, sizes.k, cases)
    report("choosing", 0.3)
    items = _linear_items(slices.training, sizes)
    fits = LinearFits(pairs, slices.training, items, unit_s)
    linear = choose.choose_linear(fits, items, sizes.linear_k, cases, n)
    for question in QUESTIONS:
        linear.setdefault(question, linear[next(iter(cases))])
    chosen = Chosen(bm25, rp3, linear)
    report("choosing", 0.5)
    parts = _fit(slices.training, pairs, chosen, alike, sizes, unit_s, fits)
    decays: dict[Question, dict[str, blend.Decay]] = {
        question: {
            name: choose.choose_decay(part, question, cases.get(question, ()), n) for name, part in parts.items()
        }
        for question in QUESTIONS
    }
    chosen = replace(chosen, decays=decays)
    report("blending", 0.55)
    statics = _statics(slices.training, now, unit_s)
    popularity = np.bincount(slices.training.items, weights=_units(slices.training), minlength=n).astype(np.float32)
    weights: dict[Question, Any] = {}
    figures: dict[str, Any] = {}
    for question, those in cases.items():
        data = blend.features(those, parts, statics, decays[question], n)
        weights[question] = blend.learn_weights(data, None)
        figures[question] = _figures(data, those, popularity)
    for question in QUESTIONS:
        weights.setdefault(question, weights[next(iter(cases))])
        weights[question]["0"] = _popular_weights(statics)
    repeat = _learn_repeat(parts, statics, weights["next"], decays["next"], cases.get("next", ()), n)
    metrics = dict(figures.get("next") or figures["set"])
    return chosen, weights, repeat, {**metrics, "questions": figures}


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


def _fit(
    interactions: Interactions,
    pairs: Pairs,
    chosen: Chosen,
    alike: Part,
    sizes: _Sizes,
    unit_s: float,
    fits: LinearFits | None = None,
) -> dict[str, Part]:
    """Fit the chosen parts; a linear model of the same shape for both questions is fitted once."""
    n = interactions.n_items
    if not len(interactions):
        return {"content": alike}
    items = _linear_items(interactions, sizes)
    fits = fits or LinearFits(pairs, interactions, items, unit_s)
    parts = {
        "bm25": choose.bm25_part(pairs.people, sizes.k, chosen.bm25),
        "rp3": choose.rp3_part(pairs.people, sizes.k, chosen.rp3),
        "content": alike,
    }
    for question in QUESTIONS:
        shape = chosen.linear[question]
        if question == "set" and shape == chosen.linear["next"] and "linear_next" in parts:
            continue
        part = None if shape is None else choose.linear_part(fits, shape, items, sizes.linear_k, n)
        if part is not None:
            parts[f"linear_{question}"] = part
    return parts


def _linear_items(interactions: Interactions, sizes: _Sizes) -> Codes:
    counts = np.bincount(interactions.items, minlength=interactions.n_items)
    most = np.argsort(-counts, kind="stable")[: sizes.linear_items]
    items: Codes = np.sort(most[counts[most] > 0]).astype(np.int32)
    if len(items) > 0.9 * interactions.n_items and sizes.linear_items >= interactions.n_items:
        items = np.arange(interactions.n_items, dtype=np.int32)
    return items


def _some_people(interactions: Interactions) -> Interactions:
    """Return the interactions of as many people, drawn at random, as choosing looks at."""
    if len(interactions) <= _CHOSEN_BY:
        return interactions
    share = _CHOSEN_BY / len(interactions)
    kept = np.random.default_rng(1).random(interactions.n_people) < share
    return interactions.only(kept[interactions.people])


def _units(interactions: Interactions) -> Reals:
    """Return what counts as popular: purchases in full, looks a little."""
    return interactions.weights


def _statics(interactions: Interactions, now: int, unit_s: float) -> dict[str, Reals]:
    ages = np.maximum((now - interactions.times) / unit_s, 0.0).astype(np.float32)
    return {
        name: choose.fading_scores(interactions.items, _units(interactions), ages, half_life, interactions.n_items)
        for name, half_life in _STATICS.items()
    }


def _together(interactions: Interactions, unit_s: float) -> Neighbours:
    """Return what is bought on the same day by the same person, and how often; once a person and item and day."""
    n = interactions.n_items
    if not len(interactions):
        return Neighbours(np.zeros((n, _TOGETHER), np.int32), np.zeros((n, _TOGETHER), np.float32))
    bought = interactions.only(interactions.weights >= 1.0)
    days = (bought.times / unit_s).astype(np.int64)
    people = bought.people
    new = np.concatenate([[True], (people[1:] != people[:-1]) | (days[1:] != days[:-1])])[: len(people)]
    baskets = np.cumsum(new) - 1
    made = from_entries(baskets, bought.items, np.ones(len(bought)), (int(new.sum()), n), most=True)
    made = _without_long_rows(made, 100)
    return strongest(made.transposed(), made, _TOGETHER)


def _without_long_rows(matrix: Sparse, most: int) -> Sparse:
    """Return the matrix without rows of more entries: of a van full of goods nothing goes with anything."""
    kept = np.repeat(matrix.lengths <= most, matrix.lengths)
    starts = np.concatenate([[0], np.cumsum(kept)])[matrix.starts]
    return Sparse(starts, matrix.columns[kept], matrix.values[kept], matrix.n_columns)


def _learn_repeat(
    parts: Mapping[str, Part],
    statics: Mapping[str, Reals],
    weights: Mapping[str, Mapping[str, float]],
    decays: Mapping[str, blend.Decay],
    cases: Sequence[Case],
    n: int,
) -> tuple[float, blend.Decay]:
    """Return how much having bought an item speaks for buying it again, and how that fades."""
    with_repeats = [case for case in cases if len(case.repeats)]
    if len(with_repeats) < max(_FEW_CASES, len(cases) // 50):
        return 0.0, (0.0, None)
    data = blend.features(cases[:700], parts, statics, decays, n)
    best, found = -1.0, (0.0, _REPEAT_DECAYS[0])
    new = [
        np.array([weights[blend.bin_of(int(length))][name] for name in data.names])
        for length in data.lengths.tolist()
    ]
    totals = [data.values[row] @ new[row] for row in range(len(data.codes))]
    for decay in _REPEAT_DECAYS:
        known = [distinct(case.history) for case in cases[:700]]
        fading = [decayed(each, decay) for each in known]
        for repeat in _REPEATS:
            lists = []
            for row, each in enumerate(known):
                codes = np.concatenate([data.codes[row], each.items])
                scores = np.concatenate([totals[row], repeat * fading[row]])
                scores[codes < 0] = -1e9
                lists.append(codes[np.argsort(-scores, kind="stable")[:20]])
            targets = [np.concatenate([case.targets, case.repeats]) for case in cases[:700]]
            value = float(per_person(lists, targets).ndcg.mean())
            if value > best * 1.001:
                best, found = value, (repeat, decay)
    return found


def _even_weights() -> dict[str, dict[str, float]]:
    """Return the weights where nothing could be learnt: behaviour before attributes before what all buy."""
    some = {"bm25": 1.0, "rp3": 0.3, "linear_next": 0.3, "content": 0.4, "recent": 0.1, "season": 0.1, "always": 0.1}
    found = {str(length): dict(some) for length in LENGTHS}
    found["0"] = _popular_weights(_STATICS)
    return found


def _popular_weights(statics: Mapping[str, Any]) -> dict[str, float]:
    """Return the weights of an empty history: what sells now before what ever sold."""
    return {name: weight for name, weight in (("recent", 1.0), ("season", 0.5), ("always", 0.25)) if name in statics}


def _stored(name: str, part: Part) -> dict[str, NDArray[Any]]:
    """Return the arrays of a part, strengths scaled to at most 1 and halved in size; blending knows no scale."""
    strengths = part.neighbours.strengths
    scale = max(float(np.abs(strengths).max(initial=0.0)), 1e-30)
    found: dict[str, NDArray[Any]] = {
        f"{name}.codes": part.neighbours.codes,
        f"{name}.strengths": (strengths / scale).astype(np.float16),
    }
    if part.row_of is not None:
        found[f"{name}.row_of"] = part.row_of
    return found


def _no_part(k: int) -> Part:
    return Part(Neighbours(np.zeros((0, k), np.int32), np.zeros((0, k), np.float32)), None, "content")
