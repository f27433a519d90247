"""What was sold, as other domains may ask for it: totals, best sellers, what a customer likes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.commerce.sales import sales_sql
from chalicelib.core.database import Connection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of all orders but returned ones. Guests (orders without a customer) are no customers."""

    orders: int
    customers: int
    revenue_cents: int
    categories: int


@dataclass(frozen=True, slots=True)
class Preference:
    """What a customer bought and kept of one category and brand."""

    category: str
    brand: str | None
    units: int
    spent_cents: int


@dataclass(frozen=True, slots=True)
class Units:
    """Units that customers bought and kept, of whole orders: four arrays (n,) int64, `times` in s since 1970.

    `last_order_id` is where the next page goes on; None where there is none.
    """

    orders: NDArray[np.int64]
    customers: NDArray[np.int64]
    products: NDArray[np.int64]
    times: NDArray[np.int64]
    last_order_id: int | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a customer bought and kept of one product in one order."""

    product_id: int
    quantity: int
    at: datetime


def total_sales(connection: Connection) -> Totals:
    """Return the totals over all time."""
    row = sales_sql.find_totals(connection)
    # Sums of integers are Decimal on MySQL, and null over nothing.
    return Totals(row.orders, row.customers, int(row.revenue_cents or 0), row.categories)


def count_customers(connection: Connection) -> int:
    """Return how many customers have an order that was not returned; guests are none."""
    return sales_sql.count_customers(connection)


def top_products(connection: Connection, limit: int) -> Sequence[Any]:
    """Return the products of most revenue, most first: see `sales_sql.list_top_products`."""
    return sales_sql.list_top_products(connection, limit)


def preferences_of(connection: Connection, customer_id: int, limit: int) -> list[Preference]:
    """Return what a customer buys most, most units first."""
    rows = sales_sql.list_preferences(connection, customer_id, limit)
    return [Preference(row.category, row.brand, row.units, int(row.spent_cents)) for row in rows]


def list_purchases(connection: Connection, after_order_id: int, limit: int, *, before: datetime) -> Units:
    """Return what customers (not guests) bought until `before` and kept, by order, behind an order.

    About `limit` units are looked at, and always whole orders: a page may be empty where others follow.
    """
    last = sales_sql.find_page_end(connection, after_order_id, limit)
    orders, customers, products, times = sales_sql.fetch_purchases(connection, after_order_id, last, before)
    return Units(orders, customers, products, times, last)


def purchases_of(connection: Connection, customer_id: int, limit: int) -> list[Purchase]:
    """Return what a customer bought and kept, newest last, of its last `limit` units."""
    return as_purchases(reversed(sales_sql.list_purchases_of(connection, customer_id, limit)))


def as_purchases(units: Iterable[Any]) -> list[Purchase]:
    """Return units (rows with order_id, product_id, created_at) as one purchase for each product of an order."""
    quantities: dict[tuple[int, int], int] = {}
    times: dict[tuple[int, int], datetime] = {}
    for row in units:
        key = (row.order_id, row.product_id)
        quantities[key] = quantities.get(key, 0) + 1
        times.setdefault(key, row.created_at)
    return [Purchase(product, count, times[order, product]) for (order, product), count in quantities.items()]
