"""Held-back behaviour to choose and judge models by: what was known of a person, and what it did then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.interactions import BOUGHT, Codes, History, Interactions, Ints
from chalicelib.recommendations.numeric.pairs import days_of, distinct

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
    """What models are fitted on, and the cases of each question that they have not seen.

    `returning`: those of `next`, and people among them who last bought only what they had before.
    """

    training: Interactions
    next: Sequence[Case]
    set: Sequence[Case]
    returning: Sequence[Case] = ()


def slice_interactions(interactions: Interactions, *, unit_s: float, seed: int = 0) -> Slices:
    """Hold back the last purchase of some people, and all of others of whom a fifth is to be found from the rest.

    `unit_s`: seconds of a day.
    """
    rng = np.random.default_rng(seed)
    starts = interactions.starts
    sizes = np.diff(starts)
    order = rng.permutation(np.flatnonzero(sizes >= 2))
    n_set = min(MOST_SET, int(len(order) * _SET_SHARE))
    held = np.zeros(len(interactions), dtype=bool)
    found_set: list[Case] = []
    for person in order[:n_set].tolist():
        rows = np.arange(starts[person], starts[person + 1])
        case = _set_case(interactions, rows, rng)
        if case is not None:
            found_set.append(case)
            held[rows] = True
    returning: list[Case] = []
    new = 0
    for person in order[n_set:].tolist():
        if new == MOST_NEXT:
            break
        rows = np.arange(starts[person], starts[person + 1])
        hidden = _last_purchase(interactions, rows, unit_s)
        case = _next_case(interactions, rows[~hidden], rows[hidden], unit_s)
        if case is not None:
            returning.append(case)
            new += bool(len(case.targets))
            held[rows[hidden]] = True
    asked = [case for case in returning if len(case.targets)]
    return Slices(interactions.only(~held), asked, found_set, returning)


def _last_purchase(interactions: Interactions, rows: Ints, unit_s: float) -> NDArray[np.bool_]:
    """Return which rows of a person are its last purchase, all of one moment; with what came later, and what it did
    with the same items on that day: who is about to buy something looks at it first, and the answer would be told.
    """
    times, items = interactions.times[rows], interactions.items[rows]
    bought = interactions.weights[rows] >= BOUGHT
    if not bought.any():
        return np.zeros(len(rows), dtype=bool)
    moment = times[bought][-1]
    days = days_of(times, unit_s)
    looked = ~bought & (days == days[bought][-1])
    hidden: NDArray[np.bool_] = (times >= moment) | (looked & np.isin(items, items[bought & (times == moment)]))
    return hidden


def _next_case(interactions: Interactions, before: Ints, after: Ints, unit_s: float) -> Case | None:
    bought = after[interactions.weights[after] >= BOUGHT]
    if not len(before) or not len(bought):
        return None
    moment = int(interactions.times[bought[0]])
    ages = ((moment - interactions.times[before]) / unit_s).astype(np.float32)
    history = History(interactions.items[before], interactions.weights[before], ages)
    items = np.unique(interactions.items[bought])
    known = np.isin(items, history.items)
    return Case(history, items[~known], items[known])


def _set_case(interactions: Interactions, rows: Ints, rng: np.random.Generator) -> Case | None:
    """Hide a fifth of the different items of a person, at least one; times are not told."""
    bought = np.unique(interactions.items[rows][interactions.weights[rows] >= BOUGHT])
    if len(bought) < 2:
        return None
    hidden = np.sort(rng.choice(bought, max(1, round(len(bought) * _HIDDEN_SHARE)), replace=False))
    kept = rows[~np.isin(interactions.items[rows], hidden)]
    history = distinct(History(interactions.items[kept], interactions.weights[kept]))
    return Case(history, hidden, hidden[:0])
