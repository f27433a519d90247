"""The hidden tastes behind the shop: what makes similar people buy similar things.

Every person, brand, shelf and product has a point in a small space. Points gather around a few archetypes,
so the purchases of one person say something about those of the next: the pattern that collaborative
filtering looks for. Nothing of this is written to the files.
"""

from dataclasses import dataclass

import numpy as np

from .draw import Ints, Reals, Rng

TASTE_DIMENSIONS = 8
# Per archetype: the log of the price level it likes and the age at which it is most common.
ARCHETYPE_PRICES = np.array([-0.55, -0.4, -0.3, -0.2, -0.1, 0.0, 0.0, 0.1, 0.2, 0.35, 0.5, 0.75])
ARCHETYPE_AGES = np.array([19, 24, 45, 30, 55, 27, 38, 34, 62, 29, 48, 42])


@dataclass(frozen=True)
class Tastes:
    """One row per person: the point in taste space and the log of the price level one is used to."""

    style: Reals
    price: Reals


def make_archetypes(rng: Rng) -> Reals:
    """The archetypes' points, each of length one."""
    return directions(rng.normal(size=(len(ARCHETYPE_PRICES), TASTE_DIMENSIONS)))


def directions(points: Reals) -> Reals:
    """The points moved to length one, so that nothing suits everybody just for being far out."""
    unit: Reals = points / np.linalg.norm(points, axis=1, keepdims=True)
    return unit


def make_tastes(rng: Rng, archetypes: Reals, age: Ints) -> Tastes:
    """The tastes of people of the given ages: near one archetype, with a touch of a second one."""
    # Gumbel noise on logits draws one archetype per person by age; the second best is the side interest.
    logits = -(((age[:, None] - ARCHETYPE_AGES) / 18.0) ** 2) + rng.gumbel(size=(len(age), len(archetypes)))
    ranked = np.argsort(-logits, axis=1)
    first, second = ranked[:, 0], ranked[:, 1]
    share = rng.uniform(0.65, 1.0, len(age))[:, None]
    noise = rng.normal(0, 0.3 / np.sqrt(TASTE_DIMENSIONS), (len(age), TASTE_DIMENSIONS))
    style = share * archetypes[first] + (1 - share) * archetypes[second] + noise
    price = ARCHETYPE_PRICES[first] + rng.normal(0, 0.25, len(age))
    return Tastes(style=style, price=price)
