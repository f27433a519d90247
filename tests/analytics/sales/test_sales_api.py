"""Sales over HTTP: a few days worked out by hand, any shop beside plain Python, days on which clocks change."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.analytics.sales import contract, figures, summaries
from chalicelib.analytics.sales.asked import SalesFigures
from chalicelib.analytics.spans import Figures
from chalicelib.commerce.sales import sales
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read
from tests.client import Client
from tests.conftest import set_settings
from tests.factories import NOON, client_of, counted_statements, make_center, make_customer, make_order, make_product

DAY = timedelta(days=1)
TODAY = NOON.date()


@pytest.fixture(autouse=True)
def an_hour_later(monkeypatch: pytest.MonkeyPatch, shop: Engine) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=1))


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def summarize() -> None:
    summaries.summarize_sales(lambda: 900_000)


def ask(staff: Client, path: str, **query: Any) -> Any:
    given = {name.rstrip("_"): value for name, value in query.items()}
    answer = staff.get(f"/analytics/{path}?" + "&".join(f"{name}={value}" for name, value in given.items()))
    assert answer.status == 200, answer.text
    return answer.json


def sell(days_ago: int, *items: tuple[int, int], customer: int | None = None, **given: Any) -> int:
    at = NOON - days_ago * DAY
    return make_order(customer, *items, created_at=at, updated_at=at, **given)


@pytest.fixture
def small(shop: Engine) -> dict[str, int]:
    """Three days: today, yesterday, and the day before that."""
    robin, sam = make_customer(country="Brasil"), make_customer(country="Japan")
    center = make_center(name="Chicago IL")
    jeans = make_product(category="Jeans", brand="Levi", cost_cents=2_000, distribution_center_id=center)
    socks = make_product(category="SOCKS", brand=None, cost_cents=100)
    sell(0, (jeans, 5_000), (socks, 400), customer=robin)
    sell(0, (socks, 500))
    sell(0, (jeans, 6_000), customer=sam, status="returned")
    sell(1, (jeans, 4_000), customer=robin)
    sell(1, (jeans, 3_000), customer=robin, status="cancelled")
    sell(2, (socks, 300), customer=sam)
    summarize()
    return {"jeans": jeans, "socks": socks, "center": center}


# --- by hand -----------------------------------------------------------------------------------------------------


def test_a_day_is_as_worked_out_by_hand(staff: Client, small: dict[str, int]) -> None:
    answer = ask(staff, "sales", from_=TODAY, to=TODAY, granularity="day", compare="previous")
    [step] = answer["series"]
    # 119.00 were sold, 60.00 came back; the jeans and two pairs of socks had cost 22.00.
    expected = {
        "orders": 3, "customers": 2, "items": 4, "units": 3, "units_per_order": 1.0, "gross": 119.0, "discounts": 0,
        "discount_rate": 0.0, "returns": 60.0, "return_rate": 0.504202, "refunds": 0, "net_revenue": 59.0,
        "cost": 22.0, "margin": 37.0, "margin_rate": 0.627119, "avg_order_value": 19.67,
    }  # fmt: skip
    assert {name: step[name] for name in figures.NAMES} == expected
    assert (step["compared"]["orders"], step["compared"]["net_revenue"]) == (1, 40.0)
    assert step["change"]["net_revenue"] == 0.475
    assert step["change"]["returns"] is None
    assert answer["total"] == step
    assert (answer["from"], answer["to"], answer["time_zone"]) == (str(TODAY), str(TODAY), "UTC")
    assert answer["as_of"] is not None


def test_every_step_is_there_also_without_sales(staff: Client, small: dict[str, int]) -> None:
    answer = ask(staff, "sales", from_=TODAY - 9 * DAY, to=TODAY)
    assert answer["granularity"] == "day"
    assert [step["net_revenue"] for step in answer["series"]] == [0, 0, 0, 0, 0, 0, 0, 3.0, 40.0, 59.0]
    hours = ask(staff, "sales", from_=TODAY, to=TODAY)
    assert hours["granularity"] == "hour"
    assert [step["orders"] for step in hours["series"]] == [3 if hour == NOON.hour else 0 for hour in range(24)]


def test_groups_are_listed_with_their_names_and_shares(staff: Client, small: dict[str, int]) -> None:
    query = {"from_": TODAY - 2 * DAY, "to": TODAY}
    found = ask(staff, "sales/by/category", **query, compare="previous", customers="true")
    assert [(row["value"], row["name"], row["net_revenue"]) for row in found["results"]] == [
        ("jeans", "Jeans", 90.0),
        ("socks", "SOCKS", 12.0),
    ]
    assert [row["share"] for row in found["results"]] == [0.882353, 0.117647]
    assert [row["customers"] for row in found["results"]] == [2, 2]
    assert (found["count"], found["total"]["net_revenue"], found["total"]["customers"]) == (2, 102.0, 2)
    second = ask(staff, "sales/by/category", **query, skip=1, limit=1)
    assert [row["value"] for row in second["results"]] == ["socks"]
    assert ask(staff, "sales/by/category", **query, skip=9)["count"] == 2
    centers = ask(staff, "sales/by/distribution_center", **query)
    assert (centers["results"][0]["value"], centers["results"][0]["name"]) == (str(small["center"]), "Chicago IL")
    brands = ask(staff, "sales/by/brand", **query, by="units")
    assert [(row["value"], row["name"], row["units"]) for row in brands["results"]] == [
        ("", "", 3),
        ("levi", "Levi", 2),
    ]


def test_a_filter_and_a_group_at_once_come_from_the_ledger(staff: Client, small: dict[str, int]) -> None:
    found = ask(staff, "sales/by/category", from_=TODAY - 2 * DAY, to=TODAY, country="Brasil")
    assert [(row["value"], row["net_revenue"]) for row in found["results"]] == [("jeans", 90.0), ("socks", 4.0)]
    both = ask(staff, "sales", from_=TODAY - 2 * DAY, to=TODAY, country="Brasil", category="jeans", granularity="day")
    assert [step["net_revenue"] for step in both["series"]] == [0, 40.0, 50.0]
    long = "from=2015-01-01&to=2016-12-31"
    for path in ("sales/by/brand?category=x&", "sales?brand=a&category=x&", "sales-summary?customers=true&brand=a&"):
        assert staff.get(f"/analytics/{path}{long}").status == 422
    assert staff.get("/analytics/sales/by/weekday").status == 404


def test_definitions_are_given_of_every_figure(staff: Client, small: dict[str, int]) -> None:
    assert set(figures.NAMES) == set(SalesFigures.model_fields) == set(figures.DEFINITIONS)
    told = ask(staff, "sales-summary", from_=TODAY)
    assert {*figures.NAMES, *contract.DEFINITIONS, "change"} == set(told["definitions"])
    own = set(told) - set(Figures.model_fields) - {"from", "to", "figures", "compared", "series"}
    assert own <= set(told["definitions"])
    assert {*figures.NAMES, "share", "change"} == set(ask(staff, "sales/by/brand")["definitions"])


# --- the contract ------------------------------------------------------------------------------------------------


def test_the_contract_figures_are_the_same_from_the_summaries(staff: Client, small: dict[str, int]) -> None:
    found = ask(staff, "sales-summary")
    # The returned order is left out, the cancelled one is not.
    assert (found["total_orders"], found["total_revenue"], found["unique_customers"]) == (5, 132.0, 2)
    assert (found["avg_order_value"], found["product_categories"]) == (26.4, 2)
    with read() as connection:
        counted = sales.total_sales(connection)
    assert (counted.orders, counted.revenue_cents, counted.customers, counted.categories) == (5, 13_200, 2, 2)
    top = staff.get("/analytics/top-products")
    assert top.headers["X-As-Of"] == (NOON + timedelta(hours=1)).isoformat()
    assert [(row["id"], row["order_count"], row["total_revenue"], row["avg_price"]) for row in top.json] == [
        (small["jeans"], 3, 120.0, 40.0),
        (small["socks"], 3, 12.0, 4.0),
    ]


def test_the_contract_figures_of_some_days(staff: Client, small: dict[str, int]) -> None:
    found = ask(staff, "sales-summary", from_=TODAY - DAY, to=TODAY, customers="true", granularity="day")
    assert (found["total_orders"], found["total_revenue"], found["unique_customers"]) == (4, 129.0, 1)
    assert (found["product_categories"], len(found["series"])) == (2, 2)
    assert found["figures"]["customers"] == 2
    assert ask(staff, "sales-summary", from_=TODAY - 2 * DAY, to=TODAY - 2 * DAY)["product_categories"] == 1
    [best] = ask(staff, "top-products", from_=TODAY, to=TODAY, by="units", limit=1)
    assert (best["id"], best["units"], best["net_revenue"], best["margin"]) == (small["socks"], 2, 9.0, 7.0)


# --- files, costs, counting anew ---------------------------------------------------------------------------------


@pytest.mark.parametrize("compare", ["", "&compare=year", "&compare=previous"])
@pytest.mark.parametrize("path", ["sales", "sales/by/category"])
def test_a_file_holds_what_the_answer_does(staff: Client, small: dict[str, int], path: str, compare: str) -> None:
    query = f"from={TODAY - 3 * DAY}&to={TODAY}{compare}"
    told = staff.get(f"/analytics/{path}?{query}").json
    answer = staff.get(f"/analytics/{path}.csv?{query}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    shown = told["series" if path == "sales" else "results"]
    assert len(rows) == len(shown)
    for row, step in zip(rows, shown, strict=True):
        for name in ("from", "to", *figures.NAMES):
            assert row[name] == "" if step[name] is None else same(row[name], step[name])
            if compare:
                before = step["compared"][name]
                assert row[f"compared_{name}"] == "" if before is None else same(row[f"compared_{name}"], before)


def same(written: str, value: Any) -> bool:
    return written == value if isinstance(value, str) else float(written) == value


def test_a_request_costs_a_few_statements(staff: Client, small: dict[str, int], shop: Engine) -> None:
    long = "from=2018-01-15&to=2026-11-10"
    for path, most in (
        (f"sales?{long}&granularity=week&compare=year", 10),
        (f"sales/by/product?{long}&compare=year", 10),
        (f"sales-summary?{long}&compare=previous&country=Brasil", 4),
        (f"top-products?{long}", 4),
        ("sales-summary", 7),
    ):
        with counted_statements(shop) as statements:
            assert staff.get(f"/analytics/{path}").status == 200
        assert len(statements) <= most, path


def test_admins_have_all_counted_anew(staff: Client, small: dict[str, int]) -> None:
    answer = client_of(Role.ADMIN).post("/analytics/sales/rebuild", {})
    assert (answer.status, answer.json["job"], answer.json["days_due"]) == (202, "summarize_sales", 3)
    assert staff.get("/jobs/summarize_sales").json["asked_by"] is not None
    before = ask(staff, "sales", from_=TODAY - 3 * DAY)["series"]
    summarize()
    assert ask(staff, "sales", from_=TODAY - 3 * DAY)["series"] == before


# --- days on which clocks change ---------------------------------------------------------------------------------


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    from dataclasses import replace

    set_settings(monkeypatch, replace(settings, time_zone="Europe/Berlin"))


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25), (date(2025, 7, 1), 24)]
)
def test_days_have_the_hours_that_clocks_show(berlin: None, staff: Client, day: date, hours: int) -> None:
    product = make_product()
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=1 if day.month == 3 else 2)
    for hour in range(-1, hours + 1):
        at = start + timedelta(hours=hour, minutes=30)
        make_order(None, (product, 100 + hour), created_at=at, updated_at=at)
    summarize()
    answer = ask(staff, "sales", from_=day, to=day, granularity="hour", compare="previous")
    assert [step["net_revenue"] for step in answer["series"]] == [(100 + hour) / 100 for hour in range(hours)]
    assert answer["series"][0]["at"].replace("Z", "+00:00") == start.isoformat()
    assert answer["total"]["orders"] == hours
    assert answer["total"]["compared"]["orders"] == 1
