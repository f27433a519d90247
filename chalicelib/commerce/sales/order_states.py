"""The states of order items and orders, and the moves between them. Pure rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum


class OrderStatus(StrEnum):
    """Where an order, or an item of it, stands. Stored in lower case, answered as `wire`."""

    PENDING = "pending"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    RETURNED = "returned"

    @property
    def wire(self) -> str:
        """The spelling that clients know."""
        return self.value.capitalize()


# Every spelling in the wild, in lower case.
SPELLINGS = {status.value: status for status in OrderStatus} | {
    "completed": OrderStatus.COMPLETE,
    "canceled": OrderStatus.CANCELLED,
}


class Move(StrEnum):
    """What can be done to an item of an order."""

    PAY = "pay"
    SHIP = "ship"
    DELIVER = "deliver"
    CANCEL = "cancel"
    RETURN = "return"


# From where each move may be made, and where it leads.
MOVES: dict[Move, tuple[frozenset[OrderStatus], OrderStatus]] = {
    Move.PAY: (frozenset({OrderStatus.PENDING}), OrderStatus.PROCESSING),
    Move.SHIP: (frozenset({OrderStatus.PROCESSING}), OrderStatus.SHIPPED),
    Move.DELIVER: (frozenset({OrderStatus.SHIPPED}), OrderStatus.COMPLETE),
    Move.CANCEL: (frozenset({OrderStatus.PENDING, OrderStatus.PROCESSING}), OrderStatus.CANCELLED),
    # A parcel may come back that nobody took in.
    Move.RETURN: (frozenset({OrderStatus.SHIPPED, OrderStatus.COMPLETE}), OrderStatus.RETURNED),
}


def is_legal(move: Move, status: OrderStatus) -> bool:
    """Tell whether an item of `status` can be moved so."""
    return status in MOVES[move][0]


# How a move is spoken of once it is made.
DONE = {
    Move.PAY: "paid",
    Move.SHIP: "shipped",
    Move.DELIVER: "delivered",
    Move.CANCEL: "cancelled",
    Move.RETURN: "returned",
}


def legal_moves(items: Iterable[tuple[OrderStatus, bool]]) -> list[Move]:
    """Return what can be done to at least one of the items: each as its status, and whether it is on its way back."""
    present = set(items)
    return [move for move in Move if any(can_be(move, status, coming_back) for status, coming_back in present)]


def can_be(move: Move, status: OrderStatus, coming_back: bool) -> bool:
    """Tell whether an item can be moved so. What is on its way back already is not asked for twice."""
    return is_legal(move, status) and not (move is Move.RETURN and coming_back)


# An order is as far as the item of it that is furthest behind.
_BEHIND = (OrderStatus.PENDING, OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.COMPLETE)


def status_of_order(items: Sequence[OrderStatus]) -> OrderStatus:
    """Return the status of an order by its items.

    Cancelled and returned items do not hold an order up: it stands where the furthest behind of the others does. When
    there is no other, it is returned if anything was ever sent back, else cancelled.
    """
    counted = Counter(items)
    for status in _BEHIND:
        if counted[status]:
            return status
    return OrderStatus.RETURNED if counted[OrderStatus.RETURNED] else OrderStatus.CANCELLED
