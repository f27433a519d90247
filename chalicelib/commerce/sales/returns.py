"""The rules of returns: a customer or staff asks for one, staff takes the goods in or refuses."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.commerce.catalogue import distribution_centers
from chalicelib.commerce.sales import fulfilment, fulfilment_sql, orders, orders_sql, timeline
from chalicelib.commerce.sales.order_states import Move, can_be
from chalicelib.commerce.stock import stock
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.paging import Page, PageRequest


class ReturnReason(StrEnum):
    """Why something is sent back."""

    WRONG_SIZE = "wrong_size"
    NOT_AS_DESCRIBED = "not_as_described"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    LATE = "late"
    CHANGED_MIND = "changed_mind"
    OTHER = "other"


class TooLate(Conflict):
    """The time in which things may be sent back is over."""

    code = "return-too-late"
    title = "Too late to send back"


class ReturnClosed(Conflict):
    """The return was decided already."""

    code = "return-closed"
    title = "Return already decided"


def request(
    connection: Connection,
    order_id: int,
    item_ids: Collection[int] | None,
    *,
    reason: ReturnReason,
    comment: str | None,
    actor: str,
    owner_id: int | None,
) -> int:
    """Ask to send items back, all that can be when none is named; return the return's id.

    A customer may do so for its own order, up to RETURN_DAYS after delivery; staff at any time.

    Raises:
        NotFound, NoSuchItem, IllegalMove: there is no such order or item, or it has not left, or is on its way back.
        TooLate: the customer's time is over.
    """
    order = orders.lock_order(connection, order_id, owner_id=owner_id)
    items, chosen = _items_to_send_back(connection, order, item_ids, owner_id=owner_id)
    now = clock.now()
    values = {
        "order_id": order_id,
        "state": "requested",
        "reason": reason.value,
        "comment": comment,
        "requested_by": actor,
        "created_at": now,
    }
    return_id = fulfilment_sql.insert_return(connection, values)
    orders_sql.update_items(connection, [item.id for item in chosen], {"return_id": return_id})
    orders_sql.update_order(connection, order_id, {"updated_at": now})
    text = f"{len(chosen)} of {len(items)} items are to come back ({reason.value.replace('_', ' ')})."
    timeline.write(connection, order_id, "return-requested", text, actor)
    return return_id


def check(connection: Connection, order_id: int, item_ids: Collection[int] | None, *, owner_id: int | None) -> int:
    """Tell whether a return could be asked for now, which changes nothing: return of how many items.

    Raises:
        as `request`.
    """
    order = orders.get_order(connection, order_id, owner_id=owner_id)
    return len(_items_to_send_back(connection, order, item_ids, owner_id=owner_id)[1])


def may_send_back(item: Any, now: datetime) -> bool:
    """Tell whether its customer may send an item of an order back now."""
    return can_be(Move.RETURN, fulfilment.status_of(item), fulfilment.is_coming_back(item)) and _in_time(item, now)


def _items_to_send_back(
    connection: Connection, order: Any, item_ids: Collection[int] | None, *, owner_id: int | None
) -> tuple[list[Any], list[Any]]:
    items, chosen = fulfilment.items_to_move(connection, order, Move.RETURN, item_ids)
    now = clock.now()
    if owner_id is not None and not all(_in_time(item, now) for item in chosen):
        raise TooLate(f"Things can be sent back for {settings().return_days} days; ask the shop.")
    return items, chosen


def _in_time(item: Any, now: datetime) -> bool:
    return item.delivered_at is None or item.delivered_at >= now - timedelta(days=settings().return_days)


def _open_return(connection: Connection, order_id: int, return_id: int) -> tuple[Any, Any]:
    order = orders.lock_order(connection, order_id, owner_id=None)
    found = fulfilment_sql.find_return(connection, order_id, return_id)
    if found is None:
        raise NotFound(f"Order {order_id} has no return {return_id}.")
    if found.state != "requested":
        raise ReturnClosed(f"Return {return_id} was {found.state}.")
    return order, found


def receive(
    connection: Connection,
    order_id: int,
    return_id: int,
    *,
    written_off: Collection[int],
    center_id: int | None,
    refund: bool,
    actor: str,
) -> None:
    """Take returned goods in: units go back on the shelf, or are written off where their items are named.

    What was paid for the items goes back, unless `refund` is false. With a center the units lie there from now on.

    Raises:
        NotFound, ReturnClosed: there is no such return, or it was decided already.
        NoSuchItem: an item to write off is none of the return's.
        DistributionCenterUnavailable: there is no such center, or it is archived.
    """
    order, found = _open_return(connection, order_id, return_id)
    items = list(orders_sql.list_items(connection, order_id))
    chosen = [item for item in items if item.return_id == return_id]
    strangers = sorted(set(written_off) - {item.id for item in chosen})
    if strangers:
        raise fulfilment.NoSuchItem(f"Return {return_id} has no item {strangers[0]}.")
    if center_id is not None:
        distribution_centers.require_open(connection, [center_id])
    fulfilment.moved(connection, order, items, chosen, Move.RETURN)
    fulfilment_sql.update_return(connection, return_id, {"state": "received", "closed_at": clock.now()})
    timeline.write(connection, order_id, "returned", f"{len(chosen)} of {len(items)} items came back.", actor)
    orders.record(
        connection,
        "order.returned",
        order,
        return_id=return_id,
        item_ids=[item.id for item in chosen],
        reason=found.reason,
    )
    if refund and order.total_cents is not None:
        fulfilment.give_back(connection, order_id, chosen, more_cents=0, reason=f"Return {return_id}", actor=actor)
    # All units at once, before any counter: rows are locked in one order.
    sold = set(fulfilment.units_of(connection, chosen, "sold"))
    for resellable in (True, False):
        units = [item.inventory_item_id for item in chosen if (item.id not in written_off) is resellable]
        back = [unit_id for unit_id in units if unit_id in sold]
        if back:
            stock.take_back_units(
                connection,
                back,
                resellable=resellable,
                reference=f"order:{order_id}",
                actor=actor,
                reason=found.reason,
                center_id=center_id,
            )


def refuse(connection: Connection, order_id: int, return_id: int, *, reason: str, actor: str) -> None:
    """Refuse a return: the customer keeps the goods.

    Raises:
        NotFound, ReturnClosed: there is no such return, or it was decided already.
    """
    _open_return(connection, order_id, return_id)
    chosen = [item.id for item in orders_sql.list_items(connection, order_id) if item.return_id == return_id]
    orders_sql.update_items(connection, chosen, {"return_id": None})
    fulfilment_sql.update_return(connection, return_id, {"state": "refused", "closed_at": clock.now()})
    orders_sql.update_order(connection, order_id, {"updated_at": clock.now()})
    timeline.write(connection, order_id, "return-refused", f"The return was refused: {reason}", actor)


def list_returns(connection: Connection, page: PageRequest, *, state: str | None) -> Page[Any]:
    """Return returns of all orders, newest first."""
    return fulfilment_sql.list_returns(connection, page, state=state)
