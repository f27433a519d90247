"""From a cart to a paid order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.database import transaction
from tests.client import Client
from tests.commerce.purchases import (
    ADDRESS,
    available,
    begun,
    cart_with,
    charged,
    check_out,
    code_of,
    goods,
    move_clock,
    new_key,
    pay,
    payment_states,
    shopper,
)
from tests.conftest import set_settings
from tests.factories import (
    client_of,
    counted_statements,
    make_address,
    make_promotion,
    make_shipping_rule,
    make_tax_rule,
)


def used(code: str) -> int:
    with transaction() as connection:
        return int(
            connection.execute(text("SELECT used FROM promotions WHERE code = :code"), {"code": code}).scalar_one()
        )


def test_a_guest_buys(client: Client) -> None:
    product_id = goods(units=3, cents=1999)
    cart_id = cart_with(client, (product_id, 2))
    checkout = check_out(client, cart_id)
    assert checkout.status == 201
    assert (checkout.json["state"], checkout.json["total"]) == ("open", 39.98)
    paid = pay(client, checkout.json["id"])
    assert (paid.status, paid.json["state"]) == (200, "paid")
    staff = client_of(Role.STAFF)
    order = staff.get(f"/orders/{paid.json['order_id']}").json
    assert (order["status"], order["total"], order["num_of_item"]) == ("Processing", 39.98, 2)
    assert [item["status"] for item in order["items"]] == ["Processing", "Processing"]
    assert [payment["state"] for payment in order["payments"]] == ["succeeded"]
    assert client.get(f"/carts/{cart_id}").json["items"] == []
    assert staff.get("/inventory/audit").json["differences"] == []


def test_a_customer_sees_its_order_and_nobody_else_does(client: Client) -> None:
    product_id = goods()
    buyer, customer_id = shopper()
    checkout = check_out(buyer, cart_with(buyer, (product_id, 1)))
    order_id = pay(buyer, checkout.json["id"]).json["order_id"]
    assert buyer.get(f"/orders/{order_id}").json["user_id"] == customer_id
    other, _ = shopper()
    assert other.get(f"/orders/{order_id}").status == 404
    assert other.get(f"/checkouts/{checkout.json['id']}").status == 404
    assert client.get(f"/checkouts/{checkout.json['id']}").status == 404


def test_the_checkout_of_a_customer_is_there_for_nobody_else(client: Client) -> None:
    buyer, _ = shopper()
    checkout_id = begun(buyer, (goods(), 1))
    for other in (client, shopper()[0], client_of(Role.CUSTOMER)):
        answers = [
            other.get(f"/checkouts/{checkout_id}"),
            pay(other, checkout_id),
            other.post(f"/checkouts/{checkout_id}/confirm"),
            other.post(f"/checkouts/{checkout_id}/cancel"),
        ]
        assert {answer.status for answer in answers} == {404}
    assert buyer.get(f"/checkouts/{checkout_id}").json["state"] == "open"
    assert charged(checkout_id) == 0


def test_a_checkout_says_what_it_holds_and_at_which_price(client: Client) -> None:
    make_promotion(code="WELCOME10", value=1000)
    make_tax_rule(88_750, "United States", "New York")
    make_shipping_rule(495, free_from_cents=5000)
    jeans, socks = goods(cents=2450), goods(cents=600)
    cart_id = cart_with(client, (jeans, 2), (socks, 1))
    client.put(f"/carts/{cart_id}/promotion", {"code": "WELCOME10"})
    checkout = check_out(client, cart_id, address=ADDRESS | {"state": "New York"}, expected_total=58.84)
    assert checkout.status == 201, checkout.text
    assert checkout.headers["Location"] == f"/checkouts/{checkout.json['id']}"
    names = ("items_total", "discount", "shipping", "tax", "total", "shipping_method", "customer_id", "order_id")
    assert {name: checkout.json[name] for name in names} == {
        "items_total": 55.0,
        "discount": 5.5,
        "shipping": 4.95,
        "tax": 4.39,
        "total": 58.84,
        "shipping_method": "standard",
        "customer_id": None,
        "order_id": None,
    }
    assert [(item["product_id"], item["quantity"], item["total"]) for item in checkout.json["items"]] == [
        (jeans, 2, 49.0),
        (socks, 1, 6.0),
    ]
    assert checkout.json["payment"] is None
    assert checkout.json["address"]["state"] == "New York"
    paid = pay(client, checkout.json["id"]).json
    order = client_of(Role.STAFF).get(f"/orders/{paid['order_id']}").json
    assert (order["total"], order["discount"], order["tax"]) == (58.84, 5.5, 4.39)
    assert charged(checkout.json["id"]) == 5884


@pytest.mark.parametrize("expected", [49.49, 0, 99.0])
def test_another_total_than_was_shown_is_refused_and_nothing_is_held(client: Client, expected: float) -> None:
    product_id = goods(units=2)
    cart_id = cart_with(client, (product_id, 1))
    refused = check_out(client, cart_id, expected_total=expected)
    assert (refused.status, code_of(refused)) == (409, "price-changed")
    assert "49.50" in refused.json["detail"]
    assert available(product_id) == 2
    assert check_out(client, cart_id, expected_total=49.5).status == 201


def test_the_price_of_a_checkout_stays_when_the_product_gets_dearer(client: Client) -> None:
    product_id = goods(cents=1000)
    checkout_id = begun(client, (product_id, 2))
    with transaction() as connection:
        connection.execute(text("UPDATE products SET retail_price_cents = 9900"))
    assert pay(client, checkout_id).json["total"] == 20.0
    assert charged(checkout_id) == 2000


def test_an_empty_cart_is_not_bought(client: Client) -> None:
    refused = check_out(client, cart_with(client))
    assert (refused.status, code_of(refused)) == (409, "empty-cart")


def test_what_is_no_longer_sold_is_named_and_nothing_is_held(client: Client) -> None:
    kept, gone = goods(units=2), goods(units=2)
    cart_id = cart_with(client, (kept, 1), (gone, 1))
    with transaction() as connection:
        connection.execute(text("UPDATE products SET status = 'archived' WHERE id = :id"), {"id": gone})
    refused = check_out(client, cart_id)
    assert (refused.status, code_of(refused)) == (409, "not-for-sale")
    assert [error["message"] for error in refused.json["errors"]] == [f"product {gone} is no longer sold"]
    assert available(kept) == 2


def test_what_is_out_of_stock_is_named_and_nothing_is_held(client: Client) -> None:
    enough, short, none = goods(units=4), goods(units=2), goods(units=0)
    refused = check_out(client, cart_with(client, (enough, 4), (short, 3), (none, 1)))
    assert (refused.status, code_of(refused)) == (409, "out-of-stock")
    assert [error["message"] for error in refused.json["errors"]] == [
        f"product {short}: 3 wanted, 2 free",
        f"product {none}: 1 wanted, 0 free",
    ]
    assert (available(enough), available(short)) == (4, 2)


def test_a_way_of_shipping_that_there_is_not_is_refused_with_those_that_there_are(client: Client) -> None:
    make_shipping_rule(450, "standard")
    make_shipping_rule(900, "express")
    refused = check_out(client, cart_with(client, (goods(), 1)), shipping_method="balloon")
    assert (refused.status, code_of(refused)) == (409, "no-such-shipping")
    assert "express, standard" in refused.json["detail"]


def test_a_guest_needs_an_e_mail_and_an_address(client: Client) -> None:
    cart_id = cart_with(client, (goods(), 1))
    bodies = {
        "email-needed": {"address": ADDRESS},
        "address-needed": {"email": "robin@example.com"},
    }
    for code, body in bodies.items():
        refused = client.post(f"/carts/{cart_id}/checkout", body, idempotency_key=new_key())
        assert (refused.status, code_of(refused)) == (409, code)


def test_a_customer_buys_with_nothing_but_its_default_address(client: Client) -> None:
    buyer, customer_id = shopper()
    make_address(customer_id, is_default=True, city="Lyon")
    saved = make_address(customer_id, city="Nice")
    cart_id = cart_with(buyer, (goods(), 1))
    assert buyer.post(f"/carts/{cart_id}/checkout", {}, idempotency_key=new_key()).json["address"]["city"] == "Lyon"
    named = buyer.post(f"/carts/{cart_id}/checkout", {"address_id": saved}, idempotency_key=new_key())
    assert named.json["address"]["city"] == "Nice"
    both = {"address_id": saved, "address": ADDRESS}
    refused = buyer.post(f"/carts/{cart_id}/checkout", both, idempotency_key=new_key())
    assert (refused.status, code_of(refused)) == (409, "address-needed")
    theirs = make_address(shopper()[1])
    assert buyer.post(f"/carts/{cart_id}/checkout", {"address_id": theirs}, idempotency_key=new_key()).status == 404


@pytest.mark.parametrize("email", ["robin", "@example.com", "a@b\r\nBcc: c@d", "a b@example.com", "<a@b.c>"])
def test_what_is_no_e_mail_is_refused(client: Client, email: str) -> None:
    assert check_out(client, cart_with(client, (goods(), 1)), email=email).status == 422


def test_another_checkout_of_a_cart_takes_the_place_of_the_first(client: Client) -> None:
    make_promotion(code="ONCE", usage_limit=1, customer_limit=1)
    product_id = goods(units=2)
    cart_id = cart_with(client, (product_id, 2))
    client.put(f"/carts/{cart_id}/promotion", {"code": "ONCE"})
    first = check_out(client, cart_id).json["id"]
    second = check_out(client, cart_id)
    assert second.status == 201, second.text
    assert client.get(f"/checkouts/{first}").json["state"] == "cancelled"
    refused = pay(client, first)
    assert (refused.status, code_of(refused)) == (409, "checkout-closed")
    assert (available(product_id), used("ONCE")) == (0, 1)
    assert pay(client, second.json["id"]).json["state"] == "paid"
    assert (charged(first), used("ONCE")) == (0, 1)


def test_a_code_is_used_up_by_checkouts_and_given_back_by_cancelling(client: Client) -> None:
    make_promotion(code="ONCE", usage_limit=1)
    carts = [cart_with(client, (goods(), 1)) for _ in range(2)]
    for cart_id in carts:
        client.put(f"/carts/{cart_id}/promotion", {"code": "ONCE"})
    first = check_out(client, carts[0]).json["id"]
    refused = check_out(client, carts[1])
    assert (refused.status, code_of(refused)) == (409, "promotion-refused")
    assert client.post(f"/checkouts/{first}/cancel").json["state"] == "cancelled"
    assert client.post(f"/checkouts/{first}/cancel").status == 200, "again changes nothing"
    assert used("ONCE") == 0
    assert check_out(client, carts[1]).status == 201


def test_one_customer_uses_a_code_as_often_as_one_may_in_any_spelling_of_its_e_mail(client: Client) -> None:
    make_promotion(code="HELLO", customer_limit=1)
    product_id = goods()

    def try_with(email: str) -> int:
        cart_id = cart_with(client, (product_id, 1))
        client.put(f"/carts/{cart_id}/promotion", {"code": "HELLO"})
        return check_out(client, cart_id, email=email).status

    assert [try_with(email) for email in ("a@example.com", "A@Example.com", "b@example.com")] == [201, 409, 201]
    assert available(product_id) == 3, "the refused one holds nothing"


def test_cancelling_frees_the_units(client: Client) -> None:
    product_id = goods(units=2)
    checkout_id = begun(client, (product_id, 2))
    assert available(product_id) == 0
    assert client.post(f"/checkouts/{checkout_id}/cancel").json["state"] == "cancelled"
    assert available(product_id) == 2
    assert pay(client, checkout_id).status == 409


def test_what_is_paid_cannot_be_cancelled(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id)
    refused = client.post(f"/checkouts/{checkout_id}/cancel")
    assert (refused.status, code_of(refused)) == (409, "checkout-closed")


def test_an_expired_checkout_cannot_be_paid_even_before_the_sweep(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout_id = begun(client, (goods(), 1))
    move_clock(monkeypatch, minutes=15)
    refused = pay(client, checkout_id)
    assert (refused.status, code_of(refused)) == (409, "checkout-closed")
    assert "expired" in refused.json["detail"]
    assert charged(checkout_id) == 0


def test_a_paid_checkout_cannot_be_paid_twice(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1))
    assert pay(client, checkout_id).status == 200
    refused = pay(client, checkout_id)
    assert (refused.status, code_of(refused)) == (409, "checkout-closed")
    assert charged(checkout_id) == 4950
    assert payment_states(checkout_id) == ["succeeded"]


def test_what_costs_nothing_needs_no_provider(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    set_settings(monkeypatch, replace(settings, payment_provider=None))
    make_promotion(code="FREE", value=10_000)
    cart_id = cart_with(client, (goods(), 1))
    costly = begun(client, (goods(), 1))
    assert pay(client, costly).status == 503
    assert client.get(f"/checkouts/{costly}").json["state"] == "open"
    client.put(f"/carts/{cart_id}/promotion", {"code": "FREE"})
    checkout = check_out(client, cart_id).json
    assert checkout["total"] == 0.0
    paid = pay(client, checkout["id"]).json
    assert (paid["state"], paid["payment"]["provider"], paid["payment"]["state"]) == ("paid", "none", "succeeded")
    assert client_of(Role.STAFF).get(f"/orders/{paid['order_id']}").json["total"] == 0.0


def test_requests_that_cost_something_need_a_key(client: Client) -> None:
    cart_id = cart_with(client, (goods(), 1))
    body = {"address": ADDRESS, "email": "robin@example.com"}
    missing = client.post(f"/carts/{cart_id}/checkout", body)
    assert (missing.status, code_of(missing)) == (400, "idempotency-key-missing")
    checkout_id = check_out(client, cart_id).json["id"]
    missing = client.post(f"/checkouts/{checkout_id}/pay", {"payment_method": "pm_test_success"})
    assert (missing.status, code_of(missing)) == (400, "idempotency-key-missing")
    assert charged(checkout_id) == 0


def test_the_same_request_is_answered_the_same_and_done_once(client: Client) -> None:
    product_id = goods(units=5)
    cart_id = cart_with(client, (product_id, 2))
    begin, money = new_key(), new_key()
    first, again = check_out(client, cart_id, begin), check_out(client, cart_id, begin)
    assert (again.status, again.text) == (201, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert available(product_id) == 3
    checkout_id = first.json["id"]
    paid, repeated = pay(client, checkout_id, key=money), pay(client, checkout_id, key=money)
    assert (paid.status, repeated.status, repeated.text) == (200, 200, paid.text)
    assert charged(checkout_id) == 9900
    assert payment_states(checkout_id) == ["succeeded"]


def test_a_key_with_another_body_is_refused(client: Client) -> None:
    cart_id, key = cart_with(client, (goods(), 1)), new_key()
    checkout_id = check_out(client, cart_id, key).json["id"]
    assert code_of(check_out(client, cart_id, key, email="other@example.com")) == "idempotency-key-reused"
    assert pay(client, checkout_id, "pm_test_declined", key).status == 409
    other = pay(client, checkout_id, "pm_test_success", key)
    assert (other.status, code_of(other)) == (422, "idempotency-key-reused")
    assert charged(checkout_id) == 0


# What a purchase may cost the database. A bound to keep, not a goal: more products must not mean more statements.
MOST_TO_BEGIN, MOST_TO_PAY = 28, 57


@pytest.mark.parametrize("products", [1, 3])
def test_a_purchase_takes_few_statements_however_many_products(shop: Engine, products: int) -> None:
    client = Client()
    cart_id = cart_with(client, *[(goods(), 2) for _ in range(products)])
    with counted_statements(shop) as to_begin:
        checkout_id = check_out(client, cart_id).json["id"]
    with counted_statements(shop) as to_pay:
        assert pay(client, checkout_id).json["state"] == "paid"
    counts = (len(to_begin), len(to_pay))
    # A product's units are looked for one product at a time.
    assert counts[0] <= MOST_TO_BEGIN + products, json.dumps(to_begin, indent=1)
    assert counts[1] <= MOST_TO_PAY, json.dumps(to_pay, indent=1)


def test_a_payment_names_neither_product_nor_person_to_the_provider(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id)
    with transaction() as connection:
        told: Any = connection.execute(text("SELECT description, details FROM test_intents")).one()
    assert told.description.startswith("Checkout ")
    assert set(json.loads(told.details)) == {"payment", "checkout"}
