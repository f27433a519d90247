"""Recommendations over HTTP: for staff, or for the customer itself."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.recommendations.serving.request_ids import parse
from tests.client import Answer, Client
from tests.factories import (
    NOON,
    client_of,
    counted_statements,
    make_customer,
    make_order,
    make_product,
    make_stock,
)
from tests.recommendations.fakes import search_knows

PRODUCT_FIELDS = {
    "id",
    "category",
    "name",
    "brand",
    "retail_price",
    "department",
    "sku",
    "distribution_center_id",
    "created_at",
    "updated_at",
    "image_url",
    "image_alt",
    "available",
    "in_stock",
}
STAFF_FIELDS = {"cost", "status", "low_stock_level", "version"}
PAGE_FIELDS = {"description", "availability"}
OWN_FIELDS = {"preference_score", "score", "position", "source", "reason"}


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def ask(client: Client, user_id: Any, **more: Any) -> Answer:
    return client.post("/ai/recommendations/", {"user_id": user_id} | more)


def recommended(answer: Answer) -> list[int]:
    assert answer.status == 200
    return [product["id"] for product in answer.json["recommendations"]]


def test_recommendations_have_the_fields_of_the_contract(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    robin = make_customer()
    make_order(robin, (make_product(), 1000))
    product_id = make_product(cost_cents=1010, retail_price_cents=1999)
    answer = ask(staff, robin)
    assert answer.status == 200
    whole = answer.json
    [product] = whole["recommendations"]
    shown = staff.get(f"/products/{product_id}").json
    assert set(shown) == PRODUCT_FIELDS | STAFF_FIELDS | PAGE_FIELDS
    shown = {name: value for name, value in shown.items() if name not in PAGE_FIELDS}
    reason = dict.fromkeys(("product_id", "product_name", "count"))
    assert product == shown | {
        "preference_score": 1.0,
        "score": 1.0,
        "position": 0,
        "source": "content",
        "reason": reason
        | {"kind": "preference", "text": "You buy Jeans by Levi", "category": "Jeans", "brand": "Levi"},
    }
    assert parse(whole.pop("request_id")) == ("-", "-")
    assert whole == {
        "user_id": robin,
        "recommendations": [product],
        "user_preferences": [{"category": "Jeans", "brand": "Levi", "avg_spent": 10.0}],
        "algorithm": "preferences",
        "generated_at": "2026-03-01T12:00:00Z",
        "model_version": None,
        "variant": None,
    }
    mine = client_of(Role.CUSTOMER, customer_id=robin)
    [public] = ask(mine, robin).json["recommendations"]
    assert set(public) == PRODUCT_FIELDS | OWN_FIELDS, "what the shop paid is not for customers"


def test_a_customer_is_recommended_to_itself_and_never_told_of_others(client: Client) -> None:
    me, other = make_customer(), make_customer()
    make_order(other, (make_product(category="Secret"), 1000))
    mine = client_of(Role.CUSTOMER, customer_id=me)
    assert ask(mine, me).status == 200
    for somebody in (other, 999_999):
        refused = ask(mine, somebody)
        assert refused.status == 404
        assert "Secret" not in refused.text
    assert ask(client_of(Role.CUSTOMER), me).status == 403
    assert ask(client, me).status == 401


def test_an_unknown_customer_is_not_found_by_staff(staff: Client) -> None:
    assert ask(staff, 999_999).status == 404


def test_average_spending_is_exact_and_rounded_half_to_even(staff: Client) -> None:
    robin = make_customer()
    for brand, prices in [("A", (100, 101)), ("B", (101, 102)), ("C", (1, 1, 2)), ("D", (1999, 99_999_999_999))]:
        product_id = make_product(brand=brand)
        make_order(robin, *[(product_id, cents) for cents in prices])
    preferences = ask(staff, robin).json["user_preferences"]
    # 100.5 and 101.5 cents lie in the middle; 4/3 does not.
    spent = {each["brand"]: each["avg_spent"] for each in preferences}
    assert spent == {"A": 1.00, "B": 1.02, "C": 0.01, "D": 500_000_009.99}


def test_five_products_are_recommended_when_no_limit_is_given(staff: Client) -> None:
    for _ in range(7):
        make_product()
    robin = make_customer()
    assert len(recommended(ask(staff, robin))) == 5
    assert len(recommended(ask(staff, robin, limit=6))) == 6
    assert len(recommended(ask(staff, robin, limit=500))) == 7
    assert recommended(ask(staff, robin, limit=0)) == []


def test_category_and_price_are_hard_limits(staff: Client) -> None:
    robin = make_customer()
    bought = make_product(category="Jeans")
    make_order(robin, (bought, 1000))
    cheap = make_product(category="Éclair", retail_price_cents=1000)
    fair = make_product(category="Éclair", retail_price_cents=1001)
    make_product(category="Jeans", retail_price_cents=1000)
    assert recommended(ask(staff, robin, category="éCLAIR")) == [cheap, fair]
    assert recommended(ask(staff, robin, category="éclair", max_price=10.005)) == [cheap]
    assert recommended(ask(staff, robin, category="éclair", max_price=10.01)) == [cheap, fair]
    assert recommended(ask(staff, robin, category="éclair", max_price=9.99)) == []
    assert recommended(ask(staff, robin, category="%")) == []
    assert recommended(ask(staff, robin, category=None, max_price=None)) != []


@pytest.mark.parametrize(
    "changes",
    [
        {"user_id": 0},
        {"user_id": -1},
        {"user_id": "1"},
        {"user_id": None},
        {"user_id": 1.5},
        {"user_id": 2**63},
        {"limit": -1},
        {"limit": 501},
        {"limit": "5"},
        {"limit": None},
        {"max_price": -1},
        {"max_price": "cheap"},
        {"max_price": 1e12},
        {"category": 5},
        {"category": "x" * 101},
        {"colour": "red"},
        {"min_price": -1},
        {"brand": "\u0000"},
        {"department": 5},
        {"in_stock": "yes"},
        {"exclude_purchased": None},
        {"diversity": 1.1},
        {"diversity": "0"},
        {"context": list(range(1, 52))},
        {"context": 5},
        {"visitor_id": "0123456789abcdef"},
    ],
)
def test_a_bad_wish_is_refused_by_the_name_of_its_field(staff: Client, changes: dict[str, Any]) -> None:
    answer = staff.post("/ai/recommendations", {"user_id": make_customer()} | changes)
    assert answer.status == 422
    assert {error["location"] for error in answer.json["errors"]} == {f"body.{name}" for name in changes}


def test_a_wish_must_be_json_and_say_for_whom(staff: Client) -> None:
    assert staff.post("/ai/recommendations", '{"user_id": ').status == 400
    assert staff.post("/ai/recommendations", {}).status == 422
    assert staff.post("/ai/recommendations").status in (400, 422)


def test_recommendations_cost_six_statements_at_most(staff: Client, shop: Engine) -> None:
    robin = make_customer()
    make_order(robin, (make_product(), 1000))
    for category in ("Jeans", "Socks", "Hats"):
        make_product(category=category)
    with counted_statements(shop) as statements:
        assert len(recommended(ask(staff, robin))) == 3
    asked = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(asked) <= 6, asked
    assert statements == asked, "what only reads begins no transaction"


def test_filters_hold_without_a_model_too(staff: Client) -> None:
    robin = make_customer()
    make_order(robin, (make_product(), 1000))
    women, men = make_product(department="Women"), make_product(department="Men", brand="Lee")
    dear = make_product(retail_price_cents=9000, department="Women")
    search_knows(women, men, dear)
    make_stock(men, 1)
    assert set(recommended(ask(staff, robin, department="MEN"))) == {men}, "men are not among women"
    assert set(recommended(ask(staff, robin, department="women"))) == {women, dear}
    assert set(recommended(ask(staff, robin, brand="LEE"))) == {men}
    assert set(recommended(ask(staff, robin, min_price=50))) == {dear}
    assert recommended(ask(staff, robin, in_stock=True)) == [men]
    assert recommended(ask(staff, robin))[0] == men, "what is sold out comes behind"
    assert set(recommended(ask(staff, robin, in_stock=False))[:2]) == {women, dear}, "Levi before Lee"
    assert set(recommended(ask(staff, robin, context=[men, women]))) == {dear}


def test_what_was_bought_is_shown_again_only_if_asked(staff: Client) -> None:
    robin, bought, other = make_customer(), make_product(), make_product()
    make_order(robin, (bought, 1000))
    assert recommended(ask(staff, robin)) == [other]
    assert set(recommended(ask(staff, robin, exclude_purchased=False))) == {bought, other}


def test_a_visit_without_a_model_goes_by_what_was_looked_at(client: Client) -> None:
    seen, match, popular = make_product(category="Hats"), make_product(category="Hats"), make_product()
    make_order(None, (popular, 1000), (popular, 1000))
    draft = make_product(category="Secret", status="draft")
    answer = client.post("/ai/recommendations/visit", {"context": [draft, seen]})
    assert recommended(answer) == [match, popular]
    first, second = (item["reason"] for item in answer.json["recommendations"])
    assert (first["kind"], first["text"]) == ("preference", "You looked at Hats by Levi")
    assert (second["kind"], second["text"], second["count"]) == ("sold", "Bought twice", 2)
    assert answer.json["algorithm"] == "preferences+popularity"
    assert "Secret" not in answer.text
    nobody = client.post("/ai/recommendations/visit", {})
    assert recommended(nobody)[0] == popular
    assert nobody.json["algorithm"] == "popularity"
    assert "user_preferences" not in nobody.json


@pytest.mark.parametrize(
    "body",
    [{"user_id": 1}, {"visitor_id": "short"}, {"visitor_id": 5}, {"context": list(range(1, 52))}, {"limit": 501}],
)
def test_a_bad_visit_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert client.post("/ai/recommendations/visit", body).status == 422
