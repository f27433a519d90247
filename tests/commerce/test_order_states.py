"""The states of items and orders: which moves are legal, and what an order's status is by its items."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commerce.order_states import (
    DONE,
    MOVES,
    SPELLINGS,
    Move,
    OrderStatus,
    can_be,
    is_legal,
    legal_moves,
    status_of_order,
)

PENDING, PROCESSING, SHIPPED, COMPLETE, CANCELLED, RETURNED = OrderStatus

# By hand: what may be done to an item of each status, and what it is then.
LEGAL = {
    PENDING: {Move.PAY: PROCESSING, Move.CANCEL: CANCELLED},
    PROCESSING: {Move.SHIP: SHIPPED, Move.CANCEL: CANCELLED},
    SHIPPED: {Move.DELIVER: COMPLETE, Move.RETURN: RETURNED},
    COMPLETE: {Move.RETURN: RETURNED},
    CANCELLED: {},
    RETURNED: {},
}


@pytest.mark.parametrize("status", OrderStatus)
@pytest.mark.parametrize("move", Move)
def test_each_move_is_legal_from_where_the_table_has_it_and_leads_there(status: OrderStatus, move: Move) -> None:
    assert is_legal(move, status) is (move in LEGAL[status])
    if move in LEGAL[status]:
        assert MOVES[move][1] is LEGAL[status][move]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([PENDING], PENDING),
        ([PENDING, CANCELLED], PENDING),
        ([PROCESSING, SHIPPED, COMPLETE], PROCESSING),
        ([PROCESSING, CANCELLED, RETURNED], PROCESSING),
        ([SHIPPED, SHIPPED], SHIPPED),
        ([SHIPPED, COMPLETE, RETURNED], SHIPPED),
        ([COMPLETE, COMPLETE], COMPLETE),
        ([COMPLETE, CANCELLED], COMPLETE),
        ([COMPLETE, RETURNED], COMPLETE),
        ([RETURNED, RETURNED], RETURNED),
        ([RETURNED, CANCELLED], RETURNED),
        ([CANCELLED, CANCELLED], CANCELLED),
        ([], CANCELLED),
    ],
)
def test_an_order_stands_where_its_furthest_behind_item_does(items: list[OrderStatus], expected: OrderStatus) -> None:
    assert status_of_order(items) is expected
    assert status_of_order(items[::-1]) is expected


def test_what_is_on_its_way_back_is_not_asked_for_again() -> None:
    for status in (SHIPPED, COMPLETE):
        assert can_be(Move.RETURN, status, False)
        assert not can_be(Move.RETURN, status, True)
    # It may still arrive meanwhile.
    assert can_be(Move.DELIVER, SHIPPED, True)


def test_the_moves_of_an_order_are_those_of_any_item() -> None:
    assert legal_moves([(PENDING, False)]) == [Move.PAY, Move.CANCEL]
    assert legal_moves([(PROCESSING, False), (COMPLETE, False)]) == [Move.SHIP, Move.CANCEL, Move.RETURN]
    assert legal_moves([(SHIPPED, True)]) == [Move.DELIVER]
    assert legal_moves([(COMPLETE, True), (COMPLETE, False)]) == [Move.RETURN]
    assert legal_moves([(COMPLETE, True), (CANCELLED, False)]) == []
    assert legal_moves([(CANCELLED, False), (RETURNED, True)]) == []


def test_every_move_can_be_spoken_of() -> None:
    assert DONE == {
        Move.PAY: "paid",
        Move.SHIP: "shipped",
        Move.DELIVER: "delivered",
        Move.CANCEL: "cancelled",
        Move.RETURN: "returned",
    }


@pytest.mark.parametrize(
    ("spelling", "status"), [("completed", COMPLETE), ("canceled", CANCELLED), ("returned", RETURNED)]
)
def test_other_spellings_are_known(spelling: str, status: OrderStatus) -> None:
    assert SPELLINGS[spelling] is status
    assert status.wire.lower() in SPELLINGS


_ORDER = {PENDING: 0, PROCESSING: 1, SHIPPED: 2, COMPLETE: 3, CANCELLED: 4, RETURNED: 4}


@given(
    size=st.integers(1, 6),
    walk=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(Move))), max_size=40),
)
def test_any_sequence_of_legal_moves_only_leads_forward(size: int, walk: list[tuple[int, Move]]) -> None:
    items = [PENDING] * size
    for at, move in walk:
        before, stood = list(items), status_of_order(items)
        index = at % size
        if not is_legal(move, items[index]):
            assert move not in LEGAL[items[index]]
            continue
        items[index] = MOVES[move][1]
        assert _ORDER[items[index]] > _ORDER[before[index]]
        # The order follows the furthest behind: it never goes back, and never runs ahead of an open item.
        stands = status_of_order(items)
        assert _ORDER[stands] >= _ORDER[stood]
        still_open = [item for item in items if item not in (CANCELLED, RETURNED)]
        assert _ORDER[stands] == min((_ORDER[item] for item in still_open), default=4)
        assert (stands is RETURNED) == (not still_open and RETURNED in items)
        assert (stands is CANCELLED) == (not still_open and RETURNED not in items)
    # Whatever is open can go on.
    for item in items:
        assert bool(legal_moves([(item, False)])) == (item not in (CANCELLED, RETURNED))
