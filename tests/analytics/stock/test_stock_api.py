"""How the stock stands: the pass over all products, and what staff sees of it."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from chalicelib.analytics.sales import summaries
from chalicelib.analytics.stock import cover
from chalicelib.analytics.stock.cover_tables import stock_cover, stock_cover_centers
from chalicelib.analytics.stock.states import StockState
from chalicelib.commerce.tables import inventory_items, products
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from tests.conftest import empty
from tests.factories import NOON, client_of, make_center, make_order, make_product, make_stock

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def an_hour_later(monkeypatch: pytest.MonkeyPatch, shop: Engine) -> None:
    set_now(monkeypatch, NOON + timedelta(hours=1))


def set_now(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def summarize(time_left_ms: int = 900_000) -> tuple[int, int]:
    summaries.summarize_sales(lambda: 900_000)
    done = cover.summarize_stock(lambda: time_left_ms)
    return done.rows, done.left


def show(query: str = "") -> dict[str, Any]:
    return client_of(Role.STAFF).get(f"/analytics/stock?{query}").json  # type: ignore[no-any-return]


def sell(product_id: int, units: int, ago: timedelta = DAY, **given: Any) -> None:
    at = NOON - ago
    make_order(None, *[(product_id, 1000)] * units, created_at=at, updated_at=at, **given)


def stock(units: int, *, sold: int = 0, age: timedelta = 200 * DAY, **given: Any) -> int:
    product = make_product(retail_price_cents=5000, **given)
    if units:
        make_stock(product, units, created_at=NOON - age, cost_cents=2000)
    if sold:
        sell(product, sold)
    return product


def test_each_product_stands_as_it_sells() -> None:
    expected = {
        stock(100, sold=28): ("healthy", 100.0),
        stock(0, sold=3): ("out", 0.0),
        stock(6, sold=28): ("low", 6.0),
        stock(200, sold=28): ("over", 200.0),
        stock(7): ("dead", None),
        stock(7, age=3 * DAY): ("healthy", None),
    }
    stock(0)  # nobody misses it
    assert summarize() == (7, 0)
    found = show()
    assert {each["product_id"]: (each["state"], each["cover_days"]) for each in found["products"]} == expected
    assert found["total"] == 6
    dead = show("state=dead")["products"]
    assert [(each["units"], each["value_at_cost"], each["value_at_price"]) for each in dead] == [(7, 140.0, 350.0)]
    assert dead[0]["oldest_at"].startswith("2025-08-13T12:00:00")
    assert set(found["products"][0]) - {"product_id", "name", "sku", "brand", "category", "state", "centers"} <= set(
        found["definitions"]
    )
    assert {state.value for state in StockState} <= set(found["definitions"])


def test_cancelled_and_old_sales_do_not_count_returned_ones_do() -> None:
    jeans = stock(100)
    sell(jeans, 5, status="cancelled")
    sell(jeans, 3, status="returned")
    sell(jeans, 2, 28 * DAY)
    sell(jeans, 4, 90 * DAY)
    summarize()
    [found] = show()["products"]
    assert (found["sold"], found["sold_before"]) == (3, 5)


def test_the_whole_stock_adds_up_by_state_category_and_center() -> None:
    north, south = make_center(name="North"), make_center(name="South")
    jeans = make_product(category="Jeans", distribution_center_id=north, retail_price_cents=5000)
    make_stock(jeans, 3, cost_cents=2000, created_at=NOON - 200 * DAY)
    make_stock(jeans, 2, center_id=south, cost_cents=1000, created_at=NOON - 200 * DAY)
    socks = make_product(category="Socks", distribution_center_id=south, retail_price_cents=500)
    make_stock(socks, 10, cost_cents=100, created_at=NOON - 200 * DAY)
    sell(socks, 1)
    summarize()
    found = show("limit=0")
    assert found["products"] == []
    assert found["totals"] == {"products": 2, "units": 15, "value_at_cost": 90.0, "value_at_price": 300.0}
    by_state = {each["state"]: each["units"] for each in found["by_state"]}
    assert by_state == {"out": 0, "low": 0, "healthy": 0, "over": 10, "dead": 5}
    assert [(each["category"], each["value_at_cost"]) for each in found["by_category"]] == [
        ("Jeans", 80.0),
        ("Socks", 10.0),
    ]
    assert [(each["name"], each["units"], each["value_at_cost"]) for each in found["by_center"]] == [
        ("North", 3, 60.0),
        ("South", 12, 30.0),
    ]
    [in_south] = show(f"distribution_center_id={south}&category=jeans")["products"]
    assert in_south["units"] == 5
    assert in_south["centers"] == [
        {"distribution_center_id": north, "free": 3},
        {"distribution_center_id": south, "free": 2},
    ]
    assert [each["product_id"] for each in show(f"distribution_center_id={north}")["products"]] == [jeans]


def test_products_are_sorted_and_paged() -> None:
    slow, quick, none = stock(50, sold=1), stock(50, sold=10), stock(90)
    summarize()
    assert [each["product_id"] for each in show()["products"]] == [quick, slow, none]
    assert [each["product_id"] for each in show("sort=value")["products"]] == [none, quick, slow]
    assert [each["product_id"] for each in show("sort=sold")["products"]] == [quick, slow, none]
    first = show("limit=2&after=")
    assert [each["product_id"] for each in first["products"]] == [quick, slow]
    rest = show(f"limit=2&after={first['next_after']}")
    assert ([each["product_id"] for each in rest["products"]], rest["next_after"]) == ([none], None)
    staff = client_of(Role.STAFF)
    page = staff.get("/analytics/stock.csv?limit=2")
    assert [int(line["product_id"]) for line in csv.DictReader(io.StringIO(page.text))] == [quick, slow]
    cursor = page.headers["X-Next-Cursor"]
    assert str(none) in staff.get(f"/analytics/stock.csv?after={cursor}").text
    assert staff.get("/analytics/stock?state=new").status == 422
    assert staff.get("/analytics/stock?limit=501").status == 422


def test_a_pass_that_had_no_time_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover, "_SLICE", 2)
    made = [stock(50) for _ in range(5)]
    times = iter([900_000, 900_000, 5_000])
    summaries.summarize_sales(lambda: 900_000)
    done = cover.summarize_stock(lambda: next(times))
    assert (done.rows, done.left) == (4, 1)
    assert show()["as_of"] is None
    started = clock.now()
    set_now(monkeypatch, started + DAY)
    done = cover.summarize_stock(lambda: 900_000)
    assert (done.rows, done.left) == (1, 0)
    found = show()
    assert [each["product_id"] for each in found["products"]] == made
    assert datetime.fromisoformat(found["as_of"]) == started


def test_what_is_gone_from_the_shelf_goes_from_the_report() -> None:
    jeans = stock(5)
    summarize()
    with transaction() as connection:
        connection.execute(update(inventory_items).values(written_off_at=NOON))
        connection.execute(update(products).where(products.c.id == jeans).values(status="archived"))
    summarize()
    found = show()
    assert (found["products"], found["totals"]["units"], found["by_center"]) == ([], 0, [])


shelves = st.lists(
    st.tuples(
        st.integers(0, 3),  # units in the one center
        st.integers(0, 3),  # units in the other
        st.integers(0, 3),  # sold
        st.integers(0, 100),  # days ago
        st.integers(0, 100),  # days that they have lain
    ),
    max_size=4,
)


@settings(max_examples=15)
@given(shelves)
def test_what_is_kept_is_what_adding_up_units_and_orders_gives(shop: Engine, given_: list[tuple[int, ...]]) -> None:
    empty(shop)
    centers = [make_center(), make_center()]
    expected: dict[int, tuple[int, ...]] = {}
    lying: dict[tuple[int, int], int] = {}
    for here, there, units, ago, age in given_:
        product = make_product(retail_price_cents=700, distribution_center_id=centers[0])
        for center, count in zip(centers, (here, there), strict=True):
            if count:
                make_stock(product, count, center_id=center, cost_cents=100 + count, created_at=NOON - age * DAY)
        if units:
            sell(product, units, ago * DAY)
        free, recent, before = here + there, units * (ago < 28), units * (ago < 90)
        if free or before:
            cost = here * (100 + here) + there * (100 + there)
            expected[product] = (free, cost, free * 700, recent, before)
            lying |= {(product, center): count for center, count in zip(centers, (here, there), strict=True) if count}
    summarize()
    with read() as connection:
        rows = connection.execute(select(stock_cover)).all()
        places = connection.execute(select(stock_cover_centers)).all()
    assert {
        row.product_id: (row.free, row.cost_cents, row.price_cents, row.sold, row.sold_before) for row in rows
    } == expected
    assert {(row.product_id, row.distribution_center_id): row.free for row in places} == lying
