"""The rules of carts: whose they are, what goes into them, what it would cost."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.commerce.prices import price_rules, pricing, promotions
from chalicelib.commerce.prices.pricing import Line, Quote, ShippingRule
from chalicelib.commerce.prices.promotions import FoundPromotion
from chalicelib.commerce.sales import carts_sql, checkouts_sql
from chalicelib.core import clock
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound

MAX_QUANTITY = 99
MAX_PRODUCTS = 50
MAX_UNITS = 500
_LEFT_AFTER = timedelta(days=60)


class NoCustomer(Conflict):
    """The account shops as nobody: it has no orders and no cart."""

    code = "no-customer"
    title = "Not a customer"


class NotForSale(Conflict):
    """The product is not sold (any more)."""

    code = "not-for-sale"
    title = "Not for sale"


class CartFull(Conflict):
    """The cart holds as much as it can."""

    code = "cart-full"
    title = "Cart full"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a purchase goes, as far as it is known: tax and shipping depend on it."""

    country: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class PricedCart:
    """A cart with its items, and what those that are sold would cost; `refusal` says why a code does not count."""

    cart: Any
    items: Sequence[Any]
    quote: Quote
    promotion: FoundPromotion | None
    refusal: str | None
    shipping: ShippingRule | None
    shipping_options: Mapping[str, ShippingRule]


def open_cart(connection: Connection, caller: Caller | None) -> Any:
    """Return the customer's own cart, made when there is none, or a new one of a guest."""
    values = _new_cart()
    customer_id = None if caller is None else caller.customer_id
    if customer_id is None:
        carts_sql.insert_cart(connection, values)
        return carts_sql.find_cart(connection, str(values["public_id"]))
    found = carts_sql.find_cart_of(connection, customer_id)
    if found is None:
        carts_sql.ensure_cart_of(connection, customer_id, values)
        found = carts_sql.find_cart_of(connection, customer_id)
    return found


def _new_cart() -> dict[str, Any]:
    now = clock.now()
    return {"public_id": secrets.token_hex(16), "created_at": now, "updated_at": now}


def find_cart_of(connection: Connection, customer_id: int) -> Any:
    """Return the cart of a customer, None where it has put nothing into one yet."""
    return carts_sql.find_cart_of(connection, customer_id)


def quantity_of(connection: Connection, cart: Any, product_id: int) -> int:
    """Return how many units of a product a cart holds."""
    return carts_sql.list_quantities(connection, cart.id).get(product_id, 0)


def count_units(connection: Connection, customer_id: int) -> int:
    """Return how many units are in the cart of a customer."""
    return carts_sql.count_units(connection, customer_id)


def get_cart(connection: Connection, public_id: str, caller: Caller | None) -> Any:
    """Return a cart that the caller may see: a guest's by its id, a customer's own, staff any.

    Raises:
        NotFound: there is none, or it is another customer's.
    """
    found = carts_sql.find_cart(connection, public_id)
    if found is None or not _may_use(found, caller):
        raise NotFound("There is no such cart.")
    return found


def _may_use(cart: Any, caller: Caller | None) -> bool:
    if cart.customer_id is None:
        return True  # who knows the id of a guest's cart, holds it
    return caller is not None and (caller.is_staff or caller.customer_id == cart.customer_id)


def lock_cart(connection: Connection, public_id: str, caller: Caller | None) -> Any:
    """Return a cart as `get_cart`, which nobody else changes until the transaction ends."""
    locked = carts_sql.lock_cart(connection, get_cart(connection, public_id, caller).id)
    if locked is None or not _may_use(locked, caller):  # merged or bought meanwhile
        raise NotFound("There is no such cart.")
    return locked


def price_cart(connection: Connection, cart: Any, place: Place, shipping_method: str | None) -> PricedCart:
    """Return what a cart would cost now; what is not sold any more does not count."""
    items = carts_sql.list_items(connection, cart.id)
    lines = [
        Line(item.product_id, item.retail_price_cents, item.quantity, item.category_key)
        for item in items
        if item.status == "published"
    ]
    items_cents = sum(line.price_cents * line.quantity for line in lines)
    promotion, refusal = _promotion(connection, cart.promotion_code, items_cents)
    options = price_rules.shipping_options(connection, place.country) if place.country else {}
    shipping = options.get(shipping_method) if shipping_method else next(iter(options.values()), None)
    quote = price_lines(connection, lines, place, promotion if refusal is None else None, shipping)
    return PricedCart(cart, items, quote, promotion, refusal, shipping, options)


def price_lines(
    connection: Connection,
    lines: Sequence[Line],
    place: Place,
    promotion: FoundPromotion | None,
    shipping: ShippingRule | None,
) -> Quote:
    """Return the price of lines at a place."""
    tax_rules = price_rules.tax_rules_for(
        connection,
        country=place.country,
        state=place.state,
        category_keys={line.category_key for line in lines},
    )
    terms = None if promotion is None else promotion.terms
    return pricing.quote(lines, promotion=terms, tax_rules=tax_rules, shipping=shipping)


