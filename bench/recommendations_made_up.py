"""A made-up shop's purchases at any size: popularity like Zipf's, circles of taste, a year of visits. Seeded.

What it keeps of a real shop is what the time and memory of a build depend on: a few items that very many have, a long
tail, a few people with long histories, and neighbourhoods worth finding. It says nothing about quality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Interactions

Ints = NDArray[np.int64]

YEAR_S = 365 * 24 * 3600
END = 1_790_000_000  # the moment of the build; the year before it is filled
_BLOCK = 20_000  # people who are made at once
_ITEMS_A_CIRCLE = 100
_CIRCLES_A_PERSON = 3
_IN_CIRCLE = 0.7  # share of purchases that follow a circle's taste
_ITEMS_A_VISIT = 2
_SPREAD = 1.0  # sigma of the logarithm of a history's length
_MOST = 0.1  # of the catalogue, in one history
_ROUNDS = 30
_COLUMNS = ("people", "items", "times", "weights")


@dataclass(frozen=True, slots=True)
class Size:
    """How big a made-up shop is; `pairs` distinct pairs of person and item, at least one of each person."""

    people: int
    items: int
    pairs: int

    def __str__(self) -> str:
        return f"{_short(self.people)} x {_short(self.items)} x {_short(self.pairs)}"


def _short(count: int) -> str:
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if count >= unit:
            return f"{count / unit:g}{name}"
    return str(count)


def made_up(size: Size, seed: int = 20) -> Interactions:
    """Return exactly `size.pairs` purchases, by person, then time; the same for the same seed.

    Raises ValueError for sizes that leave a person without a purchase, or that are too dense to be a shop.
    """
    if not size.people <= size.pairs <= size.people * _most(size) // 2:
        raise ValueError(f"{size} is no shop's size")
    generator = np.random.default_rng(seed)
    lengths = _lengths(size, generator)
    tastes = _Tastes(size.items, generator)
    people, items, times = [], [], []
    for begin in range(0, size.people, _BLOCK):
        counts = lengths[begin : begin + _BLOCK]
        owner, item = _distinct(counts, tastes, generator)
        at = _visits(owner, len(counts), generator)
        order = np.lexsort((item, at, owner))
        people.append((owner[order] + begin).astype(np.int32))
        items.append(item[order].astype(np.int32))
        times.append(at[order])
    weights = np.ones(size.pairs, dtype=np.float32)
    joined = (np.concatenate(people), np.concatenate(items), np.concatenate(times))
    return Interactions(*joined, weights, size.people, size.items)


def made_up_catalogue(items: int, seed: int = 20) -> Catalogue:
    """Return attributes: the circle tells category, department and words of the name, chance brand and price."""
    generator = np.random.default_rng(seed)
    circles = _circles(items)
    words = generator.integers(0, 20, (items, 2))
    brands = generator.zipf(1.5, items) % 500
    return Catalogue(
        names=[
            f"brand{b} thing{c} kind{c}-{w} shade{v}" for b, c, (w, v) in zip(brands, circles, words, strict=True)
        ],
        categories=[f"category{circle // 4}" for circle in circles],
        brands=[f"brand{brand}" for brand in brands],
        departments=[f"department{circle % 2}" for circle in circles],
        prices=np.round(generator.lognormal(3.5, 0.8, items), 2).astype(np.float32),
    )


def _circles(items: int) -> Ints:
    # By code, not by popularity: item codes are ids in order, and ids follow the shop's shelves.
    return np.arange(items, dtype=np.int64) // _ITEMS_A_CIRCLE


def _most(size: Size) -> int:
    return max(2, int(size.items * _MOST))


def _lengths(size: Size, generator: np.random.Generator) -> Ints:
    """Return how many items each person has: skewed, at least one, `size.pairs` in all."""
    wanted = generator.lognormal(0.0, _SPREAD, size.people)
    low, high = 0.0, float(size.pairs)
    for _ in range(60):  # the scale at which the rounded and clipped lengths come to the total
        middle = (low + high) / 2
        total = int(_clipped(wanted * middle, size).sum())
        low, high = (middle, high) if total < size.pairs else (low, middle)
    lengths = _clipped(wanted * low, size)
    while missing := size.pairs - int(lengths.sum()):
        step = 1 if missing > 0 else -1
        free = np.flatnonzero((lengths + step >= 1) & (lengths + step <= _most(size)))
        lengths[generator.choice(free, min(abs(missing), len(free)), replace=False)] += step
    return lengths


def _clipped(lengths: NDArray[np.float64], size: Size) -> Ints:
    return np.clip(np.rint(lengths), 1, _most(size)).astype(np.int64)


class _Tastes:
    """Draws items: by popularity in all the shop, or in one circle."""

    def __init__(self, items: int, generator: np.random.Generator) -> None:
        popularity = (np.arange(items) + 10.0) ** -0.9
        generator.shuffle(popularity)  # popular items are spread over the circles
        self._all = np.cumsum(popularity)
        self.circles = int(_circles(items)[-1]) + 1
        edges = np.minimum(np.arange(self.circles + 1) * _ITEMS_A_CIRCLE, items)
        self._edges = np.concatenate([[0.0], self._all])[edges]

    def draw(self, owner: Ints, liked: Ints, generator: np.random.Generator) -> Ints:
        """Return an item for each of `owner`, whose circles are `liked` (n_people, _CIRCLES_A_PERSON)."""
        chance = generator.random(len(owner))
        circle = liked[owner, generator.integers(0, liked.shape[1], len(owner))]
        inside = generator.random(len(owner)) < _IN_CIRCLE
        low = np.where(inside, self._edges[circle], 0.0)
        high = np.where(inside, self._edges[circle + 1], self._all[-1])
        found = np.searchsorted(self._all, low + chance * (high - low), side="right")
        drawn: Ints = np.minimum(found, len(self._all) - 1).astype(np.int64)
        return drawn

    @property
    def items(self) -> int:
        """How many items there are."""
        return len(self._all)


def _distinct(counts: Ints, tastes: _Tastes, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Return owner and item of `counts` distinct items for each person of a block."""
    liked = generator.integers(0, tastes.circles, (len(counts), _CIRCLES_A_PERSON))
    keys: Ints = np.empty(0, dtype=np.int64)
    missing = counts.copy()
    for turn in range(_ROUNDS):
        owner = np.repeat(np.arange(len(counts)), missing)
        last = turn == _ROUNDS - 1
        item = _any_new(owner, keys, tastes.items) if last else tastes.draw(owner, liked, generator)
        keys = np.union1d(keys, owner * tastes.items + item)
        missing = counts - np.bincount(keys // tastes.items, minlength=len(counts))
        if not missing.any():
            break
    return keys // tastes.items, keys % tastes.items


def _any_new(owner: Ints, keys: Ints, items: int) -> Ints:
    """Return items that are not among the keys of their owners, and differ: for whom chance found none."""
    found: list[int] = []
    for person in np.unique(owner):
        has = keys[(keys // items) == person] % items
        free = np.setdiff1d(np.arange(items), has)
        found += free[: int((owner == person).sum())].tolist()
    return np.array(found, dtype=np.int64)


def _visits(owner: Ints, people: int, generator: np.random.Generator) -> Ints:
    """Return when each item was bought: a few together in each of a person's visits, since the person's first."""
    first = generator.random(people) * 0.9
    bought = np.bincount(owner, minlength=people)
    visits = np.maximum(1, bought // _ITEMS_A_VISIT)
    starts = np.concatenate([[0], np.cumsum(visits)])
    share = np.repeat(first, visits) + generator.random(starts[-1]) * (1 - np.repeat(first, visits))
    chosen = starts[owner] + (generator.random(len(owner)) * visits[owner]).astype(np.int64)
    at: Ints = (END - YEAR_S + share[chosen] * YEAR_S).astype(np.int64)
    return at


SIZES: dict[str, Sequence[tuple[Size, Size]]] = {
    "small": [(Size(10_000, 3_000, 150_000), Size(1_000, 300, 15_000))],
    "medium": [(Size(100_000, 30_000, 1_500_000), Size(10_000, 3_000, 150_000))],
}
SIZES["large"] = [*SIZES["medium"], (Size(1_000_000, 100_000, 15_000_000), Size(100_000, 10_000, 1_500_000))]


def save(interactions: Interactions, folder: Path) -> None:
    """Keep interactions in files of plain arrays, for processes that begin fresh."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COLUMNS:
        np.save(folder / f"{name}.npy", getattr(interactions, name))
    np.save(folder / "sizes.npy", np.array([interactions.n_people, interactions.n_items]))


def load(folder: Path) -> Interactions:
    """Return interactions that were kept."""
    people, items, times, weights = (np.load(folder / f"{name}.npy") for name in _COLUMNS)
    n_people, n_items = (int(size) for size in np.load(folder / "sizes.npy"))
    return Interactions(people, items, times, weights, n_people, n_items)
