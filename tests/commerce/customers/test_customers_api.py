"""Customers: staff see all, a customer sees itself."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.core.auth import Role
from tests.client import Client
from tests.factories import client_of, make_customer

FULL: dict[str, Any] = {
    "first_name": "Zoë",
    "last_name": "O'Brien",
    "email": "Zoe@example.com",
    "age": 70,
    "gender": "F",
    "state": "Auvergne-Rhône-Alpes",
    "street_address": "1 rue de l'Été",
    "postal_code": "069001",
    "city": "Lyon",
    "country": "France",
    "latitude": 45.75,
    "longitude": -4.85,
    "traffic_source": "Search",
}
EMPTY: dict[str, Any] = dict.fromkeys(FULL) | {"email": "sam@example.com"}


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


@pytest.mark.parametrize("given", [FULL, EMPTY], ids=["full", "empty"])
def test_a_customer_has_the_fields_of_the_contract(staff: Client, given: dict[str, Any]) -> None:
    customer_id = make_customer(**given)
    times = {"created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:00:00Z"}
    more = {"phone": None, "version": 1, "archived_at": None}
    whole = {"id": customer_id} | given | times | more
    assert staff.get(f"/users/{customer_id}").json == whole
    assert staff.get(f"/users/{customer_id}/").json == whole
    assert staff.get("/users").json == [whole]
    assert staff.get("/users/").json == [whole]
    assert client_of(Role.CUSTOMER, customer_id=customer_id).get(f"/users/{customer_id}").json == whole


def test_customers_are_paged_by_id(staff: Client) -> None:
    ids = [make_customer() for _ in range(3)]
    assert [row["id"] for row in staff.get("/users?skip=1&limit=1").json] == [ids[1]]
    assert [row["id"] for row in staff.get("/users").json] == ids
    assert staff.get("/users?skip=5").json == []
    assert staff.get("/users?limit=0").json == []


def test_a_customer_reads_itself_alone(client: Client) -> None:
    me, other = make_customer(), make_customer()
    mine = client_of(Role.CUSTOMER, customer_id=me)
    listed = mine.get("/users")
    assert [row["id"] for row in listed.json] == [me]
    assert listed.headers["X-Total-Count"] == "1"
    assert mine.get("/users?skip=1").json == []
    assert [row["id"] for row in mine.get("/users?after=").json] == [me]
    unseen, missing = mine.get(f"/users/{other}"), mine.get("/users/999999")
    assert (unseen.status, missing.status) == (404, 404)
    assert unseen.json["detail"].replace(str(other), "") == missing.json["detail"].replace("999999", "")


def test_an_account_without_a_customer_sees_no_customers(client: Client) -> None:
    customer_id = make_customer()
    unlinked = client_of(Role.CUSTOMER)
    assert unlinked.get("/users").status == 403
    assert unlinked.get(f"/users/{customer_id}").status == 403


def test_staff_that_also_shop_see_all_customers(client: Client) -> None:
    me, other = make_customer(), make_customer()
    shopper = client_of(Role.STAFF, customer_id=me)
    assert [row["id"] for row in shopper.get("/users").json] == [me, other]


def test_unknown_customers_are_not_found_and_odd_requests_refused(staff: Client) -> None:
    assert staff.get("/users/999999").status == 404
    assert staff.get("/users/me").status == 422
    assert staff.get("/users?limit=501").status == 422
    assert staff.get("/users?skip=-1").status == 422
    assert staff.get("/users?email=sam@example.com").status == 422


def test_an_empty_shop_has_no_customers(staff: Client) -> None:
    assert staff.get("/users").json == []
