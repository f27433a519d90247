"""What people did with items, as arrays: codes count from 0, times are seconds since 1970 in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Reals = NDArray[np.float32]

# One unit bought; what weighs less was looked at, not bought.
BOUGHT = 1.0


@dataclass(frozen=True, slots=True)
class Interactions:
    """Interactions by person, then time (a stable order): `people`, `items` (n,) int32 codes, `times` (n,) int64,
    `weights` (n,) float32 above 0 (1: one purchase). `n_people`, `n_items`: codes are below these.
    """

    people: Codes
    items: Codes
    times: Ints
    weights: Reals
    n_people: int
    n_items: int

    def __len__(self) -> int:
        return len(self.people)

    @property
    def starts(self) -> Ints:
        """Where each person's interactions begin: (n_people + 1,) int64."""
        return np.searchsorted(self.people, np.arange(self.n_people + 1)).astype(np.int64)

    def only(self, rows: NDArray[Any]) -> Interactions:
        """Return the interactions of `rows` (a mask, or ascending indexes), people and items coded as before."""
        return Interactions(
            self.people[rows], self.items[rows], self.times[rows], self.weights[rows], self.n_people, self.n_items
        )


def sorted_interactions(
    people: NDArray[Any],
    items: NDArray[Any],
    times: NDArray[Any],
    weights: NDArray[Any],
    *,
    n_people: int,
    n_items: int,
) -> Interactions:
    """Return interactions that came in any order, in the order that all models expect."""
    order = np.lexsort((items, times, people))
    return Interactions(
        people[order].astype(np.int32),
        items[order].astype(np.int32),
        times[order].astype(np.int64),
        weights[order].astype(np.float32),
        n_people,
        n_items,
    )


def coded_interactions(
    people: NDArray[Any], products: NDArray[Any], times: NDArray[Any], weights: NDArray[Any], item_ids: Ints
) -> Interactions:
    """Return interactions of people and products by their ids: `item_ids` (n_items,) ascending has the products.

    People get codes by id. A product may have become a draft again: nobody is shown it, and nothing is known of its
    like.
    """
    items = np.searchsorted(item_ids, products).astype(np.int32)
    there = items < len(item_ids)
    there[there] = item_ids[items[there]] == products[there]
    if not there.all():
        people, items, times, weights = people[there], items[there], times[there], weights[there]
    known, codes = np.unique(people, return_inverse=True)
    return sorted_interactions(
        codes.astype(np.int32), items, times, weights, n_people=len(known), n_items=len(item_ids)
    )


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one person at the moment of asking, oldest first: `items` (h,) int32 codes, `weights` (h,)
    float32 (1: one purchase; less for a view), `ages` (h,) float32 days of the model (`pairs.unit_of`) since it
    happened, or None where no times are known.
    """

    items: Codes
    weights: Reals
    ages: Reals | None = None

    def __len__(self) -> int:
        return len(self.items)
