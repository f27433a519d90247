"""Behaviour with a pattern planted in it: people of a few tastes, each buying of the items of its own."""

from __future__ import annotations

import numpy as np

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import History, Interactions, sorted_interactions

NOW = 1_700_000_000
DAY = 86_400
TASTES, ITEMS_OF_A_TASTE = 4, 12
N_ITEMS = TASTES * ITEMS_OF_A_TASTE


def planted(n_people: int = 240, *, seed: int = 3, days: int = 6, a_day: int = 2) -> Interactions:
    """Return purchases: person p has taste p % 4 and buys `a_day` different items of it on each of some days."""
    rng = np.random.default_rng(seed)
    people, items, times = [], [], []
    for person in range(n_people):
        own = np.arange(ITEMS_OF_A_TASTE) + (person % TASTES) * ITEMS_OF_A_TASTE
        chosen = rng.permutation(own)
        start = NOW - int(rng.integers(60, 300)) * DAY
        for day in range(min(days, ITEMS_OF_A_TASTE // a_day)):
            for item in chosen[day * a_day : (day + 1) * a_day]:
                people.append(person)
                items.append(int(item))
                times.append(start + day * 7 * DAY)
    return made(people, items, times, n_people=n_people, n_items=N_ITEMS)


def made(people: list[int], items: list[int], times: list[int], *, n_people: int, n_items: int) -> Interactions:
    """Return purchases of weight 1."""
    return sorted_interactions(
        np.array(people, dtype=np.int64),
        np.array(items, dtype=np.int64),
        np.array(times, dtype=np.int64),
        np.ones(len(people), dtype=np.float32),
        n_people=n_people,
        n_items=n_items,
    )


def catalogue() -> Catalogue:
    """Return what is known of the planted items: the words of a name tell the taste."""
    tastes = [item // ITEMS_OF_A_TASTE for item in range(N_ITEMS)]
    return Catalogue(
        names=[f"style{taste} piece{item}" for item, taste in enumerate(tastes)],
        categories=[f"kind {taste}" for taste in tastes],
        prices=np.array([10.0 * 4**taste for taste in tastes], dtype=np.float32),
    )


def history(*items: int, ages: list[float] | None = None) -> History:
    """Return a history of purchases, oldest first."""
    return History(
        np.array(items, dtype=np.int32),
        np.ones(len(items), dtype=np.float32),
        None if ages is None else np.array(ages, dtype=np.float32),
    )


def taste_of(item: int) -> int:
    """Return the taste that an item is of."""
    return int(item) // ITEMS_OF_A_TASTE
