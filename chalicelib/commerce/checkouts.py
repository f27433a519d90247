"""The rules of checkouts: units are held for somebody for a while, at a price that stays.

open -> paying -> paid; open -> expired, cancelled; paying -> open again when the payment came to nothing. Only an
open checkout is given up: while a payment is under way its outcome decides.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.commerce import addresses, carts, carts_sql, checkouts_sql, customers, promotions, stock
from chalicelib.commerce.carts import NotForSale, Place, PricedCart
from chalicelib.commerce.nearest import Point
from chalicelib.commerce.pricing import PricedUnit
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, FieldError, NotFound
from chalicelib.core.money import from_cents
from chalicelib.core.text import fold


class EmptyCart(Conflict):
    """There is nothing to buy."""

    code = "empty-cart"
    title = "Empty cart"


class PriceChanged(Conflict):
    """The total is not the one that the customer agreed to."""

    code = "price-changed"
    title = "Price changed"


class NoSuchShipping(Conflict):
    """Things are not sent there in this way."""

    code = "no-such-shipping"
    title = "No such way of shipping"


class EmailNeeded(Conflict):
    """A guest must say where the confirmation goes."""

    code = "email-needed"
    title = "E-mail needed"


class AddressNeeded(Conflict):
    """It is not said where things are sent to, or said twice."""

    code = "address-needed"
    title = "Address needed"


class CheckoutClosed(Conflict):
    """The checkout is not in a state that permits it."""

    code = "checkout-closed"
    title = "Checkout not open"


@dataclass(frozen=True, slots=True)
class Address:
    """Where things are sent to."""

    name: str
    street_address: str
    postal_code: str
    city: str
    country: str
    state: str | None = None
    phone: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def place(self) -> Place:
        """What tax and shipping depend on."""
        return Place(self.country, self.state)

    @property
    def point(self) -> Point | None:
        """Where it lies, if that is known."""
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a cart shall be bought; `expected_total` is what the customer was shown.

    `address_id` is one of the customer's addresses. With neither, things go to the customer's default address.
    """

    address: Address | None = None
    email: str | None = None
    shipping_method: str | None = None
    expected_total: Decimal | None = None
    address_id: int | None = None


def actor_of(caller: Caller | None) -> str:
    """Return under which name the ledger and the timeline keep a caller."""
    return "guest" if caller is None else caller.actor


def get_checkout(connection: Connection, public_id: str, caller: Caller | None) -> Any:
    """Return a checkout that the caller may see: a guest's by its id, a customer's own, staff any.

    Raises:
        NotFound: there is none, or it is another customer's.
    """
    found = checkouts_sql.find_checkout(connection, public_id)
    if found is None or not _may_see(found, caller):
        raise NotFound("There is no such checkout.")
    return found


def _may_see(checkout: Any, caller: Caller | None) -> bool:
    if checkout.customer_id is None:
        return True
    return caller is not None and (caller.is_staff or caller.customer_id == checkout.customer_id)


def begin(cart_id: str, caller: Caller | None, wish: Wish, request_key: str | None) -> str:
    """Hold the units of a cart at their present price and return the checkout's id.

    An open checkout of the same cart makes room for it. The same `request_key` finds what it made before.

    Raises:
        NotFound: there is no such cart, or the address is none of the customer's.
        EmptyCart, NotForSale, OutOfStock, NoSuchShipping, PromotionRefused, PriceChanged, AddressNeeded, EmailNeeded:
            not as it is.
        CheckoutClosed: the cart is being paid for.
    """
    return stock.patiently(lambda connection: _begin(connection, cart_id, caller, wish, request_key))


