"""Figures of the shop: a small one worked out by hand, any one in plain Python, and a real year."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from chalicelib.analytics import analytics_api
from chalicelib.analytics.analytics_api import TopQuery
from chalicelib.analytics.sales import summaries
from chalicelib.analytics.sales.asked import SalesQuery
from chalicelib.commerce import tables
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.database import Connection, use_engine
from chalicelib.core.database.dialect import make_engine
from chalicelib.core.text import fold
from infra.import_csv import import_folder
from infra.migrate import migrate
from tests.client import Client
from tests.factories import NOON, client_of, counted_statements, make_customer, make_order, make_product, rolled_back

EMPTY = {
    "total_orders": 0,
    "unique_customers": 0,
    "total_revenue": 0,
    "avg_order_value": 0,
    "product_categories": 0,
}


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def summary(client: Client) -> dict[str, Any]:
    answer = client.get("/analytics/sales-summary/")
    assert answer.status == 200
    assert answer.json["as_of"] is not None
    return {name: answer.json[name] for name in EMPTY}


# --- by hand -----------------------------------------------------------------------------------------------------


def test_an_empty_shop_has_figures_of_nothing(staff: Client) -> None:
    assert summary(staff) == EMPTY
    assert '"total_revenue":0.00' in staff.get("/analytics/sales-summary").text
    assert staff.get("/analytics/top-products").json == []


def test_a_small_shop_is_summed_up(staff: Client) -> None:
    robin, sam = make_customer(), make_customer()
    jeans, socks = make_product(category="Jeans"), make_product(category="JEANS")
    hats = make_product(category="Hats")
    make_order(robin, (jeans, 1999), (socks, 1))
    make_order(robin, (jeans, 500), status="cancelled")
    make_order(None, (socks, 501), status="processing")
    make_order(sam, (hats, 100_000), (jeans, 1), status="returned")
    # 20.00 + 5.00 + 5.01 in three orders of one known customer; hats were sent back.
    assert summary(staff) == {
        "total_orders": 3,
        "unique_customers": 1,
        "total_revenue": 30.01,
        "avg_order_value": 10.0,
        "product_categories": 1,
    }


def test_a_shop_that_got_everything_back_has_figures_of_nothing(staff: Client) -> None:
    make_order(make_customer(), (make_product(), 1000), status="returned")
    assert summary(staff) == EMPTY
    assert staff.get("/analytics/top-products").json == []


@pytest.mark.parametrize(
    ("prices", "mean"),
    [
        ((100, 101), "1.00"),
        ((101, 102), "1.02"),
        ((1, 0), "0.00"),
        ((3, 0), "0.02"),
        ((1, 1, 2), "0.01"),
        ((5,), "0.05"),
    ],
)
def test_averages_are_rounded_half_to_even(staff: Client, prices: tuple[int, ...], mean: str) -> None:
    product_id = make_product()
    for cents in prices:
        make_order(None, (product_id, cents))
    assert f'"avg_order_value":{mean},' in staff.get("/analytics/sales-summary").text
    assert f'"avg_price":{mean}}}' in staff.get("/analytics/top-products").text


def test_top_products_have_the_fields_of_the_contract(staff: Client) -> None:
    product_id = make_product(name="Slim Jeans", category="Jeans", brand="Levi")
    plain = make_product(name="Plain", category="Socks", brand=None)
    make_order(None, (product_id, 1000), (product_id, 1001))
    make_order(None, (product_id, 1000), (plain, 5))
    expected = [
        {
            "id": product_id,
            "name": "Slim Jeans",
            "category": "Jeans",
            "brand": "Levi",
            "order_count": 2,
            "total_revenue": 30.01,
            "avg_price": 10.0,
        },
        {
            "id": plain,
            "name": "Plain",
            "category": "Socks",
            "brand": None,
            "order_count": 1,
            "total_revenue": 0.05,
            "avg_price": 0.05,
        },
    ]
    assert staff.get("/analytics/top-products").json == expected
    assert staff.get("/analytics/top-products/?limit=1").json == expected[:1]
    assert staff.get("/analytics/top-products?limit=0").json == []


def test_ten_top_products_are_answered_when_no_limit_is_given(staff: Client) -> None:
    products = [make_product() for _ in range(12)]
    make_order(None, *[(product_id, 100) for product_id in products])
    assert [row["id"] for row in staff.get("/analytics/top-products").json] == products[:10]
    assert [row["id"] for row in staff.get("/analytics/top-products?limit=500").json] == products


@pytest.mark.parametrize("query", ["limit=-1", "limit=501", "limit=x", "limit=", "skip=1"])
def test_odd_limits_of_top_products_are_refused(staff: Client, query: str) -> None:
    assert staff.get(f"/analytics/top-products?{query}").status == 422


def test_figures_cost_a_few_statements_whatever_they_are_read_from(staff: Client, shop: Engine) -> None:
    for path in ("/analytics/sales-summary", "/analytics/top-products"):
        with counted_statements(shop) as statements:
            staff.get(path)
        assert len(statements) <= 4  # the caller, how far the summaries are, imports, the figures


# --- any shop, beside plain Python -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Books:
    """A shop's books: the category of each product, and orders as (customer, status, [(product, cents)])."""

    categories: list[str]
    orders: list[tuple[int | None, str, list[tuple[int, int]]]]


