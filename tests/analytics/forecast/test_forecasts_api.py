"""Forecasts over HTTP: what is shown of a forecast, and how well it did beside the baseline."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.analytics.forecast import making
from chalicelib.analytics.sales import summaries
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.analytics.forecast.made_sales import LAST, make, sold, weekly
from tests.client import Client
from tests.factories import NOON, client_of, counted_statements

DAY = timedelta(days=1)


@pytest.fixture
def staff(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    with transaction() as connection:
        summaries.SALES.note(connection, as_of=NOON, seen_until=NOON, time_zone="UTC")
    return client_of(Role.STAFF)


def shown(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/analytics/forecast{query}")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_before_the_first_run_there_is_none_and_it_says_so(staff: Client) -> None:
    found = shown(staff)
    assert (found["as_of"], found["model"], found["forecast"], found["total"]) == (None, None, [], None)
    assert found["reason"] == "No forecast was made yet."


def test_a_forecast_tells_how_it_was_made_and_how_well_that_did(staff: Client) -> None:
    sold("shop", "", weekly(200))
    make()
    found = shown(staff, "?horizon=28&history=7")
    assert found["as_of"] == NOON.isoformat().replace("+00:00", "Z")
    assert (found["what"], found["last_day"], found["time_zone"]) == ("revenue", LAST.isoformat(), "UTC")
    assert found["beats_baseline"]
    assert found["reason"] is None
    assert found["backtest"]["mae"] < found["baseline"]["mae"]
    assert found["improvement"] == pytest.approx(1 - found["backtest"]["mae"] / found["baseline"]["mae"], abs=1e-3)
    assert found["origins"] >= 8
    assert 0.6 < found["coverage"]["bounds_80"] <= 1
    assert len(found["forecast"]) == 28
    for day in found["forecast"]:
        assert day["low_95"] <= day["low_80"] <= day["expected"] <= day["high_80"] <= day["high_95"]
    # Units are sold at 10.00 each.
    units = weekly(200)[-7:]
    assert [day["sold"] for day in found["history"]] == [pytest.approx(10.0 * count) for count in units]
    total = found["total"]
    assert total["expected"] == pytest.approx(sum(day["expected"] for day in found["forecast"]), abs=0.2)
    assert total["low_80"] <= total["expected"] <= total["high_80"]


def test_fewer_days_are_the_beginning_of_the_next_longer_forecast(staff: Client) -> None:
    sold("shop", "", weekly(200))
    make()
    part, whole = shown(staff, "?what=units&horizon=10"), shown(staff, "?what=units&horizon=28")
    assert part["forecast"] == whole["forecast"][:10]
    assert part["backtest_horizon"] == 28
    assert part["total"]["expected"] == pytest.approx(sum(day["expected"] for day in part["forecast"]), abs=0.01)
    assert part["total"]["high_80"] is None


def test_a_category_is_found_whatever_its_case(staff: Client) -> None:
    sold("shop", "", weekly(60))
    sold("category", "jeans", [5] * 60)
    make()
    found = shown(staff, "?category=JEANS&what=units&horizon=7")
    assert [day["expected"] for day in found["forecast"]] == [5.0] * 7
    assert not found["beats_baseline"]
    assert found["reason"]
    assert found["model"] == "seasonal_naive"


def test_a_product_has_its_demand_and_one_that_sells_little_its_rate(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MOST_PRODUCTS", 1)
    sold("shop", "", [4] * 100)
    sold("product", "7", [3] * 100)
    sold("product", "12", [0, 0, 1, 0, 0, 0, 0] * 13)
    make()
    found = shown(staff, "?product_id=7&horizon=44")
    assert (found["what"], found["total"]["expected"]) == ("units", 132.0)
    rate = shown(staff, "?product_id=12&horizon=14&history=0")
    assert rate["model"] == "recent_rate"
    assert [day["expected"] for day in rate["forecast"]] == [pytest.approx(13 / 91, abs=0.001)] * 14
    assert (rate["forecast"][0]["day"], rate["forecast"][0]["low_80"]) == (NOON.date().isoformat(), None)
    assert staff.get("/analytics/forecast?product_id=7&horizon=45").status == 422


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?horizon=0", 422),
        ("?horizon=91", 422),
        ("?history=57", 422),
        ("?what=profit", 422),
        ("?product_id=7&category=jeans", 422),
        ("?product_id=7&what=revenue", 422),
        ("?days=3", 422),
        ("?category=hats", 404),
        ("?product_id=8", 404),
    ],
)
def test_what_is_not_foretold_is_refused(staff: Client, query: str, status: int) -> None:
    sold("shop", "", weekly(60))
    make()
    assert staff.get(f"/analytics/forecast{query}").status == status
    assert staff.get(f"/analytics/forecast.csv{query}").status == status


def test_the_file_has_the_days_before_and_those_ahead(staff: Client) -> None:
    sold("shop", "", weekly(60))
    make()
    answer = staff.get("/analytics/forecast.csv?what=units&horizon=7&history=14")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["day"] for row in rows] == [(LAST + at * DAY).isoformat() for at in range(-13, 8)]
    assert [float(row["sold"]) for row in rows[:14]] == weekly(60)[-14:]
    found = shown(staff, "?what=units&horizon=7")
    assert [float(row["expected"]) for row in rows[14:]] == [day["expected"] for day in found["forecast"]]


def test_a_forecast_is_read_by_as_many_statements_whatever_was_sold(staff: Client, shop: Engine) -> None:
    sold("shop", "", weekly(60))
    make()
    with counted_statements(shop) as statements:
        shown(staff)
    mine = [statement for statement in statements if "forecast" in statement]
    assert len(mine) == 4
