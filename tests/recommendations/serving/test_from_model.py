"""Answers of a live model: what was done a second ago counts, filters hold though it is old, reasons are true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from chalicelib.commerce import tables
from chalicelib.commerce.catalogue import search
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.database import transaction
from chalicelib.recommendations.measuring import experiments
from chalicelib.recommendations.serving import request_ids
from tests.client import Answer, Client
from tests.conftest import set_settings
from tests.factories import (
    NOON,
    client_of,
    counted_statements,
    make_customer,
    make_order,
    make_product,
    make_stock,
)
from tests.recommendations.fakes import VERSION, search_knows
from tests.recommendations.serving.conftest import Rebuild


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def ask(client: Client, user_id: int, **more: Any) -> Answer:
    answer = client.post("/ai/recommendations", {"user_id": user_id, "diversity": 0} | more)
    assert answer.status == 200
    return answer


def ids(answer: Answer) -> list[int]:
    return [item["id"] for item in answer.json["recommendations"]]


def reasons(answer: Answer) -> dict[int, dict[str, Any]]:
    return {item["id"]: item["reason"] for item in answer.json["recommendations"]}


def change(product_id: int, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(tables.products).where(tables.products.c.id == product_id).values(**values))


class Shop:
    """Jeans and a hat that are bought together, socks that sell, a scarf that nobody wants."""

    def __init__(self) -> None:
        self.jeans = make_product(category="Jeans", name="Slim Jeans")
        self.hat = make_product(category="Hats", name="Straw Hat", brand="Sun")
        self.cap = make_product(category="Hats", name="Cap", brand="Sun")
        self.socks = make_product(category="Socks", name="Warm Socks", brand=None, department="Men")
        self.scarf = make_product(category="Scarves", name="Red Scarf", retail_price_cents=900)
        for _ in range(3):
            make_order(make_customer(), (self.jeans, 100), (self.hat, 100))
        make_order(make_customer(), (self.cap, 100))
        for _ in range(5):
            make_order(make_customer(), (self.socks, 100))
        self.all = {self.jeans, self.hat, self.cap, self.socks, self.scarf}


@pytest.fixture
def goods(shop: Engine) -> Shop:
    return Shop()


def test_a_purchase_a_second_ago_changes_the_next_answer(staff: Client, goods: Shop, rebuild: Rebuild) -> None:
    robin = make_customer()
    rebuild()
    before = ask(staff, robin)
    assert ids(before) == [goods.socks, goods.jeans, goods.hat, goods.cap, goods.scarf], "what all buy"
    assert {item["preference_score"] for item in before.json["recommendations"]} == {0.0}
    make_order(robin, (goods.jeans, 100), created_at=clock.now())
    after = ask(staff, robin)
    assert ids(after)[0] == goods.hat
    assert goods.jeans not in ids(after)
    assert reasons(after)[goods.hat] == {
        "kind": "bought",
        "text": "Because you bought Slim Jeans",
        "product_id": goods.jeans,
        "product_name": "Slim Jeans",
        "category": None,
        "brand": None,
        "count": None,
    }
    first = after.json["recommendations"][0]
    assert (first["source"], first["preference_score"], first["position"]) == ("collaborative", 1.0, 0)
    assert after.json["algorithm"] == "model"
    assert after.json["model_version"] == VERSION
    assert request_ids.parse(after.json["request_id"]) == (VERSION, "-")
    assert after.json["user_preferences"] == [{"category": "Jeans", "brand": "Levi", "avg_spent": 1.0}]


def test_the_present_visit_counts_as_views(staff: Client, goods: Shop, rebuild: Rebuild) -> None:
    rebuild()
    answer = ask(staff, make_customer(), context=[goods.hat])
    assert ids(answer)[:2] == [goods.jeans, goods.cap], "bought with the hat, then of its category"
    assert goods.hat not in ids(answer), "who looks at it sees it"
    found = reasons(answer)
    assert found[goods.jeans]["text"] == "Because you looked at Straw Hat"
    assert found[goods.cap]["product_id"] == goods.hat
    # Nobody bought it with the hat, and it is not of its category.
    assert (found[goods.socks]["kind"], found[goods.socks]["category"]) == ("popular", "Socks")
    assert found[goods.scarf] == found[goods.scarf] | {"kind": "category", "text": "From Scarves"}


def test_a_visitor_is_answered_by_the_last_clicks(client: Client, goods: Shop, rebuild: Rebuild) -> None:
    rebuild()
    answer = client.post("/ai/recommendations/visit", {"context": [goods.jeans], "limit": 1})
    assert ids(answer) == [goods.hat]
    assert reasons(answer)[goods.hat]["kind"] == "viewed"
    assert "cost" not in answer.json["recommendations"][0]
    nothing = client.post("/ai/recommendations/visit", {"limit": 1})
    assert ids(nothing) == [goods.socks]


def test_a_customer_in_a_visit_is_answered_by_what_it_bought(client: Client, goods: Shop, rebuild: Rebuild) -> None:
    robin = make_customer()
    make_order(robin, (goods.jeans, 100))
    rebuild()
    mine = client_of(Role.CUSTOMER, customer_id=robin)
    answer = mine.post("/ai/recommendations/visit", {"diversity": 0})
    assert ids(answer)[0] == goods.hat
    assert goods.jeans not in ids(answer)
    assert goods.jeans in ids(mine.post("/ai/recommendations/visit", {"exclude_purchased": False}))
    staff = client_of(Role.STAFF).post("/ai/recommendations/visit", {})
    assert ids(staff)[0] == goods.socks, "staff has no purchases of its own"


def test_the_name_of_a_draft_is_told_to_nobody(client: Client, goods: Shop, rebuild: Rebuild) -> None:
    rebuild()
    change(goods.jeans, status="draft", name="Secret Jeans")
    search_knows(goods.jeans)
    answer = client.post("/ai/recommendations/visit", {"context": [goods.jeans]})
    assert goods.hat in ids(answer)
    assert "Secret" not in answer.text
    robin = make_customer()
    make_order(robin, (goods.jeans, 100))
    own = ask(client_of(Role.CUSTOMER, customer_id=robin), robin)
    assert reasons(own)[goods.hat]["text"] == "Because you bought Secret Jeans", "who bought it knows it"


def test_filters_hold_and_the_list_is_full(staff: Client, goods: Shop, rebuild: Rebuild) -> None:
    robin = make_customer()
    make_order(robin, (goods.jeans, 100))
    make_stock(goods.scarf, 2)
    rebuild()
    assert ids(ask(staff, robin, category="hat")) == [goods.hat, goods.cap]
    assert ids(ask(staff, robin, brand="SUN")) == [goods.hat, goods.cap]
    assert ids(ask(staff, robin, department="men")) == [goods.socks]
    assert ids(ask(staff, robin, max_price=9)) == [goods.scarf]
    assert ids(ask(staff, robin, min_price=9.01)) == [goods.hat, goods.socks, goods.cap]
    assert ids(ask(staff, robin, in_stock=True)) == [goods.scarf]
    assert ids(ask(staff, robin))[0] == goods.scarf, "what is in stock comes first"
    assert ids(ask(staff, robin, in_stock=False))[0] == goods.hat
    assert set(ids(ask(staff, robin, exclude_purchased=False))) == goods.all
    assert ids(ask(staff, robin, limit=0)) == []
    assert len(ids(ask(staff, robin, limit=500))) == 4
    assert ids(ask(staff, robin, category="none")) == []


def test_a_varied_list_is_not_of_one_category(staff: Client, rebuild: Rebuild, shop: Engine) -> None:
    robin, bought = make_customer(), make_product(category="Hats")
    hats = [make_product(category="Hats") for _ in range(3)]
    jeans = make_product(category="Jeans")
    make_order(robin, (bought, 100))
    make_order(None, (jeans, 100))
    rebuild()
    assert ids(ask(staff, robin, limit=2)) == hats[:2]
    assert ids(ask(staff, robin, limit=2, diversity=0.9)) == [hats[0], jeans]
    assert set(ids(ask(staff, robin, limit=4, diversity=0.9))) == {*hats, jeans}


@pytest.fixture
def old_memory(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the memory of the catalogue be up to a minute old, as in a function of the shop."""
    monkeypatch.setattr(search._Memory, "kept", None)
    set_settings(monkeypatch, replace(settings, facets_ttl_s=60))


