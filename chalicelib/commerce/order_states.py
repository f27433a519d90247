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


def legal_moves(statuses: Iterable[OrderStatus]) -> list[Move]:
    """Return what can be done to at least one of the items."""
    present = set(statuses)
    return [move for move, (origins, _target) in MOVES.items() if origins & present]


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
