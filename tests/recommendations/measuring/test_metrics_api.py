"""The figures that staff reads: sums by day, version, variant and surface, worked out by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.recommendations.measuring import measure
from tests.client import Client
from tests.factories import NOON, client_of, counted_statements, make_customer, make_order, make_product
from tests.recommendations.measuring import happenings
from tests.recommendations.measuring.happenings import DAY, MODEL, make_day

TODAY = NOON.date()
OTHER = "20260228T000000Z-ffffffff"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=6))


@pytest.fixture
def staff(client: Client) -> Client:
    return client_of(Role.STAFF)


def ask(staff: Client, query: str = "") -> Any:
    answer = staff.get(f"/ai/metrics{query}")
    assert answer.status == 200, answer.text
    return answer.json


def fill() -> None:
    make_day(TODAY - DAY, impressions=100, clicks=10, people=20, orders=2, items=3, revenue_cents=3000)
    make_day(TODAY, impressions=50, clicks=0, people=9)
    make_day(TODAY, version=OTHER, surface="cart", variant="1-new", impressions=150, clicks=30, orders=1, people=50)
    make_day(TODAY - 40 * DAY, impressions=7)
    product, robin = make_product(), make_customer()
    make_order(robin, (product, 4000), (product, 2000), created_at=NOON - DAY)
    make_order(None, (product, 1000), created_at=NOON)


def test_by_day_in_the_order_of_days(staff: Client) -> None:
    fill()
    found = ask(staff)
    assert (found["from"], found["to"], found["group_by"]) == ("2026-02-02", "2026-03-01", "day")
    yesterday, today = found["groups"]
    assert yesterday == {
        "group": "2026-02-28",
        "impressions": 100,
        "clicks": 10,
        "ctr": 0.1,
        "people": 20,
        "attributed_orders": 2,
        "attributed_items": 3,
        "attributed_revenue": 30.0,
        "conversion": 0.2,
        "revenue_share": 0.5,
    }
    assert (today["group"], today["impressions"], today["ctr"]) == ("2026-03-01", 200, 0.15)
    assert found["total"] == {
        "impressions": 300,
        "clicks": 40,
        "ctr": 40 / 300,
        "people": 79,
        "attributed_orders": 3,
        "attributed_items": 3,
        "attributed_revenue": 30.0,
        "conversion": 3 / 40,
        "revenue": 70.0,
        "revenue_share": 3 / 7,
    }


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("version", [(MODEL, 150, 3 / 7), (OTHER, 150, 0)]),
        ("variant", [("-", 150, 3 / 7), ("1-new", 150, 0)]),
        ("surface", [("cart", 150, 0), ("home", 150, 3 / 7)]),
    ],
)
def test_by_anything_else_most_shown_first(staff: Client, by: str, groups: list[tuple[str, int, float]]) -> None:
    fill()
    found = ask(staff, f"?group_by={by}")["groups"]
    told = [(each["group"], each["impressions"], each["revenue_share"]) for each in found]
    assert told == [(name, shown, pytest.approx(share)) for name, shown, share in sorted(groups)]


def test_days_are_included_at_both_ends(staff: Client) -> None:
    fill()
    assert ask(staff, "?from=2026-01-20&to=2026-01-20")["total"]["impressions"] == 7
    assert ask(staff, "?from=2026-01-21&to=2026-02-27")["total"]["impressions"] == 0
    found = ask(staff, "?from=2026-02-28&to=2026-02-28")["total"]
    assert (found["impressions"], found["revenue"]) == (100, 60.0)


def test_of_nothing_there_is_nothing(staff: Client) -> None:
    found = ask(staff)
    nothing = {"ctr": None, "conversion": None, "revenue_share": None, "revenue": 0.0, "impressions": 0}
    assert {name: found["total"][name] for name in nothing} == nothing
    assert (found["groups"], found["as_of"], found["alarm"]) == ([], None, None)


@pytest.mark.parametrize(
    "query",
    [
        "?from=2026-03-02&to=2026-03-01",
        "?from=2026-03-02",
        "?from=2025-01-25&to=2026-03-01",
        "?from=yesterday",
        "?from=1772366400",
        "?to=2026-03-01T12:00:00Z",
        "?to=1999-12-31",
        "?to=2200-01-01",
        "?to=2026-02-30",
        "?group_by=customer",
        "?from_=2026-03-01",
        "?limit=3",
    ],
)
def test_ranges_that_are_none_are_refused(staff: Client, query: str) -> None:
    answer = staff.get(f"/ai/metrics{query}")
    assert answer.status == 422
    assert answer.json["errors"]


def test_four_hundred_days_are_answered(staff: Client) -> None:
    assert date(2026, 3, 1) - date(2025, 1, 26) == timedelta(days=399)
    assert ask(staff, "?from=2025-01-26&to=2026-03-01")["to"] == "2026-03-01"


def test_the_definitions_say_the_window_that_is_set(staff: Client) -> None:
    found = ask(staff)["definitions"]
    assert "7 days before the order" in found["attributed_items"]
    told = {"impressions", "clicks", "ctr", "people", "conversion", "revenue_share"}
    assert told | {"attributed_items", "attributed_orders", "attributed_revenue"} == set(found)


def test_what_the_job_counted_is_what_is_answered(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    product, robin = make_product(), make_customer()
    for hour in range(4):
        happenings.make_event("impression", product, NOON - timedelta(hours=hour + 1), customer_id=robin)
    happenings.make_event("click", product, NOON - timedelta(hours=1), customer_id=robin)
    make_order(robin, (product, 1500))
    make_order(robin, (make_product(), 500))
    measure.measure_recommendations(time_left_ms=lambda: 900_000)
    total = ask(staff)["total"]
    assert (total["impressions"], total["clicks"], total["attributed_orders"]) == (4, 1, 1)
    assert (total["attributed_revenue"], total["revenue"], total["revenue_share"]) == (15.0, 20.0, 0.75)
    as_of = datetime.fromisoformat(ask(staff)["as_of"])
    assert as_of == NOON + timedelta(hours=6)


def test_it_takes_the_same_few_statements_whatever_there_is(staff: Client, shop: Engine) -> None:
    ask(staff)
    with counted_statements(shop) as before:
        ask(staff)
    fill()
    with counted_statements(shop) as after:
        ask(staff)
    assert len(after) == len(before) <= 6
