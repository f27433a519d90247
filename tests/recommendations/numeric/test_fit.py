"""What is fitted beside the item-item parts, and what choosing looks at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chalicelib.recommendations.numeric import fit, plan
from chalicelib.recommendations.numeric.cases import Case
from chalicelib.recommendations.numeric.choose import PLAIN, choose_decay, ndcg_of
from chalicelib.recommendations.numeric.fit import Budget, bought_together, linear_items, sizes_for, static_scores
from chalicelib.recommendations.numeric.model import Part
from chalicelib.recommendations.numeric.neighbours import Neighbours
from chalicelib.recommendations.numeric.pairs import DAY_S
from tests.recommendations.numeric.planted import DAY, NOW, history, made, planted


def test_what_is_popular_fades_by_its_half_life_and_the_greatest_is_one() -> None:
    times = [NOW - 28 * DAY] * 4 + [NOW, NOW + DAY]  # a clock that is ahead counts as now
    given = made([0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 1, 2], times, n_people=6, n_items=4)
    found = static_scores(given, NOW, DAY_S)
    assert found["recent"].tolist() == pytest.approx([1, 1, 1, 0])  # 4 purchases, each a quarter after 28 days
    assert found["always"].tolist() == pytest.approx([1, 0.25, 0.25, 0], rel=0.01)
    assert found["season"][1] == pytest.approx(1 / (4 * 2 ** (-28 / 60)), rel=1e-5)


def test_what_is_looked_at_is_not_bought_together() -> None:
    given = made([0, 0, 0, 1, 1], [0, 1, 2, 0, 1], [NOW] * 5, n_people=2, n_items=3)
    looked = replace(given, weights=np.where(given.items == 2, 0.5, 1).astype(np.float32))
    found = bought_together(looked, DAY_S)
    assert found.codes[0][0] == 1
    assert found.strengths[0].tolist() == [2] + [0] * (fit.TOGETHER - 1)
    assert not found.strengths[2].any()


def test_another_day_is_another_basket_and_an_item_counts_once_in_one() -> None:
    times = [NOW, NOW, NOW, NOW + 2 * DAY]
    found = bought_together(made([0] * 4, [0, 0, 1, 2], times, n_people=1, n_items=3), DAY_S)
    assert found.strengths[0][:2].tolist() == [1, 0]
    assert not found.strengths[2].any()


def test_of_a_van_full_of_goods_nothing_goes_with_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "MOST_IN_BASKET", 3)
    given = made([0] * 3 + [1] * 4, [0, 1, 2, 0, 1, 2, 3], [NOW] * 7, n_people=2, n_items=4)
    found = bought_together(given, DAY_S)
    assert found.strengths[0][:3].tolist() == [1, 1, 0]
    assert not found.strengths[3].any()


def test_linear_models_keep_to_the_memory_and_take_the_most_bought() -> None:
    given = planted()
    sizes = sizes_for(given, Budget(memory_bytes=20_000))
    assert sizes.linear_items < given.n_items
    assert fit._MATRICES * 4 * sizes.linear_items**2 <= 20_000
    items = linear_items(given, sizes)
    counts = np.bincount(given.items, minlength=given.n_items)
    assert len(items) == sizes.linear_items
    assert counts[items].min() >= np.delete(counts, items).max()
    assert (np.diff(items) > 0).all()


def test_choosing_looks_at_whole_people(monkeypatch: pytest.MonkeyPatch) -> None:
    given = planted()
    assert plan.some_people(given) is given
    monkeypatch.setattr(plan, "CHOSEN_BY", len(given) // 3)
    found = plan.some_people(given)
    assert 0.2 * len(given) < len(found) < 0.5 * len(given)
    whole = np.bincount(given.people, minlength=given.n_people)
    some = np.bincount(found.people, minlength=given.n_people)
    assert set(np.unique(some[some > 0] == whole[some > 0])) == {True}


def test_what_a_person_has_takes_no_place_when_parts_are_compared() -> None:
    # Each of twelve items is nearest to itself, then to the next one.
    n = 12
    codes = np.stack([np.arange(n), (np.arange(n) + 1) % n], axis=1).astype(np.int32)
    part = Part(Neighbours(codes, np.tile(np.array([1, 0.5], np.float32), (n, 1))), None, "collaborative")
    case = Case(history(3), np.array([4], np.int32), np.empty(0, np.int32))
    assert ndcg_of(part, [case], PLAIN, n) == 1.0
    assert ndcg_of(part, [], PLAIN, n) == 0.0


def test_how_histories_are_read_is_learnt_and_as_they_are_where_nobody_can_be_asked() -> None:
    n = 40
    codes = ((np.arange(n)[:, None] + np.arange(1, 3)) % n).astype(np.int32)
    part = Part(Neighbours(codes, np.tile(np.array([1, 0.9], np.float32), (n, 1))), None, "collaborative")
    # What follows the newest is bought, what follows the older one has a smaller code and is as near.
    cases = [
        Case(history(at, at + 20, ages=[300, 0]), np.array([(at + 21) % n], np.int32), np.empty(0, np.int32))
        for at in range(15)
    ]
    chosen = choose_decay(part, "next", cases, n)
    assert ndcg_of(part, cases, chosen, n) > ndcg_of(part, cases, PLAIN, n)
    assert choose_decay(part, "next", (), n) == PLAIN
    assert choose_decay(part, "set", cases, n) == PLAIN
