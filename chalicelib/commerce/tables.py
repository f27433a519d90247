"""The commerce tables. Money is integer cents, times are UTC, statuses are lower case.

The `*_key` columns hold folded text (see `core.text.fold`): filters that ignore case compare those.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double, ForeignKey, Index, Integer, SmallInteger, String

from chalicelib.core.database import BigId, UtcDateTime, shop_table

distribution_centers = shop_table(
    "distribution_centers",
    Column("id", BigId, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# The customers. Who may sign in is kept apart, in `accounts`.
users = shop_table(
    "users",
    Column("id", BigId, primary_key=True),
    Column("first_name", String(255)),
    Column("last_name", String(255)),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False, unique=True),
    Column("age", SmallInteger),
    Column("gender", String(16)),
    Column("state", String(255)),
    Column("street_address", String(500)),
    Column("postal_code", String(32)),
    Column("city", String(255)),
    Column("country", String(255)),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("traffic_source", String(255)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

products = shop_table(
    "products",
    Column("id", BigId, primary_key=True),
    Column("cost_cents", BigId, nullable=False),
    Column("category", String(255), nullable=False),
    Column("category_key", String(255), nullable=False, index=True),
    Column("name", String(500), nullable=False),
    Column("brand", String(255)),
    Column("brand_key", String(255), index=True),
    Column("retail_price_cents", BigId, nullable=False, index=True),
    Column("department", String(255)),
    Column("sku", String(64), nullable=False, unique=True),
    Column("distribution_center_id", ForeignKey("distribution_centers.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("cost_cents >= 0 AND retail_price_cents >= 0", name="prices"),
)

# One row a physical unit. The product_* columns keep what the unit was when it came in.
inventory_items = shop_table(
    "inventory_items",
    Column("id", BigId, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sold_at", UtcDateTime),
    Column("cost_cents", BigId, nullable=False),
    Column("product_category", String(255)),
    Column("product_name", String(500)),
    Column("product_brand", String(255)),
    Column("product_retail_price_cents", BigId),
    Column("product_department", String(255)),
    Column("product_sku", String(64)),
    Column("product_distribution_center_id", ForeignKey("distribution_centers.id"), index=True),
    Index("ix_inventory_items_stock", "product_id", "sold_at"),
)

orders = shop_table(
    "orders",
    Column("id", BigId, primary_key=True),
    Column("user_id", ForeignKey("users.id")),
    Column("status", String(16), nullable=False),
    Column("gender", String(16)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("returned_at", UtcDateTime),
    Column("shipped_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("num_of_item", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_orders_newest", "created_at", "id"),
    Index("ix_orders_user_newest", "user_id", "created_at", "id"),
    Index("ix_orders_status_newest", "status", "created_at", "id"),
)

order_items = shop_table(
    "order_items",
    Column("id", BigId, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("user_id", ForeignKey("users.id"), index=True),
    Column("product_id", ForeignKey("products.id"), nullable=False, index=True),
    Column("inventory_item_id", ForeignKey("inventory_items.id"), index=True),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("shipped_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("returned_at", UtcDateTime),
    Column("sale_price_cents", BigId, nullable=False),
    CheckConstraint("sale_price_cents >= 0", name="price"),
)
