"""Fitting the chosen parts of a model to interactions: item-item parts, what is popular, what is bought together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric import choose
from chalicelib.recommendations.numeric.choose import Chosen
from chalicelib.recommendations.numeric.interactions import BOUGHT, Codes, Interactions, Ints, Reals
from chalicelib.recommendations.numeric.linear import LinearFits, Shape
from chalicelib.recommendations.numeric.model import Part, Question
from chalicelib.recommendations.numeric.neighbours import Neighbours, strongest
from chalicelib.recommendations.numeric.pairs import DAY_S, Pairs, affordable, days_of
from chalicelib.recommendations.numeric.sparse import Sparse, from_entries

QUESTIONS: tuple[Question, ...] = ("next", "set")
# Half-lives in days of what is popular now, this season, and at all.
STATICS = {"recent": 14.0, "season": 60.0, "always": 3_650.0}
# What sells now was bought within so many days.
LATELY = 30.0
TOGETHER = 20
# Of a van full of goods nothing goes with anything.
MOST_IN_BASKET = 100
# How many matrices of float32 a linear model holds at a time while it is fitted (what two fadings and the sequence
# count, what is inverted, its blocks), and what share of the memory they may take.
_MATRICES, _MATRICES_SHARE = 7, 0.9
# Single products of a neighbourhood: some 20 ns each.
MOST_PRODUCTS = 2e9


@dataclass(frozen=True, slots=True)
class Budget:
    """What a build may take: memory in bytes, time in seconds. They bound which models are candidates."""

    memory_bytes: int = 2_000_000_000
    time_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the parts may be: neighbours an item, items of the linear model and their neighbours."""

    k: int
    linear_items: int
    linear_k: int


def sizes_for(interactions: Interactions, budget: Budget) -> Sizes:
    """Return how large the parts may be within the budget."""
    n = interactions.n_items
    return sizes_by(n, int(np.count_nonzero(np.bincount(interactions.items, minlength=n))), budget)


