"""Checkouts over HTTP: from a cart to a paid order."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.commerce import checkouts, checkouts_sql, payments, payments_sql
from chalicelib.commerce.carts import NotForSale
from chalicelib.commerce.carts_api import PlaceName, ShippingMethod
from chalicelib.commerce.checkouts import (
    Address,
    AddressNeeded,
    CheckoutClosed,
    EmailNeeded,
    EmptyCart,
    NoSuchShipping,
    PriceChanged,
    Wish,
)
from chalicelib.commerce.payments import PaymentDeclined
from chalicelib.commerce.promotions import PromotionRefused
from chalicelib.commerce.stock import OutOfStock
from chalicelib.core.auth import PUBLIC, Caller
from chalicelib.core.bodies import Latitude, Longitude, Name, Phone, PostalCode, Street
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.inputs import BodyMoney, Email, Id
from chalicelib.core.money import Money, from_cents
from chalicelib.core.routes import Reply, Routes
from chalicelib.payments.provider import Answer

routes = Routes("Checkout")

PaymentMethod = Annotated[
    str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_-]+$", examples=["pm_test_success"])
]

ADDRESS: JsonDict = {
    "name": "Robin Doe",
    "street_address": "1 Main Street",
    "postal_code": "38103",
    "city": "Memphis",
    "state": "Tennessee",
    "country": "United States",
}


class AddressBody(BaseModel):
    """Where things are sent to. With `latitude` and `longitude` they come from the nearest center."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [ADDRESS]})

    name: Name
    street_address: Street
    postal_code: PostalCode
    city: Name
    country: PlaceName
    state: PlaceName | None = None
    phone: Phone | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    def value(self) -> Address:
        """Return it as the rules know it."""
        return Address(**self.model_dump())


class PurchaseWish(BaseModel):
    """How a cart shall be bought. `expected_total` is what was shown: another total is refused.

    A guest gives `address` and `email`. A customer may name a saved address instead, by `address_id`; with neither,
    things go to its default address.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"email": "robin@example.com", "address": ADDRESS}]},
    )

    address: AddressBody | None = None
    address_id: Id | None = Field(None, description="One of the customer's `/users/{user_id}/addresses`.")
    email: Email | None = Field(None, description="Where the buyer can be reached; a customer's own when left out.")
    shipping_method: ShippingMethod | None = Field(None, description="One of the cart's; its first when left out.")
    expected_total: BodyMoney | None = None

    def wish(self) -> Wish:
        """Return it as the rules know it."""
        address = None if self.address is None else self.address.value()
        return Wish(address, self.email, self.shipping_method, self.expected_total, self.address_id)


class PayBody(BaseModel):
    """How to pay: a payment method of the provider; `pm_test_success` where payments are pretended."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"payment_method": "pm_test_success"}]})

    payment_method: PaymentMethod


class CheckoutItem(BaseModel):
    """Units of a product that are held."""

    product_id: int
    name: str
    quantity: int
    unit_price: Money
    total: Money


class CheckoutPayment(BaseModel):
    """The newest payment of a checkout. `client_secret` is given once, to finish what `needs_action`."""

    provider: str
    state: str = Field(
        json_schema_extra={
            "enum": [
                "started",
                "asked",
                "needs_action",
                "succeeded",
                "declined",
                "cancelled",
                "refunding",
                "refunded",
            ]
        }
    )
    decline_code: str | None
    message: str | None
    client_secret: str | None


class Checkout(BaseModel):
    """Units that are held at a price until `expires_at`; once paid, `order_id` is the order."""

    id: str
    state: str = Field(json_schema_extra={"enum": ["open", "paying", "paid", "expired", "cancelled"]})
    customer_id: int | None
    email: str
    items: list[CheckoutItem]
    currency: str
    items_total: Money
    discount: Money
    shipping: Money
    shipping_method: str
    tax: Money
    total: Money
    address: dict[str, Any]
    payment: CheckoutPayment | None
    order_id: int | None
    expires_at: AwareDatetime
    created_at: AwareDatetime


