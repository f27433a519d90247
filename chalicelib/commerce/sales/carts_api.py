"""Carts over HTTP, for guests and for customers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.commerce.prices.pricing import ShippingRule
from chalicelib.commerce.prices.promotions import PromotionRefused
from chalicelib.commerce.sales import carts
from chalicelib.commerce.sales.carts import CartFull, NotForSale, Place
from chalicelib.core.auth import PUBLIC, SIGNED_IN, Caller
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.inputs import AS_WHOLE, Id
from chalicelib.core.money import Money, from_cents
from chalicelib.core.routes import Reply, Routes

routes = Routes("Carts")

PlaceName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
ShippingMethod = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_-]+$", examples=["standard"])]


Quantity = Annotated[int, Field(ge=1, le=carts.MAX_QUANTITY), AS_WHOLE]


class CartItem(BaseModel):
    """Units of a product in a cart. `problem` says why they cannot be bought as they are."""

    product_id: int
    name: str
    brand: str | None
    quantity: int
    unit_price: Money
    total: Money
    available: int
    problem: str | None


class CartPromotion(BaseModel):
    """A promotion code in a cart; `problem` says why it does not count."""

    code: str
    applied: bool
    problem: str | None


class ShippingOption(BaseModel):
    """A way to have things sent."""

    method: str
    name: str
    price: Money
    free_from: Money | None


class Cart(BaseModel):
    """A cart and what it would cost now. `shipping` is null until a country is given; `tax` is that of the place."""

    id: str
    customer_id: int | None
    items: list[CartItem]
    quantity: int
    promotion: CartPromotion | None
    currency: str
    items_total: Money
    discount: Money
    shipping: Money | None
    shipping_method: str | None
    shipping_options: list[ShippingOption]
    tax: Money
    tax_included: Money
    total: Money
    created_at: AwareDatetime
    updated_at: AwareDatetime


class CartQuery(BaseModel):
    """Where the cart goes: tax and shipping depend on it."""

    model_config = ConfigDict(extra="forbid")

    country: PlaceName | None = Field(None, description="Country to ship to.")
    state: PlaceName | None = Field(None, description="State or province, where tax depends on it.")
    shipping_method: ShippingMethod | None = Field(None, description="One of `shipping_options`.")


class AddedItem(BaseModel):
    """Units to put into a cart beside those in it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"product_id": 1, "quantity": 2}]})

    product_id: Id
    quantity: Quantity = 1


class ItemQuantity(BaseModel):
    """How many units of a product a cart shall hold; 0 takes it out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"quantity": 2}]})

    quantity: Annotated[int, Field(ge=0, le=carts.MAX_QUANTITY), AS_WHOLE]


class PromotionCode(BaseModel):
    """A promotion code, in any case."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "WELCOME10"}]})

    code: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")


def _problem(item: Any) -> str | None:
    if item.status != "published":
        return "This product is no longer sold."
    if item.free < item.quantity:
        return f"Only {item.free} left." if item.free else "Sold out."
    return None


def present_option(rule: ShippingRule) -> dict[str, Any]:
    """Return a way to ship as it goes over the wire."""
    return {
        "method": rule.method,
        "name": rule.name,
        "price": from_cents(rule.price_cents),
        "free_from": None if rule.free_from_cents is None else from_cents(rule.free_from_cents),
    }


def _present(connection: Connection, cart: Any, query: CartQuery | None = None) -> dict[str, Any]:
    place = Place() if query is None else Place(query.country, query.state)
    priced = carts.price_cart(connection, cart, place, None if query is None else query.shipping_method)
    quote, code = priced.quote, priced.cart.promotion_code
    counts = priced.promotion is not None and priced.refusal is None
    return {
        "id": cart.public_id,
        "customer_id": cart.customer_id,
        "items": [
            {
                "product_id": item.product_id,
                "name": item.name,
                "brand": item.brand,
                "quantity": item.quantity,
                "unit_price": from_cents(item.retail_price_cents),
                "total": from_cents(item.retail_price_cents * item.quantity),
                "available": int(item.free),
                "problem": _problem(item),
            }
            for item in priced.items
        ],
        "quantity": sum(item.quantity for item in priced.items),
        "promotion": None if code is None else {"code": code, "applied": counts, "problem": priced.refusal},
        "currency": settings().currency,
        "items_total": from_cents(quote.items_cents),
        "discount": from_cents(quote.discount_cents),
        "shipping": None if priced.shipping is None else from_cents(quote.shipping_cents),
        "shipping_method": None if priced.shipping is None else priced.shipping.method,
        "shipping_options": [present_option(rule) for rule in priced.shipping_options.values()],
        "tax": from_cents(quote.tax_cents),
        "tax_included": from_cents(quote.tax_cents - quote.added_tax_cents),
        "total": from_cents(quote.total_cents),
        "created_at": cart.created_at,
        "updated_at": cart.updated_at,
    }


