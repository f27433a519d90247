"""The timeline of an order: who did what, in order, and what of it a customer reads."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.commerce.after_sale import buy, do, done, events, item_ids, order_of, staff_client, take_order, timeline_of
from tests.commerce.purchases import goods, shopper
from tests.factories import make_order


@pytest.fixture
def staff(client: Client) -> Client:
    return staff_client()


def note(staff: Client, order_id: int, text: str, **more: bool) -> None:
    assert staff.post(f"/orders/{order_id}/notes", {"text": text, **more}).status == 204


def lived(staff: Client, buyer: Client) -> int:
    """Have an order bought, noted, shipped in parts, delivered, sent back; return its id."""
    order_id = buy(buyer, (goods(cents=2000), 3))
    first, second, third = item_ids(order_of(buyer, order_id))
    note(staff, order_id, "Wants it gift-wrapped.")
    note(staff, order_id, "It is on its way soon.", internal=False)
    done(staff, order_id, "shipments", {"item_ids": [first, second], "carrier": "DHL"})
    done(buyer, order_id, "cancel", {"item_ids": [third], "reason": "one too many"})
    done(staff, order_id, "deliveries")
    done(buyer, order_id, "returns", {"item_ids": [first], "reason": "wrong_size"})
    return_id = order_of(staff, order_id)["returns"][0]["id"]
    done(staff, order_id, f"returns/{return_id}/receive")
    return order_id


def test_everything_stands_in_order_with_who_did_it(staff: Client) -> None:
    buyer, customer_id = shopper()
    order_id = lived(staff, buyer)
    entries = timeline_of(staff, order_id)
    mine, shops, customer = entries[5]["actor"], entries[2]["actor"], f"customer {customer_id}"
    assert [(entry["kind"], entry["text"], entry["actor"], entry["internal"]) for entry in entries] == [
        ("placed", "3 items for 60.00 USD.", customer, False),
        ("paid", "60.00 was paid.", customer, False),
        ("note", "Wants it gift-wrapped.", shops, True),
        ("note", "It is on its way soon.", shops, False),
        ("shipped", "2 of 3 items left by DHL.", shops, False),
        ("cancelled", "1 of 3 items: one too many", mine, False),
        ("refunded", "20.00 was given back.", mine, False),
        ("delivered", "2 of 3 items arrived.", shops, False),
        ("return-requested", "1 of 3 items are to come back (wrong size).", mine, False),
        ("returned", "1 of 3 items came back.", shops, False),
        ("refunded", "20.00 was given back.", shops, False),
    ]
    assert mine != shops
    assert [entry["id"] for entry in entries] == sorted(entry["id"] for entry in entries)
    assert [entry["created_at"] for entry in entries] == sorted(entry["created_at"] for entry in entries)


def test_a_customer_reads_neither_internal_entries_nor_names_of_staff(staff: Client) -> None:
    buyer, customer_id = shopper()
    order_id = lived(staff, buyer)
    of_staff, of_customer = timeline_of(staff, order_id), timeline_of(buyer, order_id)
    assert [entry["id"] for entry in of_customer] == [entry["id"] for entry in of_staff if not entry["internal"]]
    shops, mine = of_staff[2]["actor"], of_staff[5]["actor"]
    assert {entry["actor"] for entry in of_customer} == {"the shop", mine, f"customer {customer_id}"}
    text = buyer.get(f"/orders/{order_id}/timeline").text
    assert shops not in text
    assert "gift-wrapped" not in text


def test_what_is_told_to_others_comes_in_the_same_order(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = lived(staff, buyer)
    assert [kind for kind, aggregate, _ in events() if aggregate == f"order:{order_id}"] == [
        "order.placed",
        "order.paid",
        "order.shipped",
        "order.cancelled",
        "order.refunded",
        "order.delivered",
        "order.returned",
        "order.refunded",
    ]


def test_placed_and_paid_are_told_with_their_amounts_and_no_personal_data(staff: Client) -> None:
    buyer, customer_id = shopper()
    order_id = buy(buyer, (goods(cents=2000), 2))
    shared = {"order_id": order_id, "customer_id": customer_id, "currency": "usd"}
    assert [(kind, told) for kind, _, told in events() if kind.startswith("order.")] == [
        ("order.placed", shared | {"items": 2, "total": 40.0}),
        ("order.paid", shared | {"amount": 40.0}),
    ]


def test_a_timeline_is_paged(staff: Client) -> None:
    order_id = make_order(None)
    for number in range(5):
        note(staff, order_id, f"note {number}")
    first = staff.get(f"/orders/{order_id}/timeline?limit=2")
    assert [entry["text"] for entry in first.json] == ["note 0", "note 1"]
    assert first.headers["X-Total-Count"] == "5"
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = staff.get(f"/orders/{order_id}/timeline?limit=2&after={cursor}")
        seen += [entry["text"] for entry in answer.json]
        cursor = answer.headers.get("X-Next-Cursor")
    assert seen == [f"note {number}" for number in range(5)]


def test_internal_entries_are_not_even_counted_for_a_customer(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(), 1))
    note(staff, order_id, "internal")
    assert buyer.get(f"/orders/{order_id}/timeline").headers["X-Total-Count"] == "2"
    assert staff.get(f"/orders/{order_id}/timeline").headers["X-Total-Count"] == "3"


@pytest.mark.parametrize(
    "body", [{"text": ""}, {"text": "x" * 2001}, {"text": "a\x00b"}, {}, {"text": "x", "by": "me"}]
)
def test_notes_are_bounded(staff: Client, body: dict[str, str]) -> None:
    order_id = make_order(None)
    assert do(staff, order_id, "notes", body).status == 422
    assert timeline_of(staff, order_id) == []


def test_the_longest_words_fit(staff: Client) -> None:
    order_id = take_order(staff, (goods(), 1), paid=True, note="n" * 2000)["id"]
    note(staff, order_id, "ü" * 2000)
    done(staff, order_id, "cancel", {"reason": "r" * 400})
    texts = [entry["text"] for entry in timeline_of(staff, order_id)]
    assert {"n" * 2000, "ü" * 2000, f"1 of 1 items: {'r' * 400}"} <= set(texts)


def test_a_timeline_is_read_by_its_owner_and_staff_alone(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(), 1))
    stranger, _ = shopper()
    assert stranger.get(f"/orders/{order_id}/timeline").status == 404
    assert Client().get(f"/orders/{order_id}/timeline").status == 401
    assert staff.get("/orders/999999/timeline").status == 404
    assert do(buyer, order_id, "notes", {"text": "mine"}).status == 403
    assert do(staff, 999_999, "notes", {"text": "mine"}).status == 404
