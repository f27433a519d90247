"""The summaries of sales: what a day's row holds, and which changes have it counted again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from chalicelib.analytics.sales import summaries
from chalicelib.analytics.sales.figure_tables import FIGURES, sales_days, sales_months, sales_totals
from chalicelib.commerce.tables import orders, products
from chalicelib.core import clock
from chalicelib.core.database import read, transaction
from tests.factories import NOON, make_customer, make_order, make_product

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def an_hour_later(monkeypatch: pytest.MonkeyPatch, shop: Engine) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=1))


def summarize(time_left_ms: int = 900_000) -> tuple[int, int]:
    done = summaries.summarize_sales(lambda: time_left_ms)
    return done.rows, done.left


def row_of(day: date, dimension: str = "shop", value: str = "") -> dict[str, Any] | None:
    statement = select(sales_days).where(
        sales_days.c.dimension == dimension, sales_days.c.day == day, sales_days.c.value == value
    )
    with read() as connection:
        found = connection.execute(statement).mappings().first()
    return None if found is None else {name: found[name] for name in ("customers", *FIGURES)}


def test_a_day_is_summed_up_over_all_and_by_what_was_sold() -> None:
    jeans = make_product(category="Jeans", cost_cents=2_000)
    socks = make_product(category="Socks", cost_cents=100)
    make_order(make_customer(country="Brasil"), (jeans, 5_000), (socks, 400), created_at=NOON)
    make_order(None, (socks, 500), created_at=NOON)
    assert summarize() == (1, 0)
    day = row_of(NOON.date())
    assert day is not None
    assert (day["orders"], day["customers"], day["items"], day["units"]) == (2, 1, 3, 3)
    assert (day["gross_cents"], day["cost_cents"]) == (5_900, 2_200)
    by_socks = row_of(NOON.date(), "category", "socks")
    assert by_socks is not None
    assert (by_socks["orders"], by_socks["gross_cents"]) == (2, 900)
    in_brazil = row_of(NOON.date(), "country", "Brasil")
    assert in_brazil is not None
    assert in_brazil["gross_cents"] == 5_400


def test_a_run_without_changes_counts_nothing_more() -> None:
    make_order(make_customer(), (make_product(), 5_000), created_at=NOON - 40 * DAY, updated_at=NOON - 40 * DAY)
    assert summarize() == (1, 0)
    assert summarize() == (0, 0)


def test_a_product_that_moves_to_another_category_takes_its_sales_along() -> None:
    from chalicelib.commerce.tables import product_changes

    jeans = make_product(category="Jeans")
    make_order(make_customer(), (jeans, 5_000), created_at=NOON - 40 * DAY, updated_at=NOON - 40 * DAY)
    summarize()
    with transaction() as connection:
        connection.execute(update(products).values(category="Trousers", category_key="trousers"))
        connection.execute(
            product_changes.insert().values(
                product_id=jeans,
                field="category",
                old_value="Jeans",
                new_value="Trousers",
                actor="x",
                created_at=clock.now(),
            )
        )
    assert summarize() == (1, 0)
    assert row_of((NOON - 40 * DAY).date(), "category", "jeans") is None
    moved = row_of((NOON - 40 * DAY).date(), "category", "trousers")
    assert moved is not None
    assert moved["gross_cents"] == 5_000


def test_an_order_that_is_gone_leaves_no_row_behind() -> None:
    order = make_order(make_customer(), (make_product(), 5_000), created_at=NOON - 40 * DAY)
    summarize()
    later: datetime = NOON - 80 * DAY
    with transaction() as connection:
        connection.execute(update(orders).where(orders.c.id == order).values(created_at=later, updated_at=NOON))
        summaries.mark_all(connection)
    summarize()
    assert row_of((NOON - 40 * DAY).date()) is None
    with read() as connection:
        months = connection.execute(select(sales_months.c.month).distinct()).scalars().all()
        totals = connection.execute(select(sales_totals.c.orders).where(sales_totals.c.dimension == "shop")).all()
    assert months == [later.date().replace(day=1)]
    assert [tuple(row) for row in totals] == [(1,)]
