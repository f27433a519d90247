"""Held-back behaviour: nothing of what is to be found is among what models are fitted on."""

from __future__ import annotations

import numpy as np

from chalicelib.recommendations.numeric.cases import slice_interactions
from chalicelib.recommendations.numeric.interactions import Interactions
from chalicelib.recommendations.numeric.pairs import DAY_S
from tests.recommendations.numeric.planted import DAY, NOW, made, planted


def rows_of(given: Interactions, person: int) -> set[tuple[int, int]]:
    mine = given.people == person
    return set(zip(given.items[mine].tolist(), given.times[mine].tolist(), strict=True))


def test_training_and_cases_share_nothing() -> None:
    given = planted()
    slices = slice_interactions(given, unit_s=DAY_S)
    assert slices.next
    assert slices.set
    whole = {person: rows_of(given, person) for person in range(given.n_people)}
    left = {person: rows_of(slices.training, person) for person in range(given.n_people)}
    gone = [person for person in whole if not left[person]]
    shortened = [person for person in whole if left[person] and left[person] != whole[person]]
    assert len(gone) == len(slices.set)
    assert len(shortened) == len(slices.next)
    for person in shortened:
        held = whole[person] - left[person]
        assert min(time for _item, time in held) > max(time for _item, time in left[person])
        assert {time for _item, time in held} == {max(time for _item, time in whole[person])}


def test_what_is_known_of_a_next_case_is_older_than_what_is_to_be_found() -> None:
    for case in slice_interactions(planted(), unit_s=DAY_S).next:
        assert case.history.ages is not None
        assert case.history.ages.min() > 0
        assert (np.diff(case.history.ages) <= 0).all()  # oldest first
        assert not set(case.targets.tolist()) & set(case.history.items.tolist())


def test_a_fifth_of_a_set_is_to_be_found_from_the_rest_without_times() -> None:
    for case in slice_interactions(planted(), unit_s=DAY_S).set:
        assert case.history.ages is None
        assert len(case.targets) == 2  # of 12
        assert len(case.history) == 10
        assert not set(case.targets.tolist()) & set(case.history.items.tolist())


def test_what_was_had_before_is_told_apart() -> None:
    times = [NOW - 9 * DAY, NOW - 8 * DAY, NOW - DAY, NOW - DAY]
    given = made([0] * 4, [0, 1, 0, 2], times, n_people=1, n_items=3)
    [case] = slice_interactions(given, unit_s=DAY_S).next
    assert case.targets.tolist() == [2]
    assert case.repeats.tolist() == [0]


def test_looks_are_no_targets() -> None:
    given = planted()
    weights = np.where(given.items % 2 == 0, 0.15, 1.0).astype(np.float32)
    looked = Interactions(given.people, given.items, given.times, weights, given.n_people, given.n_items)
    slices = slice_interactions(looked, unit_s=DAY_S)
    for case in [*slices.next, *slices.set]:
        assert all(int(item) % 2 for item in case.targets)


def test_two_purchases_are_enough_to_ask_what_came_next() -> None:
    given = made([0, 0, 1], [4, 2, 1], [NOW - DAY, NOW, NOW], n_people=2, n_items=5)
    slices = slice_interactions(given, unit_s=DAY_S)
    [case] = slices.next
    assert case.history.items.tolist() == [4]
    assert case.targets.tolist() == [2]
    assert slices.training.items.tolist() == [4, 1]


def test_what_came_before_in_the_same_hour_is_known_and_what_is_of_one_moment_is_found_together() -> None:
    times = [NOW - 120, NOW - 60, NOW, NOW]  # a person who rates films, then two in one order
    given = made([0] * 4, [5, 1, 0, 2], times, n_people=1, n_items=6)
    [case] = slice_interactions(given, unit_s=DAY_S).next
    assert case.history.items.tolist() == [5, 1]
    assert case.targets.tolist() == [0, 2]


def test_who_looks_at_what_it_then_buys_tells_nothing() -> None:
    noon = NOW // DAY * DAY + DAY // 2
    times = [noon - 3 * DAY, noon - 2 * DAY, noon - 60, noon - 50, noon, noon + 60]
    items = [0, 2, 1, 3, 1, 4]
    looks = np.array([1, 0.15, 0.15, 0.15, 1, 0.15], dtype=np.float32)
    given = made([0] * 6, items, times, n_people=1, n_items=5)
    looked = Interactions(given.people, given.items, given.times, looks, 1, 5)
    slices = slice_interactions(looked, unit_s=DAY_S)
    [case] = slices.next
    assert case.targets.tolist() == [1]
    # Neither the look at item 1 on the same day, nor what came behind the purchase.
    assert case.history.items.tolist() == [0, 2, 3]
    assert slices.training.items.tolist() == [0, 2, 3]


def test_people_who_came_once_are_not_asked_what_came_next() -> None:
    given = made([0, 0, 1, 1], [0, 1, 0, 1], [NOW] * 4, n_people=2, n_items=2)
    slices = slice_interactions(given, unit_s=DAY_S)
    assert not slices.next
    assert len(slices.training) == 4


def test_who_bought_only_what_it_had_is_no_case_of_what_is_new_but_tells_of_repeats() -> None:
    given = made([0, 0, 0], [0, 1, 0], [NOW - 20 * DAY, NOW - 20 * DAY, NOW], n_people=1, n_items=2)
    slices = slice_interactions(given, unit_s=DAY_S)
    assert not slices.next
    [case] = slices.returning
    assert (case.targets.tolist(), case.repeats.tolist()) == ([], [0])
    assert slices.training.items.tolist() == [0, 1]
