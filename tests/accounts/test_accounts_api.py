"""Accounts over HTTP: what may be sent, what comes back, and what never does."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.core.auth import Role
from chalicelib.core.logging import JsonFormatter, logger
from tests.client import Answer, Client
from tests.factories import client_of, make_account, make_account_row, make_customer, make_token

SECRET = "correct horse battery"
NEW = {"username": "Robin", "password": SECRET, "role": "staff"}


@pytest.fixture
def admin(client: Client) -> Client:
    return client_of(Role.ADMIN)


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """What the service logs meanwhile."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


def sign_in(client: Client, username: str, password: str) -> Answer:
    return client.post("/api/auth/token", {"username": username, "password": password})


def test_a_new_account_is_answered_whole_and_may_sign_in(client: Client, admin: Client) -> None:
    customer_id = make_customer()
    more = {"email": "robin@example.com", "first_name": "Robin", "last_name": "Doe", "customer_id": customer_id}
    made = admin.post("/accounts/", NEW | more)
    assert made.status == 201
    account_id = made.json["id"]
    assert made.headers["Location"] == f"/accounts/{account_id}"
    assert made.json == {
        "id": account_id,
        "username": "Robin",
        "email": "robin@example.com",
        "first_name": "Robin",
        "last_name": "Doe",
        "role": "staff",
        "customer_id": customer_id,
        "is_active": True,
        "date_joined": made.json["date_joined"],
    }
    assert made.json["date_joined"].endswith("Z")
    assert admin.get(f"/accounts/{account_id}/").json == made.json
    token = sign_in(client, "robin", SECRET).json["token"]
    assert client.as_token(token).get("/api/auth/me/").json == made.json


def test_what_is_left_out_of_a_new_account_is_empty(admin: Client) -> None:
    made = admin.post("/accounts", NEW).json
    assert (made["email"], made["first_name"], made["last_name"], made["customer_id"]) == (None, "", "", None)


@pytest.mark.parametrize(
    ("changes", "location"),
    [
        ({"password": "elevenchars"}, "body.password"),
        ({"password": ""}, "body.password"),
        ({"password": "x" * 1025}, "body.password"),
        ({"password": None}, "body.password"),
        ({"password": 123456789012}, "body.password"),
        ({"username": ""}, "body.username"),
        ({"username": "r" * 151}, "body.username"),
        ({"username": "two words"}, "body.username"),
        ({"username": "robin\n"}, "body.username"),
        ({"username": "ß" * 100}, "body.username"),
        ({"role": "owner"}, "body.role"),
        ({"role": "Staff"}, "body.role"),
        ({"customer_id": 0}, "body.customer_id"),
        ({"customer_id": 2**63}, "body.customer_id"),
        ({"customer_id": "1"}, "body.customer_id"),
        ({"is_active": False}, "body.is_active"),
        ({"id": 7}, "body.id"),
    ],
)
def test_a_bad_value_is_named(admin: Client, changes: dict[str, Any], location: str) -> None:
    answer = admin.post("/accounts", NEW | changes)
    assert answer.status == 422
    assert [error["location"] for error in answer.json["errors"]] == [location]
    assert len(admin.get("/accounts").json) == 1


@pytest.mark.parametrize("missing", sorted(NEW))
def test_an_account_needs_name_password_and_role(admin: Client, missing: str) -> None:
    body = {name: value for name, value in NEW.items() if name != missing}
    assert admin.post("/accounts", body).status == 422


def test_twelve_characters_are_enough_of_any_alphabet(client: Client, admin: Client) -> None:
    password = "пароль пчела"
    assert admin.post("/accounts", NEW | {"password": password}).status == 201
    assert sign_in(client, "robin", password).status == 200


def test_a_taken_name_and_a_taken_customer_are_conflicts(admin: Client) -> None:
    customer_id = make_customer()
    make_account_row(Role.CUSTOMER, username="ROBIN", customer_id=customer_id)
    name = admin.post("/accounts", NEW)
    assert (name.status, name.json["type"]) == (409, "urn:shopkeeper:problem:name-taken")
    customer = admin.post("/accounts", NEW | {"username": "sam", "customer_id": customer_id})
    assert (customer.status, customer.json["type"]) == (409, "urn:shopkeeper:problem:customer-taken")


