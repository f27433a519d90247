"""What is popular is what was bought: looks, which cost nothing, make nothing so."""

from __future__ import annotations

import numpy as np

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Interactions, Reals, sorted_interactions
from chalicelib.recommendations.numeric.train import Budget, Trained, train
from tests.recommendations.numeric.planted import DAY, NOW

LOOK, PUT_INTO_CART = 0.15, 0.5


def _learn(*happened: tuple[int, int, int, float, int], n_items: int = 3) -> Trained:
    """Train on (person, item, days ago, weight, how often)."""
    rows = [row[:4] for row in happened for _ in range(row[4])]
    people, items, days, weights = (np.array(column) for column in zip(*rows, strict=True))
    given: Interactions = sorted_interactions(
        people, items, NOW - days * DAY, weights, n_people=int(people.max()) + 1, n_items=n_items
    )
    return train(given, Catalogue(), now=NOW, budget=Budget())


def _array(trained: Trained, name: str) -> Reals:
    return np.asarray(trained.arrays[name], dtype=np.float32)


def test_a_flood_of_looks_makes_nothing_popular() -> None:
    trained = _learn((0, 0, 3, 1.0, 1), (1, 0, 5, 1.0, 1), (2, 1, 4, 1.0, 1), (3, 2, 0, PUT_INTO_CART, 3_000))
    for name in ("popularity", "recent_popularity", "recent.scores", "season.scores", "always.scores"):
        found = _array(trained, name)
        assert found[2] == 0, name
        assert found[0] > found[1] > 0, name


def test_popularity_counts_what_was_bought() -> None:
    trained = _learn((0, 0, 3, 1.0, 2), (1, 0, 5, 1.7, 1), (2, 1, 4, 1.0, 1), (2, 0, 4, LOOK, 9))
    assert np.allclose(_array(trained, "popularity"), [3.7, 1.0, 0.0])


def test_while_nothing_is_bought_people_who_look_are_counted_once_each() -> None:
    trained = _learn((0, 0, 1, LOOK, 500), (1, 1, 1, LOOK, 1), (2, 1, 1, LOOK, 1))
    scores = _array(trained, "recent.scores")
    assert scores[1] > scores[0] > scores[2] == 0
    # And yet nobody says that it is bought.
    assert not _array(trained, "popularity").any()
    assert not _array(trained, "recent_popularity").any()


def test_what_was_bought_long_ago_does_not_sell_now() -> None:
    trained = _learn((0, 0, 40, 1.0, 9), (1, 1, 29, 1.0, 1))
    recent = _array(trained, "recent_popularity")
    assert recent[0] == 0
    assert recent[1] == 1
