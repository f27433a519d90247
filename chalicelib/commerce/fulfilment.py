"""What is done with an order: paid by hand, shipped in parts, delivered, cancelled.

An illegal move names the legal ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.commerce import fulfilment_sql, order_mails, orders, orders_sql, refunds, stock, timeline
from chalicelib.commerce.order_states import DONE, MOVES, Move, OrderStatus, can_be, legal_moves, status_of_order
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, FieldError, NotFound
from chalicelib.core.money import from_cents


class IllegalMove(Conflict):
    """An item of the order does not stand where this could be done to it."""

    code = "illegal-move"
    title = "Not possible in this state"


class NoSuchItem(Conflict):
    """The order has no such item."""

    code = "no-such-item"
    title = "No such item"


_STAMPS = {
    OrderStatus.SHIPPED: "shipped_at",
    OrderStatus.COMPLETE: "delivered_at",
    OrderStatus.RETURNED: "returned_at",
}
_TIMES = tuple(_STAMPS.values())


def status_of(item: Any) -> OrderStatus:
    """Return where an item stands."""
    return OrderStatus(item.status)


def moves_of(items: Iterable[Any]) -> list[str]:
    """Return the names of what can be done to at least one of the items."""
    return [move.value for move in legal_moves((status_of(item), is_coming_back(item)) for item in items)]


def is_coming_back(item: Any) -> bool:
    """Tell whether a return of the item is under way. A received return keeps its items, which are returned then."""
    return item.return_id is not None


def items_to_move(
    connection: Connection, order: Any, move: Move, item_ids: Collection[int] | None
) -> tuple[list[Any], list[Any]]:
    """Return all items of a locked order, and those to move: the named ones, or all that can be.

    Raises:
        NoSuchItem: a named item is none of the order's.
        IllegalMove: a named item, or every item, stands where it cannot be done.
    """
    items = list(orders_sql.list_items(connection, order.id))
    if item_ids is None:
        chosen = [item for item in items if can_be(move, status_of(item), is_coming_back(item))]
        if not chosen:
            raise _illegal(move, order, items, [])
        return items, chosen
    known = {item.id: item for item in items}
    strangers = sorted(set(item_ids) - set(known))
    if strangers:
        raise NoSuchItem(f"Order {order.id} has no item {strangers[0]}.")
    chosen = [known[item_id] for item_id in sorted(set(item_ids))]
    wrong = [item for item in chosen if not can_be(move, status_of(item), is_coming_back(item))]
    if wrong:
        raise _illegal(move, order, items, wrong)
    return items, chosen


def _illegal(move: Move, order: Any, items: Sequence[Any], wrong: Sequence[Any]) -> IllegalMove:
    legal = moves_of(items)
    possible = f"Possible now: {', '.join(legal)}." if legal else "Nothing is possible any more."
    errors = [FieldError("body.item_ids", f"item {item.id} is {_stand_of(item)}") for item in wrong]
    first = f"Order {order.id}: item {wrong[0].id} is {_stand_of(wrong[0])}" if wrong else None
    stands = first or f"Order {order.id} is {OrderStatus(order.status).wire}"
    return IllegalMove(f"{stands}; it cannot be {DONE[move]}. {possible}", errors=errors)


def _stand_of(item: Any) -> str:
    status = status_of(item)
    on_its_way = is_coming_back(item) and status is not OrderStatus.RETURNED
    return f"{status.wire} and on its way back" if on_its_way else status.wire


def moved(connection: Connection, order: Any, items: Sequence[Any], chosen: Sequence[Any], move: Move) -> OrderStatus:
    """Move the chosen items and the order with them; return the order's new status."""
    now, target = clock.now(), MOVES[move][1]
    stamped = {_STAMPS[target]: now} if target in _STAMPS else {}
    ids = {item.id for item in chosen}
    orders_sql.update_items(connection, ids, {"status": target.value, **stamped})
    after = [target if item.id in ids else status_of(item) for item in items]
    status = status_of_order(after)
    times = [
        {name: stamped.get(name) if item.id in ids and name in stamped else getattr(item, name) for name in _TIMES}
        for item, stands in zip(items, after, strict=True)
        if stands is not OrderStatus.CANCELLED
    ]
    values: dict[str, Any] = {"status": status.value, "updated_at": now}
    values |= {name: at for name, at in _times_of(status, times, now).items() if getattr(order, name) is None}
    if move is Move.PAY:
        values["paid_at"] = now
    orders_sql.update_order(connection, order.id, values)
    return status