@routes.post("/carts", access=PUBLIC, response=Cart)
def open_cart(connection: Connection, caller: Caller | None, base_path: str) -> Reply:
    """Open a cart: a guest's new one, or that of the customer, whether it is there already or not.

    The id of a guest's cart is its key: whoever knows it may use the cart.
    """
    cart = carts.open_cart(connection, caller)
    return Reply(_present(connection, cart), {"Location": f"{base_path}/carts/{cart.public_id}"})


@routes.get("/carts/{cart_id}", access=PUBLIC, response=Cart, errors=[NotFound])
def get_cart(connection: Connection, caller: Caller | None, cart_id: str, query: CartQuery) -> dict[str, Any]:
    """Read a cart with its present prices; with a country also tax and shipping."""
    return _present(connection, carts.get_cart(connection, cart_id, caller), query)


@routes.delete("/carts/{cart_id}/items", access=PUBLIC, response=Cart, errors=[NotFound])
def empty_cart(connection: Connection, caller: Caller | None, cart_id: str) -> dict[str, Any]:
    """Take everything out of a cart."""
    cart = carts.lock_cart(connection, cart_id, caller)
    carts.empty(connection, cart)
    return _present(connection, carts.get_cart(connection, cart_id, caller))


@routes.post(
    "/carts/{cart_id}/items", access=PUBLIC, response=Cart, status=201, errors=[NotFound, NotForSale, CartFull]
)
def add_to_cart(connection: Connection, caller: Caller | None, cart_id: str, body: AddedItem) -> dict[str, Any]:
    """Put units of a product into a cart, beside those that are in it."""
    cart = carts.lock_cart(connection, cart_id, caller)
    carts.add(connection, cart, body.product_id, body.quantity)
    return _present(connection, carts.get_cart(connection, cart_id, caller))


@routes.put(
    "/carts/{cart_id}/items/{product_id}", access=PUBLIC, response=Cart, errors=[NotFound, NotForSale, CartFull]
)
def set_cart_item(
    connection: Connection, caller: Caller | None, cart_id: str, product_id: int, body: ItemQuantity
) -> dict[str, Any]:
    """Set how many units of a product a cart holds; 0 takes it out."""
    cart = carts.lock_cart(connection, cart_id, caller)
    carts.set_quantity(connection, cart, product_id, body.quantity)
    return _present(connection, carts.get_cart(connection, cart_id, caller))


@routes.delete("/carts/{cart_id}/items/{product_id}", access=PUBLIC, response=Cart, errors=[NotFound])
def remove_from_cart(connection: Connection, caller: Caller | None, cart_id: str, product_id: int) -> dict[str, Any]:
    """Take a product out of a cart; nothing happens when it is not in it."""
    cart = carts.lock_cart(connection, cart_id, caller)
    carts.set_quantity(connection, cart, product_id, 0)
    return _present(connection, carts.get_cart(connection, cart_id, caller))


@routes.put("/carts/{cart_id}/promotion", access=PUBLIC, response=Cart, errors=[NotFound, PromotionRefused])
def set_cart_promotion(
    connection: Connection, caller: Caller | None, cart_id: str, body: PromotionCode
) -> dict[str, Any]:
    """Enter a promotion code; a code that does not count yet stays, and the cart says why."""
    cart = carts.lock_cart(connection, cart_id, caller)
    carts.set_promotion(connection, cart, body.code)
    return _present(connection, carts.get_cart(connection, cart_id, caller))


@routes.delete("/carts/{cart_id}/promotion", access=PUBLIC, response=Cart, errors=[NotFound])
def remove_cart_promotion(connection: Connection, caller: Caller | None, cart_id: str) -> dict[str, Any]:
    """Take the promotion code out of a cart."""
    cart = carts.lock_cart(connection, cart_id, caller)
    carts.set_promotion(connection, cart, None)
    return _present(connection, carts.get_cart(connection, cart_id, caller))


@routes.post("/carts/{cart_id}/take-over", access=SIGNED_IN, response=Cart, errors=[NotFound, carts.NoCustomer])
def take_over_cart(connection: Connection, caller: Caller, cart_id: str) -> dict[str, Any]:
    """Make a guest's cart that of the customer who has signed in; what its own cart holds stays in it."""
    if caller.customer_id is None:
        raise carts.NoCustomer("This account is not linked to a customer.")
    return _present(connection, carts.take_over(connection, cart_id, caller.customer_id))
