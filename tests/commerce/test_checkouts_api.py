"""From a cart to a paid order."""

from __future__ import annotations

from chalicelib.core.auth import Role
from tests.client import Client
from tests.commerce.purchases import cart_with, check_out, goods, pay, shopper
from tests.factories import client_of


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
