"""Cohorts as staff sees them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.analytics.sales import summaries
from chalicelib.core import clock
from chalicelib.core.auth import Role
from tests.factories import client_of, make_customer, make_order, make_product

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def a_year_of_two(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two customers of January, one of whom comes back in March; one of February; one who cancelled; a guest."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    socks = make_product(cost_cents=400)

    def order(customer: int | None, month: int, cents: int, status: str = "complete") -> None:
        at = datetime(2026, month, 3, 12, tzinfo=UTC)
        make_order(customer, (socks, cents), created_at=at, updated_at=at, status=status)

    first, second, third = (make_customer() for _ in range(3))
    order(first, 1, 1_000)
    order(first, 1, 500)
    order(second, 1, 2_000)
    order(first, 3, 1_500)
    order(third, 1, 9_000, "cancelled")
    order(third, 2, 700)
    order(None, 1, 100)
    summaries.summarize_sales(lambda: 900_000)


def show(query: str = "") -> dict[str, Any]:
    return client_of(Role.STAFF).get(f"/analytics/cohorts?{query}").json  # type: ignore[no-any-return]


def test_a_cohort_is_followed_month_by_month_until_the_present_one() -> None:
    january, february = show()["cohorts"]
    assert (january["cohort"], january["size"]) == ("2026-01-01", 2)
    assert [cell["customers"] for cell in january["months"]] == [2, 0, 1]
    assert [cell["retention"] for cell in january["months"]] == [1.0, 0.0, 0.5]
    assert [cell["orders"] for cell in january["months"]] == [3, 0, 1]
    assert [cell["net_revenue"] for cell in january["months"]] == [35.0, 0.0, 15.0]
    assert [cell["margin"] for cell in january["months"]] == [23.0, 0.0, 11.0]
    assert [cell["revenue_per_customer"] for cell in january["months"]] == [17.5, 17.5, 25.0]
    assert [cell["complete"] for cell in january["months"]] == [True, True, False]
    assert (february["size"], [cell["customers"] for cell in february["months"]]) == (1, [1, 0])


def test_retention_over_all_counts_months_that_are_over() -> None:
    # One month behind: of January's two customers none in February; February's March is not over.
    assert show()["overall"] == [1.0, 0.0, None]


def test_the_span_chooses_the_months_of_the_first_orders() -> None:
    assert [each["cohort"] for each in show("from=2026-02-20&to=2026-03-09")["cohorts"]] == ["2026-02-01"]
    assert show("from=2025-01-01&to=2025-03-09")["cohorts"] == []


@pytest.mark.parametrize(
    ("by", "line"),
    [
        ("retention", ["2026-01-01", "2", "1.0", "0.0", "0.5"]),
        ("revenue", ["2026-01-01", "2", "17.50", "17.50", "25.00"]),
        ("orders", ["2026-01-01", "2", "1.5", "1.5", "2.0"]),
    ],
)
def test_the_matrix_can_be_had_as_a_file(by: str, line: list[str]) -> None:
    answer = client_of(Role.STAFF).get(f"/analytics/cohorts.csv?by={by}")
    head, january, february = list(csv.reader(io.StringIO(answer.text)))
    assert head == ["cohort", "size", "0", "1", "2"]
    assert january == line
    assert february[-1] == ""


def test_figures_say_of_when_they_are_and_what_they_mean() -> None:
    found = show("by=revenue")
    assert found["as_of"] is not None
    assert set(found["definitions"]) >= {"cohort", "size", "retention", "margin", "complete"}
    assert found["cohorts"][0]["months"][2]["value"] == 25.0


def test_more_than_five_years_are_refused() -> None:
    answer = client_of(Role.STAFF).get("/analytics/cohorts?from=2015-01-01&to=2026-01-01")
    assert answer.status == 422