def test_accounts_are_listed_by_id_and_by_role(admin: Client) -> None:
    staff = [make_account_row(Role.STAFF) for _ in range(3)]
    make_account_row(Role.CUSTOMER)
    everybody = [row["id"] for row in admin.get("/accounts/").json]
    assert everybody == sorted(everybody)
    assert len(everybody) == 5
    assert [row["id"] for row in admin.get("/accounts?role=staff").json] == staff
    assert [row["id"] for row in admin.get("/accounts?role=staff&skip=1&limit=1").json] == [staff[1]]
    assert admin.get("/accounts?role=service").json == []
    assert admin.get("/accounts?role=STAFF").status == 422


def test_a_change_changes_what_it_names_and_nothing_else(admin: Client) -> None:
    account_id = make_account_row(Role.STAFF, email="robin@example.com", first_name="Robin")
    before = admin.get(f"/accounts/{account_id}").json
    assert admin.patch(f"/accounts/{account_id}/", {"role": "service"}).json == before | {"role": "service"}
    off = admin.patch(f"/accounts/{account_id}", {"is_active": False}).json
    assert off == before | {"role": "service", "is_active": False}
    assert admin.patch(f"/accounts/{account_id}", {"is_active": True}).json["is_active"] is True


def test_a_new_password_signs_out_and_replaces_the_old_one(client: Client, admin: Client) -> None:
    account_id = make_account_row(Role.STAFF, username="robin")
    mine = client.as_token(make_token(account_id))
    assert admin.patch(f"/accounts/{account_id}", {"password": SECRET}).status == 200
    assert mine.get("/api/auth/me").status == 401
    assert sign_in(client, "robin", SECRET).status == 200
    assert admin.patch(f"/accounts/{account_id}", {"password": "another " + SECRET}).status == 200
    assert sign_in(client, "robin", SECRET).status == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"password": "elevenchars"},
        {"password": None},
        {"role": None},
        {"role": "owner"},
        {"is_active": None},
        {"is_active": 0},
        {"is_active": "false"},
        {"username": "sam"},
        {"customer_id": 1},
        [],
    ],
)
def test_a_bad_change_is_refused(client: Client, admin: Client, body: Any) -> None:
    account_id = make_account_row(Role.STAFF)
    mine = client.as_token(make_token(account_id))
    before = admin.get(f"/accounts/{account_id}").json
    assert admin.patch(f"/accounts/{account_id}", body).status == 422
    assert admin.get(f"/accounts/{account_id}").json == before
    assert mine.get("/api/auth/me").status == 200


@pytest.mark.parametrize("body", [{"role": "staff"}, {"is_active": False}])
def test_an_admin_neither_demotes_nor_switches_off_itself(client: Client, body: dict[str, Any]) -> None:
    me = make_account_row(Role.ADMIN)
    mine = client.as_token(make_token(me))
    assert mine.patch(f"/accounts/{me}", body).status == 409
    assert mine.get("/accounts").status == 200


def test_unknown_accounts_are_not_found(admin: Client) -> None:
    assert admin.get("/accounts/999999").status == 404
    assert admin.patch("/accounts/999999", {"is_active": True}).status == 404
    assert admin.get("/accounts/0").status == 422
    assert admin.get("/accounts/robin").status == 422


def test_no_answer_and_no_log_holds_a_password_its_hash_or_a_token(
    client: Client, admin: Client, logs: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = make_account()
    answers = [
        admin.post("/accounts", NEW),
        admin.post("/accounts", NEW),
        admin.post("/accounts", NEW | {"role": SECRET, "username": "sam"}),
        admin.post("/accounts", NEW | {"password": [SECRET], "username": "sam"}),
        admin.post("/accounts", f'{{"username": "sam", "password": "{SECRET}"'),
        sign_in(client, "robin", SECRET + " wrong"),
        sign_in(client, name, SECRET),
        client.post("/api/auth/token", {"username": "robin", "passwort": SECRET}),
    ]
    token = sign_in(client, "robin", SECRET).json["token"]
    answers += [
        client.as_token(token).get("/api/auth/me"),
        admin.get("/accounts"),
        admin.patch(f"/accounts/{answers[0].json['id']}", {"password": SECRET}),
        client.as_token(token).get("/api/auth/me"),
    ]

    def fail(*_arguments: object, **_named: object) -> None:
        raise RuntimeError(f"Authorization: Token {token}")

    monkeypatch.setattr("chalicelib.accounts.accounts.get_account", fail)
    answers.append(admin.request("GET", "/accounts/1", check=False))
    said = [answer.text + str(answer.headers) for answer in answers] + [logs.getvalue()]
    assert "unexpected error" in said[-1], "the log is what is looked at"
    for text in said:
        assert SECRET not in text
        assert token not in text
        assert "argon2" not in text
        assert "password_hash" not in text