def _times_of(status: OrderStatus, items: Sequence[Mapping[str, datetime | None]], now: datetime) -> dict[str, Any]:
    """Return the order's own times: those in which the last of its items, without the cancelled ones, came so far.

    What was cancelled later moves none of them. An imported item of which no time is known counts as now.
    """
    reached = {
        OrderStatus.SHIPPED: _TIMES[:1],
        OrderStatus.COMPLETE: _TIMES[:2],
        # What came back may never have been taken in.
        OrderStatus.RETURNED: _TIMES if all(item["delivered_at"] for item in items) else (_TIMES[0], _TIMES[2]),
    }
    return {name: max(item[name] or now for item in items) for name in reached.get(status, ())}


def mark_paid(connection: Connection, order_id: int, method: str, actor: str) -> None:
    """Note that a pending order was paid beside any provider: its units are sold.

    What was cancelled before is not paid: the payment is that of the items that are left, and of shipping.

    Raises:
        NotFound, IllegalMove: there is no such order, or it is not pending.
    """
    order = orders.lock_order(connection, order_id, owner_id=None)
    items, chosen = items_to_move(connection, order, Move.PAY, None)
    moved(connection, order, items, chosen, Move.PAY)
    imported = order.total_cents is None
    due = 0 if imported else sum(map(paid_cents, chosen)) + order.shipping_cents
    orders.insert_manual_payment(connection, order_id, due, method)
    amount = None if imported else from_cents(due)
    text = f"Paid by {method}." if imported else f"{amount} was paid by {method}."
    timeline.write(connection, order_id, "paid", text, actor)
    orders.record(connection, "order.paid", order, amount=amount, currency=order.currency)
    reserved = units_of(connection, chosen, "reserved")
    stock.sell_units(connection, reserved, at=clock.now(), reference=f"order:{order_id}", actor=actor)


def ship(
    connection: Connection,
    order_id: int,
    item_ids: Collection[int] | None,
    *,
    carrier: str | None,
    tracking_number: str | None,
    actor: str,
) -> int:
    """Send items of an order in one parcel, all that wait when none is named; return the shipment's id.

    Raises:
        NotFound, NoSuchItem, IllegalMove: there is no such order or item, or it does not wait to be shipped.
    """
    order = orders.lock_order(connection, order_id, owner_id=None)
    items, chosen = items_to_move(connection, order, Move.SHIP, item_ids)
    values = {
        "order_id": order_id,
        "carrier": carrier,
        "tracking_number": tracking_number,
        "shipped_at": clock.now(),
    }
    shipment_id = fulfilment_sql.insert_shipment(connection, values)
    moved(connection, order, items, chosen, Move.SHIP)
    orders_sql.update_items(connection, [item.id for item in chosen], {"shipment_id": shipment_id})
    by = f" by {carrier}" if carrier else ""
    timeline.write(connection, order_id, "shipped", f"{len(chosen)} of {len(items)} items left{by}.", actor)
    order_mails.shipped(connection, order, items=len(chosen), carrier=carrier, tracking_number=tracking_number)
    told = {"shipment_id": shipment_id, "carrier": carrier, "tracking_number": tracking_number}
    orders.record(connection, "order.shipped", order, item_ids=[item.id for item in chosen], **told)
    return shipment_id


def deliver(
    connection: Connection, order_id: int, item_ids: Collection[int] | None, shipment_id: int | None, actor: str
) -> None:
    """Note that items arrived: those of a shipment, the named ones (of it), or all that are on their way.

    Raises:
        NotFound, NoSuchItem, IllegalMove: there is no such order, shipment or item, or it is not on its way.
    """
    order = orders.lock_order(connection, order_id, owner_id=None)
    if shipment_id is not None:
        if fulfilment_sql.find_shipment(connection, order_id, shipment_id) is None:
            raise NotFound(f"Order {order_id} has no shipment {shipment_id}.")
        item_ids = _of_shipment(connection, order_id, shipment_id, item_ids)
    items, chosen = items_to_move(connection, order, Move.DELIVER, item_ids)
    moved(connection, order, items, chosen, Move.DELIVER)
    _close_shipments(connection, order_id, chosen, clock.now())
    timeline.write(connection, order_id, "delivered", f"{len(chosen)} of {len(items)} items arrived.", actor)
    orders.record(connection, "order.delivered", order, item_ids=[item.id for item in chosen])