def _promotion(
    connection: Connection, code: str | None, items_cents: int
) -> tuple[FoundPromotion | None, str | None]:
    if code is None:
        return None, None
    found = promotions.find_promotion(connection, code)
    if found is None:
        return None, "This code is not known."
    return found, promotions.check(connection, found, items_cents=items_cents, email_key=None, now=clock.now())


def set_quantity(connection: Connection, cart: Any, product_id: int, quantity: int) -> None:
    """Let a locked cart hold so many units of a product; 0 takes it out.

    Raises:
        NotForSale: there is no such product, or it is not sold.
        CartFull: more products or units than a cart holds.
    """
    now = clock.now()
    if quantity == 0:
        carts_sql.delete_items(connection, cart.id, [product_id])
    else:
        if carts_sql.find_sellable(connection, product_id) is None:
            raise NotForSale(f"Product {product_id} is not sold here.")
        held = carts_sql.list_quantities(connection, cart.id)
        _check_room({**held, product_id: quantity})
        carts_sql.set_quantity(connection, cart.id, product_id, quantity, now)
    carts_sql.update_cart(connection, cart.id, {"updated_at": now})


def add(connection: Connection, cart: Any, product_id: int, quantity: int) -> None:
    """Put more units of a product into a locked cart: see `set_quantity`."""
    held = carts_sql.list_quantities(connection, cart.id).get(product_id, 0)
    if held + quantity > MAX_QUANTITY:
        raise CartFull(f"A cart holds at most {MAX_QUANTITY} units of a product; it has {held} of this one.")
    set_quantity(connection, cart, product_id, held + quantity)


def _check_room(quantities: Mapping[int, int]) -> None:
    if len(quantities) > MAX_PRODUCTS:
        raise CartFull(f"A cart holds at most {MAX_PRODUCTS} products.")
    if sum(quantities.values()) > MAX_UNITS:
        raise CartFull(f"A cart holds at most {MAX_UNITS} units.")


def empty(connection: Connection, cart: Any) -> None:
    """Take everything out of a locked cart, the code too."""
    carts_sql.delete_items(connection, cart.id)
    carts_sql.update_cart(connection, cart.id, {"promotion_code": None, "updated_at": clock.now()})


def set_promotion(connection: Connection, cart: Any, code: str | None) -> None:
    """Enter a promotion code into a locked cart, or take it out.

    A code that does not count yet, since the items are too few, stays.

    Raises:
        PromotionRefused: there is no such code.
    """
    if code is not None:
        found = promotions.find_promotion(connection, code)
        if found is None:
            raise promotions.PromotionRefused("This code is not known.")
        code = found.code
    carts_sql.update_cart(connection, cart.id, {"promotion_code": code, "updated_at": clock.now()})


def take_over(connection: Connection, public_id: str, customer_id: int) -> Any:
    """Give a guest's cart to a customer who has signed in, and return the customer's cart.

    What the guest put in is added to the customer's own cart, as far as it holds; the code of the guest counts. A
    checkout of the guest's cart goes along: its units are not held against the same person, and what it becomes is
    the customer's order.

    Raises:
        NotFound: there is no such cart, or it is another customer's.
    """
    found = carts_sql.find_cart(connection, public_id)
    if found is None or found.customer_id not in (None, customer_id):
        raise NotFound("There is no such cart.")
    own = carts_sql.find_cart_of(connection, customer_id)
    if own is None:
        carts_sql.ensure_cart_of(connection, customer_id, _new_cart())
        own = carts_sql.find_cart_of(connection, customer_id)
    if own is None or own.id == found.id:
        return found
    locked = {cart_id: carts_sql.lock_cart(connection, cart_id) for cart_id in sorted((found.id, own.id))}
    guest = locked[found.id]
    if guest is None or guest.customer_id is not None:  # another sign-in was quicker
        return own
    _merge(connection, guest, own, clock.now())
    return carts_sql.find_cart_of(connection, customer_id)


def _merge(connection: Connection, guest: Any, own: Any, now: datetime) -> None:
    held = carts_sql.list_quantities(connection, own.id)
    units = sum(held.values())
    for product_id, quantity in sorted(carts_sql.list_quantities(connection, guest.id).items()):
        before = held.get(product_id, 0)
        room = min(MAX_QUANTITY - before, MAX_UNITS - units)
        if product_id not in held and len(held) >= MAX_PRODUCTS:
            continue
        added = min(quantity, room)
        if added > 0:
            held[product_id] = before + added
            units += added
            carts_sql.set_quantity(connection, own.id, product_id, held[product_id], now)
    changes = {"updated_at": now}
    if guest.promotion_code is not None:
        changes["promotion_code"] = guest.promotion_code
    carts_sql.update_cart(connection, own.id, changes)
    checkouts_sql.move_to_cart(connection, guest.id, own.id, own.customer_id, now)
    carts_sql.delete_cart(connection, guest.id)


def delete_left(connection: Connection, limit: int) -> int:
    """Delete guests' carts that nobody touched for 60 days, at most `limit`; return how many."""
    return carts_sql.delete_left(connection, clock.now() - _LEFT_AFTER, limit)
