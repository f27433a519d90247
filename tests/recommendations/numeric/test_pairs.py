"""Who has what, and on which day."""

from __future__ import annotations

import numpy as np
import pytest

from chalicelib.recommendations.numeric.interactions import History, Interactions, sorted_interactions
from chalicelib.recommendations.numeric.pairs import DAY_S, days_of, distinct, make_pairs, unit_of
from tests.recommendations.numeric.planted import DAY, NOW


def some(weights: list[float]) -> Interactions:
    """One person: item 1 twice, item 0 once."""
    return sorted_interactions(
        np.zeros(3),
        np.array([1, 0, 1]),
        np.array([NOW - 9 * DAY, NOW - 4 * DAY, NOW - DAY]),
        np.array(weights),
        n_people=2,
        n_items=3,
    )


def test_a_pair_is_one_entry_of_its_newest_time_and_at_most_one_purchase() -> None:
    pairs = make_pairs(some([0.15, 3.0, 0.5]), now=NOW, unit_s=DAY_S)
    np.testing.assert_allclose(pairs.people.dense_rows(0, 2), [[1.0, 0.65, 0.0], [0.0, 0.0, 0.0]])
    assert pairs.ages.tolist() == [4, 1]


def test_old_pairs_count_half_at_the_half_life_in_products_of_two() -> None:
    pairs = make_pairs(some([1, 1, 1]), now=NOW, unit_s=DAY_S)
    faded = pairs.faded(2.0).dense_rows(0, 1)[0]
    np.testing.assert_allclose(faded**2, [1 / 4, 2 ** (-1 / 2), 0], rtol=1e-6)


def test_a_clock_that_is_ahead_counts_as_now() -> None:
    pairs = make_pairs(some([1, 1, 1]), now=NOW - 10_000 * DAY, unit_s=DAY_S)
    assert pairs.ages.tolist() == [0, 0]
    np.testing.assert_array_equal(pairs.faded(0.5).values, pairs.people.values)


@pytest.mark.parametrize(
    ("times", "unit_s"),
    [
        ([NOW - 400 * DAY, NOW], DAY),
        ([NOW - 5 * DAY, NOW], 5 * DAY / 365),  # a young shop
        ([0, NOW - 400 * DAY, NOW], DAY),  # one time is missing
        ([1, 2, 3, 74], 0.2),  # numbers of what a person did
        ([0, 1_000_000, 36_500_000], 100_000),  # numbers of what all did
        ([NOW, NOW], DAY),
        ([], DAY),
    ],
)
def test_a_day_is_a_day_or_a_part_of_all_there_is(times: list[int], unit_s: float) -> None:
    assert unit_of(np.array(times, dtype=np.int64)) == pytest.approx(unit_s)


def test_days_before_1970_are_as_long_as_others() -> None:
    assert days_of(np.array([-DAY, -1, 0, DAY - 1, DAY]), DAY_S).tolist() == [-1, -1, 0, 0, 1]


def test_a_history_has_each_item_once_where_it_was_last() -> None:
    asked = History(
        np.array([4, 2, 4, 7], np.int32), np.array([0.5, 1, 0.15, 2], np.float32), np.array([9, 8, 3, 1], np.float32)
    )
    found = distinct(asked)
    assert found.items.tolist() == [2, 4, 7]
    np.testing.assert_allclose(found.weights, [1, 0.65, 1])
    assert found.ages is not None
    assert found.ages.tolist() == [8, 3, 1]
