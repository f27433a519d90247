"""What is done with an order: paid by hand, shipped in parts, delivered, cancelled.

An illegal move names the legal ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from chalicelib.commerce import fulfilment_sql, orders, orders_sql, refunds, stock, timeline
from chalicelib.commerce.order_states import MOVES, Move, OrderStatus, is_legal, legal_moves, status_of_order
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, FieldError, NotFound


class IllegalMove(Conflict):
    """An item of the order does not stand where this could be done to it."""

    code = "illegal-move"
    title = "Not possible in this state"


class NoSuchItem(Conflict):
    """The order has no such item."""

    code = "no-such-item"
    title = "No such item"


def status_of(item: Any) -> OrderStatus:
    """Return where an item stands."""
    return OrderStatus(item.status)


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
        chosen = [item for item in items if is_legal(move, status_of(item)) and _is_free_for(move, item)]
        if not chosen:
            raise _illegal(move, order, items, [])
        return items, chosen
    known = {item.id: item for item in items}
    strangers = sorted(set(item_ids) - set(known))
    if strangers:
        raise NoSuchItem(f"Order {order.id} has no item {strangers[0]}.")
    chosen = [known[item_id] for item_id in sorted(set(item_ids))]
    wrong = [item for item in chosen if not (is_legal(move, status_of(item)) and _is_free_for(move, item))]
    if wrong:
        raise _illegal(move, order, items, wrong)
    return items, chosen


def _is_free_for(move: Move, item: Any) -> bool:
    """Tell whether no return of the item is under way already."""
    return move is not Move.RETURN or item.return_id is None


def _illegal(move: Move, order: Any, items: Sequence[Any], wrong: Sequence[Any]) -> IllegalMove:
    legal = [each.value for each in legal_moves(map(status_of, items))]
    possible = f"Possible now: {', '.join(legal)}." if legal else "Nothing is possible any more."
    stands = OrderStatus(order.status).wire
    errors = [
        FieldError(
            "body.item_ids",
            f"item {item.id} is {status_of(item).wire}"
            + (" and on its way back" if item.return_id is not None else ""),
        )
        for item in wrong
    ]
    return IllegalMove(f"Order {order.id} is {stands}: it cannot {move.value}. {possible}", errors=errors)


def moved(connection: Connection, order: Any, items: Sequence[Any], chosen: Sequence[Any], move: Move) -> OrderStatus:
    """Move the chosen items and the order with them; return the order's new status."""
    now, target = clock.now(), MOVES[move][1]
    stamps = {
        OrderStatus.SHIPPED: "shipped_at",
        OrderStatus.COMPLETE: "delivered_at",
        OrderStatus.RETURNED: "returned_at",
    }
    stamped = {stamps[target]: now} if target in stamps else {}
    ids = {item.id for item in chosen}
    orders_sql.update_items(connection, ids, {"status": target.value, **stamped})
    status = status_of_order([target if item.id in ids else status_of(item) for item in items])
    values: dict[str, Any] = {"status": status.value, "updated_at": now}
    # The order's own times are those of the moment in which all of it had come so far.
    for reached, column in stamps.items():
        if status is reached and getattr(order, column) is None:
            values[column] = now
    if move is Move.PAY:
        values["paid_at"] = now
    orders_sql.update_order(connection, order.id, values)
    return status


def _units(items: Sequence[Any]) -> list[int]:
    return [item.inventory_item_id for item in items if item.inventory_item_id is not None]


def mark_paid(connection: Connection, order_id: int, method: str, actor: str) -> None:
    """Note that a pending order was paid beside any provider: its units are sold.

    Raises:
        NotFound, IllegalMove: there is no such order, or it is not pending.
    """
    order = orders.lock_order(connection, order_id, owner_id=None)
    items, chosen = items_to_move(connection, order, Move.PAY, None)
    moved(connection, order, items, chosen, Move.PAY)
    orders.insert_manual_payment(connection, order_id, order.total_cents or 0, method)
    timeline.write(connection, order_id, "paid", f"Paid by {method}.", actor)
    orders.record(connection, "order.paid", order)
    reserved = _of_state(connection, chosen, "reserved")
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
    told = {"shipment_id": shipment_id, "item_ids": [item.id for item in chosen]}
    orders.record(connection, "order.shipped", order, **told)
    return shipment_id


def deliver(
    connection: Connection, order_id: int, item_ids: Collection[int] | None, shipment_id: int | None, actor: str
) -> None:
    """Note that items arrived: those of a shipment, the named ones, or all that are on their way.

    Raises:
        NotFound, NoSuchItem, IllegalMove: there is no such order, shipment or item, or it is not on its way.
    """
    order = orders.lock_order(connection, order_id, owner_id=None)
    if shipment_id is not None:
        if fulfilment_sql.find_shipment(connection, order_id, shipment_id) is None:
            raise NotFound(f"Order {order_id} has no shipment {shipment_id}.")
        inside = [item for item in orders_sql.list_items(connection, order_id) if item.shipment_id == shipment_id]
        item_ids = [item.id for item in inside if status_of(item) is OrderStatus.SHIPPED] or [
            item.id for item in inside
        ]
    items, chosen = items_to_move(connection, order, Move.DELIVER, item_ids)
    moved(connection, order, items, chosen, Move.DELIVER)
    _close_shipments(connection, order_id, chosen, clock.now())
    timeline.write(connection, order_id, "delivered", f"{len(chosen)} of {len(items)} items arrived.", actor)
    orders.record(connection, "order.delivered", order, item_ids=[item.id for item in chosen])


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
    paid = [item for item in chosen if status_of(item) is not OrderStatus.PENDING]
    if order.total_cents is not None and paid:
        with_shipping = order.shipping_cents if status is OrderStatus.CANCELLED else 0
        give_back(connection, order_id, paid, more_cents=with_shipping, reason=f"Cancelled: {reason}", actor=actor)
    _free_units(connection, order_id, chosen, actor)


def give_back(
    connection: Connection, order_id: int, items: Sequence[Any], *, more_cents: int, reason: str, actor: str
) -> None:
    """Give back what was paid for items and was not given back yet, and `more_cents` beside, as far as it is left.

    Goodwill may have given some of it back before: never more than what is left of the payments.
    """
    owed = sum(paid_cents(item) - item.refunded_cents for item in items) + more_cents
    left = refunds.refundable_cents(connection, order_id)
    refunds.refund_order(connection, order_id, min(owed, left), reason=reason, actor=actor)
    orders_sql.add_refunded(connection, [item.id for item in items])


def paid_cents(item: Any) -> int:
    """Return what was paid for an item, tax that was added included."""
    return int(item.sale_price_cents) + (0 if item.tax_included else int(item.tax_cents))


def _free_units(connection: Connection, order_id: int, items: Sequence[Any], actor: str) -> None:
    """Put units back on the shelf: a pending order holds them reserved, a paid one sold."""
    reference = f"order:{order_id}"
    reserved = _of_state(connection, items, "reserved")
    if reserved:
        stock.release_units(connection, reserved, reference=reference, actor=actor)
    sold = _of_state(connection, items, "sold")
    if sold:
        stock.take_back_units(
            connection, sold, resellable=True, reference=reference, actor=actor, reason="order cancelled"
        )


def _of_state(connection: Connection, items: Sequence[Any], state: str) -> list[int]:
    """Return the units of items that are in a state: imported orders may name units that went on since."""
    return stock.units_of_state(connection, _units(items), state)
