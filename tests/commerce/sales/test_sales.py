"""What was sold, in figures that are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Engine

from chalicelib.commerce.sales import sales
from chalicelib.commerce.sales.sales import Preference, Purchase, Totals
from chalicelib.core.database import Connection, read, run
from tests.factories import NOON, make_customer, make_item, make_order, make_product

T = TypeVar("T")


def look(work: Callable[[Connection], T]) -> T:
    return run(work, writes=False)


def preferences(customer_id: int, limit: int = 20) -> list[Preference]:
    return look(lambda connection: sales.preferences_of(connection, customer_id, limit))


def top(limit: int = 10) -> list[tuple[int, int, int, int]]:
    rows = look(lambda connection: sales.top_products(connection, limit))
    return [(row.id, row.order_count, int(row.revenue_cents), row.units) for row in rows]


def test_an_empty_shop_has_sold_nothing(shop: Engine) -> None:
    assert look(sales.total_sales) == Totals(orders=0, customers=0, revenue_cents=0, categories=0)
    assert top() == []
    assert preferences(1) == []


def test_totals_leave_returned_orders_out_and_count_guests_for_no_customer(shop: Engine) -> None:
    jeans, socks, hats = make_product(category="Jeans"), make_product(category="Socks"), make_product(category="Hats")
    robin, sam, returner = make_customer(), make_customer(), make_customer()
    make_customer()
    make_order(robin, (jeans, 1000), (jeans, 1000), status="complete")
    make_order(robin, (socks, 250), status="shipped")
    make_order(sam, (jeans, 999), status="cancelled")
    make_order(None, (socks, 1), status="pending")
    make_order(returner, (hats, 5000), status="returned")
    make_order(None, status="processing")
    assert look(sales.total_sales) == Totals(orders=5, customers=2, revenue_cents=3250, categories=2)


def test_a_shop_with_returns_alone_has_sold_nothing(shop: Engine) -> None:
    make_order(make_customer(), (make_product(), 1000), status="returned")
    assert look(sales.total_sales) == Totals(0, 0, 0, 0)
    assert top() == []


def test_spellings_of_a_category_count_as_one(shop: Engine) -> None:
    for category in ("Éclair", "ÉCLAIR", "éclair", "Eclair"):
        make_order(None, (make_product(category=category), 100))
    assert look(sales.total_sales).categories == 2


def test_sums_beyond_32_bits_are_exact(shop: Engine) -> None:
    product_id = make_product()
    for _ in range(3):
        make_order(None, (product_id, 99_999_999_999), (product_id, 1))
    assert look(sales.total_sales).revenue_cents == 300_000_000_000
    assert top() == [(product_id, 3, 300_000_000_000, 6)]


def test_top_products_come_by_revenue_and_equal_ones_by_id(shop: Engine) -> None:
    first, best, tie, least, unsold = (make_product() for _ in range(5))
    make_order(None, (best, 300), (best, 300), (first, 100))
    make_order(None, (best, 300), (tie, 60), (tie, 40), (least, 99))
    make_order(None, (least, 100_000), (unsold, 100_000), status="returned")
    expected = [(best, 2, 900, 3), (first, 1, 100, 1), (tie, 1, 100, 2), (least, 1, 99, 1)]
    assert top() == expected
    assert [top(limit) for limit in range(5)] == [expected[:limit] for limit in range(5)]


def test_an_item_counts_by_its_order_in_the_figures(shop: Engine) -> None:
    """One of several items sent back leaves the order a sale; only an order that is returned is none."""
    product_id = make_product()
    order_id = make_order(None, (product_id, 100))
    make_item(order_id, product_id, 50, status="returned")
    assert look(sales.total_sales).revenue_cents == 150


def test_preferences_are_what_was_kept_most_units_first(shop: Engine) -> None:
    levi, lee, sock = make_product(), make_product(brand="Lee"), make_product(category="Socks", brand=None)
    robin, sam = make_customer(), make_customer()
    make_order(robin, (lee, 100), (sock, 100), (sock, 101))
    make_order(robin, (sock, 100), (levi, 99), status="pending")
    make_order(sam, (levi, 7))
    assert preferences(robin) == [
        Preference("Socks", None, 3, 301),
        Preference("Jeans", "Lee", 1, 100),
        Preference("Jeans", "Levi", 1, 99),
    ]
    assert preferences(robin, 1) == [Preference("Socks", None, 3, 301)]
    assert preferences(sam) == [Preference("Jeans", "Levi", 1, 7)]


def test_cancelled_and_returned_items_are_no_preference(shop: Engine) -> None:
    kept, cancelled, returned = (make_product(brand=brand) for brand in ("A", "B", "C"))
    robin = make_customer()
    make_order(robin, (cancelled, 100), status="cancelled")
    make_order(robin, (returned, 100), status="returned")
    order_id = make_order(robin, (kept, 100))
    make_item(order_id, returned, 100, status="returned", user_id=robin)
    assert preferences(robin) == [Preference("Jeans", "A", 1, 100)]


def test_purchases_come_by_whole_orders_without_guests_and_what_did_not_stay(shop: Engine) -> None:
    robin, sam, socks, hats = make_customer(), make_customer(), make_product(), make_product()
    first = make_order(robin, (socks, 1), (socks, 1), (hats, 1))
    make_order(None, (socks, 1))
    make_order(sam, (hats, 1), status="cancelled")
    last = make_order(sam, (hats, 1))
    make_item(last, socks, 1, user_id=sam, status="returned")
    make_order(sam, (hats, 1), created_at=NOON + timedelta(seconds=1))

    def page(after: int, limit: int) -> tuple[list[tuple[int, int, int, int]], int | None]:
        units = look(lambda connection: sales.list_purchases(connection, after, limit, before=NOON))
        columns = (units.orders, units.customers, units.products, units.times)
        return sorted(zip(*(column.tolist() for column in columns), strict=True)), units.last_order_id

    noon_s = 1772366400
    robins = [(first, robin, socks, noon_s)] * 2 + [(first, robin, hats, noon_s)]
    sams = [(last, sam, hats, noon_s)]
    assert page(0, 1) == page(0, 3) == (robins, first), "an order is never cut"
    assert page(0, 100) == (robins + sams, None)
    seen: list[tuple[int, int, int, int]] = []
    after: int | None = 0
    pages = 0
    while after is not None:
        rows, after = page(after, 2)
        seen, pages = seen + rows, pages + 1
    assert (seen, pages) == (robins + sams, 4)


def test_the_last_units_of_a_customer_are_told_by_order_newest_last(shop: Engine) -> None:
    robin, socks, hats = make_customer(), make_product(), make_product()
    make_order(make_customer(), (socks, 1))
    make_order(robin, (socks, 1), created_at=NOON + timedelta(hours=1))
    make_order(robin, (hats, 1), (socks, 1), (hats, 1))
    make_order(robin, (hats, 1), status="returned")
    older = [Purchase(hats, 2, NOON), Purchase(socks, 1, NOON)]
    newest = Purchase(socks, 1, NOON + timedelta(hours=1))
    found = look(lambda connection: sales.purchases_of(connection, robin, 10))
    assert found == [*older, newest]
    assert look(lambda connection: sales.purchases_of(connection, robin, 1)) == [newest]


def test_pages_of_purchases_read_each_row_a_few_times_however_many_pages(shop: Engine) -> None:
    """A server that reads the whole table for each page would make a rebuild take the square of its rows."""
    if shop.dialect.name == "sqlite":
        pytest.skip("counts of rows that were read are MariaDB's")
    robin, socks = make_customer(), make_product()
    for _ in range(60):
        make_order(robin, (socks, 1), (socks, 1))

    def reads(connection: Connection) -> int:
        rows = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'").all()
        return sum(int(row[1]) for row in rows)

    with read() as connection:
        connection.exec_driver_sql("ANALYZE TABLE order_items").all()
        before, after, pages = reads(connection), 0, 0
        while (found := sales.list_purchases(connection, after, 30, before=NOON).last_order_id) is not None:
            after, pages = found, pages + 1
        assert pages == 4
        assert reads(connection) - before < 3 * 120