@st.composite
def books(draw: st.DrawFn) -> Books:
    names = st.sampled_from(["Jeans", "jeans", "JEANS", "Éclair", "ÉCLAIR", "Socks", "Straße", "STRASSE"])
    categories = draw(st.lists(names, min_size=1, max_size=6))
    cents = st.integers(0, 300) | st.integers(0, 99_999_999_999)
    item = st.tuples(st.integers(1, len(categories)), cents)
    status = st.sampled_from(["complete", "returned", "cancelled", "shipped", "pending", "processing"])
    order = st.tuples(st.none() | st.integers(1, 3), status, st.lists(item, max_size=4))
    return Books(categories, draw(st.lists(order, max_size=10)))


def put(connection: Connection, kept: Books) -> None:
    stamps = {"created_at": NOON, "updated_at": NOON}
    customers = [{"id": at, "email": f"{at}@x.yz", "email_key": f"{at}@x.yz"} | stamps for at in (1, 2, 3)]
    center = {"id": 1, "name": "x", "latitude": 0, "longitude": 0} | stamps
    plain = {"cost_cents": 0, "retail_price_cents": 0, "distribution_center_id": 1} | stamps
    products = [
        {"id": at, "name": f"product {at}", "sku": str(at), "category": name, "category_key": fold(name)} | plain
        for at, name in enumerate(kept.categories, 1)
    ]
    orders = [
        {"id": at, "user_id": who, "status": status, "num_of_item": len(items)} | stamps
        for at, (who, status, items) in enumerate(kept.orders, 1)
    ]
    items = [
        {"order_id": at, "user_id": who, "status": status, "product_id": what, "sale_price_cents": cents}
        for at, (who, status, lines) in enumerate(kept.orders, 1)
        for what, cents in lines
    ]
    connection.execute(insert(tables.users), customers)
    connection.execute(insert(tables.distribution_centers), [center])
    connection.execute(insert(tables.products), products)
    if orders:
        connection.execute(insert(tables.orders), orders)
    if items:
        connection.execute(insert(tables.order_items), [item | {"created_at": NOON} for item in items])