@pytest.mark.usefixtures("old_memory")
def test_what_changed_a_second_ago_is_shown_as_it_is(staff: Client, goods: Shop, rebuild: Rebuild) -> None:
    robin = make_customer()
    make_stock(goods.socks, 1)
    rebuild()
    assert set(ids(ask(staff, robin))) == goods.all
    change(goods.socks, status="archived")
    change(goods.jeans, retail_price_cents=99_900)
    change(goods.hat, category="Caps", category_key="caps")
    found = ask(staff, robin, limit=3)
    assert ids(found) == [goods.jeans, goods.hat, goods.cap]
    assert found.json["recommendations"][0]["retail_price"] == 999
    assert reasons(found)[goods.hat]["text"] == "From Caps", "of its new category nothing is known"
    assert ids(ask(staff, robin, max_price=100, limit=1)) == [goods.hat], "jeans cost more by now"
    assert goods.jeans not in ids(ask(staff, robin, max_price=100))
    assert ids(ask(staff, robin, in_stock=True)) == []


@pytest.mark.usefixtures("old_memory")
def test_a_list_that_is_too_short_is_filled_from_the_newest_catalogue(
    staff: Client, goods: Shop, rebuild: Rebuild
) -> None:
    robin = make_customer()
    rebuild()
    assert len(ids(ask(staff, robin))) == 5
    gloves = make_product(category="Gloves", created_at=clock.now())
    search_knows(gloves)
    assert gloves not in ids(ask(staff, robin)), "as many as were asked for are there without it"
    found = ask(staff, robin, category="gloves")
    assert ids(found) == [gloves]
    assert reasons(found)[gloves]["text"] == "New in Gloves"
    make_stock(goods.cap, 1)
    assert ids(ask(staff, robin, in_stock=True)) == [goods.cap]


