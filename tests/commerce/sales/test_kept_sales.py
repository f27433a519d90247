"""What was sold and kept, by the time of its order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine

from chalicelib.commerce.sales import kept_sales
from chalicelib.commerce.sales.kept_sales_sql import DaySales
from chalicelib.core.database import Connection, run
from tests.factories import NOON, make_customer, make_item, make_order, make_product

T = TypeVar("T")
MIDNIGHT = NOON.replace(hour=0)
DAY = timedelta(days=1)


def look(work: Callable[[Connection], T]) -> T:
    return run(work, writes=False)


def items(start: Any = MIDNIGHT, end: Any = MIDNIGHT + DAY) -> list[tuple[int, int, int]]:
    pages = look(lambda connection: list(kept_sales.kept_items(connection, start, end)))
    return [(row.customer_id, row.product_id, row.cents) for page in pages for row in page]


def test_what_was_cancelled_or_returned_was_not_kept(shop: Engine) -> None:
    robin, product = make_customer(), make_product()
    order = make_order(robin, (product, 1000), (product, 500), status="shipped")
    for status in ("cancelled", "returned"):
        make_item(order, product, 7, user_id=robin, status=status)
    make_order(robin, (product, 9), status="cancelled")
    assert items() == [(robin, product, 1000), (robin, product, 500)]
    found = look(lambda connection: kept_sales.kept_by_day(connection, MIDNIGHT, MIDNIGHT + DAY))
    assert found == [DaySales(date(2026, 3, 1), 1, 2, 1500)]


def test_the_time_of_the_order_counts_from_the_begin_until_before_the_end(shop: Engine) -> None:
    robin, product = make_customer(), make_product()
    moments = (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT, MIDNIGHT + DAY - timedelta(microseconds=1))
    for cents, at in enumerate((*moments, MIDNIGHT + DAY), 1):
        make_order(robin, (product, cents), created_at=at)
    assert items() == [(robin, product, 2), (robin, product, 3)]
    found = look(lambda connection: kept_sales.kept_by_day(connection, MIDNIGHT - DAY, MIDNIGHT + 2 * DAY))
    assert [(each.day, each.revenue_cents) for each in found] == [
        (date(2026, 2, 28), 1),
        (date(2026, 3, 1), 5),
        (date(2026, 3, 2), 4),
    ]


def test_what_guests_bought_is_revenue_and_of_nobody(shop: Engine) -> None:
    make_order(None, (make_product(), 300))
    assert items() == []
    found = look(lambda connection: kept_sales.kept_by_day(connection, MIDNIGHT, MIDNIGHT + DAY))
    assert found == [DaySales(date(2026, 3, 1), 1, 1, 300)]


def test_the_items_of_some_customers(shop: Engine) -> None:
    robin, sam, product = make_customer(), make_customer(), make_product()
    for customer, cents in ((robin, 1), (sam, 2), (robin, 3)):
        make_order(customer, (product, cents))
    make_order(robin, (product, 4), created_at=NOON + DAY)
    found = look(lambda connection: kept_sales.kept_items_of(connection, [robin], MIDNIGHT, MIDNIGHT + DAY))
    assert [(row.customer_id, row.cents, row.at) for row in found] == [(robin, 1, NOON), (robin, 3, NOON)]


def test_pages_hold_whole_orders_and_all_of_them(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_sales, "_ORDERS", 2)
    robin, product = make_customer(), make_product()
    # Orders of one moment, as an import brings them, and one of which nothing was kept.
    for cents in (10, 20, 30, 40, 50):
        make_order(robin, (product, cents), (product, cents + 1), status="cancelled" if cents == 30 else "complete")
    make_order(robin, (product, 60), created_at=NOON + timedelta(hours=1))
    pages = look(lambda connection: list(kept_sales.kept_items(connection, MIDNIGHT, MIDNIGHT + DAY)))
    assert [[row.cents for row in page] for page in pages] == [[10, 11, 20, 21], [40, 41], [50, 51, 60]]


def test_the_days_of_orders_that_changed(shop: Engine) -> None:
    robin, product = make_customer(), make_product()
    for days, changed in ((1, 0), (1, 0), (5, 0), (9, 8)):
        make_order(robin, (product, 1), created_at=NOON - days * DAY, updated_at=NOON - changed * DAY)
    found = look(lambda connection: kept_sales.changed_days(connection, NOON - timedelta(hours=1)))
    assert found == [date(2026, 2, 24), date(2026, 2, 28)]
    assert look(lambda connection: kept_sales.changed_days(connection, NOON + timedelta(hours=1))) == []