def _of_shipment(
    connection: Connection, order_id: int, shipment_id: int, item_ids: Collection[int] | None
) -> Collection[int]:
    """Return the named items, all of which must have left in a shipment; else those of it that are on their way."""
    inside = {
        item.id: item for item in orders_sql.list_items(connection, order_id) if item.shipment_id == shipment_id
    }
    if item_ids is None:
        return [item.id for item in inside.values() if status_of(item) is OrderStatus.SHIPPED] or list(inside)
    strangers = sorted(set(item_ids) - set(inside))
    if strangers:
        raise NoSuchItem(f"Shipment {shipment_id} has no item {strangers[0]}.")
    return item_ids


def _close_shipments(connection: Connection, order_id: int, arrived: Sequence[Any], now: datetime) -> None:
    """A shipment is delivered when nothing of it is on its way any more."""
    touched = {item.shipment_id for item in arrived if item.shipment_id is not None}
    under_way = {
        item.shipment_id
        for item in orders_sql.list_items(connection, order_id)
        if status_of(item) is OrderStatus.SHIPPED
    }
    for shipment_id in sorted(touched - under_way):
        fulfilment_sql.update_shipment(connection, shipment_id, {"delivered_at": now})


def cancel(
    connection: Connection,
    order_id: int,
    item_ids: Collection[int] | None,
    *,
    reason: str,
    actor: str,
    owner_id: int | None,
) -> None:
    """Cancel items that have not left, all of them when none is named: their units are free, their money goes back.

    With the last item goes what was paid for shipping. A customer cancels its own order only.

    Raises:
        NotFound, NoSuchItem, IllegalMove: there is no such order or item, or it has left.
    """
    order = orders.lock_order(connection, order_id, owner_id=owner_id)
    items, chosen = items_to_move(connection, order, Move.CANCEL, item_ids)
    status = moved(connection, order, items, chosen, Move.CANCEL)
    timeline.write(connection, order_id, "cancelled", f"{len(chosen)} of {len(items)} items: {reason}", actor)
    orders.record(connection, "order.cancelled", order, item_ids=[item.id for item in chosen], reason=reason)
    order_mails.cancelled(connection, order, items=len(chosen))
    paid = [item for item in chosen if status_of(item) is not OrderStatus.PENDING]
    if order.total_cents is not None and paid:
        with_shipping = order.shipping_cents if status is OrderStatus.CANCELLED else 0
        give_back(connection, order_id, paid, more_cents=with_shipping, reason=f"Cancelled: {reason}", actor=actor)
    _free_units(connection, order_id, chosen, actor)


def give_back(
    connection: Connection, order_id: int, items: Sequence[Any], *, more_cents: int, reason: str, actor: str
) -> None:
    """Give back what was paid for items and was not given back yet, and `more_cents` beside, as far as it is left.

    Goodwill may have given some of it back before: never more than what is left of the payments. Nobody else changes
    that meanwhile, since all who do have locked the order.
    """
    owed = sum(paid_cents(item) - item.refunded_cents for item in items) + more_cents
    left = refunds.refundable_cents(connection, order_id)
    refunds.refund_order(connection, order_id, min(owed, left), reason=reason, actor=actor)
    orders_sql.set_refunded(connection, [item.id for item in items])


def paid_cents(item: Any) -> int:
    """Return what was paid for an item, tax that was added included."""
    return int(item.sale_price_cents) + (0 if item.tax_included else int(item.tax_cents))


def _free_units(connection: Connection, order_id: int, items: Sequence[Any], actor: str) -> None:
    """Put units back on the shelf: a pending order holds them reserved, a paid one sold."""
    reference = f"order:{order_id}"
    reserved = units_of(connection, items, "reserved")
    if reserved:
        stock.release_units(connection, reserved, reference=reference, actor=actor)
    sold = units_of(connection, items, "sold")
    if sold:
        stock.take_back_units(
            connection, sold, resellable=True, reference=reference, actor=actor, reason="order cancelled"
        )


def units_of(connection: Connection, items: Sequence[Any], state: str) -> list[int]:
    """Return the units of items that are in a state, locked: imported orders may name units that went on since."""
    units = [item.inventory_item_id for item in items if item.inventory_item_id is not None]
    return stock.units_of_state(connection, units, state)
