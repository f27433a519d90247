"""The rules of orders: reading and placing them. What is done with them later lives in `fulfilment` and `returns`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from chalicelib.commerce import (
    carts,
    carts_sql,
    checkouts_sql,
    customers,
    order_mails,
    orders_sql,
    payments_sql,
    refunds,
    stock,
    timeline,
)
from chalicelib.commerce.carts import NotForSale, Place
from chalicelib.commerce.checkouts import Address, unit_of_each
from chalicelib.commerce.order_states import SPELLINGS, OrderStatus
from chalicelib.commerce.pricing import Line, PricedUnit, Quote, ShippingRule
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.money import from_cents
from chalicelib.core.paging import Page, PageRequest
from chalicelib.core.text import fold
from chalicelib.events import outbox


class OrderTooLarge(Conflict):
    """More units than one order holds."""

    code = "order-too-large"
    title = "Order too large"


def list_orders(
    connection: Connection,
    page: PageRequest,
    *,
    user_id: int | None = None,
    status: str | None = None,
    created_from: date | None = None,
    created_to: date | None = None,
    email: str | None = None,
    owner_id: int | None,
) -> Page[Any]:
    """Return orders, newest first; `owner_id`, where given, is the only customer whose orders may be seen.

    `status` is one of `order_states.SPELLINGS`, in any case. `email` is that of the order or of its customer.
    Days are those of UTC, both included.
    """
    wanted = None if status is None else SPELLINGS[status.lower()].value
    if owner_id is not None and user_id not in (None, owner_id):
        return Page([], page, total=None if page.after is not None else 0)
    holder = None if email is None else customers.find_by_email(connection, email)
    wish = orders_sql.OrderFilter(
        user_id=user_id if owner_id is None else owner_id,
        status=wanted,
        created_from=None if created_from is None else datetime.combine(created_from, time.min, UTC),
        created_to=None if created_to is None else datetime.combine(created_to, time.max, UTC),
        email=None if email is None else fold(email),
        customer_of_email=None if holder is None else holder.id,
    )
    return orders_sql.list_orders(connection, page, wish)


def get_order(connection: Connection, order_id: int, *, owner_id: int | None) -> Any:
    """Return an order.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    return _seen(orders_sql.find_order(connection, order_id), order_id, owner_id)


def lock_order(connection: Connection, order_id: int, *, owner_id: int | None) -> Any:
    """Return an order as `get_order`, which nobody else changes until the transaction ends."""
    return _seen(orders_sql.lock_order(connection, order_id), order_id, owner_id)


def _seen(found: Any, order_id: int, owner_id: int | None) -> Any:
    if found is None or (owner_id is not None and found.user_id != owner_id):
        raise NotFound(f"There is no order {order_id}.")
    return found


def record(connection: Connection, kind: str, order: Any, **more: Any) -> None:
    """Tell others what happened to an order."""
    told = {"order_id": order.id, "customer_id": order.user_id, **more}
    outbox.record(connection, kind, f"order:{order.id}", told)


# --- from a checkout ---------------------------------------------------------------------------------------------


def place(connection: Connection, checkout: Any) -> int:
    """Turn a locked checkout that is paid into an order: its units are sold. Return the order's id."""
    now = clock.now()
    items = checkouts_sql.list_items(connection, checkout.id)
    actor = "guest" if checkout.customer_id is None else f"customer {checkout.customer_id}"
    head = {
        "user_id": checkout.customer_id,
        "email": checkout.email,
        "currency": checkout.currency,
        "items_cents": checkout.items_cents,
        "discount_cents": checkout.discount_cents,
        "shipping_cents": checkout.shipping_cents,
        "tax_cents": checkout.tax_cents,
        "total_cents": checkout.total_cents,
        "address": checkout.address,
    }
    order_id = _insert(connection, head, len(items), OrderStatus.PROCESSING, now)
    shared = _shared(order_id, checkout.customer_id, OrderStatus.PROCESSING, now)
    rows = [
        {
            **shared,
            "product_id": item.product_id,
            "inventory_item_id": item.inventory_item_id,
            "sale_price_cents": item.list_price_cents - item.discount_cents,
            "list_price_cents": item.list_price_cents,
            "discount_cents": item.discount_cents,
            "tax_cents": item.tax_cents,
            "tax_included": item.tax_included,
        }
        for item in items
    ]
    orders_sql.insert_items(connection, rows)
    closed = {"state": "paid", "order_id": order_id, "updated_at": now}
    checkouts_sql.update_checkout(connection, checkout.id, closed)
    _tell(connection, order_id, head, len(items), actor, paid=True)
    if checkout.cart_id is not None:
        _take_out_of_cart(connection, checkout.cart_id, items)
    units = [item.inventory_item_id for item in items]
    stock.sell_units(connection, units, at=now, reference=f"order:{order_id}", actor=actor)
    return order_id


