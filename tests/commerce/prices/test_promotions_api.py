"""Promotions as staff makes and changes them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from chalicelib.commerce.sale_tables import checkouts
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Answer, Client
from tests.factories import NOON, client_of, make_promotion

SHORT: dict[str, Any] = {"code": "Welcome10", "kind": "percentage", "value": 10}
ANY = {"if_match": "*"}


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def made(staff: Client, **given: Any) -> dict[str, Any]:
    answer = staff.post("/promotions", SHORT | given)
    assert answer.status == 201, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def problem(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition(":")[2]


def test_a_promotion_needs_no_more_than_code_kind_and_value(staff: Client) -> None:
    answer = staff.post("/promotions", SHORT)
    shown = answer.json
    assert answer.status == 201
    assert answer.headers["Location"] == f"/promotions/{shown['id']}"
    assert answer.headers["ETag"].startswith('"v1')
    times = {"created_at": shown.pop("created_at"), "updated_at": shown.pop("updated_at")}
    assert times["created_at"] == times["updated_at"]
    assert shown == {
        "id": shown["id"],
        "code": "Welcome10",
        "kind": "percentage",
        "value": 10,
        "minimum": 0,
        "starts_at": None,
        "ends_at": None,
        "usage_limit": None,
        "customer_limit": None,
        "used": 0,
        "is_active": True,
        "version": 1,
    }


def test_all_that_is_said_of_a_promotion_is_kept(staff: Client) -> None:
    given = {
        "code": "FIVE-OFF",
        "kind": "fixed",
        "value": 5.25,
        "minimum": 25.5,
        "starts_at": "2026-03-01T13:00:00.000001+01:00",
        "ends_at": "2026-04-01T00:00:00Z",
        "usage_limit": 100.0,
        "customer_limit": 1,
        "is_active": False,
    }
    shown = staff.get(f"/promotions/{made(staff, **given)['id']}").json
    assert {name: shown[name] for name in given} == given | {"starts_at": "2026-03-01T12:00:00.000001Z"}


@pytest.mark.parametrize(
    ("value", "written"),
    [("0.01", "0.01"), ("12.5", "12.50"), ("100", "100.00"), ("33.33", "33.33"), ("0.30000000000000004", "0.30")],
)
def test_a_value_has_two_decimals(staff: Client, value: str, written: str) -> None:
    answer = staff.post("/promotions", f'{{"code": "X", "kind": "percentage", "value": {value}}}')
    assert answer.status == 201
    assert f'"value":{written},' in answer.text


@pytest.mark.parametrize(
    "given",
    [
        {"code": ""},
        {"code": " X"},
        {"code": "X Y"},
        {"code": "É"},
        {"code": "X" * 65},
        {"code": "-X"},
        {"kind": "gift"},
        {"kind": None},
        {"value": 0},
        {"value": -1},
        {"value": 0.001},
        {"value": 1_000_000_000},
        {"value": "10"},
        {"value": True},
        {"value": None},
        {"minimum": -0.01},
        {"minimum": None},
        {"usage_limit": 0},
        {"usage_limit": 1.5},
        {"usage_limit": 1_000_000_001},
        {"usage_limit": "1"},
        {"usage_limit": True},
        {"customer_limit": 0},
        {"starts_at": "2026-03-01T12:00:00"},
        {"starts_at": "soon"},
        {"starts_at": 1_700_000_000},
        {"is_active": 1},
        {"is_active": None},
        {"used": 5},
        {"id": 1},
        {"name": "x"},
    ],
)
def test_what_is_no_promotion_is_refused(staff: Client, given: dict[str, Any]) -> None:
    answer = staff.post("/promotions", SHORT | given)
    assert answer.status == 422
    assert answer.json["errors"][0]["location"].startswith(f"body.{next(iter(given))}")
    assert staff.get("/promotions").json == []


IMPOSSIBLE = [
    {"value": 100.01},
    {"starts_at": "2026-03-01T12:00:00Z", "ends_at": "2026-03-01T12:00:00Z"},
    {"starts_at": "2026-03-01T12:00:00Z", "ends_at": "2026-03-01T13:59:59+02:00"},
    {"starts_at": "1999-12-31T23:59:59Z"},
    {"ends_at": "2200-01-01T00:00:00Z"},
    {"ends_at": "9999-12-31T23:59:59-23:59"},
    {"starts_at": "0001-01-01T00:00:00+23:59"},
]


@pytest.mark.parametrize("given", IMPOSSIBLE)
def test_terms_that_do_not_go_together_are_refused(staff: Client, given: dict[str, Any]) -> None:
    assert problem(staff.post("/promotions", SHORT | given)) == (409, "impossible-terms")
    target = f"/promotions/{made(staff)['id']}"
    before = staff.get(target).text
    assert problem(staff.patch(target, given, **ANY)) == (409, "impossible-terms")
    assert staff.get(target).text == before


def test_an_amount_may_be_above_a_hundred(staff: Client) -> None:
    assert made(staff, kind="fixed", value=100.01)["value"] == 100.01


def test_a_code_is_taken_in_every_spelling(staff: Client) -> None:
    made(staff, code="Welcome10")
    for code in ("Welcome10", "WELCOME10", "welcome10"):
        assert problem(staff.post("/promotions", SHORT | {"code": code})) == (409, "code-taken")
    assert len(staff.get("/promotions").json) == 1


def test_of_two_who_make_a_code_at_once_one_is_told_that_it_is_taken(staff: Client) -> None:
    gate = threading.Barrier(2)

    def make(code: str) -> int:
        gate.wait(10)
        return staff.post("/promotions", SHORT | {"code": code}).status

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(make, ["once", "ONCE"])) == [201, 409]


# --- lists -------------------------------------------------------------------------------------------------------


def test_promotions_are_listed_by_activity_and_by_code(staff: Client) -> None:
    first, second, third = (
        make_promotion(code="A1"),
        make_promotion(code="A2", is_active=False),
        make_promotion(code="A11"),
    )

    def listed(query: str) -> list[int]:
        return [row["id"] for row in staff.get(f"/promotions?{query}").json]

    assert listed("") == [first, second, third]
    assert listed("active=true") == [first, third]
    assert listed("active=false") == [second]
    assert listed("code=a1") == [first]
    assert listed("code=a2&active=true") == []
    assert listed("limit=1&skip=1") == [second]
    assert listed("after=&limit=2") == [first, second]
    for odd in ("active=maybe", "code=%20", "code=" + "x" * 65, "limit=501", "kind=fixed"):
        assert staff.get(f"/promotions?{odd}").status == 422


def test_a_promotion_that_is_not_there_is_not_found(staff: Client) -> None:
    assert staff.get("/promotions/999999").status == 404
    assert staff.patch("/promotions/999999", {"is_active": False}, **ANY).status == 404
    assert staff.delete("/promotions/999999", **ANY).status == 404


# --- changing ----------------------------------------------------------------------------------------------------


def test_a_change_leaves_what_it_does_not_name(staff: Client) -> None:
    before = made(staff, usage_limit=5, customer_limit=2, minimum=10, ends_at="2027-01-01T00:00:00Z")
    answer = staff.patch(f"/promotions/{before['id']}", {"usage_limit": None, "value": 12.5}, **ANY)
    assert answer.status == 200
    after = answer.json
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == before | {"usage_limit": None, "value": 12.5, "version": 2}
    assert staff.get(f"/promotions/{before['id']}").json["version"] == 2


def test_a_promotion_is_switched_off_and_on(staff: Client) -> None:
    target = f"/promotions/{made(staff)['id']}"
    assert staff.patch(target, {"is_active": False}, **ANY).json["is_active"] is False
    assert staff.patch(target, {"is_active": True}, **ANY).json["is_active"] is True


def test_code_and_kind_stay(staff: Client) -> None:
    target = f"/promotions/{made(staff)['id']}"
    for change in ({"code": "OTHER"}, {"kind": "fixed"}, {"used": 0}, {"value": None}, {"is_active": None}):
        assert staff.patch(target, change, **ANY).status == 422


def test_a_change_is_made_on_the_version_that_was_read(staff: Client) -> None:
    target = f"/promotions/{made(staff)['id']}"
    tag = staff.get(target).headers["ETag"]
    assert staff.patch(target, {"value": 20}).status == 428
    assert staff.patch(target, {"value": 20}, if_match='"none of ours"').status == 412
    changed = staff.patch(target, {"value": 20}, if_match=tag)
    assert changed.status == 200
    late = staff.patch(target, {"value": 30}, if_match=tag)
    assert problem(late) == (412, "precondition-failed")
    assert staff.get(target).json["value"] == 20
    assert staff.patch(target, {"value": 30}, if_match=changed.headers["ETag"]).status == 200


def test_what_is_so_already_is_no_change(staff: Client) -> None:
    target = f"/promotions/{made(staff, starts_at='2026-03-01T12:00:00Z')['id']}"
    before = staff.get(target).text
    same = {"value": 10.0, "is_active": True, "usage_limit": None, "starts_at": "2026-03-01T13:00:00+01:00"}
    assert staff.patch(target, same, if_match='"v1"').status == 200
    assert staff.patch(target, {}, if_match='"v1"').status == 200
    assert staff.get(target).text == before


def test_of_changes_at_once_on_one_version_one_is_made(staff: Client) -> None:
    target = f"/promotions/{made(staff)['id']}"
    gate = threading.Barrier(6)

    def change(value: int) -> int:
        gate.wait(10)
        return staff.patch(target, {"value": value}, if_match='"v1"').status

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(change, range(20, 26))) == [200] + [412] * 5
    assert staff.get(target).json["version"] == 2


def test_a_limit_is_not_set_below_what_was_used(staff: Client) -> None:
    target = f"/promotions/{make_promotion(used=7, usage_limit=10)}"
    assert problem(staff.patch(target, {"usage_limit": 6}, **ANY)) == (409, "impossible-terms")
    assert staff.patch(target, {"usage_limit": 7}, **ANY).json["usage_limit"] == 7


# --- deleting ----------------------------------------------------------------------------------------------------


def test_a_promotion_that_was_never_used_is_deleted(staff: Client) -> None:
    target = f"/promotions/{made(staff)['id']}"
    assert staff.delete(target).status == 428
    assert staff.delete(target, if_match='"v2"').status == 412
    assert staff.get(target).status == 200
    answer = staff.delete(target, if_match='"v1"')
    assert (answer.status, answer.text) == (204, "")
    assert staff.get(target).status == 404
    made(staff)  # its code is free again


def test_a_promotion_in_use_is_not_deleted(staff: Client) -> None:
    target = f"/promotions/{make_promotion(used=1)}"
    assert problem(staff.delete(target, **ANY)) == (409, "promotion-used")
    assert staff.get(target).status == 200


def test_a_promotion_whose_uses_were_all_given_back_stays_for_its_checkouts(shop: Engine, staff: Client) -> None:
    promotion_id = make_promotion(used=0)
    cents = dict.fromkeys(("items_cents", "discount_cents", "shipping_cents", "tax_cents", "total_cents"), 0)
    values = {
        "public_id": "checkout",
        "email": "robin@example.com",
        "email_key": "robin@example.com",
        "state": "expired",
        "currency": "USD",
        "promotion_id": promotion_id,
        "shipping_method": "standard",
        "address": "{}",
        "expires_at": NOON,
        "created_at": NOON,
        "updated_at": NOON,
    }
    with transaction() as connection:
        connection.execute(insert(checkouts).values(**values, **cents))
    assert problem(staff.delete(f"/promotions/{promotion_id}", **ANY)) == (409, "promotion-used")
