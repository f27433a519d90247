"""Who has what: one entry a person and item, however often it happened, and when it last did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.interactions import History, Interactions, Ints, Reals
from chalicelib.recommendations.numeric.sparse import Sparse

DAY_S = 86_400
# No shop's clock is in 1972 any more: smaller numbers count something else.
_CLOCKS_FROM_S = 1e8


@dataclass(frozen=True, slots=True)
class Pairs:
    """`people`: (n_people, n_items), values in (0, 1]: 1 for what was bought, less for what was only looked at.

    `ages`: (n,) float32, days before `now` at which each entry last happened.
    """

    people: Sparse
    ages: Reals

    def faded(self, half_life: float | None) -> Sparse:
        """Return the pairs with old ones counting less: half at `half_life` days, in products of two."""
        if half_life is None:
            return self.people
        return self.people.with_values(self.people.values * np.exp2(self.ages / np.float32(-2.0 * half_life)))


def make_pairs(interactions: Interactions, *, now: int, unit_s: float) -> Pairs:
    """Return the pairs of interactions; weights of the same pair are added, up to 1."""
    n = interactions.n_items
    keys = interactions.people.astype(np.int64) * n + interactions.items
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.int64)
    if len(first):
        values = np.minimum(np.add.reduceat(interactions.weights[order], first), 1.0)
        times = np.maximum.reduceat(interactions.times[order], first)
    else:
        values, times = np.empty(0, np.float32), np.empty(0, np.int64)
    keys = keys[first]
    starts = np.zeros(interactions.n_people + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys // n, minlength=interactions.n_people), out=starts[1:])
    people = Sparse(starts, (keys % n).astype(np.int32), values.astype(np.float32), n)
    # A clock that is ahead says what is new, not what is more than new.
    return Pairs(people, np.maximum((now - times) / unit_s, 0.0).astype(np.float32))


def affordable(pairs: Pairs, most_products: float) -> Sparse:
    """Return what people have, of long lists only the newest, so that pairs of items within them stay below a bound.

    Neighbourhoods cost the square of each list, and the longest say least: they are of those who buy for others.
    """
    most = affordable_length(np.bincount(pairs.people.lengths), most_products)
    return pairs.people if most is None else newest(pairs, most)


def affordable_length(counts: NDArray[Any], most_products: float) -> int | None:
    """Return the greatest length of lists that is affordable, None: any. `counts`: how many people have 0, 1, 2 …"""
    lengths, people = np.arange(len(counts), dtype=np.float64), counts.astype(np.float64)
    if float((people * lengths**2).sum()) <= most_products:
        return None
    low, high = 1, len(counts) - 1
    while low < high:
        middle = (low + high + 1) // 2
        is_affordable = float((people * np.minimum(lengths, middle) ** 2).sum()) <= most_products
        low, high = (middle, high) if is_affordable else (low, middle - 1)
    return low


def newest(pairs: Pairs, most: int) -> Sparse:
    """Return what people have, of each at most so many, the newest."""
    people = pairs.people
    order = np.lexsort((pairs.ages, people.rows))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(people.starts[:-1], people.lengths)
    kept = rank < most
    starts = np.concatenate([[0], np.cumsum(kept)])[people.starts]
    return Sparse(starts, people.columns[kept], people.values[kept], people.n_columns)


def unit_of(times: Ints) -> float:
    """Return how many of the clock's seconds count as a day.

    Where all lies within ten days, or times only number what happened (1, 2, 3, ...), all of it counts as a year.
    """
    if not len(times):
        return float(DAY_S)
    span = float(times.max() - times.min())
    if span >= 10 * DAY_S and float(np.median(times)) >= _CLOCKS_FROM_S:
        return float(DAY_S)
    return span / 365.0 if span > 0 else float(DAY_S)


def days_of(times: Ints, unit_s: float) -> Ints:
    """Return on which day each time is, (n,) int64; also before 1970."""
    return np.floor(times / unit_s).astype(np.int64)


def distinct(history: History) -> History:
    """Return a history with each item once, where it was last; its weights are added, up to 1."""
    if not len(history):
        return history
    backwards = history.items[::-1]
    unique, last = np.unique(backwards, return_index=True)
    if len(unique) == len(history):
        return History(history.items, np.minimum(history.weights, 1.0), history.ages)
    weights = np.bincount(np.searchsorted(unique, history.items), weights=history.weights)
    order = np.argsort(-last, kind="stable")
    places = len(history) - 1 - last[order]
    ages = None if history.ages is None else history.ages[places]
    return History(history.items[places], np.minimum(weights[order], 1.0).astype(np.float32), ages)
