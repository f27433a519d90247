"""The figures that clients have always known: all orders whose status is not returned, cancelled items and all.

They are read from the summaries, but for a shop whose summaries are not there yet, or are older than its last import:
then they are counted from the orders, however many those are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.analytics.days import Span
from chalicelib.analytics.sales import figures_sql, scopes, series
from chalicelib.analytics.sales.figures import Sums, add, nothing
from chalicelib.analytics.sales.scopes import Pieces, Scope
from chalicelib.analytics.spans import Stand
from chalicelib.commerce.catalogue import spellings
from chalicelib.commerce.sales import sale_lines, sales
from chalicelib.core import clock
from chalicelib.core.database import Connection

TopBy = Literal["revenue", "units", "orders", "margin"]

DEFINITIONS = {
    "total_orders": "Orders that were not returned as a whole; cancelled ones count.",
    "unique_customers": "Different customers with such an order; guests count for none. Of some days it is counted "
    "with `customers=true` alone, null else.",
    "total_revenue": "What all items of these orders were sold at, those that were cancelled as well.",
    "avg_order_value": "total_revenue / total_orders; that among `figures` is net_revenue / orders.",
    "product_categories": "Categories that these orders have items of. Of filtered days it is counted with "
    "`customers=true` alone, null else.",
}
_BOOKED = {"revenue": "booked_cents", "units": "units", "orders": "booked_orders", "margin": "margin"}


@dataclass(frozen=True, slots=True)
class Booked:
    """The figures of the contract, and the sums of all others (None where they are not summed up yet)."""

    orders: int
    customers: int | None
    revenue_cents: int
    categories: int | None
    sums: Sums | None = None


@dataclass(frozen=True, slots=True)
class TopProduct:
    """A product with what was sold of it by the contract; `sums` is None where it was counted from the orders."""

    id: int
    name: str
    category: str
    brand: str | None
    orders: int
    revenue_cents: int
    units: int
    sums: Sums | None = None


def fresh_stand(connection: Connection) -> tuple[Stand, bool]:
    """Return of when figures of all time are, and whether they stand in the summaries."""
    stand = series.stand(connection)
    if stand.as_of is None or sale_lines.imported_since(connection, stand.as_of):
        return Stand(clock.now(), stand.time_zone), False
    return stand, True


def total(connection: Connection) -> tuple[Stand, Booked]:
    """Return the figures of all time. At most five statements."""
    stand, summed_up = fresh_stand(connection)
    if not summed_up:
        found = sales.total_sales(connection)
        return stand, Booked(found.orders, found.customers, found.revenue_cents, found.categories)
    row = figures_sql.find_total(connection)
    sums = nothing() if row is None else add([row])
    categories = figures_sql.count_booked_categories(connection)
    customers = sales.count_customers(connection)
    return stand, Booked(sums["booked_orders"], customers, sums["booked_cents"], categories, sums)


def of_span(connection: Connection, scope: Scope, span: Span, sums: Sums, *, customers: bool) -> Booked:
    """Return the figures of some days, whose sums are known. One statement at most.

    Raises:
        InvalidInput: customers are asked for, and the days are too many.
    """
    counted: tuple[int | None, int | None] = (None, None)
    if customers:
        scopes.require_short(span.days, "customers")
        counted = figures_sql.count_booked(connection, scope.values, span)
    elif scope.is_shop:
        counted = (None, figures_sql.count_groups(connection, _groups("category", span), counted="booked_items"))
    return Booked(sums["booked_orders"], counted[0], sums["booked_cents"], counted[1], sums)


def top_products(connection: Connection, by: TopBy, span: Span | None, limit: int) -> tuple[Stand, list[TopProduct]]:
    """Return the products with most of a figure, of all time or some days, most first. At most four statements."""
    stand, summed_up = fresh_stand(connection) if span is None else (series.stand(connection), True)
    if not summed_up and by == "revenue":
        return stand, [
            TopProduct(row.id, row.name, row.category, row.brand, row.order_count, int(row.revenue_cents), row.units)
            for row in sales.top_products(connection, limit)
        ]
    groups = figures_sql.groups_from_totals("product") if span is None else _groups("product", span)
    rows = figures_sql.list_top(connection, groups, _BOOKED[by], counted="booked_items", limit=limit)
    return series.stand(connection) if not summed_up else stand, _named(connection, rows)


def _groups(dimension: str, span: Span) -> Any:
    pieces = Pieces.of(span)
    return figures_sql.groups_from_summaries(dimension, pieces.months, pieces.days)


def _named(connection: Connection, rows: Sequence[Any]) -> list[TopProduct]:
    named = spellings.spell(connection, "product", [row.value for row in rows])
    found = []
    for row in rows:
        product, sums = named.get(row.value), add([row])
        if product is not None:
            found.append(
                TopProduct(
                    int(row.value),
                    product.name,
                    product.category or "",
                    product.brand,
                    sums["booked_orders"],
                    sums["booked_cents"],
                    sums["booked_items"],
                    sums,
                )
            )
    return found