def _begin(connection: Connection, cart_id: str, caller: Caller | None, wish: Wish, request_key: str | None) -> str:
    cart = carts.lock_cart(connection, cart_id, caller)
    if request_key is not None:
        made = checkouts_sql.find_checkout_by_request(connection, request_key)
        if made is not None:
            return str(made.public_id)
    address = _address(connection, cart.customer_id, wish)
    actor = actor_of(caller)
    earlier = checkouts_sql.lock_checkouts_of_cart(connection, cart.id)
    if any(checkout.state == "paying" for checkout in earlier):
        raise CheckoutClosed("This cart is being paid for; wait for the outcome.")
    # Promotions before stock, here and where a checkout is given up: rows are locked in one order.
    for checkout in earlier:
        _end(connection, checkout, "cancelled")
    priced = carts.price_cart(connection, cart, address.place, wish.shipping_method)
    _check(priced, wish, address)
    email, point = _buyer(connection, cart.customer_id, wish, address)
    if priced.promotion is not None:
        _use_promotion(connection, priced, email)
    for checkout in earlier:
        _free_units(connection, checkout, actor)
    public_id = secrets.token_hex(16)
    checkout_id = _insert(connection, priced, address, public_id, email, request_key)
    wanted = {item.product_id: int(item.quantity) for item in priced.items}
    units = stock.take_units(connection, wanted, near=point, reference=f"checkout:{checkout_id}", actor=actor)
    _insert_items(connection, checkout_id, priced, units)
    return public_id


def _use_promotion(connection: Connection, priced: PricedCart, email: str) -> None:
    found = priced.promotion
    if found is None:
        return
    taken = promotions.take_use(
        connection,
        found.id,
        items_cents=priced.quote.items_cents,
        email_key=fold(email, 254),
        now=clock.now(),
    )
    if taken.terms != found.terms:
        raise PriceChanged("The terms of the promotion have just changed; look at the cart again.")


def _check(priced: PricedCart, wish: Wish, address: Address) -> None:
    if not priced.items:
        raise EmptyCart("There is nothing in this cart.")
    gone = [item for item in priced.items if item.status != "published"]
    if gone:
        errors = [FieldError("cart", f"product {item.product_id} is no longer sold") for item in gone]
        raise NotForSale("Take out what is no longer sold.", errors=errors)
    if priced.shipping is None:
        methods = ", ".join(sorted(priced.shipping_options)) or "none"
        raise NoSuchShipping(f"Nothing is shipped to {address.country} like that; there is: {methods}.")
    if priced.refusal is not None:
        raise promotions.PromotionRefused(priced.refusal)
    total = from_cents(priced.quote.total_cents)
    if wish.expected_total is not None and wish.expected_total != total:
        raise PriceChanged(f"The total is {total} now, not {wish.expected_total}; show it before going on.")


def _address(connection: Connection, customer_id: int | None, wish: Wish) -> Address:
    """Return where things go: the address that is given, one that the customer has saved, or its default."""
    if wish.address is not None:
        if wish.address_id is not None:
            raise AddressNeeded("Give one address: either `address` or `address_id`.")
        return wish.address
    if customer_id is None:
        raise AddressNeeded("Say where the goods are sent to; only customers have saved addresses.")
    if wish.address_id is not None:
        saved = addresses.get_address(connection, customer_id, wish.address_id, owner_id=customer_id)
    else:
        saved = addresses.find_default(connection, customer_id)
    if saved is None:
        raise AddressNeeded("Say where the goods are sent to; there is no saved address.")
    return Address(**{each.name: getattr(saved, each.name) for each in fields(Address)})


def _buyer(connection: Connection, customer_id: int | None, wish: Wish, address: Address) -> tuple[str, Point | None]:
    """Return the e-mail of whoever buys, and where the goods go to."""
    email, point = wish.email, address.point
    if customer_id is not None:
        customer = customers.get_customer(connection, customer_id, owner_id=None)
        email = email or customer.email
        if point is None and customer.latitude is not None and customer.longitude is not None:
            point = Point(customer.latitude, customer.longitude)
    if not email:
        raise EmailNeeded("Say to which e-mail the confirmation goes.")
    return email, point


def _insert(
    connection: Connection, priced: PricedCart, address: Address, public_id: str, email: str, request_key: str | None
) -> int:
    now, quote = clock.now(), priced.quote
    values = {
        "public_id": public_id,
        "request_key": request_key,
        "cart_id": priced.cart.id,
        "customer_id": priced.cart.customer_id,
        "email": email,
        "email_key": fold(email, 254),
        "state": "open",
        "currency": settings().currency,
        "items_cents": quote.items_cents,
        "discount_cents": quote.discount_cents,
        "shipping_cents": quote.shipping_cents,
        "tax_cents": quote.tax_cents,
        "total_cents": quote.total_cents,
        "promotion_id": None if priced.promotion is None else priced.promotion.id,
        "shipping_method": "" if priced.shipping is None else priced.shipping.method,
        "address": json.dumps(asdict(address), ensure_ascii=False),
        "expires_at": now + timedelta(seconds=settings().reservation_ttl_s),
        "created_at": now,
        "updated_at": now,
    }
    return checkouts_sql.insert_checkout(connection, values)