def _take_out_of_cart(connection: Connection, cart_id: int, items: Sequence[Any]) -> None:
    """What was bought leaves the cart; what was put in meanwhile stays."""
    bought: dict[int, int] = defaultdict(int)
    for item in items:
        bought[item.product_id] += 1
    held = carts_sql.list_quantities(connection, cart_id)
    gone = [product_id for product_id, units in bought.items() if held.get(product_id, 0) <= units]
    carts_sql.delete_items(connection, cart_id, gone)
    now = clock.now()
    for product_id in set(bought) - set(gone):
        carts_sql.set_quantity(connection, cart_id, product_id, held[product_id] - bought[product_id], now)
    carts_sql.update_cart(connection, cart_id, {"promotion_code": None, "updated_at": now})


def _insert(connection: Connection, head: Mapping[str, Any], size: int, status: OrderStatus, now: datetime) -> int:
    gender = None
    if head["user_id"] is not None:
        gender = customers.get_customer(connection, head["user_id"], owner_id=None).gender
    values = {
        **head,
        "status": status.value,
        "gender": gender,
        "num_of_item": size,
        "paid_at": now if status is OrderStatus.PROCESSING else None,
        "created_at": now,
        "updated_at": now,
    }
    return orders_sql.insert_order(connection, values)


def _shared(order_id: int, customer_id: int | None, status: OrderStatus, now: datetime) -> dict[str, Any]:
    return {"order_id": order_id, "user_id": customer_id, "status": status.value, "created_at": now}


def _tell(
    connection: Connection, order_id: int, head: Mapping[str, Any], size: int, actor: str, *, paid: bool
) -> None:
    total = from_cents(head["total_cents"])
    told = {
        "order_id": order_id,
        "customer_id": head["user_id"],
        "items": size,
        "total": total,
        "currency": head["currency"],
    }
    timeline.write(
        connection,
        order_id,
        "placed",
        f"{size} {'item' if size == 1 else 'items'} for {total} {head['currency'].upper()}.",
        actor,
    )
    outbox.record(connection, "order.placed", f"order:{order_id}", told)
    order_mails.placed(connection, order_id, head["email"], items=size, total=total, currency=head["currency"])
    if paid:
        timeline.write(connection, order_id, "paid", f"{total} was paid.", actor)
        told = {"amount": total} | {name: told[name] for name in ("order_id", "customer_id", "currency")}
        outbox.record(connection, "order.paid", f"order:{order_id}", told)


# --- by staff ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DirectLine:
    """Units of a product that staff sells; `price_cents` where it is another than the product's."""

    product_id: int
    quantity: int
    price_cents: int | None = None


@dataclass(frozen=True, slots=True)
class DirectOrder:
    """An order that staff takes, by telephone say. `paid` says that the money is there already."""

    lines: Sequence[DirectLine]
    address: Address
    email: str | None
    customer_id: int | None
    shipping_cents: int
    paid: bool
    note: str | None = None


