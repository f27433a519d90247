"""What tests of purchases share: a cart with goods, an address, keys, and the invariants that always hold."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from chalicelib.commerce import sale_tables, sweep
from chalicelib.commerce.sweep import Swept
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read
from chalicelib.payments.test_provider import TestProvider
from tests.client import Answer, Client
from tests.factories import client_of, make_customer, make_product, make_stock

ADDRESS = {
    "name": "Robin Doe",
    "street_address": "1 Main Street",
    "postal_code": "38103",
    "city": "Memphis",
    "country": "United States",
}

_keys = count(1)


def new_key() -> str:
    """Return an Idempotency-Key that no request had."""
    return f"key-{next(_keys)}"


def goods(units: int = 5, cents: int = 4950, **given: Any) -> int:
    """Make a product with free units in stock."""
    product_id = make_product(retail_price_cents=cents, **given)
    if units:
        make_stock(product_id, units)
    return product_id


def shopper() -> tuple[Client, int]:
    """Return a client signed in as a new customer, and that customer's id."""
    customer_id = make_customer()
    return client_of(Role.CUSTOMER, customer_id=customer_id), customer_id


def cart_with(client: Client, *items: tuple[int, int]) -> str:
    """Open a cart and put (product id, quantity) into it; return its id."""
    opened = client.post("/carts")
    assert opened.status in (200, 201)
    for product_id, quantity in items:
        added = client.post(f"/carts/{opened.json['id']}/items", {"product_id": product_id, "quantity": quantity})
        assert added.status == 201, added.text
    return str(opened.json["id"])


def check_out(client: Client, cart_id: str, key: str | None = None, **wish: Any) -> Answer:
    """Begin a checkout of a cart."""
    body = {"address": ADDRESS, "email": "robin@example.com"} | wish
    return client.post(f"/carts/{cart_id}/checkout", body, idempotency_key=key or new_key())


def pay(client: Client, checkout_id: str, method: str = "pm_test_success", key: str | None = None) -> Answer:
    """Pay for a checkout."""
    body = {"payment_method": method}
    return client.post(f"/checkouts/{checkout_id}/pay", body, idempotency_key=key or new_key())


def bought(client: Client, *items: tuple[int, int], **wish: Any) -> dict[str, Any]:
    """Buy goods and return the order, as staff reads it."""
    checkout = check_out(client, cart_with(client, *items), **wish)
    assert checkout.status == 201, checkout.text
    paid = pay(client, checkout.json["id"])
    assert (paid.status, paid.json["state"]) == (200, "paid"), paid.text
    order: dict[str, Any] = client_of(Role.STAFF).get(f"/orders/{paid.json['order_id']}").json
    return order


def code_of(answer: Answer) -> str:
    """Return the code of a refusal."""
    return str(answer.json["type"]).rpartition(":")[2]


def begun(client: Client, *items: tuple[int, int], **wish: Any) -> str:
    """Begin a checkout of a new cart and return its id."""
    checkout = check_out(client, cart_with(client, *items), **wish)
    assert checkout.status == 201, checkout.text
    return str(checkout.json["id"])


def available(product_id: int) -> int:
    """Return how many units of a product anybody could buy."""
    return int(Client().get(f"/products/{product_id}").json["available"])


def charged(checkout_id: str) -> int:
    """Return the cents that an accountant of the provider would see for a checkout."""
    return TestProvider().total_charged(checkout=checkout_id)


def given_back(checkout_id: str) -> int:
    """Return the cents that an accountant of the provider would see as given back for a checkout."""
    return TestProvider().total_refunded(checkout=checkout_id)


def move_clock(monkeypatch: pytest.MonkeyPatch, **on: float) -> None:
    """Let it be so much later, and hold the clock there."""
    at = clock.now() + timedelta(**on)
    monkeypatch.setattr(clock, "now", lambda: at)


def swept() -> Swept:
    """Run the sweep with all the time in the world."""
    return sweep.sweep(lambda: 900_000)


def payment_states(checkout_id: str) -> list[str]:
    """Return the states of the payments of a checkout, oldest first."""
    payments, checkouts = sale_tables.payments.c, sale_tables.checkouts.c
    statement = select(payments.state).join_from(sale_tables.payments, sale_tables.checkouts)
    with read() as connection:
        return list(connection.scalars(statement.where(checkouts.public_id == checkout_id).order_by(payments.id)))
