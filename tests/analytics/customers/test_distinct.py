"""How many customers there were in any days: equal to counting them one by one, whatever happened in which order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select, update

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.customers import customer_days, customer_tables, distinct
from chalicelib.analytics.days import Span
from chalicelib.analytics.sales import facts_sql, summaries
from chalicelib.commerce import tables
from chalicelib.core.database import read, transaction
from tests.factories import make_customer, make_order, make_product

DAY = timedelta(days=1)
FIRST = date(2025, 11, 17)
DAYS = 120
KEPT = tuple(getattr(customer_tables, f"customer_{name}") for name in ("days", "counts", "gaps", "cohorts"))


@dataclass
class Shop:
    """Customers and one product; who ordered on which day is kept beside the database."""

    customers: list[int]
    product: int
    orders: dict[int, tuple[int | None, date, bool]]

    def order(self, customer: int | None, day: date, *, cancelled: bool = False) -> None:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        status = "cancelled" if cancelled else "complete"
        made = make_order(customer, (self.product, 1_000), created_at=at, updated_at=at, status=status)
        self.orders[made] = (customer, day, cancelled)

    def cancel(self, order: int) -> date:
        customer, day, _ = self.orders[order]
        with transaction() as connection:
            for table, key in ((tables.orders, "id"), (tables.order_items, "order_id")):
                connection.execute(update(table).where(table.c[key] == order).values(status="cancelled"))
        self.orders[order] = (customer, day, True)
        return day

    def between(self, span: Span) -> set[int]:
        return {
            customer
            for customer, day, cancelled in self.orders.values()
            if customer is not None and not cancelled and span.first <= day <= span.last
        }


@pytest.fixture
def a_shop(shop: Engine) -> Shop:
    return Shop([make_customer() for _ in range(6)], make_product(), {})


def count(days: Sequence[date]) -> None:
    with transaction() as connection:
        summaries.count_days(connection, days)


def rows() -> dict[str, list[tuple[Any, ...]]]:
    with read() as connection:
        return {table.name: sorted(tuple(row) for row in connection.execute(select(table)).all()) for table in KEPT}


def spans_at_random(chance: random.Random, number: int) -> list[Span]:
    found = [Span(FIRST - DAY, FIRST + DAYS * DAY), Span(date(2025, 12, 1), date(2026, 1, 31))]
    for _ in range(number):
        first = FIRST + chance.randrange(-3, DAYS) * DAY
        found.append(Span(first, first + chance.choice((0, 1, 6, 20, 45, 70, 100)) * DAY))
    for granularity in ("day", "week", "month"):
        found += shop_days.buckets(Span(FIRST + 2 * DAY, FIRST + 80 * DAY), granularity)
    return found


def check(shop: Shop, spans: Sequence[Span]) -> None:
    with read() as connection:
        found = distinct.count_customers(connection, spans)
        ever = distinct.customers_ever(connection)
    for span, customers in zip(spans, found, strict=True):
        inside, before = shop.between(span), shop.between(Span(date(2000, 1, 1), span.first - DAY))
        assert (customers.customers, customers.new) == (len(inside), len(inside - before)), span
    check_cohorts(shop)
    assert ever == len(shop.between(Span(date(2000, 1, 1), date(2100, 1, 1))))


def check_cohorts(shop: Shop) -> None:
    """Cohorts equal those made of the orders one by one."""
    kept = [(customer, day.replace(day=1)) for customer, day, gone in shop.orders.values() if customer and not gone]
    first = {customer: min(month for who, month in kept if who == customer) for customer, _ in kept}
    orders = Counter((first[customer], month) for customer, month in kept)
    people = Counter((first[customer], month) for customer, month in set(kept))
    with read() as connection:
        found = connection.execute(select(customer_tables.customer_cohorts)).all()
    assert {(row.cohort, row.month): (row.customers, row.orders, int(row.net_cents)) for row in found} == {
        cell: (people[cell], orders[cell], 1_000 * orders[cell]) for cell in orders
    }


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32))
def test_any_days_have_the_customers_that_counting_one_by_one_finds(a_shop: Shop, seed: int) -> None:
    clear(a_shop)
    chance = random.Random(seed)
    for _ in range(4):
        touched: set[date] = set()
        for _ in range(chance.randrange(12)):
            day = FIRST + chance.randrange(DAYS) * DAY
            a_shop.order(chance.choice([*a_shop.customers, None]), day, cancelled=chance.random() < 0.1)
            touched.add(day)
        standing = [order for order, (_, _, cancelled) in a_shop.orders.items() if not cancelled]
        for order in chance.sample(standing, min(len(standing), chance.randrange(4))):
            touched.add(a_shop.cancel(order))
        in_parts(chance, sorted(touched))
        check(a_shop, spans_at_random(chance, 12))
    by_parts = rows()
    count(list(Span(FIRST, FIRST + DAYS * DAY)))
    assert rows() == by_parts, "counting all anew in place"
    forget()
    in_parts(chance, list(Span(FIRST, FIRST + DAYS * DAY)), parts=3)
    assert rows() == by_parts, "a full rebuild"


def in_parts(chance: random.Random, days: list[date], parts: int = 2) -> None:
    """Count days in slices that are not in a row."""
    chance.shuffle(days)
    for n in range(parts):
        count(days[n::parts])


def clear(shop: Shop) -> None:
    forget()
    shop.orders.clear()
    with transaction() as connection:
        for table in (tables.order_items, tables.orders):
            connection.execute(delete(table))


def forget() -> None:
    with transaction() as connection:
        facts_sql.delete_all(connection)
        customer_days.delete_all(connection)


def test_nothing_is_left_of_what_a_slice_worked_with(a_shop: Shop) -> None:
    a_shop.order(a_shop.customers[0], FIRST)
    count([FIRST])
    with read() as connection:
        for table in (customer_tables.touched_customers, customer_tables.customer_moves):
            assert connection.execute(select(table)).all() == []


def test_a_shop_without_sales_has_no_customers(shop: Engine) -> None:
    with read() as connection:
        assert distinct.customers_of(connection, []) == []
        assert distinct.customers_of(connection, [Span(FIRST, FIRST + 400 * DAY)]) == [0]
        assert distinct.customers_ever(connection) == 0


def test_ten_years_are_counted_in_two_statements(a_shop: Shop) -> None:
    with transaction() as connection:
        connection.execute(
            insert(customer_tables.customer_counts),
            [{"day": FIRST, "customers": 3, "week_firsts": 3, "month_firsts": 3, "new_customers": 3}],
        )
    with read() as connection:
        spans = [Span(FIRST - 3_000 * DAY, FIRST + 600 * DAY)] * 40
        assert distinct.customers_of(connection, spans) == [3] * 40
