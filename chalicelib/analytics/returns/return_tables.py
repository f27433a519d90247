"""The tables of returns, day by day of the shop."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String

from chalicelib.core.database import BigId, shop_table

# By reason. Returns stand on the day on which they were asked for or decided; items, value and waiting on that on
# which they came back. `waited_s` is the time from delivery to return of `timed` items.
return_days = shop_table(
    "return_days",
    Column("day", Date, primary_key=True),
    Column("reason", String(32), primary_key=True),
    Column("requested", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    Column("value_cents", BigId, nullable=False),
    Column("waited_s", BigId, nullable=False),
    Column("timed", Integer, nullable=False),
)

# What came back on a day, by product.
return_products = shop_table(
    "return_products",
    Column("day", Date, primary_key=True),
    Column("product_id", BigId, primary_key=True, autoincrement=False),
    Column("items", Integer, nullable=False),
    Column("value_cents", BigId, nullable=False),
)

# The same by category, as the product has it when the day is counted.
return_categories = shop_table(
    "return_categories",
    Column("day", Date, primary_key=True),
    Column("category", String(255), primary_key=True),
    Column("items", Integer, nullable=False),
    Column("value_cents", BigId, nullable=False),
)

# Orders by the day on which they were placed, and those of which something came back since.
return_orders = shop_table(
    "return_orders",
    Column("day", Date, primary_key=True),
    Column("orders", Integer, nullable=False),
    Column("returned", Integer, nullable=False),
)
