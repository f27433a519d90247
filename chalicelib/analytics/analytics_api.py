"""Figures of the shop over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.commerce.sales import sales
from chalicelib.core.auth import STAFF
from chalicelib.core.database import Connection
from chalicelib.core.money import Money, from_cents, mean_cents
from chalicelib.core.paging import MAX_LIMIT
from chalicelib.core.routes import Routes

routes = Routes("Analytics")


class SalesSummary(BaseModel):
    """All sales but those of returned orders. `avg_order_value` is revenue divided by orders."""

    total_orders: int
    unique_customers: int = Field(description="Customers with an order; orders of guests count for none.")
    total_revenue: Money
    avg_order_value: Money
    product_categories: int = Field(description="Categories that something was sold of.")


class TopProduct(BaseModel):
    """A best seller, by revenue; returned orders are left out."""

    id: int
    name: str
    category: str
    brand: str | None
    order_count: int
    total_revenue: Money
    avg_price: Money


class TopQuery(BaseModel):
    """How many products to answer."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=0, le=MAX_LIMIT)


@routes.get("/analytics/sales-summary", access=STAFF, response=SalesSummary)
def get_sales_summary(connection: Connection) -> dict[str, Any]:
    """Sum up all sales but those of returned orders."""
    totals = sales.total_sales(connection)
    return {
        "total_orders": totals.orders,
        "unique_customers": totals.customers,
        "total_revenue": from_cents(totals.revenue_cents),
        "avg_order_value": mean_cents(totals.revenue_cents, totals.orders),
        "product_categories": totals.categories,
    }


@routes.get("/analytics/top-products", access=STAFF, response=list[TopProduct])
def list_top_products(connection: Connection, query: TopQuery) -> list[dict[str, Any]]:
    """List the products of most revenue, most first."""
    return [
        {
            "id": row.id,
            "name": row.name,
            "category": row.category,
            "brand": row.brand,
            "order_count": row.order_count,
            "total_revenue": from_cents(int(row.revenue_cents)),
            "avg_price": mean_cents(int(row.revenue_cents), row.units),
        }
        for row in sales.top_products(connection, query.limit)
    ]
