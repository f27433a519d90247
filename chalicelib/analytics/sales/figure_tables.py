"""The summary tables of sales. The days are the shop's own, by the time of the order; money is integer cents.

`sale_facts` is the shop's ledger of sales as of the last run; the others are summed up from it. A row of figures:

    lines            items of orders, whatever became of them
    orders           orders of which something was not cancelled
    items            items that were not cancelled
    units            items that were kept: neither cancelled nor returned
    gross_cents      what the items cost by their list prices
    discount_cents   what was taken off
    returned_cents   what the items that came back were sold at
    refund_cents     what was given back for items that were kept
    cost_cents       what the units that were kept had cost the shop
    booked_*         all items of orders that were not returned as a whole, as the contract's figures count
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, Index, Integer, SmallInteger, String

from chalicelib.core.database import BigId, shop_table

COUNTS = ("lines", "orders", "items", "units", "booked_orders", "booked_items")
SUMS = ("gross_cents", "discount_cents", "returned_cents", "refund_cents", "cost_cents", "booked_cents")
FIGURES = (*COUNTS, *SUMS)

SHOP = "shop"
# What sales are summed up by: `value` is the folded category or brand, the text as it is, or an id; "" is none.
DIMENSIONS = (SHOP, "category", "brand", "department", "traffic_source", "country", "distribution_center", "product")


def _figures() -> list[Column[Any]]:
    return [
        *(Column(name, Integer, nullable=False) for name in COUNTS),
        *(Column(name, BigId, nullable=False) for name in SUMS),
    ]


# One row an item of an order. `hour` counts from the beginning of the day.
sale_facts = shop_table(
    "sale_facts",
    Column("day", Date, primary_key=True),
    Column("item_id", BigId, primary_key=True, autoincrement=False),
    Column("hour", SmallInteger, nullable=False),
    Column("order_id", BigId, nullable=False),
    Column("customer_id", BigId),
    Column("product_id", BigId, nullable=False),
    Column("category", String(255), nullable=False),
    Column("brand", String(255), nullable=False),
    Column("department", String(255), nullable=False),
    Column("traffic_source", String(255), nullable=False),
    Column("country", String(255), nullable=False),
    Column("distribution_center", BigId, nullable=False),
    # 1 or 0: whether the item was cancelled, came back, is of an order that was not returned as a whole.
    Column("cancelled", SmallInteger, nullable=False),
    Column("returned", SmallInteger, nullable=False),
    Column("booked", SmallInteger, nullable=False),
    Column("sale_cents", BigId, nullable=False),
    Column("discount_cents", BigId, nullable=False),
    Column("refund_cents", BigId, nullable=False),
    Column("cost_cents", BigId, nullable=False),
    Index("ix_sale_facts_customer", "customer_id", "day"),
)

sales_hours = shop_table(
    "sales_hours",
    Column("day", Date, primary_key=True),
    Column("hour", SmallInteger, primary_key=True, autoincrement=False),
    Column("customers", Integer, nullable=False),
    *_figures(),
)

# `customers` are those who ordered on the day: they cannot be added up over days.
sales_days = shop_table(
    "sales_days",
    Column("dimension", String(20), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("customers", Integer, nullable=False),
    *_figures(),
)

# By month (its first day), so that years are summed up from few rows.
sales_months = shop_table(
    "sales_months",
    Column("dimension", String(20), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("value", String(255), primary_key=True),
    *_figures(),
)

# Of all time.
sales_totals = shop_table(
    "sales_totals",
    Column("dimension", String(20), primary_key=True),
    Column("value", String(255), primary_key=True),
    *_figures(),
    Index("ix_sales_totals_booked", "dimension", "booked_cents"),
)