def test_what_is_newer_than_the_model_is_among_its_like(staff: Client, goods: Shop, rebuild: Rebuild) -> None:
    robin = make_customer()
    make_order(robin, (goods.cap, 100))
    rebuild()
    fresh = make_product(category="Hats", created_at=clock.now())
    old = make_product(category="Hats", created_at=clock.now() - timedelta(days=31))
    search_knows(fresh, old)
    found = ask(staff, robin)
    assert set(ids(found)[:3]) == {fresh, old, goods.hat}
    assert reasons(found)[fresh]["text"] == "New in Hats"
    assert reasons(found)[old]["text"] == "From Hats"
    assert {item["source"] for item in found.json["recommendations"] if item["id"] in (fresh, old)} == {"content"}


def test_nothing_is_new_of_what_a_shop_began_with(staff: Client, shop: Engine, rebuild: Rebuild) -> None:
    now = clock.now()
    began = [make_product(category="Hats", created_at=now - timedelta(days=days)) for days in (3, 2.5)]
    added = make_product(category="Hats", created_at=now - timedelta(days=1))
    expected = {**dict.fromkeys(began, "From Hats"), added: "New in Hats"}

    def texts() -> dict[int, str]:
        return {product: reason["text"] for product, reason in reasons(ask(staff, robin)).items()}

    robin = make_customer()
    assert texts() == expected, "without a model"
    rebuild()
    assert texts() == expected


def test_looking_at_what_is_newer_than_the_model_counts_at_once(staff: Client, goods: Shop, rebuild: Rebuild) -> None:
    rebuild()
    fresh = make_product(category="Hats", name="Fresh Hat", created_at=clock.now())
    search_knows(fresh)
    robin = make_customer()
    plain = ask(staff, robin)
    assert ids(plain)[0] == goods.socks, "what sells"
    found = ask(staff, robin, context=[fresh])
    assert set(ids(found)[:2]) == {goods.hat, goods.cap}
    assert fresh not in ids(found)
    for hat in (goods.hat, goods.cap):
        assert reasons(found)[hat]["text"] == "Because you looked at Fresh Hat"
    assert found.json["recommendations"][0]["source"] == "content"
    assert found.json["recommendations"][0]["preference_score"] == 1
    assert reasons(found)[goods.socks] == reasons(plain)[goods.socks]
    # What the person did with known products speaks beside it.
    make_order(robin, (goods.jeans, 100))
    both = ask(staff, robin, context=[fresh])
    assert ids(both)[0] == goods.hat, "bought with the jeans, and like the new hat"
    # What may not be shown to anybody is no reason either.
    change(fresh, status="draft")
    assert all(reason["product_id"] != fresh for reason in reasons(ask(staff, robin, context=[fresh])).values())


