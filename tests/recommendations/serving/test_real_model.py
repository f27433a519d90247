"""The real model as serving uses it: one question, its scores, and what explains them."""

from __future__ import annotations

import numpy as np
import pytest

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import History, sorted_interactions
from chalicelib.recommendations.numeric.model import Model
from chalicelib.recommendations.numeric.train import Budget, train

PEOPLE, ITEMS, KINDS, DAY = 120, 40, 4, 86_400


@pytest.fixture(scope="module")
def model() -> Model:
    """A model of people who each buy of one kind: the items of equal rest when divided by four."""
    rng = np.random.default_rng(3)
    people = np.repeat(np.arange(PEOPLE), 8)
    items = people % KINDS + KINDS * rng.integers(0, ITEMS // KINDS, len(people))
    times = rng.integers(0, 300 * DAY, len(people))
    bought = sorted_interactions(people, items, times, np.ones(len(people)), n_people=PEOPLE, n_items=ITEMS)
    kinds = [f"kind {item % KINDS}" for item in range(ITEMS)]
    trained = train(bought, Catalogue(names=kinds, categories=kinds), now=300 * DAY, budget=Budget(time_s=30))
    return Model(trained.arrays, trained.settings)


def test_all_items_are_explained_at_once_as_one_by_one(model: Model) -> None:
    history = History(
        np.array([0, 4, 8, 1], dtype=np.int32),
        np.array([1, 1, 0.15, 1], dtype=np.float32),
        np.array([90, 30, 2, 1], dtype=np.float32),
    )
    asked = model.ask(history)
    assert np.array_equal(asked.scores, model.score(history))
    items = np.argsort(-asked.scores)[:20].astype(np.int32)
    together = asked.explain(items)
    assert together == [model.explain(history, int(item)) for item in items]
    assert asked.explain(items[[3, 3]]) == [together[3]] * 2
    assert asked.explain(items[:0]) == []


def test_who_buys_of_one_kind_is_told_what_of_that_kind_it_bought(model: Model) -> None:
    history = History(np.array([0, 4], dtype=np.int32), np.ones(2, dtype=np.float32))
    asked = model.ask(history)
    best = [int(item) for item in np.argsort(-asked.scores) if item not in (0, 4)][:5]
    assert {item % KINDS for item in best} == {0}
    for evidence in asked.explain(np.array(best, dtype=np.int32)):
        assert evidence.source in ("collaborative", "content")
        assert evidence.because in (0, 1)


def test_of_what_speaks_alike_the_most_alike_is_told() -> None:
    # Everybody buys all of four items: each speaks for each equally. Items 2 and 3 are of one kind, as 0 and 1 are.
    people, items = np.repeat(np.arange(60), 4), np.tile(np.arange(4), 60)
    # Of two others only some do, so that there is something to tell apart.
    people, items = np.append(people, np.repeat(np.arange(60, 80), 2)), np.append(items, np.tile([4, 5], 20))
    bought = sorted_interactions(
        people, items, np.full(len(people), 10 * DAY), np.ones(len(people)), n_people=80, n_items=6
    )
    names = ["wool hat", "straw hat", "slim jeans", "wide jeans", "cup", "plate"]
    trained = train(bought, Catalogue(names=names), now=11 * DAY, budget=Budget(time_s=30))
    model = Model(trained.arrays, trained.settings)
    for order in ([0, 2], [2, 0]):
        asked = model.ask(History(np.array(order, dtype=np.int32), np.ones(2, dtype=np.float32)))
        hat, jeans = asked.explain(np.array([1, 3], dtype=np.int32))
        assert hat.because is not None
        assert jeans.because is not None
        assert (order[hat.because], order[jeans.because]) == (0, 2)


def test_of_whom_nothing_is_known_popularity_speaks(model: Model) -> None:
    nothing = History(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))
    asked = model.ask(nothing)
    assert {evidence.source for evidence in asked.explain(np.arange(5, dtype=np.int32))} == {"popularity"}
