"""Returns as staff sees them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.analytics.returns import summaries
from chalicelib.core import clock
from chalicelib.core.auth import Role
from tests.analytics.returns.makers import make_return
from tests.factories import NOON, client_of, make_customer, make_item, make_order, make_product

DAY = timedelta(days=1)
SPAN = "from=2026-02-27&to=2026-03-01"


@pytest.fixture
def shirts(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> int:
    """Two orders of two days before; of one of them a shirt came back, another was imported as returned."""
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=6))
    shirt, jeans = make_product(category="Shirts", name="White shirt"), make_product(category="Jeans")
    ordered = {"created_at": NOON - 2 * DAY, "updated_at": NOON}
    order = make_order(make_customer(), (jeans, 5000), **ordered)
    asked = make_return(order, NOON - DAY, state="received", closed_at=NOON, reason="wrong_size")
    delivered = {"delivered_at": NOON - 2 * DAY, "created_at": NOON - 2 * DAY}
    make_item(order, shirt, 2000, status="returned", returned_at=NOON, return_id=asked, **delivered)
    other = make_order(make_customer(), (jeans, 5000), **ordered)
    make_item(other, shirt, 1500, status="returned", returned_at=NOON - DAY, created_at=NOON - 2 * DAY)
    make_order(make_customer(), (jeans, 5000), created_at=NOON, updated_at=NOON)
    summaries.summarize_returns(lambda: 900_000)
    return shirt


def show(query: str = "") -> dict[str, Any]:
    return client_of(Role.STAFF).get(f"/analytics/returns?{SPAN}&{query}").json  # type: ignore[no-any-return]


def test_what_came_back_is_told_with_reasons_and_its_share_of_orders(shirts: int) -> None:
    found = show("compare=previous")
    assert found["totals"] == {
        "from": "2026-02-27",
        "to": "2026-03-01",
        "requested": 1,
        "received": 1,
        "refused": 0,
        "items": 2,
        "value": 35.00,
        "avg_days_to_return": 2.0,
        "orders": 3,
        "returned_orders": 2,
        "return_rate": 2 / 3,
    }
    assert [(each["reason"], each["items"], each["items_share"]) for each in found["reasons"]] == [
        ("wrong_size", 1, 0.5),
        ("unknown", 1, 0.5),
    ]
    assert [(each["product_id"], each["name"], each["items"], each["value"]) for each in found["products"]] == [
        (shirts, "White shirt", 2, 35.00)
    ]
    assert found["categories"] == [{"category": "Shirts", "items": 2, "value": 35.00}]
    assert [(each["from"], each["items"], each["return_rate"]) for each in found["series"]] == [
        ("2026-02-27", 0, 1.0),
        ("2026-02-28", 1, None),
        ("2026-03-01", 1, 0.0),
    ]
    assert found["compared"]["items"] == 0
    assert found["change"]["items"] is None
    assert found["as_of"] is not None
    assert set(found["totals"]) - {"from", "to"} <= set(found["definitions"])


def test_lists_are_as_long_as_is_asked_for(shirts: int) -> None:
    assert show("limit=0")["products"] == []
    assert client_of(Role.STAFF).get("/analytics/returns?limit=101").status == 422


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("series", "items", ["0", "1", "1"]),
        ("reasons", "reason", ["wrong_size", "unknown"]),
        ("products", "value", ["35.00"]),
        ("categories", "category", ["Shirts"]),
    ],
)
def test_each_table_is_a_file(shirts: int, table: str, column: str, values: list[str]) -> None:
    answer = client_of(Role.STAFF).get(f"/analytics/returns.csv?{SPAN}&table={table}")
    assert [line[column] for line in csv.DictReader(io.StringIO(answer.text))] == values
