"""What was sold, in figures that are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine

from chalicelib.commerce.sales import sales
from chalicelib.commerce.sales.sales import Preference, Totals
from chalicelib.core.database import Connection, run
from tests.factories import make_customer, make_item, make_order, make_product

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