def sizes_by(n: int, known: int, budget: Budget) -> Sizes:
    """Return how large the parts may be for `n` items of which somebody had `known`."""
    k = 200 if n <= 12_000 else 100
    # An inversion takes some n^3 / 1.5e10 s on two cores, and half a dozen are to fit into a third of the time.
    by_memory = int((budget.memory_bytes * _MATRICES_SHARE / (4 * _MATRICES)) ** 0.5)
    by_time = int((budget.time_s / 3 / 6 * 1.5e10) ** (1 / 3))
    most = min(by_memory, by_time, 12_000)
    return Sizes(min(k, max(n, 1)), min(most if n <= 1.5 * most else most // 2, known), 512 if n <= 4_000 else 256)


def fit_parts(
    interactions: Interactions,
    pairs: Pairs,
    chosen: Chosen,
    alike: Part,
    sizes: Sizes,
    unit_s: float,
    kept: Mapping[Shape, Part | None] | None = None,
) -> dict[str, Part]:
    """Fit the chosen parts; a linear model of the same shape for both questions is fitted once."""
    n = interactions.n_items
    if not len(interactions):
        return {"content": alike}
    items = linear_items(interactions, sizes)
    fits = LinearFits(pairs, interactions, items, unit_s)
    people = affordable(pairs, MOST_PRODUCTS)
    return {
        "bm25": choose.bm25_part(people, sizes.k, chosen.bm25),
        "rp3": choose.rp3_part(people, sizes.k, chosen.rp3),
        "content": alike,
        **linear_parts(fits, chosen, items, sizes.linear_k, n, kept or {}),
    }


def linear_parts(
    fits: choose.Fits, chosen: Chosen, items: Codes, k: int, n: int, kept: Mapping[Shape, Part | None]
) -> dict[str, Part]:
    """Fit the linear models that were chosen, but those of the shapes that are `kept`."""
    parts: dict[str, Part] = {}
    for question in QUESTIONS:
        shape = chosen.linear[question]
        if question == "set" and shape == chosen.linear["next"] and "linear_next" in parts:
            continue
        if shape is None:
            continue
        part = kept[shape] if shape in kept else choose.linear_part(fits, shape, items, k, n)
        if part is not None:
            parts[f"linear_{question}"] = part
    return parts


def linear_items(interactions: Interactions, sizes: Sizes) -> Codes:
    """Return the codes of the items that take part in the linear model, ascending: the most bought ones."""
    return most_bought(np.bincount(interactions.items, minlength=interactions.n_items), sizes)


def most_bought(counts: Ints, sizes: Sizes) -> Codes:
    """Return the codes of the items that take part, see `linear_items`, by how often each was had."""
    most = np.argsort(-counts, kind="stable")[: sizes.linear_items]
    items: Codes = np.sort(most[counts[most] > 0]).astype(np.int32)
    if len(items) > 0.9 * len(counts) and sizes.linear_items >= len(counts):
        items = np.arange(len(counts), dtype=np.int32)
    return items


def units_of(interactions: Interactions) -> Reals:
    """Return how much of each interaction was bought: (n,) float32, 0 for looks.

    Looks cost nothing, and whoever wants may send thousands of them: they make nothing popular.
    """
    return np.where(interactions.weights >= BOUGHT, interactions.weights, np.float32(0.0))


def static_scores(interactions: Interactions, now: int, unit_s: float) -> dict[str, Reals]:
    """Return how popular each item is by each half-life, the most popular 1: (n_items,) float32 each.

    By what was bought; as long as nothing was, by who looked at it, each person once.
    """
    units = units_of(interactions)
    if not units.any():
        units = last_looks(interactions)
    return {name: choose.relative(sums) for name, sums in static_sums(interactions, units, now, unit_s).items()}


def static_sums(interactions: Interactions, units: Reals, now: int, unit_s: float) -> dict[str, NDArray[Any]]:
    """Return the sums of `units` of each item by each half-life: (n_items,) float64 each; those of parts add up."""
    ages, n = _ages(interactions, now, unit_s), interactions.n_items
    return {
        name: choose.fading_sums(interactions.items, units, ages, half_life, n) for name, half_life in STATICS.items()
    }


def sells_now(interactions: Interactions, now: int) -> Reals:
    """Return how much each item was bought within the last `LATELY` days of the calendar, the latest most: (n_items,)
    float32.
    """
    return choose.relative(selling_sums(interactions, now))


def selling_sums(interactions: Interactions, now: int) -> NDArray[Any]:
    """Return what `sells_now` compares: (n_items,) float64; sums of parts add up."""
    ages = _ages(interactions, now, DAY_S)
    units = np.where(ages <= LATELY, units_of(interactions), np.float32(0.0))
    return choose.fading_sums(interactions.items, units, ages, STATICS["recent"], interactions.n_items)


def _ages(interactions: Interactions, now: int, unit_s: float) -> Reals:
    return np.maximum((now - interactions.times) / unit_s, 0.0).astype(np.float32)


def last_looks(interactions: Interactions) -> Reals:
    """Return the weight of the last look of each person at each item, 0 for those before."""
    keys = interactions.people.astype(np.int64) * interactions.n_items + interactions.items
    last = len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]
    found = np.zeros(len(keys), dtype=np.float32)
    found[last] = interactions.weights[last]
    return found


def bought_together(interactions: Interactions, unit_s: float) -> Neighbours:
    """Return what is bought on the same day by the same person, and how often; once a person and item and day."""
    if not len(interactions):
        n = interactions.n_items
        return Neighbours(np.zeros((n, TOGETHER), np.int32), np.zeros((n, TOGETHER), np.float32))
    made = baskets_of(interactions, unit_s)
    return strongest(made.transposed(), made, TOGETHER)


def baskets_of(interactions: Interactions, unit_s: float) -> Sparse:
    """Return what each person bought on each day, 1 an item: (n_baskets, n_items), vans left empty."""
    n = interactions.n_items
    bought = interactions.only(interactions.weights >= BOUGHT)
    days = days_of(bought.times, unit_s)
    people = bought.people
    new = np.concatenate([[True], (people[1:] != people[:-1]) | (days[1:] != days[:-1])])[: len(people)]
    baskets = np.cumsum(new) - 1
    made = from_entries(baskets, bought.items, np.ones(len(bought)), (int(new.sum()), n), most=True)
    return _without_long_rows(made, MOST_IN_BASKET)


def _without_long_rows(matrix: Sparse, most: int) -> Sparse:
    """Return the matrix without rows of more entries."""
    kept = np.repeat(matrix.lengths <= most, matrix.lengths)
    starts = np.concatenate([[0], np.cumsum(kept)])[matrix.starts]
    return Sparse(starts, matrix.columns[kept], matrix.values[kept], matrix.n_columns)
