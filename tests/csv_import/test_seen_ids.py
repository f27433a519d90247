"""Seen ids against a plain set of Python integers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_import.seen_ids import SeenIds

LAST = 2**63 - 1

near = st.integers(1, 40)
anywhere = st.integers(-(2**63), LAST) | st.sampled_from([LAST, LAST - 1, -(2**63), 0, 1])
batches = st.lists(st.lists(near | anywhere, max_size=20), max_size=8)


def positions_seen(batch: list[int], seen: set[int]) -> list[int]:
    """What `add` should return."""
    positions = []
    for at, number in enumerate(batch):
        if number in seen:
            positions.append(at)
        seen.add(number)
    return positions


@given(batches)
def test_the_same_answers_as_a_set(batches: list[list[int]]) -> None:
    ids, seen = SeenIds(), set[int]()
    for batch in batches:
        assert ids.add(batch) == positions_seen(batch, seen)
    assert ids.add(sorted(seen)) == list(range(len(seen)))


def test_repeated_ids_within_a_batch_and_across_batches() -> None:
    ids = SeenIds()
    assert ids.add([5, 3, 5, 4, 3]) == [2, 4]
    assert ids.add([6, 4, 7, 6]) == [1, 3]
    assert ids.add([]) == []


def test_the_ids_of_a_dense_file_cost_next_to_nothing() -> None:
    ids = SeenIds()
    for start in range(1, 1_000_000, 20_000):
        assert ids.add(range(start, start + 20_000)) == []
    assert ids.nbytes < 50_000
    assert ids.add([1, 500_000, 1_000_001]) == [0, 1]


def test_scattered_ids_cost_little_more_than_sixteen_bytes_each() -> None:
    ids = SeenIds()
    scattered = np.random.default_rng(1).permutation(200_000) * 2
    for part in np.array_split(scattered, 20):
        assert ids.add(part.tolist()) == []
    assert ids.nbytes < 200_000 * 16 * 1.6
    assert ids.add(scattered.tolist()) == list(range(200_000))


def test_gaps_that_are_filled_later_join_the_runs() -> None:
    ids = SeenIds()
    for start in (1, 2, 0):
        assert ids.add(range(start, 300_000, 3)) == []
    fresh = SeenIds()
    fresh.add(range(300_000))
    assert ids.add(range(300_000)) == list(range(300_000))