def money(cents: Fraction) -> Decimal:
    """Round to cents, half to even: `round` of a fraction is exact."""
    return (Decimal(round(cents)) / 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


@settings(max_examples=60)
@given(kept=books(), limit=st.integers(0, 7))
def test_whatever_was_sold_the_figures_are_those_of_the_books(shop: Engine, kept: Books, limit: int) -> None:
    with rolled_back() as connection:
        put(connection, kept)
        answered = analytics_api.get_sales_summary(connection, SalesQuery())
        top = analytics_api.list_top_products(connection, TopQuery(limit=limit)).body

    sold = [(at, who, lines) for at, (who, status, lines) in enumerate(kept.orders) if status != "returned"]
    revenue = sum(cents for _, _, lines in sold for _, cents in lines)
    assert {name: answered[name] for name in EMPTY} == {
        "total_orders": len(sold),
        "unique_customers": len({who for _, who, _ in sold if who is not None}),
        "total_revenue": money(Fraction(revenue)),
        "avg_order_value": money(Fraction(revenue, len(sold))) if sold else Decimal("0.00"),
        "product_categories": len(
            {kept.categories[what - 1].casefold() for _, _, lines in sold for what, _ in lines}
        ),
    }

    prices: dict[int, list[int]] = defaultdict(list)
    buyers: dict[int, set[int]] = defaultdict(set)
    for at, _, lines in sold:
        for what, cents in lines:
            prices[what].append(cents)
            buyers[what].add(at)
    best = sorted(prices, key=lambda what: (-sum(prices[what]), what))[:limit]
    assert [(row["id"], row["order_count"], row["total_revenue"], row["avg_price"]) for row in top] == [
        (
            what,
            len(buyers[what]),
            money(Fraction(sum(prices[what]))),
            money(Fraction(sum(prices[what]), len(prices[what]))),
        )
        for what in best
    ]


# --- a real year -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_year(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of staff on a real shop's year, imported once."""
    folder = tmp_path_factory.mktemp("real_year")
    engine = make_engine(f"sqlite:///{folder / 'shop.db'}", Settings())
    migrate(engine)
    before = use_engine(engine)
    import_folder(real_data / "online_retail", bars=False)
    summaries.summarize_sales(lambda: 900_000)
    yield client_of(Role.STAFF)
    use_engine(before)
    engine.dispose()


def test_a_real_year_adds_up_to_what_its_owner_says(real_year: Client) -> None:
    # Figures of the README beside the data.
    found = summary(real_year)
    assert found["total_revenue"] == 10271034.61
    assert found["total_orders"] == 19773
    assert found["unique_customers"] == 4334
    # 10,271,034.61 / 19,773 = 519.4474..., and one category was made up for all.
    assert found["avg_order_value"] == 519.45
    assert found["product_categories"] == 1


def test_the_best_sellers_of_a_real_year_are_those_of_its_file(real_year: Client, real_data: Path) -> None:
    cents: dict[int, int] = defaultdict(int)
    units: dict[int, int] = defaultdict(int)
    buyers: dict[int, set[str]] = defaultdict(set)
    path = real_data / "online_retail" / "order_items.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:  # nothing in it was returned
        for row in csv.DictReader(file):
            product_id = int(row["product_id"])
            cents[product_id] += int(Decimal(row["sale_price"]) * 100)
            units[product_id] += 1
            buyers[product_id].add(row["order_id"])
    best = sorted(cents, key=lambda product_id: (-cents[product_id], product_id))[:50]
    rows = real_year.get("/analytics/top-products?limit=50").json
    assert [(row["id"], row["order_count"], row["total_revenue"], row["avg_price"]) for row in rows] == [
        (each, len(buyers[each]), cents[each] / 100, float(money(Fraction(cents[each], units[each]))))
        for each in best
    ]


def test_the_months_of_a_real_year_are_those_its_owner_counted(real_year: Client, real_data: Path) -> None:
    told = json.loads((real_data / "online_retail" / "totals.json").read_text(encoding="utf-8"))
    answer = real_year.get("/analytics/sales?from=2010-12-01&to=2011-12-31&granularity=month").json
    found = {step["from"][:7]: (step["orders"], step["items"], step["net_revenue"]) for step in answer["series"]}
    assert found == {
        month: (each["orders"], each["lines"], float(each["revenue"])) for month, each in told["months"].items()
    }
    assert answer["total"]["net_revenue"] == float(told["revenue"])
    years = real_year.get("/analytics/sales?from=2010-01-01&to=2010-12-31&granularity=month&compare=year").json
    assert years["total"]["net_revenue"] == float(told["months"]["2010-12"]["revenue"])
