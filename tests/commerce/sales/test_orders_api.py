"""Orders: newest first, by customer and by status; a customer sees its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.core.auth import Role
from tests.client import Client
from tests.factories import NOON, client_of, counted_statements, make_customer, make_order

WIRE = ["Pending", "Processing", "Shipped", "Complete", "Cancelled", "Returned"]


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def ids(client: Client, query: str = "") -> list[int]:
    answer = client.get(f"/orders?{query}")
    assert answer.status == 200
    return [row["id"] for row in answer.json]


def order_at(user_id: int | None, minutes: int = 0, **given: Any) -> int:
    return make_order(user_id, created_at=NOON + timedelta(minutes=minutes), **given)


def test_an_order_has_the_fields_of_the_contract(staff: Client) -> None:
    customer_id = make_customer()
    order_id = make_order(
        customer_id,
        status="returned",
        gender="M",
        shipped_at=NOON + timedelta(days=1),
        delivered_at=NOON + timedelta(days=2),
        returned_at=NOON + timedelta(days=3, microseconds=250_000),
        num_of_item=4,
        updated_at=NOON + timedelta(days=3),
    )
    whole = {
        "id": order_id,
        "user_id": customer_id,
        "status": "Returned",
        "gender": "M",
        "created_at": "2026-03-01T12:00:00Z",
        "returned_at": "2026-03-04T12:00:00.250000Z",
        "shipped_at": "2026-03-02T12:00:00Z",
        "delivered_at": "2026-03-03T12:00:00Z",
        "num_of_item": 4,
        "updated_at": "2026-03-04T12:00:00Z",
        "currency": None,
        "total": None,
    }
    for path in (f"/orders/{order_id}", f"/orders/{order_id}/"):
        assert whole.items() <= staff.get(path).json.items()
    assert staff.get("/orders").json == [whole]
    assert staff.get("/orders/").json == [whole]
    mine = client_of(Role.CUSTOMER, customer_id=customer_id)
    assert whole.items() <= mine.get(f"/orders/{order_id}").json.items()
    assert mine.get("/orders").json == [whole]


def test_what_has_not_happened_to_an_order_is_null(staff: Client) -> None:
    order_id = make_order(None, status="pending", gender=None)
    row = staff.get(f"/orders/{order_id}").json
    empty = ("user_id", "gender", "returned_at", "shipped_at", "delivered_at")
    assert [row[name] for name in empty] == [None] * 5


def test_orders_come_newest_first_and_of_one_moment_the_last_made_first(staff: Client) -> None:
    old, tie, second_tie, new, older = (order_at(None, minutes) for minutes in (1, 5, 5, 9, 0))
    expected = [new, second_tie, tie, old, older]
    assert ids(staff) == expected
    assert [ids(staff, f"skip={skip}&limit=2") for skip in (0, 2, 4, 6)] == [expected[:2], expected[2:4], [older], []]


def test_orders_are_followed_by_cursor_through_ties(staff: Client) -> None:
    made = [order_at(None, minutes) for minutes in (0, 3, 3, 3, 3, 7)]
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = staff.get(f"/orders?limit=2&after={cursor}")
        seen += [row["id"] for row in answer.json]
        cursor = answer.headers.get("X-Next-Cursor")
    assert seen == made[::-1]


def test_orders_are_filtered_by_customer(staff: Client) -> None:
    robin, sam = make_customer(), make_customer()
    first, _other, last = order_at(robin, 1), order_at(sam, 2), order_at(robin, 3)
    order_at(None, 4)
    assert ids(staff, f"user_id={robin}") == [last, first]
    assert ids(staff, "user_id=999999") == []


@pytest.mark.parametrize(
    ("spelling", "found"),
    [(word.lower(), word) for word in WIRE]
    + [(word.upper(), word) for word in WIRE]
    + [(word, word) for word in WIRE]
    + [("completed", "Complete"), ("Completed", "Complete"), ("CANCELED", "Cancelled"), ("cAnCeLeD", "Cancelled")],
)
def test_a_status_is_known_in_any_case_and_spelling(staff: Client, spelling: str, found: str) -> None:
    for word in WIRE:
        make_order(None, status=word.lower())
    rows = staff.get(f"/orders?status={spelling}").json
    assert [row["status"] for row in rows] == [found]


@pytest.mark.parametrize("query", ["status=lost", "status=", "status=%25", "status=complete&status=shipped"])
def test_an_unknown_status_is_refused(staff: Client, query: str) -> None:
    answer = staff.get(f"/orders?{query}")
    assert answer.status == 422
    assert answer.json["errors"][0]["location"] == "query.status"


def test_filters_of_orders_narrow_each_other(staff: Client) -> None:
    robin, sam = make_customer(), make_customer()
    wanted = make_order(robin, status="shipped")
    make_order(robin, status="complete")
    make_order(sam, status="shipped")
    assert ids(staff, f"user_id={robin}&status=Shipped") == [wanted]
    assert ids(staff, f"user_id={sam}&status=Complete") == []


@pytest.mark.parametrize(
    "query", ["user_id=0", "user_id=-1", "user_id=x", "user_id=", "limit=501", "limit=-1", "skip=-1", "order_id=1"]
)
def test_bad_parameters_of_orders_are_refused(staff: Client, query: str) -> None:
    assert staff.get(f"/orders?{query}").status == 422


def test_unknown_orders_are_not_found(staff: Client) -> None:
    assert staff.get("/orders/999999").status == 404
    assert staff.get("/orders/x").status == 422
    assert staff.get("/orders").json == []


def test_a_customer_cannot_read_another_customers_orders(client: Client) -> None:
    me, other = make_customer(), make_customer()
    own, others, guests = make_order(me), make_order(other), make_order(None)
    mine = client_of(Role.CUSTOMER, customer_id=me)
    assert ids(mine) == [own]
    assert ids(mine, f"user_id={me}") == [own]
    assert ids(mine, f"user_id={other}") == []
    assert ids(mine, f"user_id={other}&after=") == []
    assert ids(mine, "status=complete") == [own]
    assert mine.get("/orders").headers["X-Total-Count"] == "1"
    assert mine.get(f"/orders?user_id={other}").headers["X-Total-Count"] == "0"
    assert mine.get(f"/orders/{own}").status == 200
    for unseen in (others, guests):
        assert mine.get(f"/orders/{unseen}").status == 404


def test_the_cursor_of_somebody_elses_list_opens_nothing(client: Client) -> None:
    me, other = make_customer(), make_customer()
    for minutes in range(3):
        order_at(other, minutes)
    own = order_at(me, -5)
    cursor = client_of(Role.STAFF).get("/orders?limit=1&after=").headers["X-Next-Cursor"]
    assert ids(client_of(Role.CUSTOMER, customer_id=me), f"after={cursor}") == [own]


def test_an_account_without_a_customer_has_no_orders_to_see(client: Client) -> None:
    order_id = make_order(None)
    unlinked = client_of(Role.CUSTOMER)
    assert unlinked.get("/orders").status == 403
    assert unlinked.get(f"/orders/{order_id}").status == 403


def test_a_list_of_orders_costs_staff_three_statements_at_most(staff: Client, shop: Engine) -> None:
    customer_id = make_customer()
    for minutes in range(3):
        order_at(customer_id, minutes)
    for query, most in [("limit=2", 3), ("limit=10", 2), (f"user_id={customer_id}&status=complete&limit=1", 3)]:
        with counted_statements(shop) as statements:
            staff.get(f"/orders?{query}")
        assert len(statements) <= most, statements