def unit_of_each(priced: Sequence[PricedUnit], units: Sequence[stock.Unit]) -> list[int]:
    """Return the id of a unit for each priced one: the same product, none twice."""
    taken: dict[int, list[int]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: unit.id, reverse=True):
        taken[unit.product_id].append(unit.id)
    return [taken[unit.product_id].pop() for unit in priced]


def _insert_items(connection: Connection, checkout_id: int, priced: PricedCart, units: Sequence[stock.Unit]) -> None:
    sold = priced.quote.units
    rows: list[Mapping[str, Any]] = [
        {
            "checkout_id": checkout_id,
            "product_id": unit.product_id,
            "inventory_item_id": unit_id,
            "list_price_cents": unit.price_cents,
            "discount_cents": unit.discount_cents,
            "tax_cents": unit.tax_cents,
            "tax_included": unit.tax_included,
        }
        for unit, unit_id in zip(sold, unit_of_each(sold, units), strict=True)
    ]
    checkouts_sql.insert_items(connection, rows)


def lock(connection: Connection, checkout_id: int, cart_id: int | None) -> Any:
    """Return a checkout that nobody else changes until the transaction ends; its cart is locked before it.

    Whatever may place an order locks in this order, as `begin` does.
    """
    if cart_id is not None:
        carts_sql.lock_cart(connection, cart_id)
    locked = checkouts_sql.lock_checkout(connection, checkout_id)
    if locked.cart_id not in (None, cart_id):
        # Taken over by a customer a moment ago. Out of turn: should others wait in a circle, one begins anew.
        carts_sql.lock_cart(connection, locked.cart_id)
    return locked


def _end(connection: Connection, checkout: Any, state: str) -> None:
    """End a locked, open checkout and give its promotion back."""
    checkouts_sql.update_checkout(connection, checkout.id, {"state": state, "updated_at": clock.now()})
    if checkout.promotion_id is not None:
        promotions.give_use_back(connection, checkout.promotion_id)


def _free_units(connection: Connection, checkout: Any, actor: str) -> None:
    units = [item.inventory_item_id for item in checkouts_sql.list_items(connection, checkout.id)]
    stock.release_units(connection, units, reference=f"checkout:{checkout.id}", actor=actor)


def _give_up(connection: Connection, checkout: Any, state: str, actor: str) -> None:
    """End a locked, open checkout and free what it holds."""
    _end(connection, checkout, state)
    _free_units(connection, checkout, actor)


def cancel(connection: Connection, public_id: str, caller: Caller | None) -> None:
    """Free what an open checkout holds; nothing happens when it was given up already.

    Raises:
        NotFound: there is none, or it is another customer's.
        CheckoutClosed: it is paid, or being paid.
    """
    locked = checkouts_sql.lock_checkout(connection, get_checkout(connection, public_id, caller).id)
    if locked.state in ("paying", "paid"):
        raise CheckoutClosed(f"This checkout is {locked.state}; it cannot be cancelled.")
    if locked.state == "open":
        _give_up(connection, locked, "cancelled", actor_of(caller))


def expire(checkout_id: int) -> bool:
    """Free what a checkout holds whose time has run out; tell whether it did."""

    def work(connection: Connection) -> bool:
        locked = checkouts_sql.lock_checkout(connection, checkout_id)
        if locked.state != "open" or locked.expires_at > clock.now():
            return False  # paid for, or given up, meanwhile
        _give_up(connection, locked, "expired", "schedule")
        return True

    return run(work, writes=True)


def list_overdue(connection: Connection, behind: int, limit: int) -> list[int]:
    """Return ids above `behind` of open checkouts whose time has run out, by id."""
    return checkouts_sql.list_overdue(connection, clock.now(), behind, limit)
