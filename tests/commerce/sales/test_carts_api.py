"""Carts over HTTP: what is shown of goods, codes, shipping and tax, and to whom."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Client
from tests.commerce.purchases import begun, cart_with, check_out, code_of, goods, pay, shopper
from tests.factories import (
    PASSWORD,
    client_of,
    make_account,
    make_customer,
    make_promotion,
    make_shipping_rule,
    make_tax_rule,
)


def execute(statement: str, **given: Any) -> None:
    with transaction() as connection:
        connection.execute(text(statement), given)


def test_units_are_added_set_and_taken_out(client: Client) -> None:
    jeans, socks = goods(units=9, cents=2450), goods(units=9, cents=600)
    cart_id = cart_with(client, (jeans, 1), (socks, 2), (jeans, 1))
    cart = client.get(f"/carts/{cart_id}").json
    assert [(item["product_id"], item["quantity"], item["total"]) for item in cart["items"]] == [
        (jeans, 2, 49.0),
        (socks, 2, 12.0),
    ]
    assert (cart["quantity"], cart["items_total"], cart["total"]) == (4, 61.0, 61.0)
    assert client.put(f"/carts/{cart_id}/items/{socks}", {"quantity": 1}).json["items_total"] == 55.0
    assert client.put(f"/carts/{cart_id}/items/{socks}", {"quantity": 0}).json["items_total"] == 49.0
    assert client.delete(f"/carts/{cart_id}/items/{socks}").status == 200
    assert client.delete(f"/carts/{cart_id}/items/{jeans}").json["items"] == []


def test_an_emptied_cart_has_no_code_either(client: Client) -> None:
    make_promotion(code="TENTH")
    cart_id = cart_with(client, (goods(), 1))
    client.put(f"/carts/{cart_id}/promotion", {"code": "TENTH"})
    emptied = client.delete(f"/carts/{cart_id}/items").json
    assert (emptied["items"], emptied["promotion"], emptied["total"]) == ([], None, 0.0)


@pytest.mark.parametrize("quantity", [-1, 100, 1.5, "1", True])
def test_a_quantity_is_a_whole_number_up_to_99(client: Client, quantity: Any) -> None:
    product_id = goods()
    cart_id = cart_with(client)
    assert client.post(f"/carts/{cart_id}/items", {"product_id": product_id, "quantity": quantity}).status == 422
    assert client.put(f"/carts/{cart_id}/items/{product_id}", {"quantity": quantity}).status == 422


def test_what_is_wrong_with_an_item_is_said(client: Client) -> None:
    enough, few, none, gone = goods(units=5), goods(units=2), goods(units=0), goods(units=5, cents=100)
    cart_id = cart_with(client, (enough, 5), (few, 3), (none, 1), (gone, 1))
    execute("UPDATE products SET status = 'archived' WHERE id = :id", id=gone)
    cart = client.get(f"/carts/{cart_id}").json
    assert [(item["available"], item["problem"]) for item in cart["items"]] == [
        (5, None),
        (2, "Only 2 left."),
        (0, "Sold out."),
        (5, "This product is no longer sold."),
    ]
    assert cart["items_total"] == 445.5, "nine at 49.50, and nothing for what is not sold"


def test_what_ones_own_checkout_holds_is_there_for_ones_cart(client: Client) -> None:
    product_id = goods(units=2)
    cart_id = cart_with(client, (product_id, 2))
    assert check_out(client, cart_id).status == 201
    assert client.get(f"/carts/{cart_id}").json["items"][0]["problem"] is None
    other = cart_with(Client(), (product_id, 1))
    assert client.get(f"/carts/{other}").json["items"][0]["problem"] == "Sold out."


def test_prices_are_the_present_ones(client: Client) -> None:
    product_id = goods(cents=1000)
    cart_id = cart_with(client, (product_id, 3))
    execute("UPDATE products SET retail_price_cents = 1101 WHERE id = :id", id=product_id)
    cart = client.get(f"/carts/{cart_id}").json
    assert (cart["items"][0]["unit_price"], cart["total"]) == (11.01, 33.03)


def test_the_worked_example_of_the_documentation(client: Client) -> None:
    make_promotion(code="WELCOME10", value=1000)
    make_tax_rule(88_750, "United States", "New York")
    make_shipping_rule(495, free_from_cents=5000)
    cart_id = cart_with(client, (goods(cents=2450), 2), (goods(cents=600), 1))
    client.put(f"/carts/{cart_id}/promotion", {"code": "welcome10"})
    cart = client.get(f"/carts/{cart_id}?country=united%20states&state=new%20york").json
    names = ("items_total", "discount", "shipping", "tax", "tax_included", "total")
    assert {name: cart[name] for name in names} == {
        "items_total": 55.0,
        "discount": 5.5,
        "shipping": 4.95,
        "tax": 4.39,
        "tax_included": 0.0,
        "total": 58.84,
    }
    assert cart["promotion"] == {"code": "WELCOME10", "applied": True, "problem": None}


def test_tax_that_prices_hold_is_shown_and_changes_no_total(client: Client) -> None:
    make_tax_rule(190_000, "Germany", included=True)
    cart_id = cart_with(client, (goods(cents=4950), 1))
    cart = client.get(f"/carts/{cart_id}?country=Germany").json
    # 49.50 * 19 / 119 = 7.9034
    assert (cart["tax"], cart["tax_included"], cart["total"]) == (7.9, 7.9, 49.5)


def test_amounts_are_written_exactly(client: Client) -> None:
    cart_id = cart_with(client, (goods(cents=10), 3))
    assert '"total":0.30' in client.get(f"/carts/{cart_id}").text.replace(" ", "")


def test_shipping_depends_on_the_country_and_the_method(client: Client) -> None:
    make_shipping_rule(900, "standard")
    make_shipping_rule(450, "standard", "France", free_from_cents=10_000)
    make_shipping_rule(1500, "express", "France")
    cart_id = cart_with(client, (goods(cents=5000), 1))
    unknown = client.get(f"/carts/{cart_id}").json
    assert (unknown["shipping"], unknown["shipping_method"], unknown["shipping_options"]) == (None, None, [])
    cheapest = client.get(f"/carts/{cart_id}?country=FRANCE").json
    assert [(option["method"], option["price"]) for option in cheapest["shipping_options"]] == [
        ("standard", 4.5),
        ("express", 15.0),
    ]
    assert (cheapest["shipping"], cheapest["shipping_method"], cheapest["total"]) == (4.5, "standard", 54.5)
    assert client.get(f"/carts/{cart_id}?country=France&shipping_method=express").json["total"] == 65.0
    assert client.get(f"/carts/{cart_id}?country=Chad").json["total"] == 59.0


def test_a_code_that_nobody_made_is_refused(client: Client) -> None:
    cart_id = cart_with(client, (goods(), 1))
    refused = client.put(f"/carts/{cart_id}/promotion", {"code": "NONE"})
    assert (refused.status, code_of(refused)) == (409, "promotion-refused")
    assert client.get(f"/carts/{cart_id}").json["promotion"] is None


def test_a_code_that_does_not_count_yet_stays_and_says_why(client: Client) -> None:
    make_promotion(code="BIG.2026", kind="fixed", value=1000, minimum_cents=10_000)
    product_id = goods(cents=5000)
    cart_id = cart_with(client, (product_id, 1))
    entered = client.put(f"/carts/{cart_id}/promotion", {"code": "big.2026"})
    assert entered.json["promotion"] == {
        "code": "BIG.2026",
        "applied": False,
        "problem": "This code needs items of 100.00 or more.",
    }
    assert (entered.json["discount"], entered.json["total"]) == (0.0, 50.0)
    refused = check_out(client, cart_id)
    assert (refused.status, code_of(refused)) == (409, "promotion-refused")
    enough = client.put(f"/carts/{cart_id}/items/{product_id}", {"quantity": 2}).json
    assert (enough["promotion"]["applied"], enough["discount"], enough["total"]) == (True, 10.0, 90.0)
    assert client.delete(f"/carts/{cart_id}/promotion").json["total"] == 100.0


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"starts_at": "2999-01-01"}, "This code is not valid yet."),
        ({"ends_at": "2001-01-01"}, "This code is no longer valid."),
        ({"is_active": False}, "This code is not in use."),
        ({"usage_limit": 1, "used": 1}, "This code has been used as often as it may be."),
    ],
)
def test_a_code_that_cannot_be_used_says_why(client: Client, terms: dict[str, Any], why: str) -> None:
    moment = {
        name: clock.now().fromisoformat(f"{day}T00:00:00+00:00") for name, day in terms.items() if "_at" in name
    }
    make_promotion(code="CODE", **(terms | moment))
    cart_id = cart_with(client, (goods(), 1))
    cart = client.put(f"/carts/{cart_id}/promotion", {"code": "CODE"}).json
    assert cart["promotion"] == {"code": "CODE", "applied": False, "problem": why}
    assert cart["total"] == 49.5


def test_the_cart_of_a_customer_is_there_for_nobody_else(client: Client) -> None:
    buyer, customer_id = shopper()
    product_id = goods()
    cart_id = cart_with(buyer, (product_id, 1))
    assert client_of(Role.STAFF).get(f"/carts/{cart_id}").json["customer_id"] == customer_id
    for other in (client, shopper()[0], client_of(Role.CUSTOMER)):
        answers = [
            other.get(f"/carts/{cart_id}"),
            other.post(f"/carts/{cart_id}/items", {"product_id": product_id}),
            other.put(f"/carts/{cart_id}/items/{product_id}", {"quantity": 5}),
            other.delete(f"/carts/{cart_id}/items/{product_id}"),
            other.delete(f"/carts/{cart_id}/items"),
            other.put(f"/carts/{cart_id}/promotion", {"code": "A"}),
            other.delete(f"/carts/{cart_id}/promotion"),
            check_out(other, cart_id),
        ]
        assert {answer.status for answer in answers} == {404}
    assert buyer.get(f"/carts/{cart_id}").json["quantity"] == 1


def test_whoever_knows_the_id_of_a_guests_cart_may_use_it(client: Client) -> None:
    cart_id = cart_with(client, (goods(), 1))
    assert shopper()[0].get(f"/carts/{cart_id}").json["customer_id"] is None
    assert client.get("/carts/0123456789abcdef0123456789abcdef").status == 404


def test_a_guests_cart_is_taken_over_once(client: Client) -> None:
    cart_id = cart_with(client, (goods(), 2))
    buyer, customer_id = shopper()
    taken = buyer.post(f"/carts/{cart_id}/take-over").json
    assert (taken["customer_id"], taken["quantity"]) == (customer_id, 2)
    assert client.get(f"/carts/{cart_id}").status == 404
    assert buyer.post(f"/carts/{cart_id}/take-over").status == 404
    assert shopper()[0].post(f"/carts/{taken['id']}/take-over").status == 404
    assert buyer.get(f"/carts/{taken['id']}").json["quantity"] == 2


def test_a_guest_who_signs_in_during_a_checkout_has_its_units_still(client: Client) -> None:
    product_id = goods(units=1)
    cart_id = cart_with(client, (product_id, 1))
    held = check_out(client, cart_id).json["id"]
    buyer, customer_id = shopper()
    own = buyer.post(f"/carts/{cart_id}/take-over").json
    assert own["items"][0]["problem"] is None
    assert client.get(f"/checkouts/{held}").status == 404, "it is the customer's now"
    again = check_out(buyer, own["id"])
    assert again.status == 201, "the only unit is not held against the same person"
    assert buyer.get(f"/checkouts/{held}").json["state"] == "cancelled"
    assert again.json["customer_id"] == customer_id


def test_a_checkout_that_was_taken_over_becomes_the_customers_order_and_leaves_its_cart(client: Client) -> None:
    cart_id = cart_with(client, (goods(units=1), 1))
    held = check_out(client, cart_id).json["id"]
    buyer, customer_id = shopper()
    own = buyer.post(f"/carts/{cart_id}/take-over").json["id"]
    order_id = pay(buyer, held).json["order_id"]
    assert buyer.get(f"/orders/{order_id}").json["user_id"] == customer_id
    assert buyer.get(f"/carts/{own}").json["items"] == []


def test_signing_in_brings_the_guests_cart(client: Client) -> None:
    customer_id = make_customer()
    name = make_account(Role.CUSTOMER, customer_id=customer_id)
    cart_id = cart_with(client, (goods(), 2))
    signed_in = client.post("/api/auth/token", {"username": name, "password": PASSWORD, "cart_id": cart_id})
    assert signed_in.status == 200
    own = client.as_token(signed_in.json["token"]).post("/carts").json
    assert (own["customer_id"], own["quantity"]) == (customer_id, 2)
    assert client.get(f"/carts/{cart_id}").status == 404


def test_a_cart_keeps_nobody_from_signing_in(client: Client) -> None:
    name = make_account(Role.CUSTOMER, customer_id=make_customer())
    theirs = cart_with(shopper()[0], (goods(), 1))
    for cart_id in ("nosuchcart", theirs, None):
        body = {"username": name, "password": PASSWORD, "cart_id": cart_id}
        signed_in = client.post("/api/auth/token", body)
        assert signed_in.status == 200
        assert client.as_token(signed_in.json["token"]).post("/carts").json["items"] == []


def test_a_wrong_password_and_an_account_of_no_customer_leave_the_cart_to_the_guest(client: Client) -> None:
    cart_id = cart_with(client, (goods(), 1))
    customer, staff = make_account(Role.CUSTOMER, customer_id=make_customer()), make_account(Role.STAFF)
    wrong = {"username": customer, "password": "another long password", "cart_id": cart_id}
    assert client.post("/api/auth/token", wrong).status == 401
    right = {"username": staff, "password": PASSWORD, "cart_id": cart_id}
    assert client.post("/api/auth/token", right).status == 200
    assert client.get(f"/carts/{cart_id}").json["quantity"] == 1


def test_what_is_put_in_during_a_checkout_stays_when_the_rest_is_bought(client: Client) -> None:
    first, second = goods(), goods()
    cart_id = cart_with(client, (first, 2))
    checkout_id = check_out(client, cart_id).json["id"]
    client.post(f"/carts/{cart_id}/items", {"product_id": first, "quantity": 1})
    client.post(f"/carts/{cart_id}/items", {"product_id": second, "quantity": 1})
    assert pay(client, checkout_id).json["state"] == "paid"
    items = client.get(f"/carts/{cart_id}").json["items"]
    assert [(item["product_id"], item["quantity"]) for item in items] == [(first, 1), (second, 1)]


def test_a_cart_can_be_filled_again_after_it_was_bought(client: Client) -> None:
    product_id = goods()
    checkout_id = begun(client, (product_id, 1))
    assert pay(client, checkout_id).json["state"] == "paid"
