"""The arithmetic of stock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commerce.stock.ledger import COUNTERS, Entry, Place, State, changes, explain

HERE, THERE = Place(1, 1), Place(1, 2)
NONE = dict.fromkeys(COUNTERS, 0)


def test_what_comes_in_counts_as_received_and_as_free() -> None:
    assert changes([Entry(HERE, State.OUTSIDE, State.FREE, 3)]) == {HERE: NONE | {"received": 3, "free": 3}}


def test_a_transfer_leaves_one_place_and_reaches_another() -> None:
    entries = [Entry(THERE, State.TRANSIT, State.FREE, 2), Entry(HERE, State.FREE, State.TRANSIT, 2)]
    found = changes(entries)
    assert found == {
        HERE: NONE | {"transferred": -2, "free": -2},
        THERE: NONE | {"transferred": 2, "free": 2},
    }
    assert list(found) == [HERE, THERE], "counters are locked in this order"


def test_a_sale_of_a_reserved_unit_moves_between_the_two() -> None:
    assert changes([Entry(HERE, State.RESERVED, State.SOLD, 1)]) == {HERE: NONE | {"reserved": -1, "sold": 1}}


@given(st.lists(st.tuples(st.sampled_from(State), st.sampled_from(State), st.integers(1, 9))))
def test_any_change_of_counters_has_entries_that_explain_it(moves: list[tuple[State, State, int]]) -> None:
    difference = NONE | changes(Entry(HERE, *move) for move in moves).get(HERE, NONE)
    entries = explain(HERE, difference)
    assert changes(entries).get(HERE, NONE) == difference
    assert all(entry.units > 0 and entry.source != entry.target for entry in entries)


def test_a_change_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="does not add up"):
        explain(HERE, NONE | {"free": 1})
