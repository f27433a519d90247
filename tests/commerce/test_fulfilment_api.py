"""Orders paid by hand, shipped in parts, delivered and cancelled; what is not possible is said, with what is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core import clock
from tests.client import Client
from tests.commerce.after_sale import (
    Json,
    assert_order_adds_up,
    buy,
    do,
    done,
    events,
    item_ids,
    order_of,
    refunds_of,
    refusal,
    staff_client,
    statuses,
    take_order,
    timeline_of,
    unit_states,
)
from tests.commerce.purchases import goods, shopper
from tests.factories import (
    NOON,
    make_customer,
    make_order,
    make_product,
    make_promotion,
    make_shipping_rule,
    make_tax_rule,
    make_unit,
)

Moment = Callable[..., str]


@pytest.fixture
def staff(client: Client) -> Client:
    return staff_client()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """Move the clock on by so much, and return what time it is then as answers write it."""
    now = [clock.now().replace(microsecond=0)]
    monkeypatch.setattr(clock, "now", lambda: now[0])

    def move(**by: float) -> str:
        now[0] += timedelta(**by)
        return now[0].isoformat().replace("+00:00", "Z")

    return move


TIMES = ("shipped_at", "delivered_at", "returned_at")


def times(thing: Json) -> list[str | None]:
    return [thing[name] for name in TIMES]


# --- paid by hand ------------------------------------------------------------------------------------------------


def test_a_pending_order_is_paid_by_hand(staff: Client) -> None:
    order = take_order(staff, (goods(cents=2000), 2), shipping=5)
    paid = done(staff, order["id"], "pay", {"method": "bank transfer"})
    assert (paid["status"], statuses(paid), paid["moves"]) == ("Processing", ["Processing"] * 2, ["ship", "cancel"])
    assert paid["paid_at"] is not None
    assert [(row["provider"], row["state"], row["amount"]) for row in paid["payments"]] == [
        ("manual", "succeeded", 45.0)
    ]
    assert unit_states(paid) == ["sold", "sold"]
    assert paid["version"] == 2
    (told,) = events("order.paid")
    assert told[2] == {"order_id": order["id"], "customer_id": None, "amount": 45.0, "currency": "usd"}
    assert_order_adds_up(paid)


def test_a_paid_order_cannot_be_paid_twice(staff: Client) -> None:
    order_id = take_order(staff, (goods(), 1), paid=True)["id"]
    answer = do(staff, order_id, "pay", {"method": "cash"})
    assert refusal(answer) == (409, "illegal-move")
    assert "cannot be paid. Possible now: ship, cancel." in answer.json["detail"]
    assert len(order_of(staff, order_id)["payments"]) == 1


def test_what_was_cancelled_before_is_not_paid(staff: Client) -> None:
    order = take_order(staff, (goods(cents=2000), 3), shipping=5)
    done(staff, order["id"], "cancel", {"item_ids": item_ids(order)[:1]})
    paid = done(staff, order["id"], "pay", {"method": "cash"})
    assert [row["amount"] for row in paid["payments"]] == [45.0]
    # Everything that came goes back, and not a cent more.
    cancelled = done(staff, order["id"], "cancel")
    assert refunds_of(cancelled) == [("started", 45.0)]
    assert refunds_of(order_of(staff, order["id"])) == [("succeeded", 45.0)]
    assert refusal(do(staff, order["id"], "refunds", {"amount": 0.01, "reason": "more"})) == (409, "refund-too-large")


# --- shipped -----------------------------------------------------------------------------------------------------


def test_items_leave_in_several_parcels_and_arrive_parcel_by_parcel(staff: Client, later: Moment) -> None:
    order_id = take_order(staff, (goods(cents=2000), 3), paid=True)["id"]
    first, second, third = item_ids(order_of(staff, order_id))

    one = later(minutes=1)
    answer = do(staff, order_id, "shipments", {"item_ids": [second], "carrier": "DHL", "tracking_number": "JD01"})
    assert (answer.status, answer.json["status"], times(answer.json)) == (201, "Processing", [None] * 3)
    (parcel,) = answer.json["shipments"]
    assert parcel == {
        "id": parcel["id"],
        "carrier": "DHL",
        "tracking_number": "JD01",
        "shipped_at": one,
        "delivered_at": None,
    }
    assert [item["shipment_id"] for item in answer.json["items"]] == [None, parcel["id"], None]
    assert answer.json["moves"] == ["ship", "deliver", "cancel", "return"]

    two = later(minutes=1)
    order = done(staff, order_id, "shipments")
    assert (order["status"], times(order)) == ("Shipped", [two, None, None])
    assert [item["shipped_at"] for item in order["items"]] == [two, one, two]
    assert [item["shipment_id"] == parcel["id"] for item in order["items"]] == [False, True, False]
    other = order["shipments"][1]
    assert (other["carrier"], other["tracking_number"]) == (None, None)

    three = later(minutes=1)
    order = done(staff, order_id, "deliveries", {"item_ids": [first]})
    assert (order["status"], order["delivered_at"]) == ("Shipped", None)
    assert [row["delivered_at"] for row in order["shipments"]] == [None, None]

    four = later(minutes=1)
    order = done(staff, order_id, "deliveries", {"shipment_id": parcel["id"]})
    assert statuses(order) == ["Complete", "Complete", "Shipped"]
    assert [row["delivered_at"] for row in order["shipments"]] == [four, None]

    five = later(minutes=1)
    order = done(staff, order_id, "deliveries", {"shipment_id": other["id"]})
    assert (order["status"], times(order), order["moves"]) == ("Complete", [two, five, None], ["return"])
    assert [item["delivered_at"] for item in order["items"]] == [three, four, five]
    assert [row["delivered_at"] for row in order["shipments"]] == [four, five]
    assert third == order["items"][2]["id"]
    assert [told["item_ids"] for _, _, told in events("order.shipped")] == [[second], [first, third]]
    assert [told["item_ids"] for _, _, told in events("order.delivered")] == [[first], [second], [third]]
    assert events("order.shipped")[0][2] == {
        "order_id": order_id,
        "customer_id": None,
        "item_ids": [second],
        "shipment_id": parcel["id"],
        "carrier": "DHL",
        "tracking_number": "JD01",
    }
    assert_order_adds_up(order)


def test_each_change_makes_another_version_and_tag(staff: Client) -> None:
    order_id = take_order(staff, (goods(), 2))["id"]
    tags = [staff.get(f"/orders/{order_id}").headers["ETag"]]
    first = item_ids(order_of(staff, order_id))[0]
    steps: list[tuple[str, Json]] = [
        ("pay", {"method": "cash"}),
        ("shipments", {"item_ids": [first]}),
        ("cancel", {}),
        ("deliveries", {}),
        ("returns", {"reason": "other"}),
    ]
    for number, (what, body) in enumerate(steps, start=2):
        answer = do(staff, order_id, what, body)
        assert answer.json["version"] == number
        assert answer.headers["ETag"] == f'"v{number}"'
        tags.append(answer.headers["ETag"])
    assert len(set(tags)) == len(tags)
    assert refusal(do(staff, order_id, "pay", {"method": "cash"})) == (409, "illegal-move")
    assert order_of(staff, order_id)["version"] == 6


def test_a_delivery_may_name_items_of_one_parcel(staff: Client) -> None:
    order_id = take_order(staff, (goods(), 3), paid=True)["id"]
    first, second, third = item_ids(order_of(staff, order_id))
    parcel = done(staff, order_id, "shipments", {"item_ids": [first, second]})["shipments"][0]["id"]
    done(staff, order_id, "shipments")
    stray = do(staff, order_id, "deliveries", {"shipment_id": parcel, "item_ids": [second, third]})
    assert refusal(stray) == (409, "no-such-item")
    order = done(staff, order_id, "deliveries", {"shipment_id": parcel, "item_ids": [second]})
    assert statuses(order) == ["Shipped", "Complete", "Shipped"]
    # The rest of the parcel.
    order = done(staff, order_id, "deliveries", {"shipment_id": parcel})
    assert statuses(order) == ["Complete", "Complete", "Shipped"]


def test_a_parcel_of_another_order_is_not_found(staff: Client) -> None:
    order_id, other = (take_order(staff, (goods(), 1), paid=True)["id"] for _ in range(2))
    parcel = done(staff, other, "shipments")["shipments"][0]["id"]
    done(staff, order_id, "shipments")
    assert refusal(do(staff, order_id, "deliveries", {"shipment_id": parcel})) == (404, "not-found")
    assert statuses(order_of(staff, other)) == ["Shipped"]


# --- what is not possible ----------------------------------------------------------------------------------------

BODIES: dict[str, Json] = {
    "pay": {"method": "cash"},
    "shipments": {},
    "deliveries": {},
    "cancel": {},
    "returns": {"reason": "other"},
}
# By hand: what staff may do with an order of each status, in the words of `moves`.
POSSIBLE = {
    "pending": ["pay", "cancel"],
    "processing": ["ship", "cancel"],
    "shipped": ["deliver", "return"],
    "complete": ["return"],
    "cancelled": [],
    "returned": [],
}
WORDS = {"pay": "pay", "shipments": "ship", "deliveries": "deliver", "cancel": "cancel", "returns": "return"}
DONE = {
    "pay": "paid",
    "shipments": "shipped",
    "deliveries": "delivered",
    "cancel": "cancelled",
    "returns": "returned",
}


@pytest.mark.parametrize("status", POSSIBLE)
def test_every_move_that_is_not_possible_is_refused_with_those_that_are(staff: Client, status: str) -> None:
    product_id = make_product()
    possible = POSSIBLE[status]
    for what, body in BODIES.items():
        order_id = make_order(None, (product_id, 1000), status=status)
        assert order_of(staff, order_id)["moves"] == possible
        answer = do(staff, order_id, what, body)
        if WORDS[what] in possible:
            assert answer.status in (200, 201), answer.text
            continue
        assert refusal(answer) == (409, "illegal-move")
        end = f"Possible now: {', '.join(possible)}." if possible else "Nothing is possible any more."
        assert answer.json["detail"] == f"Order {order_id} is {status.title()}; it cannot be {DONE[what]}. {end}"
        assert order_of(staff, order_id)["version"] == 1


def test_one_named_item_that_cannot_be_moved_stops_the_others(staff: Client) -> None:
    order_id = take_order(staff, (goods(), 2), paid=True)["id"]
    first, second = item_ids(order_of(staff, order_id))
    done(staff, order_id, "shipments", {"item_ids": [first]})
    answer = do(staff, order_id, "shipments", {"item_ids": [first, second]})
    assert refusal(answer) == (409, "illegal-move")
    assert answer.json["errors"] == [{"location": "body.item_ids", "message": f"item {first} is Shipped"}]
    assert f"item {first} is Shipped; it cannot be shipped" in answer.json["detail"]
    assert statuses(order_of(staff, order_id)) == ["Shipped", "Processing"]
    assert len(order_of(staff, order_id)["shipments"]) == 1


@pytest.mark.parametrize("what", ["shipments", "deliveries", "cancel", "returns"])
def test_an_item_of_another_order_is_none_of_this_one(staff: Client, what: str) -> None:
    order_id = take_order(staff, (goods(), 1), paid=True)["id"]
    other = take_order(staff, (goods(), 1), paid=True)
    answer = do(staff, order_id, what, BODIES[what] | {"item_ids": item_ids(other)})
    assert refusal(answer) == (409, "no-such-item")
    assert statuses(order_of(staff, other["id"])) == ["Processing"]


@pytest.mark.parametrize("what", BODIES)
def test_nothing_is_done_with_an_order_that_is_not_there(staff: Client, what: str) -> None:
    assert refusal(do(staff, 999_999, what, BODIES[what])) == (404, "not-found")


def test_a_customer_neither_pays_nor_ships_nor_delivers(client: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(), 1))
    for what in ("pay", "shipments", "deliveries"):
        assert do(buyer, order_id, what, BODIES[what]).status == 403


# --- cancelled ---------------------------------------------------------------------------------------------------


def test_a_customer_cancels_its_order_and_everything_goes_back(staff: Client) -> None:
    make_shipping_rule(495)
    product_id = goods(units=2, cents=2000)
    buyer, customer_id = shopper()
    order_id = buy(buyer, (product_id, 2))
    cancelled = done(buyer, order_id, "cancel", {"reason": "found it cheaper"})
    assert (cancelled["status"], statuses(cancelled), cancelled["moves"]) == ("Cancelled", ["Cancelled"] * 2, [])
    assert unit_states(cancelled) == ["free", "free"]
    order = order_of(staff, order_id)
    assert refunds_of(order) == [("succeeded", 44.95)]
    assert [item["refunded"] for item in order["items"]] == [20.0, 20.0]
    assert times(order) == [None] * 3
    (told,) = events("order.cancelled")
    assert told == (
        "order.cancelled",
        f"order:{order_id}",
        {
            "order_id": order_id,
            "customer_id": customer_id,
            "item_ids": item_ids(order),
            "reason": "found it cheaper",
        },
    )
    # Their units can be sold again.
    assert buy(buyer, (product_id, 2)) != order_id
    assert_order_adds_up(order)


def test_shipping_goes_back_with_the_last_item(staff: Client) -> None:
    make_shipping_rule(495)
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 2))
    first, second = item_ids(order_of(buyer, order_id))
    done(buyer, order_id, "cancel", {"item_ids": [first]})
    assert order_of(staff, order_id)["status"] == "Processing"
    done(buyer, order_id, "cancel", {"item_ids": [second]})
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 20.0), ("succeeded", 24.95)]


def test_shipping_is_not_given_back_when_something_left(staff: Client) -> None:
    make_shipping_rule(495)
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 2))
    first, second = item_ids(order_of(buyer, order_id))
    done(staff, order_id, "shipments", {"item_ids": [first]})
    order = done(buyer, order_id, "cancel")
    assert statuses(order) == ["Shipped", "Cancelled"]
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 20.0)]
    assert refusal(do(buyer, order_id, "cancel")) == (409, "illegal-move")
    assert refusal(do(buyer, order_id, "cancel", {"item_ids": [second]})) == (409, "illegal-move")


@pytest.mark.parametrize("included", [False, True])
def test_each_item_is_refunded_to_the_cent_of_what_was_paid_for_it(staff: Client, included: bool) -> None:
    make_tax_rule(88_750, country="United States", included=included)  # 8.875 %
    make_shipping_rule(495)
    make_promotion(code="THIRD", value=3333)
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2450), 2), (goods(cents=601), 1), (goods(cents=1), 1), code="THIRD")
    order = order_of(staff, order_id)
    for item in order["items"]:
        done(buyer, order_id, "cancel", {"item_ids": [item["id"]]})
    made = [round(amount * 100) for _, amount in refunds_of(order_of(staff, order_id))]
    # 24.50 twice, 6.01 and 0.01 are 55.02; a third (33.33 %) of it 18.34 off leaves 36.68; 8.875 % of that 3.26.
    goods_cents, tax_cents = 3668, 0 if included else 326
    assert order["total"] == (goods_cents + tax_cents + 495) / 100
    assert sum(made) == goods_cents + tax_cents + 495
    paid = [
        round(item["list_price"] * 100)
        - round(item["discount"] * 100)
        + (0 if included else round(item["tax"] * 100))
        for item in order["items"]
    ]
    # Nothing was paid for the item of one cent, if its discount took that cent.
    expected = [cents for cents in [*paid[:-1], paid[-1] + 495] if cents]
    assert made == expected


def test_a_cancelled_order_that_was_never_paid_frees_its_units_and_gives_nothing_back(staff: Client) -> None:
    order = take_order(staff, (goods(units=2), 2), shipping=5)
    cancelled = done(staff, order["id"], "cancel")
    assert (cancelled["status"], cancelled["refunds"]) == ("Cancelled", [])
    assert [item["refunded"] for item in cancelled["items"]] == [0.0, 0.0]
    assert unit_states(cancelled) == ["free", "free"]
    assert_order_adds_up(cancelled)


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_an_imported_order_is_cancelled_without_a_refund(staff: Client, status: str) -> None:
    product_id = make_product()
    order_id = make_order(make_customer(), (product_id, 1000), (product_id, 1000), status=status)
    cancelled = done(staff, order_id, "cancel")
    assert (cancelled["status"], cancelled["refunds"], cancelled["total"]) == ("Cancelled", [], None)


def test_an_imported_order_whose_unit_lies_nowhere_is_cancelled_too(staff: Client) -> None:
    from sqlalchemy import text

    from chalicelib.core.database import transaction

    product_id = make_product()
    unit_id = make_unit(product_id, sold_at=NOON)
    order_id = make_order(make_customer(), (product_id, 1000), status="processing")
    with transaction() as connection:
        connection.execute(text("UPDATE order_items SET inventory_item_id = :unit"), {"unit": unit_id})
    cancelled = done(staff, order_id, "cancel")
    assert statuses(cancelled) == ["Cancelled"]


def test_only_the_owner_and_staff_cancel(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(), 1))
    stranger, _ = shopper()
    assert refusal(do(stranger, order_id, "cancel")) == (404, "not-found")
    assert do(Client(), order_id, "cancel").status == 401
    assert statuses(order_of(staff, order_id)) == ["Processing"]
    assert done(staff, order_id, "cancel")["status"] == "Cancelled"


def test_times_of_an_order_are_those_of_its_last_item_whatever_is_cancelled_after(
    staff: Client, later: Moment
) -> None:
    order_id = take_order(staff, (goods(), 2), paid=True)["id"]
    first, second = item_ids(order_of(staff, order_id))
    left = later(minutes=1)
    done(staff, order_id, "shipments", {"item_ids": [first]})
    came = later(minutes=1)
    order = done(staff, order_id, "deliveries")
    assert (order["status"], times(order)) == ("Processing", [None] * 3)
    later(minutes=1)
    order = done(staff, order_id, "cancel", {"item_ids": [second]})
    assert (order["status"], times(order)) == ("Complete", [left, came, None])


def test_cancelling_the_rest_of_an_order_on_its_way_makes_it_shipped(staff: Client, later: Moment) -> None:
    order_id = take_order(staff, (goods(), 2), paid=True)["id"]
    left = later(minutes=1)
    done(staff, order_id, "shipments", {"item_ids": item_ids(order_of(staff, order_id))[:1]})
    later(minutes=1)
    order = done(staff, order_id, "cancel")
    assert (order["status"], times(order)) == ("Shipped", [left, None, None])


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("shipments", {"item_ids": []}),
        ("shipments", {"carrier": ""}),
        ("shipments", {"carrier": "x" * 101}),
        ("deliveries", {"shipment_id": 0}),
        ("cancel", {"reason": ""}),
        ("cancel", {"reason": "x" * 401}),
        ("cancel", {"item_ids": [1] * 501}),
        ("pay", {}),
    ],
)
def test_bad_bodies_are_refused(staff: Client, what: str, body: Any) -> None:
    order_id = take_order(staff, (goods(), 1))["id"]
    assert do(staff, order_id, what, body).status == 422
    assert [entry["kind"] for entry in timeline_of(staff, order_id)] == ["placed"]
