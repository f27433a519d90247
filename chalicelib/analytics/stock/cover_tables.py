"""The tables of stock cover: what lies where of a product, how it sells, and how that adds up."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# A product with free units, or that sold lately. Cover is what the free units last for at the rate of the last 28
# days, in tenths of a day; the greatest number where nothing sold in them.
stock_cover = shop_table(
    "stock_cover",
    Column("product_id", BigId, primary_key=True, autoincrement=False),
    # out, low, healthy, over, dead.
    Column("state", String(8), nullable=False),
    Column("category", String(255), nullable=False),
    Column("category_key", String(255), nullable=False, index=True),
    Column("free", Integer, nullable=False),
    Column("cost_cents", BigId, nullable=False),
    Column("price_cents", BigId, nullable=False),
    Column("sold", Integer, nullable=False),
    Column("sold_before", Integer, nullable=False),
    Column("cover_tenths", Integer, nullable=False),
    Column("oldest_at", UtcDateTime),
    Index("ix_stock_cover_cover", "cover_tenths", "product_id"),
    Index("ix_stock_cover_value", "cost_cents", "product_id"),
    Index("ix_stock_cover_sold", "sold", "product_id"),
    Index("ix_stock_cover_state_cover", "state", "cover_tenths", "product_id"),
    Index("ix_stock_cover_state_value", "state", "cost_cents", "product_id"),
    Index("ix_stock_cover_state_sold", "state", "sold", "product_id"),
)

# Where the free units of a product lie.
stock_cover_centers = shop_table(
    "stock_cover_centers",
    Column("product_id", BigId, primary_key=True, autoincrement=False),
    Column("distribution_center_id", BigId, primary_key=True, autoincrement=False, index=True),
    Column("free", Integer, nullable=False),
    Column("cost_cents", BigId, nullable=False),
    Column("price_cents", BigId, nullable=False),
)

# How the products add up. kind: state, category, center; `name` is its id as text for a center.
stock_totals = shop_table(
    "stock_totals",
    Column("kind", String(16), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("products", Integer, nullable=False),
    Column("units", BigId, nullable=False),
    Column("cost_cents", BigId, nullable=False),
    Column("price_cents", BigId, nullable=False),
)

# The pass over all products, one row: behind which product it goes on (0: it begins anew), when it began, and when
# the last one that came to its end did.
stock_pass = shop_table(
    "stock_pass",
    Column("id", Integer, primary_key=True),
    Column("after_id", BigId, nullable=False),
    Column("started_at", UtcDateTime),
    Column("as_of", UtcDateTime),
)
