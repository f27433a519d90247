"""Tax rules and shipping rules as staff makes and changes them, and what the public sees of shipping."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.core.auth import Role
from tests.client import Answer, Client
from tests.factories import client_of, make_shipping_rule, make_tax_rule

VAT: dict[str, Any] = {"country": "Germany", "name": "VAT", "rate": 19, "included": True}
POST: dict[str, Any] = {"method": "standard", "name": "By post", "price": 4.95}
ANY = {"if_match": "*"}
LONGEST = 999_999_999.99


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def problem(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["type"].rpartition(":")[2]


def without_times(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.json.items() if not name.endswith("_at")}


# --- tax rules ---------------------------------------------------------------------------------------------------


def test_a_tax_rule_is_kept_as_it_is_made(staff: Client) -> None:
    given = {"country": "United States", "state": "New York", "category": "Jeans", "name": "Sales tax", "rate": 8.875}
    answer = staff.post("/tax-rules", given)
    assert answer.status == 201
    rule_id = answer.json["id"]
    assert answer.headers["Location"] == f"/tax-rules/{rule_id}"
    assert without_times(answer) == given | {"id": rule_id, "included": False, "version": 1}
    assert staff.get(f"/tax-rules/{rule_id}").json == answer.json
    assert staff.get("/tax-rules").json == [answer.json]


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        ("0", "0.0000"),
        ("8.875", "8.8750"),
        ("7.7", "7.7000"),
        ("0.0001", "0.0001"),
        ("19.6", "19.6000"),
        ("100", "100.0000"),
        ("1e1", "10.0000"),
        ("0.29", "0.2900"),
        ("0.00015", "0.0002"),
    ],
)
def test_a_rate_is_exact_to_four_decimals(staff: Client, rate: str, written: str) -> None:
    answer = staff.post("/tax-rules", f'{{"name": "VAT", "rate": {rate}}}')
    assert answer.status == 201
    assert f'"rate":{written},' in answer.text


@pytest.mark.parametrize(
    "given",
    [
        {"rate": -0.0001},
        {"rate": 100.0001},
        {"rate": "19"},
        {"rate": None},
        {"rate": True},
        {"name": ""},
        {"name": " "},
        {"name": "a\nb"},
        {"name": "x" * 101},
        {"name": None},
        {"country": ""},
        {"country": " \t"},
        {"country": "x" * 256},
        {"country": "a\u0000"},
        {"category": "  "},
        {"included": "yes"},
        {"included": None},
        {"version": 2},
    ],
)
def test_what_is_no_tax_rule_is_refused(staff: Client, given: dict[str, Any]) -> None:
    answer = staff.post("/tax-rules", VAT | given)
    assert answer.status == 422
    assert answer.json["errors"][0]["location"].startswith(f"body.{next(iter(given))}")
    assert staff.get("/tax-rules").json == []


def test_a_state_needs_its_country(staff: Client) -> None:
    given = {"state": "California", "name": "Sales tax", "rate": 7.25}
    assert problem(staff.post("/tax-rules", given)) == (409, "state-without-country")
    assert problem(staff.post("/tax-rules", given | {"country": None})) == (409, "state-without-country")


def test_a_place_and_category_have_one_tax_rule(staff: Client) -> None:
    whole = {"country": "United States", "state": "California", "category": "Jeans"}
    for left_out in ((), ("category",), ("state",), ("state", "category"), ("country", "state")):
        given = {name: value for name, value in whole.items() if name not in left_out}
        assert staff.post("/tax-rules", given | {"name": "Tax", "rate": 5}).status == 201
        other = {name: f" {value.upper()}" for name, value in given.items()}
        assert problem(staff.post("/tax-rules", other | {"name": "Other", "rate": 6})) == (409, "rule-taken")
    assert len(staff.get("/tax-rules").json) == 5


def test_names_that_meet_only_behind_what_the_index_sees_are_one_place(staff: Client) -> None:
    long = {"country": "x" * 250, "name": "Tax", "rate": 5}
    assert staff.post("/tax-rules", long).status == 201
    assert staff.post("/tax-rules", long | {"country": "x" * 189}).status == 201
    assert staff.post("/tax-rules", long | {"country": "x" * 191}).status == 409


def test_name_and_rate_of_a_tax_rule_change_and_its_place_stays(staff: Client) -> None:
    before = staff.post("/tax-rules", VAT).json
    target = f"/tax-rules/{before['id']}"
    answer = staff.patch(target, {"rate": 19.5, "included": False, "name": "Tax"}, if_match='"v1"')
    assert answer.status == 200
    assert without_times(answer) == {
        "id": before["id"],
        "country": "Germany",
        "state": None,
        "category": None,
        "name": "Tax",
        "rate": 19.5,
        "included": False,
        "version": 2,
    }
    assert answer.json["updated_at"] > before["updated_at"]
    for change in ({"country": "France"}, {"state": None}, {"category": "x"}, {"rate": None}, {"name": " "}):
        assert staff.patch(target, change, **ANY).status == 422


# --- shipping rules ----------------------------------------------------------------------------------------------


def test_a_shipping_rule_is_kept_as_it_is_made(staff: Client) -> None:
    given = POST | {"country": "France", "free_from": 50.01}
    answer = staff.post("/shipping-rules", given)
    assert answer.status == 201
    rule_id = answer.json["id"]
    assert answer.headers["Location"] == f"/shipping-rules/{rule_id}"
    assert without_times(answer) == given | {"id": rule_id, "version": 1}
    assert staff.get(f"/shipping-rules/{rule_id}").json == answer.json
    assert staff.get("/shipping-rules").json == [answer.json]
    bare = staff.post("/shipping-rules", POST).json
    assert (bare["country"], bare["free_from"]) == (None, None)


@pytest.mark.parametrize(
    "given",
    [
        {"method": ""},
        {"method": "Express"},
        {"method": "two words"},
        {"method": "a--b"},
        {"method": "-a"},
        {"method": "x" * 65},
        {"method": None},
        {"name": " "},
        {"name": "x" * 101},
        {"price": -0.01},
        {"price": LONGEST + 0.01},
        {"price": "5"},
        {"price": None},
        {"free_from": -1},
        {"free_from": True},
        {"country": ""},
        {"state": "California"},
    ],
)
def test_what_is_no_shipping_rule_is_refused(staff: Client, given: dict[str, Any]) -> None:
    answer = staff.post("/shipping-rules", POST | given)
    assert answer.status == 422
    assert answer.json["errors"][0]["location"].startswith(f"body.{next(iter(given))}")
    assert staff.get("/shipping-rules").json == []


def test_a_country_has_one_shipping_rule_of_a_method(staff: Client) -> None:
    for country in (None, "France"):
        given = POST | {"country": country}
        assert staff.post("/shipping-rules", given).status == 201
        spelled = given | {"country": country and " FRANCE", "price": 1}
        assert problem(staff.post("/shipping-rules", spelled)) == (409, "rule-taken")
        assert staff.post("/shipping-rules", given | {"method": "express-2"}).status == 201


def test_prices_of_a_shipping_rule_change_and_its_place_stays(staff: Client) -> None:
    before = staff.post("/shipping-rules", POST | {"free_from": 50}).json
    target = f"/shipping-rules/{before['id']}"
    answer = staff.patch(target, {"price": 0, "name": "Free"}, if_match='"v1"')
    assert without_times(answer) == {
        "id": before["id"],
        "country": None,
        "method": "standard",
        "name": "Free",
        "price": 0,
        "free_from": 50,
        "version": 2,
    }
    assert staff.patch(target, {"free_from": None}, **ANY).json["free_from"] is None
    for change in ({"country": "France"}, {"method": "x"}, {"price": None}):
        assert staff.patch(target, change, **ANY).status == 422


# --- both --------------------------------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize(
    ("area", "body", "change"),
    [("/tax-rules", VAT, {"rate": 20}), ("/shipping-rules", POST, {"price": 6})],
    ids=["tax", "shipping"],
)


@BOTH
def test_a_change_names_the_version_that_it_was_made_on(
    staff: Client, area: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    target = f"{area}/{staff.post(area, body).json['id']}"
    tag = staff.get(target).headers["ETag"]
    assert staff.patch(target, change).status == 428
    assert staff.patch(target, change, if_match=tag).status == 200
    assert problem(staff.patch(target, {"name": "late"}, if_match=tag)) == (412, "precondition-failed")
    assert staff.get(target).json["name"] == body["name"]
    # What is so already is no change.
    assert staff.patch(target, change, if_match='"v2"').json["version"] == 2


@BOTH
def test_a_rule_is_deleted_in_the_version_that_was_read(
    staff: Client, area: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    target = f"{area}/{staff.post(area, body).json['id']}"
    staff.patch(target, change, **ANY)
    assert staff.delete(target).status == 428
    assert staff.delete(target, if_match='"v1"').status == 412
    assert staff.get(target).status == 200
    answer = staff.delete(target, if_match='"v2"')
    assert (answer.status, answer.text) == (204, "")
    assert staff.get(area).json == []
    assert staff.post(area, body).status == 201  # its place is free again


@BOTH
def test_a_rule_that_is_not_there_is_not_found(
    staff: Client, area: str, body: dict[str, Any], change: dict[str, Any]
) -> None:
    for answer in (
        staff.get(f"{area}/999999"),
        staff.patch(f"{area}/999999", change, **ANY),
        staff.delete(f"{area}/999999", **ANY),
    ):
        assert answer.status == 404


def test_lists_of_rules_are_paged_by_id(staff: Client) -> None:
    taxes = [make_tax_rule(1, f"Country {number}") for number in range(3)]
    shipping = [make_shipping_rule(1, f"method-{number}") for number in range(3)]
    for area, ids in (("/tax-rules", taxes), ("/shipping-rules", shipping)):
        first = staff.get(f"{area}?limit=2&after=")
        rest = staff.get(f"{area}?limit=2&after={first.headers['X-Next-Cursor']}")
        assert [row["id"] for row in first.json + rest.json] == ids
        assert staff.get(f"{area}?limit=1").headers["X-Total-Count"] == "3"


# --- what the public sees ----------------------------------------------------------------------------------------


def test_anybody_sees_what_shipping_costs(client: Client) -> None:
    make_shipping_rule(1295, "express")
    make_shipping_rule(495, "standard", free_from_cents=5000)
    make_shipping_rule(2000, "standard", "New Zealand")
    common = [
        {"method": "standard", "name": "Standard", "price": 4.95, "free_from": 50},
        {"method": "express", "name": "Express", "price": 12.95, "free_from": None},
    ]
    far = [{"method": "standard", "name": "Standard", "price": 20, "free_from": None}]
    assert client.get("/shipping-options").json == common
    assert client.get("/shipping-options?country=France").json == common
    assert client.get("/shipping-options?country=new%20zealand").json == far
    assert client.get("/shipping-options?limit=1").json == common[:1]


def test_in_a_shop_without_rules_shipping_is_free(client: Client) -> None:
    free = {"method": "standard", "name": "Standard", "price": 0, "free_from": None}
    assert client.get("/shipping-options?country=France").json == [free]


@pytest.mark.parametrize("query", ["country=", "country=%20", "country=a%00b", "limit=501", "state=x", "skip=1"])
def test_an_odd_question_about_shipping_is_refused(client: Client, query: str) -> None:
    assert client.get(f"/shipping-options?{query}").status == 422
