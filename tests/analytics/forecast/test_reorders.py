"""What to order again: expected demand against what is free, by hand, through the job and over HTTP."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import pytest
from sqlalchemy import insert, update

from chalicelib.analytics.forecast import reorders
from chalicelib.analytics.forecast.forecast_rows import Subject, empty_row
from chalicelib.analytics.forecast.forecast_tables import forecast_models, forecast_sets
from chalicelib.commerce.tables import products
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.client import Client
from tests.factories import NOON, client_of, make_product, make_stock

# 2 a day for 14 days until goods arrive and 30 after that; 100 in nine of ten cases at most.
LEAD, PERIOD, HIGH = 28.0, 88.0, 100.0
# Safety 12, of the lead time 12 x sqrt(14 / 44).
POINT = 28 + 12 * math.sqrt(14 / 44)


@pytest.fixture
def staff(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    with transaction() as connection:
        connection.execute(
            insert(forecast_sets).values(
                dimension="product",
                last_day=NOON.date(),
                as_of=NOON,
                made_at=NOON,
                time_zone="UTC",
                lead_days=14,
                cover_days=30,
                sold_items=1,
            )
        )
    return client_of(Role.STAFF)


def wanted(free: int, share: float = 1.0, **given: Any) -> int:
    """A product of which so many are free, and of which this share of the usual demand is expected."""
    product = make_product(**given)
    if free:
        make_stock(product, free)
    row = empty_row(Subject("product", str(product), "units", 44)) | {
        "model": "average",
        "total": PERIOD * share,
        "total_high_80": HIGH * share,
        "lead_expected": LEAD * share,
    }
    with transaction() as connection:
        connection.execute(insert(forecast_models).values(row))
    return product


def listed(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/analytics/reorder{query}")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def run() -> int:
    return reorders.suggest_reorders(lambda: 900_000).rows


def test_before_the_first_run_the_list_is_empty_and_says_so(staff: Client) -> None:
    found = listed(staff)
    assert (found["made_at"], found["results"], found["suggestions"]) == (None, [], 0)
    assert (found["lead_days"], found["cover_days"]) == (14, 30)


def test_a_product_below_its_reorder_point_is_to_be_filled_up(staff: Client) -> None:
    product = wanted(20, sku="J-1", name="Jeans")
    assert run() == 1
    found = listed(staff)
    assert found["made_at"] is not None
    (row,) = found["results"]
    assert row == {
        "product_id": product,
        "sku": "J-1",
        "name": "Jeans",
        "urgency": "will_sell_out",
        "free": 20,
        "low_stock_level": 5,
        "suggested": 80,
        "days_of_cover": 10.0,
        "daily": 2.0,
        "lead_demand": 28.0,
        "period_demand": 88.0,
        "safety": 12.0,
        "reorder_point": round(POINT, 2),
        "order_up_to": 100.0,
        "short": 8.0,
        "model": "average",
    }


def test_the_most_urgent_come_first_and_what_there_is_enough_of_is_left_out(staff: Client) -> None:
    low, enough = wanted(30), wanted(math.floor(POINT) + 1)
    little_short, out, much_short = wanted(27), wanted(0), wanted(3)
    slow_out = wanted(0, share=0.1)
    assert run() == 5
    found = listed(staff)["results"]
    assert [row["product_id"] for row in found] == [out, slow_out, much_short, little_short, low]
    assert enough not in [row["product_id"] for row in found]
    only = listed(staff, "?urgency=will_sell_out")["results"]
    assert [row["product_id"] for row in only] == [much_short, little_short]


def test_what_is_not_sold_any_more_is_not_ordered(staff: Client) -> None:
    gone = wanted(0)
    with transaction() as connection:
        connection.execute(update(products).where(products.c.id == gone).values(status="archived"))
    assert run() == 0


def test_a_later_run_replaces_the_list(staff: Client) -> None:
    product = wanted(0)
    other = wanted(0)
    assert run() == 2
    make_stock(product, 200)
    assert run() == 1
    assert [row["product_id"] for row in listed(staff)["results"]] == [other]
    assert listed(staff)["suggestions"] == 1


def test_the_list_is_read_page_by_page_and_as_a_file(staff: Client) -> None:
    made = [wanted(free) for free in range(5)]
    assert run() == 5
    seen, after = [], ""
    while True:
        page = listed(staff, f"?limit=2&after={after}")
        seen += [row["product_id"] for row in page["results"]]
        after = page["next_cursor"]
        if after is None:
            break
    assert seen == made
    answer = staff.get("/analytics/reorder.csv?limit=3")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["product_id"]) for row in rows] == made[:3]
    assert [int(row["suggested"]) for row in rows] == [100, 99, 98]
    rest = staff.get(f"/analytics/reorder.csv?after={answer.headers['X-Next-Cursor']}")
    assert [int(row["product_id"]) for row in csv.DictReader(io.StringIO(rest.text))] == made[3:]
    assert staff.get("/analytics/reorder?urgency=soon").status == 422
