"""POST /orders: a cart bought in one go, and orders that staff takes. What an order looks like to whom."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.core.auth import Role
from chalicelib.payments.test_provider import TestProvider
from tests.client import Answer, Client
from tests.commerce.after_sale import (
    Json,
    assert_order_adds_up,
    buy,
    do,
    done,
    events,
    order_of,
    refusal,
    staff_client,
    statuses,
    take_order,
    timeline_of,
    unit_states,
)
from tests.commerce.purchases import ADDRESS, cart_with, goods, new_key, shopper
from tests.commerce.stock_checks import assert_stock_adds_up, levels
from tests.factories import NOON, client_of, make_customer, make_order, make_product, make_promotion, make_tax_rule


@pytest.fixture
def staff(client: Client) -> Client:
    return staff_client()


def in_one_go(
    client: Client, *items: tuple[int, int], method: str = "pm_test_success", key: str | None = None, **wish: Any
) -> Answer:
    body = {"cart_id": cart_with(client, *items), "payment_method": method, "address": ADDRESS} | wish
    return client.post("/orders", {"email": "robin@example.com"} | body, idempotency_key=key or new_key())


def free_units(product_id: int) -> int:
    return sum(counters["free"] for (product, _), counters in levels().items() if product == product_id)


# --- a cart in one go --------------------------------------------------------------------------------------------


def test_a_cart_becomes_a_paid_order_in_one_go(client: Client) -> None:
    product_id = goods(units=3, cents=1999)
    buyer, customer_id = shopper()
    answer = in_one_go(buyer, (product_id, 2))
    assert answer.status == 201
    order = answer.json["order"]
    assert answer.json["checkout"] is None
    assert answer.headers["Location"] == f"/orders/{order['id']}"
    assert answer.headers["ETag"] == '"v1"'
    assert (order["status"], order["total"], order["user_id"]) == ("Processing", 39.98, customer_id)
    assert order_of(buyer, order["id"]) == order
    assert unit_states(order) == ["sold", "sold"]
    assert free_units(product_id) == 1
    assert buyer.get(f"/carts/{buyer.post('/carts').json['id']}").json["items"] == []
    assert_order_adds_up(order_of(staff_client(), order["id"]))


def test_a_declined_cart_is_a_conflict_and_nothing_stays_held(client: Client) -> None:
    product_id = goods(units=2)
    answer = in_one_go(client, (product_id, 2), method="pm_test_declined")
    assert refusal(answer) == (409, "payment-declined")
    assert free_units(product_id) == 2
    assert staff_client().get("/orders").json == []
    assert TestProvider().total_charged() == 0
    assert_stock_adds_up()


def test_what_the_customer_must_do_first_is_told_in_the_checkout(client: Client) -> None:
    answer = in_one_go(client, (goods(), 1), method="pm_test_needs_action")
    assert answer.status == 201
    assert answer.json["order"] is None
    assert answer.json["checkout"]["state"] == "paying"
    assert "Location" not in answer.headers


def test_an_unknown_outcome_is_no_order_yet(client: Client) -> None:
    product_id = goods(units=1)
    answer = in_one_go(client, (product_id, 1), method="pm_test_timeout")
    assert answer.json["order"] is None
    assert answer.json["checkout"]["state"] == "paying"
    # The money may have been taken: the unit stays held until that is known.
    assert free_units(product_id) == 0


def test_an_order_must_name_its_request_and_a_repetition_is_the_same_byte_for_byte(client: Client) -> None:
    product_id = goods(units=3)
    cart_id = cart_with(client, (product_id, 1))
    body = {"cart_id": cart_id, "payment_method": "pm_test_success", "address": ADDRESS, "email": "r@example.com"}
    unnamed = client.post("/orders", body)
    assert refusal(unnamed) == (400, "idempotency-key-missing")
    key = new_key()
    first, second = (client.post("/orders", body, idempotency_key=key) for _ in range(2))
    assert (first.status, first.text) == (second.status, second.text)
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Location"] == first.headers["Location"]
    assert len(staff_client().get("/orders").json) == 1
    assert TestProvider().total_charged() == 4950


def test_a_guest_is_shown_its_order_in_the_answer_alone(client: Client) -> None:
    order = in_one_go(client, (goods(), 1)).json["order"]
    assert (order["user_id"], order["email"]) == (None, "robin@example.com")
    assert client.get(f"/orders/{order['id']}").status == 401
    stranger, _ = shopper()
    assert stranger.get(f"/orders/{order['id']}").status == 404


# --- orders that staff takes -------------------------------------------------------------------------------------


def test_staff_takes_an_order_that_waits_for_its_money(staff: Client) -> None:
    product_id, customer_id = goods(units=3, cents=2000), make_customer(email="sam@example.com")
    order = take_order(staff, (product_id, 2), customer_id=customer_id)
    assert (order["status"], order["total"], order["paid_at"]) == ("Pending", 40.0, None)
    assert (order["user_id"], order["email"]) == (customer_id, "sam@example.com")
    assert (order["payments"], order["moves"]) == ([], ["pay", "cancel"])
    assert unit_states(order) == ["reserved", "reserved"]
    assert [kind for kind, _, _ in events() if kind.startswith("order.")] == ["order.placed"]
    assert_order_adds_up(order)


def test_staff_takes_an_order_that_is_paid_already(staff: Client) -> None:
    order = take_order(staff, (goods(cents=2000), 1), paid=True, email="guest@example.com")
    assert (order["status"], order["user_id"], order["email"]) == ("Processing", None, "guest@example.com")
    assert order["paid_at"] is not None
    assert [(row["provider"], row["state"], row["amount"]) for row in order["payments"]] == [
        ("manual", "succeeded", 20.0)
    ]
    assert unit_states(order) == ["sold"]
    assert TestProvider().total_charged() == 0
    assert_order_adds_up(order)


def test_staff_sets_prices_and_several_lines_may_be_of_one_product(staff: Client) -> None:
    product_id = goods(units=3, cents=2000)
    body = {
        "items": [
            {"product_id": product_id, "quantity": 2, "price": 15},
            {"product_id": product_id, "quantity": 1},
        ],
        "address": ADDRESS,
        "shipping": 4.95,
        "note": "Rang twice.",
    }
    answer = staff.post("/orders", body, idempotency_key=new_key())
    assert answer.status == 201
    order = answer.json["order"]
    assert sorted(item["sale_price"] for item in order["items"]) == [15.0, 15.0, 20.0]
    assert len({item["inventory_item_id"] for item in order["items"]}) == 3
    assert (order["items_total"], order["shipping"], order["total"]) == (50.0, 4.95, 54.95)
    entries = timeline_of(staff, order["id"])
    assert [(entry["kind"], entry["internal"]) for entry in entries] == [("placed", False), ("note", True)]
    assert entries[1]["text"] == "Rang twice."


def test_tax_of_the_address_is_added_to_an_order_by_staff(staff: Client) -> None:
    make_tax_rule(100_000, country="United States")  # 10 %
    order = take_order(staff, (goods(cents=1005), 1))
    # 10 % of 10.05 is 1.005, half up 1.01.
    assert (order["tax"], order["total"]) == (1.01, 11.06)
    assert (order["items"][0]["tax"], order["items"][0]["sale_price"]) == (1.01, 10.05)


def test_what_is_not_there_cannot_be_ordered(staff: Client) -> None:
    product_id, draft = goods(units=1), make_product(status="draft")

    def refused(**given: Any) -> tuple[int, str]:
        body = {"items": [{"product_id": product_id}], "address": ADDRESS} | given
        answer = staff.post("/orders", body, idempotency_key=new_key())
        return refusal(answer)

    assert refused(customer_id=999_999) == (404, "not-found")
    assert refused(items=[{"product_id": 999_999}]) == (409, "not-for-sale")
    assert refused(items=[{"product_id": draft}]) == (409, "not-for-sale")
    assert refused(items=[{"product_id": product_id, "quantity": 2}]) == (409, "out-of-stock")
    assert refused(items=[{"product_id": product_id, "quantity": 99}] * 6) == (409, "order-too-large")
    # None of them left anything behind.
    assert staff.get("/orders").json == []
    assert events() == []
    assert free_units(product_id) == 1


def test_only_staff_takes_orders_directly(client: Client) -> None:
    body = {"items": [{"product_id": goods()}], "address": ADDRESS}
    assert client.post("/orders", body, idempotency_key=new_key()).status == 401
    buyer, customer_id = shopper()
    assert buyer.post("/orders", body, idempotency_key=new_key()).status == 403
    answer = buyer.post("/orders", body | {"customer_id": customer_id}, idempotency_key=new_key())
    assert answer.status == 403


# --- what is shown to whom ---------------------------------------------------------------------------------------


def test_the_detail_of_an_order_has_every_field(staff: Client) -> None:
    make_tax_rule(100_000, country="United States")
    promotion = make_promotion(code="TENTH")  # 10 %
    product_id = goods(cents=2000, name="Slim Jeans", sku="JEANS-1")
    buyer, customer_id = shopper()
    order_id = buy(buyer, (product_id, 1), code="TENTH")
    order = order_of(staff, order_id)
    assert promotion
    moments = {name: order.pop(name) for name in ("created_at", "updated_at", "paid_at")}
    assert len(set(moments.values())) == 1
    assert moments["paid_at"] is not None
    (item,) = order.pop("items")
    (payment,) = order.pop("payments")
    assert order == {
        "id": order_id,
        "user_id": customer_id,
        "status": "Processing",
        "gender": "F",
        "returned_at": None,
        "shipped_at": None,
        "delivered_at": None,
        "num_of_item": 1,
        "currency": "usd",
        # 20.00 less a tenth is 18.00, and a tenth of that is tax.
        "total": 19.8,
        "email": "robin@example.com",
        "items_total": 20.0,
        "discount": 2.0,
        "shipping": 0.0,
        "tax": 1.8,
        "address": {"state": None, "phone": None, "latitude": None, "longitude": None} | ADDRESS,
        "moves": ["ship", "cancel"],
        "shipments": [],
        "returns": [],
        "refunds": [],
        "version": 1,
    }
    for name in ("id", "inventory_item_id", "distribution_center_id"):
        assert isinstance(item.pop(name), int)
    assert item == {
        "product_id": product_id,
        "product_name": "Slim Jeans",
        "product_sku": "JEANS-1",
        "status": "Processing",
        "sale_price": 18.0,
        "list_price": 20.0,
        "discount": 2.0,
        "tax": 1.8,
        "refunded": 0.0,
        "shipment_id": None,
        "return_id": None,
        "created_at": moments["created_at"],
        "shipped_at": None,
        "delivered_at": None,
        "returned_at": None,
    }
    assert (payment["provider"], payment["state"], payment["amount"]) == ("test", "succeeded", 19.8)


def test_an_imported_order_has_no_totals(staff: Client) -> None:
    customer_id = make_customer()
    order = order_of(staff, make_order(customer_id, (make_product(), 1234)))
    nothing = ("total", "currency", "items_total", "discount", "shipping", "tax", "email", "address", "paid_at")
    assert [order[name] for name in nothing] == [None] * len(nothing)
    assert (order["items"][0]["sale_price"], order["items"][0]["list_price"]) == (12.34, None)
    assert (order["payments"], order["refunds"], order["moves"]) == ([], [], ["return"])


def test_lists_tell_total_and_currency(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=1500), 2))
    guests = buy(Client(), (goods(cents=700), 1))
    rows = {row["id"]: (row["total"], row["currency"], row["num_of_item"]) for row in staff.get("/orders").json}
    assert rows == {order_id: (30.0, "usd", 2), guests: (7.0, "usd", 1)}
    assert [row["id"] for row in buyer.get("/orders").json] == [order_id]


def test_of_payments_and_refunds_a_customer_sees_amount_and_state_alone(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 1))
    assert do(staff, order_id, "refunds", {"amount": 5, "reason": "rang three times"}).status == 201
    seen = order_of(buyer, order_id)
    (payment,), (refund,) = seen["payments"], seen["refunds"]
    assert (payment["provider"], payment["state"], payment["amount"]) == (None, "succeeded", 20.0)
    assert (refund["reason"], refund["state"], refund["amount"]) == (None, "succeeded", 5.0)
    assert "rang three times" not in buyer.get(f"/orders/{order_id}/timeline").text
    assert order_of(staff, order_id)["refunds"][0]["reason"] == "rang three times"


def test_answers_to_what_a_customer_does_hide_the_shops_people_too(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 2))
    first, second = (item["id"] for item in order_of(buyer, order_id)["items"])
    done(staff, order_id, "shipments")
    done(staff, order_id, "returns", {"item_ids": [first], "reason": "damaged"})
    order = done(buyer, order_id, "returns", {"item_ids": [second], "reason": "late"})
    mine = client_of(Role.STAFF)
    names = [row["requested_by"] for row in order_of(mine, order_id)["returns"]]
    assert [row["requested_by"] for row in order["returns"]] == ["the shop", names[1]]
    assert names[0].startswith("staff")


# --- finding orders ----------------------------------------------------------------------------------------------


def found(client: Client, query: str) -> list[int]:
    answer = client.get(f"/orders?{query}")
    assert answer.status == 200, answer.text
    return [row["id"] for row in answer.json]


def test_orders_are_found_by_the_days_on_which_they_were_placed(staff: Client) -> None:
    first, second, third = (
        make_order(None, created_at=NOON.replace(day=day, hour=hour, minute=59, second=59, microsecond=999_999))
        for day, hour in ((1, 23), (2, 0), (3, 12))
    )
    assert found(staff, "created_from=2026-03-02") == [third, second]
    assert found(staff, "created_to=2026-03-01") == [first]
    assert found(staff, "created_from=2026-03-01&created_to=2026-03-02") == [second, first]
    assert found(staff, "created_from=2026-03-03&created_to=2026-03-02") == []
    assert found(staff, "created_from=0001-01-01&created_to=9999-12-31") == [third, second, first]


@pytest.mark.parametrize(
    "query", ["created_from=2026-02-30", "created_from=1772366400", "created_to=yesterday", "email="]
)
def test_what_is_no_day_is_refused(staff: Client, query: str) -> None:
    assert staff.get(f"/orders?{query}").status == 422


def test_orders_are_found_by_email_of_guest_and_customer_in_any_case(staff: Client) -> None:
    customer_id = make_customer(email="Robin@Example.com")
    imported = make_order(customer_id)
    guest = make_order(None, email="ROBIN@example.com", created_at=NOON.replace(hour=13))
    make_order(make_customer())
    make_order(None, email="robin@example.co")
    assert found(staff, "email=robin%40example.com") == [guest, imported]
    assert found(staff, "email=robin%40example.com&status=Shipped") == []
    assert found(staff, "email=%25") == []


def test_filters_show_a_customer_nothing_of_others(staff: Client) -> None:
    buyer, customer_id = shopper()
    other = make_customer(email="other@example.com")
    own = make_order(customer_id)
    make_order(other, email="other@example.com")
    make_order(None, email="other@example.com")
    assert found(buyer, "email=other%40example.com") == []
    assert found(buyer, "created_from=2026-03-01") == [own]


def test_everything_of_an_order_is_read_in_a_bounded_number_of_statements(staff: Client, shop: Any) -> None:
    from tests.factories import counted_statements

    small, large = take_order(staff, (goods(units=1), 1)), take_order(staff, (goods(units=30), 30))
    counts = []
    for order in (small, large):
        with counted_statements(shop) as statements:
            seen: Json = order_of(staff, order["id"])
        assert len(statuses(seen)) == order["num_of_item"]
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 9
