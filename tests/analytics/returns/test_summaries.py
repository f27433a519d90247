"""Returns day by day: counted again where something changed, and as counting everything anew gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, update

from chalicelib.analytics.returns import summaries
from chalicelib.analytics.returns.return_tables import return_categories, return_days, return_orders, return_products
from chalicelib.commerce.sale_tables import order_returns
from chalicelib.commerce.tables import order_items, orders, product_changes, products
from chalicelib.core import clock
from chalicelib.core.database import insert_row, metadata, read, transaction
from tests.conftest import empty, set_settings
from tests.factories import NOON, make_customer, make_event, make_item, make_order, make_product

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TABLES = (return_days, return_products, return_categories, return_orders)


@pytest.fixture(autouse=True)
def an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    set_now(monkeypatch, NOON + HOUR)


def set_now(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def summarize(time_left_ms: int = 900_000) -> tuple[int, int]:
    done = summaries.summarize_returns(lambda: time_left_ms)
    return done.rows, done.left


def kept() -> list[list[Any]]:
    with read() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))] for table in TABLES
        ]


def counted_anew() -> list[list[Any]]:
    """Forget everything that is kept, count it again, and return it."""
    with transaction() as connection:
        for name in ("due_days", "watermarks"):
            connection.execute(delete(metadata.tables[name]))
    summarize()
    return kept()


def by_reason() -> dict[tuple[Any, str], tuple[int, int]]:
    with read() as connection:
        rows = connection.execute(select(return_days)).mappings().all()
    return {(row["day"], row["reason"]): (row["requested"], row["items"]) for row in rows}


def test_a_day_of_long_ago_is_counted_again_when_something_of_it_comes_back(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = NOON - 40 * DAY
    order = make_order(make_customer(), (make_product(), 5000), created_at=old, updated_at=old)
    assert summarize() == (1, 0)
    assert summarize() == (0, 0)
    set_now(monkeypatch, NOON + 2 * HOUR)
    changes = {"status": "returned", "returned_at": NOON + HOUR}
    with transaction() as connection:
        connection.execute(update(order_items).where(order_items.c.order_id == order).values(**changes))
        connection.execute(update(orders).values(updated_at=NOON + HOUR))
    assert summarize() == (2, 0)
    assert by_reason() == {(NOON.date(), "unknown"): (0, 1)}
    with read() as connection:
        assert connection.execute(select(return_orders)).all() == [(old.date(), 1, 1)]


def test_after_an_import_every_day_is_counted_also_those_that_lost_everything(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = NOON - 90 * DAY
    order = make_order(make_customer(), created_at=long_ago, updated_at=long_ago)
    item = make_item(order, make_product(), 700, status="returned", created_at=long_ago, returned_at=NOON - 50 * DAY)
    summarize()
    set_now(monkeypatch, NOON + DAY)
    make_event("import.finished", "import:1")
    with transaction() as connection:
        moved = update(order_items).where(order_items.c.id == item).values(returned_at=NOON - 49 * DAY)
        connection.execute(moved)
    summarize()
    assert list(by_reason()) == [((NOON - 49 * DAY).date(), "unknown")]


def test_a_product_takes_its_returns_along_to_another_category(shop: Engine) -> None:
    jeans = make_product(category="Jeans")
    order = make_order(make_customer(), created_at=NOON - DAY, updated_at=NOON - DAY)
    make_item(order, jeans, 700, status="returned", created_at=NOON - DAY, returned_at=NOON - DAY)
    summarize()
    with transaction() as connection:
        connection.execute(
            update(products).where(products.c.id == jeans).values(category="Pants", category_key="pants")
        )
        change = {"product_id": jeans, "field": "category", "actor": "test", "created_at": NOON + HOUR}
        connection.execute(insert(product_changes).values(old_value="Jeans", new_value="Pants", **change))
    summarize()
    with read() as connection:
        assert list(connection.scalars(select(return_categories.c.category))) == ["Pants"]


def test_another_time_zone_cuts_the_days_anew(shop: Engine, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order = make_order(make_customer(), created_at=NOON.replace(hour=2), updated_at=NOON.replace(hour=2))
    make_item(order, make_product(), 700, status="returned", returned_at=NOON.replace(hour=3))
    summarize()
    assert list(by_reason()) == [(NOON.date(), "unknown")]
    set_settings(monkeypatch, replace(settings, time_zone="America/New_York"))
    summarize()
    assert list(by_reason()) == [((NOON - DAY).date(), "unknown")]


def test_without_time_nothing_is_counted_and_the_next_run_goes_on(shop: Engine) -> None:
    make_order(make_customer(), (make_product(), 700))
    assert summarize(time_left_ms=5_000) == (0, 1)
    assert summarize() == (1, 0)


steps = st.lists(
    st.tuples(
        st.sampled_from(["order", "order", "return", "ask", "receive", "refuse", "cancel", "run"]),
        st.integers(0, 20),  # which order
        st.integers(0, 30),  # hours that pass
    ),
    max_size=14,
)


@settings(max_examples=15)
@given(steps)
def test_incremental_runs_leave_what_counting_everything_anew_gives(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, done: list[tuple[str, int, int]]
) -> None:
    empty(shop)
    now, made = NOON, list[int]()
    products_ = [make_product(category="A"), make_product(category="B")]
    for kind, which, passed in done:
        now += passed * HOUR
        set_now(monkeypatch, now)
        if kind == "run":
            summarize()
        elif kind == "order":
            both = [(products_[0], 100 + which), (products_[which % 2], 300)]
            made.append(make_order(make_customer(), *both, created_at=now, updated_at=now))
        elif made:
            change_order(kind, made[which % len(made)], now)
    summarize()
    found = kept()
    assert counted_anew() == found


def change_order(kind: str, order: int, now: datetime) -> None:
    of_order = order_items.c.order_id == order
    with transaction() as connection:
        if kind == "return":
            first = select(order_items.c.id).where(of_order).order_by(order_items.c.id).limit(1)
            item = connection.scalar(first)
            back = {"status": "returned", "returned_at": now, "delivered_at": now - DAY}
            connection.execute(update(order_items).where(order_items.c.id == item).values(**back))
        elif kind == "cancel":
            connection.execute(update(order_items).where(of_order).values(status="cancelled"))
            connection.execute(update(orders).where(orders.c.id == order).values(status="cancelled"))
        elif kind == "ask":
            asked = {"order_id": order, "state": "requested", "reason": "damaged", "requested_by": "x"}
            asked_id = insert_row(connection, order_returns, {**asked, "created_at": now})
            connection.execute(update(order_items).where(of_order).values(return_id=asked_id))
        else:
            closed = {"state": "received" if kind == "receive" else "refused", "closed_at": now}
            connection.execute(update(order_returns).where(order_returns.c.order_id == order).values(**closed))
        connection.execute(update(orders).where(orders.c.id == order).values(updated_at=now))