def place_directly(connection: Connection, wish: DirectOrder, actor: str, request_key: str | None) -> int:
    """Place an order that staff takes, and return its id: pending until it is paid.

    The same `request_key` finds what it placed before: who died behind the commit does not place it twice.

    Raises:
        NotFound: there is no such customer.
        NotForSale, OutOfStock, Contended, OrderTooLarge: not as it is.
    """
    placed = None if request_key is None else orders_sql.find_order_by_request(connection, request_key)
    if placed is not None:
        return int(placed.id)
    if sum(line.quantity for line in wish.lines) > carts.MAX_UNITS:
        raise OrderTooLarge(f"An order holds at most {carts.MAX_UNITS} units.")
    now = clock.now()
    email = wish.email
    if wish.customer_id is not None:
        email = email or customers.get_customer(connection, wish.customer_id, owner_id=None).email
    quote = _quote(connection, wish)
    head = {
        "user_id": wish.customer_id,
        "email": email,
        "currency": settings().currency,
        "items_cents": quote.items_cents,
        "discount_cents": 0,
        "shipping_cents": quote.shipping_cents,
        "tax_cents": quote.tax_cents,
        "total_cents": quote.total_cents,
        "address": json.dumps(asdict(wish.address), ensure_ascii=False),
        "request_key": request_key,
    }
    status = OrderStatus.PROCESSING if wish.paid else OrderStatus.PENDING
    order_id = _insert(connection, head, len(quote.units), status, now)
    _tell(connection, order_id, head, len(quote.units), actor, paid=wish.paid)
    if wish.note:
        timeline.write(connection, order_id, "note", wish.note, actor, internal=True)
    if wish.paid:
        insert_manual_payment(connection, order_id, quote.total_cents, "paid when ordered")
    wanted: dict[int, int] = defaultdict(int)
    for line in wish.lines:
        wanted[line.product_id] += line.quantity
    reference = f"order:{order_id}"
    units = stock.take_units(connection, wanted, near=wish.address.point, reference=reference, actor=actor)
    shared = _shared(order_id, wish.customer_id, status, now)
    orders_sql.insert_items(connection, _rows(shared, quote.units, units))
    if wish.paid:
        stock.sell_units(connection, [unit.id for unit in units], at=now, reference=reference, actor=actor)
    return order_id


def place_directly_patiently(wish: DirectOrder, actor: str, request_key: str | None) -> int:
    """Place an order as `place_directly`, in transactions of its own: as often as others hold units for a moment."""
    return stock.patiently(lambda connection: place_directly(connection, wish, actor, request_key))


def _quote(connection: Connection, wish: DirectOrder) -> Quote:
    known = {row.id: row for row in carts_sql.list_products(connection, {line.product_id for line in wish.lines})}
    missing = [line.product_id for line in wish.lines if line.product_id not in known]
    if missing:
        raise NotForSale(f"Product {missing[0]} is not sold here.")
    lines = [
        Line(
            line.product_id,
            known[line.product_id].retail_price_cents if line.price_cents is None else line.price_cents,
            line.quantity,
            known[line.product_id].category_key,
        )
        for line in wish.lines
    ]
    shipping = ShippingRule("", "direct", "Direct", wish.shipping_cents)
    place = Place(wish.address.country, wish.address.state)
    return carts.price_lines(connection, lines, place, None, shipping)


def _rows(
    shared: Mapping[str, Any], priced: Sequence[PricedUnit], units: Sequence[stock.Unit]
) -> list[dict[str, Any]]:
    return [
        {
            **shared,
            "product_id": unit.product_id,
            "inventory_item_id": unit_id,
            "sale_price_cents": unit.sale_cents,
            "list_price_cents": unit.price_cents,
            "discount_cents": unit.discount_cents,
            "tax_cents": unit.tax_cents,
            "tax_included": unit.tax_included,
        }
        for unit, unit_id in zip(priced, unit_of_each(priced, units), strict=True)
    ]


def insert_manual_payment(connection: Connection, order_id: int, amount_cents: int, method: str) -> None:
    """Note that money came beside any provider; a refund of it is given by hand."""
    if amount_cents == 0:
        return
    now = clock.now()
    values = {
        "order_id": order_id,
        "provider": refunds.MANUAL,
        "state": "succeeded",
        "amount_cents": amount_cents,
        "currency": settings().currency,
        "method": method,
        "created_at": now,
        "updated_at": now,
    }
    payments_sql.insert_payment(connection, values)


def find_of_checkout(public_id: str) -> Any:
    """Return the order that a checkout became, if it did."""

    def find(connection: Connection) -> Any:
        checkout = checkouts_sql.find_checkout(connection, public_id)
        if checkout is None or checkout.order_id is None:
            return None
        return orders_sql.find_order(connection, checkout.order_id)

    return run(find, writes=False)
