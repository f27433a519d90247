"""Customers with their accounts: changed in step, put away and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.accounts.tables import accounts
from chalicelib.core import auth
from chalicelib.core.auth import Role
from tests.client import Client
from tests.factories import (
    PASSWORD,
    client_of,
    make_account_row,
    make_customer,
    make_token,
)

EMAIL = "robin@example.com"


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


@pytest.fixture
def robin(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> int:
    """A customer that registered; the id of its account is one of `account_of`."""
    monkeypatch.setattr(auth, "password_matches", lambda password, known: known is not None and password == PASSWORD)
    customer_id = make_customer(email=EMAIL, phone="+33 4")
    make_account_row(Role.CUSTOMER, username=EMAIL, email=EMAIL, email_key=EMAIL, customer_id=customer_id)
    return customer_id


def account_of(engine: Engine, customer_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(accounts).where(accounts.c.customer_id == customer_id)).one()


def client_as(engine: Engine, customer_id: int) -> Client:
    return Client(make_token(account_of(engine, customer_id).id))


def sign_in(client: Client, username: str = EMAIL) -> int:
    return client.post("/api/auth/token", {"username": username, "password": PASSWORD}).status


# --- made and changed --------------------------------------------------------------------------------------------


def test_staff_make_a_customer_whose_address_is_its_own(staff: Client) -> None:
    made = staff.post("/users", {"email": "Sam@example.com", "first_name": "Sam", "age": 30.0, "latitude": 45})
    assert made.status == 201
    assert made.headers["Location"] == f"/users/{made.json['id']}"
    read = staff.get(f"/users/{made.json['id']}")
    assert read.json == made.json
    assert (read.json["email"], read.json["age"], read.json["version"]) == ("Sam@example.com", 30, 1)
    again = staff.post("/users", {"email": "sAM@example.com"})
    assert (again.status, again.json["type"]) == (409, "urn:shopkeeper:problem:email-taken")
    assert len(staff.get("/users").json) == 1


def test_a_customer_changes_its_own_profile_and_nothing_else(client: Client, shop: Engine, robin: int) -> None:
    mine = client_as(shop, robin)
    read = mine.get(f"/users/{robin}")
    change = {"first_name": "Robina", "city": "Nice", "phone": None}
    changed = mine.patch(f"/users/{robin}", change, if_match=read.headers["ETag"])
    assert changed.status == 200
    assert changed.json == read.json | change | {"version": 2, "updated_at": changed.json["updated_at"]}
    assert mine.get("/api/auth/me").json["first_name"] == "Robina"
    for refused in ({"email": "mallory@example.com"}, {"traffic_source": "Search", "city": "Lyon"}):
        assert mine.patch(f"/users/{robin}", refused, if_match="*").status == 403
    for unknown in ({"created_at": "2020-01-01T00:00:00Z"}, {"id": 7}, {"version": 1}, {}, {"email": None}):
        assert mine.patch(f"/users/{robin}", unknown, if_match="*").status == 422
    assert mine.get(f"/users/{robin}").json == changed.json


def test_a_change_names_the_version_that_it_was_made_on(staff: Client, robin: int) -> None:
    tag = staff.get(f"/users/{robin}").headers["ETag"]
    assert staff.patch(f"/users/{robin}", {"city": "Nice"}).status == 428
    assert staff.patch(f"/users/{robin}", {"city": "Nice"}, if_match=tag).status == 200
    stale = staff.patch(f"/users/{robin}", {"city": "Paris"}, if_match=tag)
    assert (stale.status, staff.get(f"/users/{robin}").json["city"]) == (412, "Nice")
    assert staff.patch("/users/999999", {"city": "Nice"}, if_match="*").status == 404


def test_the_account_follows_an_address_that_staff_change(
    client: Client, shop: Engine, staff: Client, robin: int
) -> None:
    changed = staff.patch(f"/users/{robin}", {"email": "New@example.com"}, if_match="*")
    assert changed.json["email"] == "New@example.com"
    row = account_of(shop, robin)
    assert (row.email, row.email_key, row.username) == ("New@example.com", "new@example.com", "new@example.com")
    assert (sign_in(client), sign_in(client, "new@example.com")) == (401, 200)


@pytest.mark.parametrize("of", ["customer", "account"])
def test_an_address_that_is_taken_changes_neither_customer_nor_account(
    shop: Engine, staff: Client, robin: int, of: str
) -> None:
    if of == "customer":
        make_customer(email="sam@example.com")
    else:
        make_account_row(Role.STAFF, username="SAM@example.com")
    assert staff.patch(f"/users/{robin}", {"email": "Sam@example.com"}, if_match="*").status == 409
    assert account_of(shop, robin).username == EMAIL
    assert staff.get(f"/users/{robin}").json["email"] == EMAIL


# --- put away ----------------------------------------------------------------------------------------------------


def test_a_customer_that_is_put_away_is_out_of_the_list_and_cannot_sign_in_until_it_is_taken_back(
    client: Client, shop: Engine, staff: Client, robin: int
) -> None:
    other, mine = make_customer(), client_as(shop, robin)
    put_away = staff.post(f"/users/{robin}/archive", if_match="*")
    assert put_away.json["archived_at"] is not None
    assert staff.post(f"/users/{robin}/archive", if_match="*").json == put_away.json, "twice is once"
    assert [row["id"] for row in staff.get("/users").json] == [other]
    assert [row["id"] for row in staff.get("/users?archived=true").json] == [robin]
    assert staff.get(f"/users/{robin}").json == put_away.json
    assert (mine.get("/api/auth/me").status, sign_in(client)) == (401, 401)
    back = staff.post(f"/users/{robin}/restore", if_match="*")
    assert (back.json["archived_at"], back.json["version"]) == (None, 3)
    assert mine.get("/api/auth/me").status == 401, "its old token stays revoked"
    assert sign_in(client) == 200
    assert staff.post("/users/999999/archive", if_match="*").status == 404


def test_taking_a_customer_back_does_not_switch_on_an_account_that_an_admin_switched_off(
    client: Client, shop: Engine, staff: Client, robin: int
) -> None:
    account_id = account_of(shop, robin).id
    client_of(Role.ADMIN).patch(f"/accounts/{account_id}", {"is_active": False})
    staff.post(f"/users/{robin}/archive", if_match="*")
    staff.post(f"/users/{robin}/restore", if_match="*")
    assert sign_in(client) == 401


def test_a_member_of_staff_whose_customer_is_put_away_still_works(client: Client, shop: Engine) -> None:
    customer_id = make_customer()
    admin = client_of(Role.ADMIN, customer_id=customer_id)
    assert admin.post(f"/users/{customer_id}/archive", if_match="*").status == 200
    assert admin.get("/accounts").status == 200


def test_an_account_made_for_a_customer_that_is_put_away_does_not_sign_in(
    client: Client, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "hash_password", lambda _password: "hash")
    monkeypatch.setattr(auth, "password_matches", lambda _password, known: known == "hash")
    customer_id = make_customer()
    staff.post(f"/users/{customer_id}/archive", if_match="*")
    body = {"username": "robin", "password": PASSWORD, "role": "customer", "customer_id": customer_id}
    made = client_of(Role.ADMIN).post("/accounts", body)
    assert (made.status, made.json["is_active"]) == (201, False)
    assert sign_in(client, "robin") == 401


# --- handed over and forgotten -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["archive", "restore", "erase"])
def test_putting_a_customer_away_names_the_version_that_was_looked_at(client: Client, step: str) -> None:
    customer_id, admin = make_customer(), client_of(Role.ADMIN)
    if step == "restore":
        assert admin.post(f"/users/{customer_id}/archive", if_match="*").status == 200
    seen = admin.get(f"/users/{customer_id}").headers["ETag"]
    assert admin.patch(f"/users/{customer_id}", {"age": 50}, if_match=seen).status == 200
    assert admin.post(f"/users/{customer_id}/{step}").status == 428
    assert admin.post(f"/users/{customer_id}/{step}", if_match=seen).status == 412
    present = admin.get(f"/users/{customer_id}").headers["ETag"]
    assert admin.post(f"/users/{customer_id}/{step}", if_match=present).status == 200