def present(connection: Connection, checkout: Any, answer: Answer | None = None) -> dict[str, Any]:
    """Return a checkout as it goes over the wire; `answer` is what the provider has just said."""
    payment = payments_sql.find_last_payment(connection, checkout.id)
    return {
        "id": checkout.public_id,
        "state": checkout.state,
        "customer_id": checkout.customer_id,
        "email": checkout.email,
        "items": [
            {
                "product_id": line.product_id,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": from_cents(line.list_price_cents),
                "total": from_cents(line.list_price_cents * line.quantity),
            }
            for line in checkouts_sql.list_lines(connection, checkout.id)
        ],
        "currency": checkout.currency,
        "items_total": from_cents(checkout.items_cents),
        "discount": from_cents(checkout.discount_cents),
        "shipping": from_cents(checkout.shipping_cents),
        "shipping_method": checkout.shipping_method,
        "tax": from_cents(checkout.tax_cents),
        "total": from_cents(checkout.total_cents),
        "address": json.loads(checkout.address),
        "payment": None
        if payment is None
        else {
            "provider": payment.provider,
            "state": payment.state,
            "decline_code": payment.decline_code,
            "message": payment.message,
            "client_secret": None if answer is None else answer.client_secret,
        },
        "order_id": checkout.order_id,
        "expires_at": checkout.expires_at,
        "created_at": checkout.created_at,
    }


def read(public_id: str, caller: Caller | None, answer: Answer | None = None) -> dict[str, Any]:
    """Return a checkout as it goes over the wire, in a connection of its own."""

    def work(connection: Connection) -> dict[str, Any]:
        return present(connection, checkouts.get_checkout(connection, public_id, caller), answer)

    return run(work, writes=False)


REFUSALS = [
    EmptyCart,
    NotForSale,
    OutOfStock,
    NoSuchShipping,
    PromotionRefused,
    PriceChanged,
    AddressNeeded,
    EmailNeeded,
]


@routes.post(
    "/carts/{cart_id}/checkout",
    access=PUBLIC,
    response=Checkout,
    status=201,
    errors=[NotFound, CheckoutClosed, Unavailable, *REFUSALS],
    idempotency="required",
)
def begin_checkout(
    caller: Caller | None, base_path: str, cart_id: str, body: PurchaseWish, request_key: str | None
) -> Reply:
    """Hold what is in a cart, at its present price, for 15 minutes; then pay for it.

    Units come from the center nearest to the address that has them. A cart has one checkout at a time: another one
    takes its place. What cannot be bought as it is, is a 409 that says why.
    """
    checkout_id = checkouts.begin(cart_id, caller, body.wish(), request_key)
    return Reply(read(checkout_id, caller), {"Location": f"{base_path}/checkouts/{checkout_id}"})


@routes.get("/checkouts/{checkout_id}", access=PUBLIC, response=Checkout, errors=[NotFound])
def get_checkout(connection: Connection, caller: Caller | None, checkout_id: str) -> dict[str, Any]:
    """Read a checkout: a guest's by its id, a customer's own."""
    return present(connection, checkouts.get_checkout(connection, checkout_id, caller))


@routes.post(
    "/checkouts/{checkout_id}/pay",
    access=PUBLIC,
    response=Checkout,
    errors=[NotFound, CheckoutClosed, PaymentDeclined, Unavailable],
    idempotency="required",
)
def pay_checkout(caller: Caller | None, checkout_id: str, body: PayBody, request_key: str | None) -> dict[str, Any]:
    """Pay for a checkout; when it succeeds, it is an order.

    `state` tells what came of it: `paid`, or `paying` while the outcome is not known or the customer must act
    (`payment.state` is `needs_action`: finish it with `client_secret`, then call `/confirm`). A declined payment is a
    409; the units stay held, and another payment may be tried with a new Idempotency-Key.
    """
    answer = payments.pay(checkout_id, caller, body.payment_method, request_key)
    return read(checkout_id, caller, answer)


@routes.post(
    "/checkouts/{checkout_id}/confirm",
    access=PUBLIC,
    response=Checkout,
    errors=[NotFound, Unavailable],
)
def confirm_checkout(caller: Caller | None, checkout_id: str) -> dict[str, Any]:
    """Look again at a payment whose outcome was not known, after the customer acted say, and read the checkout."""
    payments.confirm_again(checkout_id, caller)
    return read(checkout_id, caller)


@routes.post("/checkouts/{checkout_id}/cancel", access=PUBLIC, response=Checkout, errors=[NotFound, CheckoutClosed])
def cancel_checkout(connection: Connection, caller: Caller | None, checkout_id: str) -> dict[str, Any]:
    """Give up a checkout: what it holds is free for others."""
    checkouts.cancel(connection, checkout_id, caller)
    return present(connection, checkouts.get_checkout(connection, checkout_id, caller))
