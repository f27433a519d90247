"""How much guests of one place may hold without paying."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from chalicelib.commerce.sales import carts
from chalicelib.commerce.sales.holds import client_key
from tests.client import Client
from tests.commerce.purchases import bought, cart_with, check_out, goods, shopper


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop in which guests of one place hold five units at most."""
    monkeypatch.setattr("chalicelib.commerce.sales.holds.MAX_UNITS", 5)


def test_guests_of_one_place_hold_no_more_together_than_the_bound(few: None, client: Client) -> None:
    product = goods(units=20)
    first, second, third = (cart_with(client, (product, units)) for units in (3, 2, 1))
    assert [check_out(client, cart).status for cart in (first, second)] == [201, 201]
    refused = check_out(client, third)
    assert (refused.status, refused.json["type"]) == (429, "urn:shopkeeper:problem:too-much-held")
    assert refused.headers["Retry-After"] == "60"
    # Nothing of the refused one is held.
    assert client.get(f"/products/{product}").json["available"] == 15


def test_a_key_that_was_refused_so_can_be_tried_again(few: None, client: Client) -> None:
    product = goods(units=20)
    held = check_out(client, cart_with(client, (product, 5))).json["id"]
    waiting = cart_with(client, (product, 1))
    assert check_out(client, waiting, key="again").status == 429
    client.post(f"/checkouts/{held}/cancel")
    assert check_out(client, waiting, key="again").status == 201


def test_a_checkout_that_is_begun_anew_or_paid_does_not_count(few: None, client: Client) -> None:
    product = goods(units=20)
    bought(client, (product, 5))
    cart = cart_with(client, (product, 5))
    assert [check_out(client, cart).status for _ in range(3)] == [201, 201, 201]


def test_an_order_in_one_go_is_bound_like_a_checkout(few: None, client: Client) -> None:
    product = goods(units=20)
    check_out(client, cart_with(client, (product, 5)))
    cart = cart_with(client, (product, 1))
    place = {"name": "R", "street_address": "1", "postal_code": "1", "city": "Lyon", "country": "France"}
    body = {"cart_id": cart, "email": "r@example.com", "address": place, "payment_method": "pm_test_success"}
    assert client.post("/orders", body, Idempotency_Key="k").status == 429


def test_customers_are_not_bound_by_what_guests_of_their_place_hold(few: None, client: Client) -> None:
    product = goods(units=20)
    check_out(client, cart_with(client, (product, 5)))
    customer, _ = shopper()
    assert check_out(customer, cart_with(customer, (product, 4))).status == 201


def test_a_guest_can_always_buy_a_full_cart(client: Client, shop: Engine) -> None:
    products = [(goods(units=99), 99) for _ in range(5)]
    assert sum(units for _, units in products) == carts.MAX_UNITS - 5
    assert check_out(client, cart_with(client, *products)).status == 201


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:0:0:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unknown", "192.0.2.1", False),
    ],
)
def test_a_place_is_an_address_or_a_network_of_ipv6(one: str, other: str, same: bool) -> None:
    assert (client_key(one) == client_key(other)) is same
    assert one not in client_key(one)
