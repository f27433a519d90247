"""The linear models against their definition: no small change of the weights makes them fit better."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chalicelib.recommendations.numeric import linear as rooms
from chalicelib.recommendations.numeric.linear import (
    LinearFits,
    Shape,
    gram,
    only_columns,
    positive_inverse,
    steps_of,
)
from chalicelib.recommendations.numeric.pairs import DAY_S, make_pairs
from tests.recommendations.numeric.planted import DAY, NOW, made, planted


def all_items(n: int) -> NDArray[Any]:
    return np.arange(n, dtype=np.int32)


def test_the_inverse_by_blocks_is_the_inverse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_INVERTED_WHOLE", 7)
    x = np.random.default_rng(1).normal(size=(200, 61)).astype(np.float32)
    matrix = x.T @ x + 5 * np.eye(61, dtype=np.float32)
    np.testing.assert_allclose(positive_inverse(matrix), np.linalg.inv(matrix.astype(float)), rtol=1e-2, atol=1e-5)


def test_both_ways_to_count_who_has_two_items_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    people = make_pairs(planted(50), now=NOW, unit_s=DAY_S).people
    x = people.dense_rows(0, people.n_rows)
    np.testing.assert_allclose(gram(people), x.T @ x)
    monkeypatch.setattr(rooms, "_DENSE_BLOCK", 7)
    wide = only_columns(people, all_items(3))
    np.testing.assert_allclose(gram(wide), x[:, :3].T @ x[:, :3])


@pytest.mark.parametrize("half_life", [None, 60.0])
def test_the_weights_are_the_best_without_an_item_telling_itself(half_life: float | None) -> None:
    interactions = planted(80)
    pairs = make_pairs(interactions, now=NOW, unit_s=DAY_S)
    n = interactions.n_items
    weights = LinearFits(pairs, interactions, all_items(n), DAY_S).fit(Shape(1.0, half_life=half_life))
    assert weights is not None
    assert not np.diag(weights).any()
    x = pairs.faded(half_life).dense_rows(0, 80).astype(float)
    ridge = float((x.T @ x).diagonal().mean())
    # The gradient of ||x - x w||^2 + ridge ||w||^2 is nothing off the diagonal, where w may move.
    gradient = -x.T @ (x - x @ weights) + ridge * weights
    np.fill_diagonal(gradient, 0)
    assert np.abs(gradient).max() < 1e-3 * np.abs(x.T @ x).max()


def test_with_sequence_what_came_before_foretells_what_came_after() -> None:
    # Who has 0 buys 1 a week later; nobody the other way round.
    people, items, times = [], [], []
    for person in range(60):
        people += [person] * 2
        items += [0, 1]
        times += [NOW - 40 * DAY, NOW - 33 * DAY]
    for person in range(60, 100):
        people += [person] * 2
        items += [2, 3]
        times += [NOW - 40 * DAY] * 2
    interactions = made(people, items, times, n_people=100, n_items=4)
    fits = LinearFits(make_pairs(interactions, now=NOW, unit_s=DAY_S), interactions, all_items(4), DAY_S)
    plain, ordered = fits.fit(Shape(1.0)), fits.fit(Shape(1.0, sequence=1.0))
    assert plain is not None
    assert ordered is not None
    assert plain[0, 1] == pytest.approx(plain[1, 0], rel=1e-4)
    assert ordered[0, 1] > 1.2 * ordered[1, 0]


def test_steps_hold_what_was_before_and_what_was_new_after() -> None:
    day = [NOW - 100 * DAY, NOW - 40 * DAY, NOW - 10 * DAY]
    interactions = made(
        [0, 0, 0, 0, 1], [0, 1, 0, 2, 3], [day[0], day[1], day[1], day[2], day[0]], n_people=2, n_items=4
    )
    steps = steps_of(interactions, DAY_S)
    assert steps is not None
    before, after = (each.dense_rows(0, each.n_rows) for each in steps)
    active = np.flatnonzero(before.any(axis=1))
    assert len(active) == 2  # the second and the third visit of the first person
    np.testing.assert_allclose(before[active[0]], [1, 0, 0, 0])
    np.testing.assert_allclose(before[active[1]], [1, 1, 0, 0])
    # Item 0 came again on the second visit, which is nothing new; item 2 came 30 days after it.
    np.testing.assert_allclose(after[active[0]], [0, 1, 0.5, 0], rtol=1e-6)
    np.testing.assert_allclose(after[active[1]], [0, 0, 1, 0])


def test_nobody_who_came_twice_is_no_sequence() -> None:
    interactions = made([0, 1], [0, 1], [NOW, NOW], n_people=2, n_items=2)
    assert steps_of(interactions, DAY_S) is None
    fits = LinearFits(make_pairs(interactions, now=NOW, unit_s=DAY_S), interactions, all_items(2), DAY_S)
    assert fits.fit(Shape(1.0, sequence=0.3)) is None


@given(st.sets(st.integers(0, 47), min_size=1))
def test_some_columns_keep_their_values(chosen: set[int]) -> None:
    people = make_pairs(planted(20), now=NOW, unit_s=DAY_S).people
    columns = np.array(sorted(chosen), dtype=np.int32)
    found = only_columns(people, columns)
    np.testing.assert_array_equal(found.dense_rows(0, 20), people.dense_rows(0, 20)[:, columns])
