"""Held-back behaviour to choose and judge models by: what was known of a person, and what it did then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalicelib.recommendations.numeric.interactions import BOUGHT, Codes, History, Interactions, Ints
from chalicelib.recommendations.numeric.pairs import distinct

# Of how many people at most each question is asked.
MOST_NEXT, MOST_SET = 2_500, 2_000
_SET_SHARE, _HIDDEN_SHARE = 0.15, 0.2


@dataclass(frozen=True, slots=True)
class Case:
    """One person: what is known, and the different items that are to be found; `repeats` are those of them that the
    person had before.
    """

    history: History
    targets: Codes
    repeats: Codes


@dataclass(frozen=True, slots=True)
class Slices:
    """What models are fitted on, and the cases of each question that they have not seen."""

    training: Interactions
    next: Sequence[Case]
    set: Sequence[Case]


def slice_interactions(interactions: Interactions, *, unit_s: float, seed: int = 0) -> Slices:
    """Hold back the last day of some people, and all of some others of whom a fifth is to be found from the rest."""
    rng = np.random.default_rng(seed)
    starts = interactions.starts
    sizes = np.diff(starts)
    order = rng.permutation(np.flatnonzero(sizes >= 3))
    n_set = min(MOST_SET, int(len(order) * _SET_SHARE))
    held = np.zeros(len(interactions), dtype=bool)
    found_set: list[Case] = []
    for person in order[:n_set].tolist():
        rows = np.arange(starts[person], starts[person + 1])
        case = _set_case(interactions, rows, rng)
        if case is not None:
            found_set.append(case)
            held[rows] = True
    found_next: list[Case] = []
    for person in order[n_set:].tolist():
        if len(found_next) == MOST_NEXT:
            break
        rows = np.arange(starts[person], starts[person + 1])
        last = _last_day(interactions, rows, unit_s)
        if last == 0 or last == len(rows):
            continue
        case = _next_case(interactions, rows, last, unit_s)
        if len(case.targets):
            found_next.append(case)
            held[rows[last:]] = True
    return Slices(interactions.only(~held), found_next, found_set)


def _last_day(interactions: Interactions, rows: Ints, unit_s: float) -> int:
    """Return how many rows of a person come before its last day."""
    days = np.floor(interactions.times[rows] / unit_s)
    return int(np.searchsorted(days, days[-1]))


def _next_case(interactions: Interactions, rows: Ints, last: int, unit_s: float) -> Case:
    before, after = rows[:last], rows[last:]
    moment = int(interactions.times[after[0]])
    ages = ((moment - interactions.times[before]) / unit_s).astype(np.float32)
    history = History(interactions.items[before], interactions.weights[before], ages)
    bought = np.unique(interactions.items[after][interactions.weights[after] >= BOUGHT])
    known = np.isin(bought, history.items)
    return Case(history, bought[~known], bought[known])


def _set_case(interactions: Interactions, rows: Ints, rng: np.random.Generator) -> Case | None:
    """Hide a fifth of the different items of a person; times are not told."""
    bought = np.unique(interactions.items[rows][interactions.weights[rows] >= BOUGHT])
    if len(bought) < 3:
        return None
    hidden = np.sort(rng.choice(bought, max(1, round(len(bought) * _HIDDEN_SHARE)), replace=False))
    kept = rows[~np.isin(interactions.items[rows], hidden)]
    history = distinct(History(interactions.items[kept], interactions.weights[kept]))
    return Case(history, hidden, hidden[:0])
