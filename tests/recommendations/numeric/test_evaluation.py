"""Figures of lists, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.cases import Case
from chalicelib.recommendations.numeric.evaluation import measure, per_person
from tests.recommendations.numeric.planted import history


def codes(*given: int) -> NDArray[Any]:
    return np.array(given, dtype=np.int32)


def test_ndcg_discounts_by_place_and_is_ideal_for_as_many_as_there_are() -> None:
    found = per_person([codes(7, 1, 8, 2), codes(1, 2)], [codes(1, 2, 3), codes(1, 2)])
    places_2_and_4 = 1 / np.log2(3) + 1 / np.log2(5)
    first_three = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert found.ndcg[0] == pytest.approx(places_2_and_4 / first_three)
    assert found.ndcg[1] == pytest.approx(1.0)
    assert found.recall.tolist() == pytest.approx([2 / 3, 1.0])
    assert found.hit.tolist() == [1.0, 1.0]


def test_only_ten_and_twenty_places_count() -> None:
    listed = codes(*range(30))
    found = per_person([listed, listed, listed], [codes(10), codes(19), codes(20)])
    assert found.ndcg.tolist() == [0, 0, 0]
    assert found.hit.tolist() == [0, 0, 0]
    assert found.recall.tolist() == [1, 1, 0]


def test_a_repeated_item_takes_a_place_and_earns_once() -> None:
    once, twice = per_person([codes(5, 1), codes(1, 1)], [codes(1, 2), codes(1, 2)]).recall
    assert once == twice == 0.5


def test_of_many_targets_twenty_are_all_that_can_be_found() -> None:
    found = per_person([codes(*range(20))], [codes(*range(50))])
    assert found.recall[0] == 1.0
    assert found.ndcg[0] == pytest.approx(1.0)


def test_figures_of_people_are_summed_up_by_length_of_history() -> None:
    cases = [
        Case(history(0), codes(1), codes()),
        Case(history(0, 0, 3), codes(1), codes()),
        Case(history(0, 2, 3), codes(4), codes()),
    ]
    popularity = np.array([3.0, 1.0, 0.0, 0.0, 0.0], dtype=np.float32)
    found = measure([codes(1), codes(2), codes(4)], cases, popularity)
    assert found["people"] == 3
    assert found["hit10"] == pytest.approx(2 / 3, abs=1e-5)
    assert found["by_length"]["1-2"] == {"ndcg10": 0.5, "recall20": 0.5, "hit10": 0.5, "people": 2}
    assert found["by_length"]["3-9"]["ndcg10"] == 1.0
    assert found["coverage10"] == pytest.approx(3 / 5)
    # Shares of (units + 1) of 9: item 1 has 2, items 2 and 4 have 1 each.
    assert found["novelty10"] == pytest.approx((np.log2(9 / 2) + 2 * np.log2(9)) / 3, abs=1e-4)


def test_nobody_has_no_figures() -> None:
    assert measure([], [], np.zeros(3, dtype=np.float32)) == {"people": 0}
