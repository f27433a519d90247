"""What recommendations bring, as staff sees it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.analytics.sales import summaries
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.recommendations.measuring import measure
from tests.factories import NOON, client_of, make_customer, make_experiment, make_exposure, make_order, make_product
from tests.recommendations.measuring.happenings import MODEL, make_day

DAY = timedelta(days=1)
TODAY = NOON.date()
SPAN = f"from={TODAY - DAY}&to={TODAY}"


@pytest.fixture(autouse=True)
def six_hours_later(monkeypatch: pytest.MonkeyPatch, shop: Engine) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=6))


def show(query: str = SPAN) -> dict[str, Any]:
    return client_of(Role.STAFF).get(f"/analytics/recommendations?{query}").json  # type: ignore[no-any-return]


def sell(cents: int, day: date = TODAY, **given: Any) -> None:
    at = NOON - (TODAY - day)
    make_order(None, (make_product(), cents), created_at=at, updated_at=at, **given)


def test_figures_stand_beside_the_net_revenue_of_the_same_days() -> None:
    make_day(TODAY, impressions=100, clicks=10, orders=2, items=3, revenue_cents=3_000)
    make_day(TODAY - DAY, impressions=100, clicks=5, orders=1, items=1, revenue_cents=500, surface="cart")
    make_day(TODAY - 2 * DAY, impressions=40, clicks=5, version="-", surface="")
    sell(6_000)
    sell(4_000, TODAY - DAY)
    sell(9_999, status="returned")
    sell(5_000, TODAY - 2 * DAY)
    summaries.summarize_sales(lambda: 900_000)
    found = show(f"{SPAN}&compare=previous")
    assert found["totals"] == {
        "from": str(TODAY - DAY),
        "to": str(TODAY),
        "impressions": 200,
        "clicks": 15,
        "click_rate": 0.075,
        "orders": 3,
        "items": 4,
        "revenue": 35.00,
        "net_revenue": 100.00,
        "revenue_share": 0.35,
    }
    assert [(each["from"], each["revenue_share"]) for each in found["series"]] == [
        (str(TODAY - DAY), 500 / 4_000),
        (str(TODAY), 3_000 / 6_000),
    ]
    assert [(each["name"], each["clicks"], each["revenue_share"]) for each in found["surfaces"]] == [
        ("cart", 5, 0.05),
        ("home", 10, 0.3),
    ]
    assert [(each["name"], each["impressions"]) for each in found["versions"]] == [(MODEL, 200)]
    assert found["compared"]["impressions"] == 40
    assert found["change"]["impressions"] == 4.0
    assert set(found["totals"]) - {"from", "to"} <= set(found["definitions"])


def test_no_model_and_no_surface_have_no_name() -> None:
    make_day(TODAY, impressions=4, version="-", surface="")
    found = show()
    assert (found["surfaces"][0]["name"], found["versions"][0]["name"]) == (None, None)
    assert found["totals"]["revenue_share"] is None


def test_an_experiment_shows_what_the_schedule_worked_out() -> None:
    experiment = make_experiment(started_at=NOON - DAY)
    make_experiment("draft")
    make_experiment("stopped", started_at=NOON - 30 * DAY, stopped_at=NOON - 9 * DAY)
    for arm in ("control", "diverse"):
        for _ in range(3):
            make_exposure(experiment, arm, NOON - DAY, customer_id=make_customer())
    [before] = show()["experiments"]
    assert (before["id"], before["arms"], before["as_of"]) == (experiment, [], None)
    measure.measure_recommendations(time_left_ms=lambda: 900_000)
    [shown] = show()["experiments"]
    own = client_of(Role.ADMIN).get(f"/ai/experiments/{experiment}/results").json
    assert shown["arms"] == own["arms"]
    assert [each["people"] for each in shown["arms"]] == [3, 3]
    assert (shown["state"], shown["final"]) == ("running", False)
    lines = client_of(Role.STAFF).get(f"/analytics/recommendations.csv?{SPAN}&table=experiments").text
    assert [line["name"] for line in csv.DictReader(io.StringIO(lines))] == ["control", "diverse"]


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [("series", "clicks", ["0", "10"]), ("surfaces", "name", ["home"]), ("versions", "name", [MODEL])],
)
def test_each_table_is_a_file(table: str, column: str, values: list[str]) -> None:
    make_day(TODAY, impressions=100, clicks=10)
    answer = client_of(Role.STAFF).get(f"/analytics/recommendations.csv?{SPAN}&table={table}")
    assert [line[column] for line in csv.DictReader(io.StringIO(answer.text))] == values
