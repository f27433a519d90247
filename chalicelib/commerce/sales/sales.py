"""What was sold, as other domains may ask for it: totals, best sellers, what a customer likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.commerce.sales import sales_sql
from chalicelib.core.database import Connection


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


def total_sales(connection: Connection) -> Totals:
    """Return the totals over all time."""
    row = sales_sql.find_totals(connection)
    # Sums of integers are Decimal on MySQL, and null over nothing.
    return Totals(row.orders, row.customers, int(row.revenue_cents or 0), row.categories)


def top_products(connection: Connection, limit: int) -> Sequence[Any]:
    """Return the products of most revenue, most first: see `sales_sql.list_top_products`."""
    return sales_sql.list_top_products(connection, limit)


def preferences_of(connection: Connection, customer_id: int, limit: int) -> list[Preference]:
    """Return what a customer buys most, most units first."""
    rows = sales_sql.list_preferences(connection, customer_id, limit)
    return [Preference(row.category, row.brand, row.units, int(row.spent_cents)) for row in rows]
