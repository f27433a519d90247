"""What stands beside a product and what sells: with a model, and by SQL without one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from chalicelib.commerce import tables
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from chalicelib.recommendations.serving import request_ids
from tests.client import Answer, Client
from tests.factories import client_of, counted_statements, make_customer, make_order, make_product, make_stock
from tests.recommendations.fakes import VERSION, search_knows
from tests.recommendations.serving.conftest import Rebuild


def get(client: Client, target: str) -> Answer:
    answer = client.get(target)
    assert answer.status == 200
    return answer


def ids(answer: Answer) -> list[int]:
    return [item["id"] for item in answer.json["recommendations"]]


def reasons(answer: Answer) -> list[str]:
    return [item["reason"]["text"] for item in answer.json["recommendations"]]


class Shop:
    """Jeans of one brand and another, a belt that goes with them, a hat."""

    def __init__(self) -> None:
        self.jeans = make_product(name="Blue Jeans", brand="Levi", retail_price_cents=1000)
        self.dear = make_product(name="Dear Jeans", brand="Levi", retail_price_cents=4000)
        self.other = make_product(name="Other Jeans", brand="Lee", retail_price_cents=1000)
        self.belt = make_product(name="Belt", category="Belts", brand=None, department="Men")
        self.hat = make_product(name="Hat", category="Hats")
        now = clock.now()
        for _ in range(2):
            make_order(make_customer(), (self.jeans, 1), (self.belt, 1), created_at=now - timedelta(days=40))
        make_order(make_customer(), (self.jeans, 1), (self.hat, 1), created_at=now - timedelta(days=1))
        make_order(None, (self.jeans, 1), (self.dear, 1), status="cancelled", created_at=now)
        self.all = [self.jeans, self.dear, self.other, self.belt, self.hat]


@pytest.fixture
def goods(shop: Engine) -> Shop:
    return Shop()


# --- without a model ---------------------------------------------------------------------------------------------


def test_without_a_model_what_is_similar_goes_by_category_brand_and_price(client: Client, goods: Shop) -> None:
    answer = get(client, f"/products/{goods.jeans}/similar")
    # Brand 0.5 + a quarter of the price 0.125; strange brand 0 + same price 0.5.
    assert ids(answer) == [goods.dear, goods.other]
    assert [item["score"] for item in answer.json["recommendations"]] == [0.625, 0.5]
    assert reasons(answer) == ["Similar to Blue Jeans"] * 2
    assert {item["source"] for item in answer.json["recommendations"]} == {"content"}
    assert answer.json["algorithm"] == "attributes"
    assert answer.json["model_version"] is None
    assert answer.json["product_id"] == goods.jeans
    assert answer.headers["Cache-Control"] == "no-store"
    assert request_ids.parse(answer.json["request_id"]) == ("-", "-")


def test_without_a_model_orders_are_counted(client: Client, goods: Shop) -> None:
    answer = get(client, f"/products/{goods.jeans}/bought-together")
    assert ids(answer) == [goods.belt, goods.hat], "a cancelled order is none"
    assert [item["count"] for item in answer.json["recommendations"]] == [2, 1]
    assert reasons(answer) == ["Bought together with Blue Jeans twice", "Bought together with Blue Jeans once"]
    assert answer.json["algorithm"] == "orders"
    assert ids(get(client, f"/products/{goods.other}/bought-together")) == []


def test_without_a_model_trending_is_what_was_bought_in_a_month(client: Client, goods: Shop) -> None:
    answer = get(client, "/products/trending")
    assert ids(answer)[:2] == [goods.jeans, goods.hat]
    assert reasons(answer)[:3] == ["Bought once in the last 30 days"] * 2 + ["Bought twice"]
    assert ids(answer)[2] == goods.belt, "then what was ever bought"
    assert set(ids(answer)) == set(goods.all)
    search_knows(*goods.all)
    assert ids(get(client, "/products/trending?department=men")) == [goods.belt]
    assert ids(get(client, "/products/trending?category=hat")) == [goods.hat]
    assert len(ids(get(client, "/products/trending?limit=2"))) == 2


# --- with a model ------------------------------------------------------------------------------------------------


def test_a_model_says_what_is_similar_and_the_category_fills(client: Client, goods: Shop, rebuild: Rebuild) -> None:
    rebuild()
    fresh = make_product(name="Fresh Jeans", brand="Lee", retail_price_cents=500)
    answer = get(client, f"/products/{goods.jeans}/similar")
    # Half for the category, half for being bought by the same people: the belt by most of them.
    assert ids(answer) == [goods.dear, goods.other, goods.belt, goods.hat, fresh]
    assert [item["score"] for item in answer.json["recommendations"]] == [0.5, 0.5, 0.5, 0.25, 0.25]
    assert set(reasons(answer)) == {"Similar to Blue Jeans"}
    assert answer.json["algorithm"] == "model+attributes"
    assert answer.json["model_version"] == VERSION
    assert request_ids.parse(answer.json["request_id"]) == (VERSION, "-")
    assert ids(get(client, f"/products/{fresh}/similar")) == [goods.other, goods.jeans, goods.dear]


def test_a_model_says_what_is_bought_together(client: Client, goods: Shop, rebuild: Rebuild) -> None:
    rebuild()
    fresh = make_product()
    make_order(None, (fresh, 1), (goods.jeans, 1))
    answer = get(client, f"/products/{goods.jeans}/bought-together")
    assert [(item["id"], item["count"]) for item in answer.json["recommendations"]] == [
        (goods.belt, 2),
        (goods.hat, 1),
    ]
    assert answer.json["algorithm"] == "model"
    unknown = get(client, f"/products/{fresh}/bought-together")
    assert ids(unknown) == [goods.jeans], "what the model does not know is counted"
    assert unknown.json["model_version"] is None


def test_a_model_says_what_trends(client: Client, goods: Shop, rebuild: Rebuild) -> None:
    rebuild(since=clock.now() - timedelta(days=30))
    answer = get(client, "/products/trending")
    assert ids(answer) == [goods.jeans, goods.hat, goods.belt, goods.dear, goods.other]
    assert reasons(answer) == [
        "Trending in Jeans",
        "Trending in Hats",
        "Popular in Belts",
        "From Jeans",
        "From Jeans",
    ]
    assert {item["source"] for item in answer.json["recommendations"]} == {"popularity"}
    assert ids(get(client, "/products/trending?department=MEN&category=BELT")) == [goods.belt]


# --- both --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_model", [True, False])
def test_neighbours_keep_to_the_filters_as_things_are_now(
    client: Client, goods: Shop, rebuild: Rebuild, with_model: bool
) -> None:
    if with_model:
        rebuild()
    make_stock(goods.other, 1)
    make_stock(goods.hat, 1)
    with transaction() as connection:
        belt = update(tables.products).where(tables.products.c.id == goods.belt)
        connection.execute(belt.values(status="archived"))
    similar, together = f"/products/{goods.jeans}/similar", f"/products/{goods.jeans}/bought-together"
    assert ids(get(client, f"{similar}?limit=2"))[0] == goods.other, "what is sold out comes behind"
    assert ids(get(client, f"{similar}?limit=2&in_stock=false"))[0] == goods.dear
    assert goods.dear not in ids(get(client, f"{similar}?in_stock=true"))
    assert goods.dear not in ids(get(client, f"{similar}?max_price=39.99"))
    assert goods.other not in ids(get(client, f"{similar}?min_price=10.01"))
    assert goods.belt not in ids(get(client, similar))
    assert ids(get(client, together)) == [goods.hat]
    assert ids(get(client, f"{together}?max_price=1")) == []
    assert goods.belt not in ids(get(client, "/products/trending"))
    assert set(ids(get(client, "/products/trending?in_stock=true"))) == {goods.other, goods.hat}
    assert ids(get(client, f"{similar}?limit=0")) == []


@pytest.mark.parametrize("beside", ["similar", "bought-together"])
def test_neighbours_of_what_is_not_for_sale_are_for_staff(client: Client, goods: Shop, beside: str) -> None:
    draft = make_product(status="draft", name="Secret")
    assert client.get(f"/products/{draft}/{beside}").status == 404
    assert client.get(f"/products/999999/{beside}").status == 404
    staff = client_of(Role.STAFF)
    assert get(staff, f"/products/{draft}/{beside}").json["product_id"] == draft
    shown = get(staff, f"/products/{goods.jeans}/{beside}").json["recommendations"][0]
    assert "cost" in shown
    assert "cost" not in get(client, f"/products/{goods.jeans}/{beside}").json["recommendations"][0]


@pytest.mark.parametrize("target", ["/products/trending", "/products/1/similar", "/products/1/bought-together"])
@pytest.mark.parametrize(
    "query", ["limit=501", "limit=-1", "limit=x", "in_stock=maybe", "min_price=-1", "colour=red"]
)
def test_a_bad_question_is_refused(client: Client, target: str, query: str) -> None:
    assert client.get(f"{target}?{query}").status == 422


def test_neighbours_cost_two_statements(client: Client, goods: Shop, rebuild: Rebuild, shop: Engine) -> None:
    rebuild()
    for target in (f"/products/{goods.jeans}/similar?limit=2", f"/products/{goods.jeans}/bought-together?limit=2"):
        get(client, target)
        with counted_statements(shop) as statements:
            assert len(ids(get(client, target))) == 2
        # Without its time the memory of the catalogue is looked after at each request: its mark and the stock.
        asked: list[Any] = [each for each in statements if "search_words" not in each and "group_concat" not in each]
        assert len(asked) == 2
