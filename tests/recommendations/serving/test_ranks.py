"""Rows in the order in which they are shown."""

from __future__ import annotations

from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chalicelib.recommendations.serving.ranks import in_order


def mask(*bits: int) -> NDArray[np.bool_]:
    return np.array(bits, dtype=bool)


def scores(*values: float) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def groups(*values: int) -> NDArray[np.int32]:
    return np.array(values, dtype=np.int32)


def test_the_best_come_first_and_equal_ones_by_row() -> None:
    found = in_order(scores(1, 3, 3, 0, 2), [mask(1, 1, 1, 1, 1)], groups(0, 0, 0, 0, 0), 2, 0.0)
    assert [block.tolist() for block in found] == [[1, 2], [4, 0], [3]]


def test_a_whole_tier_comes_before_the_next() -> None:
    tiers = [mask(1, 0, 0, 1), mask(0, 1, 0, 0)]
    found = in_order(scores(1, 9, 9, 2), tiers, groups(0, 0, 0, 0), 3, 0.5)
    assert [block.tolist() for block in found] == [[3, 0, 1]], "the third row is in no tier"


def test_a_varied_list_takes_other_groups_earlier_and_then_goes_on_in_order() -> None:
    tier, kinds = mask(1, 1, 1, 1, 1), groups(0, 0, 0, 1, 1)
    points = scores(10, 9, 8, 7, 0)
    assert next(in_order(points, [tier], kinds, 2, 0.0)).tolist() == [0, 1]
    # (1 - d) x 0.9 - d x 1 of the second row, (1 - d) x 0.7 of the fourth: from d = 1/6 on the other group is better.
    assert next(in_order(points, [tier], kinds, 2, 0.1)).tolist() == [0, 1]
    varied = in_order(points, [tier], kinds, 2, 0.3)
    assert [block.tolist() for block in varied] == [[0, 3], [1, 2], [4]]


def test_nothing_is_asked_for_or_there() -> None:
    assert list(in_order(scores(1, 2), [mask(1, 1)], groups(0, 0), 0, 0.1)) == []
    assert list(in_order(scores(1, 2), [mask(0, 0)], groups(0, 0), 3, 0.1)) == []
    assert list(in_order(scores(), [mask()], groups(), 3, 0.1)) == []


@given(
    points=st.lists(st.integers(0, 5), max_size=200),
    n=st.integers(1, 60),
    diversity=st.sampled_from([0.0, 0.1, 0.9]),
    data=st.data(),
)
def test_all_blocks_together_hold_each_allowed_row_once(
    points: list[int], n: int, diversity: float, data: st.DataObject
) -> None:
    tier_of = data.draw(st.lists(st.integers(0, 2), min_size=len(points), max_size=len(points)))
    tiers = [np.array([tier == number for tier in tier_of], dtype=bool) for number in (0, 1)]
    kinds = np.array([point % 3 for point in points], dtype=np.int32)
    blocks = list(in_order(scores(*points), tiers, kinds, n, diversity))
    rows = [row for block in blocks for row in block.tolist()]
    assert sorted(rows) == [row for row, tier in enumerate(tier_of) if tier < 2]
    assert len(rows) == len(set(rows))
    assert [tier_of[row] for row in rows[:n]] == sorted(tier_of[row] for row in rows[:n])
    assert len(next(iter(blocks), [])) == min(n, len(rows))
    if diversity == 0:
        whole = sorted(rows, key=lambda row: (tier_of[row], -points[row], row))
        assert rows == whole
    assert [block.tolist() for block in islice(in_order(scores(*points), tiers, kinds, n, diversity), 2)] == [
        block.tolist() for block in blocks[:2]
    ]