def test_an_experiment_decides_how_one_is_served(
    client: Client, goods: Shop, rebuild: Rebuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    robin = make_customer()
    make_order(robin, (goods.jeans, 100))
    rebuild()
    program = client_of(Role.SERVICE)

    def serve(**overrides: Any) -> Answer:
        variant = experiments.Variant("7-b", 7, experiments.Overrides(**overrides))
        monkeypatch.setattr(experiments, "variant_for", lambda _connection, _person: variant)
        answer = ask(program, robin)
        assert answer.json["variant"] == "7-b"
        assert (request_ids.parse(answer.json["request_id"]) or ("", ""))[1] == "7-b"
        return answer

    assert ids(serve())[0] == goods.hat
    popular = serve(algorithm="popularity")
    assert ids(popular)[:2] == [goods.socks, goods.hat]
    assert popular.json["algorithm"] == "popularity"
    assert reasons(popular)[goods.hat]["kind"] == "popular"
    plain = serve(algorithm="preferences")
    assert plain.json["algorithm"] == "preferences+popularity" or plain.json["algorithm"] == "popularity"
    assert plain.json["model_version"] is None


def test_an_answer_costs_four_statements(staff: Client, goods: Shop, rebuild: Rebuild, shop: Engine) -> None:
    robin = make_customer()
    make_order(robin, (goods.jeans, 100))
    rebuild()
    ask(staff, robin)
    with counted_statements(shop) as statements:
        assert len(ids(ask(staff, robin, limit=3))) == 3
    # Without their times the memory of the catalogue (its mark, the stock) and the experiment are looked up always.
    now_and_then = ("search_words", "group_concat", "recommendation_experiments")
    asked = [each for each in statements if not any(word in each for word in now_and_then)]
    assert len(asked) == 4, "the token, what was bought, what was done, the products"
    assert all(each.startswith("SELECT") for each in statements)


def test_the_same_question_has_the_same_answer(staff: Client, goods: Shop, rebuild: Rebuild) -> None:
    robin = make_customer()
    make_order(robin, (goods.socks, 100))
    rebuild()
    first, second = (ask(staff, robin).json for _ in range(2))
    assert first["recommendations"] == second["recommendations"]
    assert first["request_id"] != second["request_id"]


def test_popular_is_only_what_is_among_the_best_of_its_category(
    staff: Client, rebuild: Rebuild, shop: Engine
) -> None:
    hats = [make_product(category="Hats", created_at=NOON) for _ in range(22)]
    for times, hat in enumerate(hats[:21], 1):
        make_order(None, *[(hat, 100)] * times)
    rebuild()
    found = reasons(ask(staff, make_customer(), limit=22))
    assert {hat for hat in found if found[hat]["kind"] == "popular"} == set(hats[15:21]), "a quarter"
    assert {found[hat]["kind"] for hat in (*hats[:15], hats[21])} == {"category"}


def test_what_staff_looks_at_for_a_customer_is_no_part_of_an_experiment(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[str] = []

    def variant_for(_connection: Any, person: str) -> experiments.Variant:
        asked_for.append(person)
        return experiments.Variant("7-b", 7, experiments.Overrides())

    monkeypatch.setattr(experiments, "variant_for", variant_for)
    robin = make_customer()
    for role in (Role.STAFF, Role.ADMIN):
        assert client_of(role).post("/ai/recommendations", {"user_id": robin}).json["variant"] is None
    assert not asked_for
    for own in (client_of(Role.CUSTOMER, customer_id=robin), client_of(Role.SERVICE)):
        assert own.post("/ai/recommendations", {"user_id": robin}).json["variant"] == "7-b"
    assert asked_for == [f"c:{robin}"] * 2
