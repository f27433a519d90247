"""The commerce tables. Money is integer cents, times are UTC, statuses are lower case.

The `*_key` columns hold folded text (see `core.text.fold`): filters that ignore case compare those. `version` counts
the changes of what is edited by hand (see `core.routes.Versioned`). Columns beside those of the six CSV files have a
default in the database, since imports leave them out.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
)

from chalicelib.commerce import sale_tables as _sale_tables  # noqa: F401  (items refer to its tables)
from chalicelib.commerce import search_tables as _search_tables  # noqa: F401  (part of the same schema)
from chalicelib.core.database import BigId, UtcDateTime, shop_table

distribution_centers = shop_table(
    "distribution_centers",
    Column("id", BigId, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("archived_at", UtcDateTime),
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
    Column("phone", String(40)),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("archived_at", UtcDateTime),
    Index("ix_users_changed", "updated_at"),
)

# Where a customer has things sent to. At most one of a customer's is the default.
addresses = shop_table(
    "addresses",
    Column("id", BigId, primary_key=True),
    Column("customer_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("street_address", String(500), nullable=False),
    Column("postal_code", String(32), nullable=False),
    Column("city", String(255), nullable=False),
    Column("state", String(255)),
    Column("country", String(255), nullable=False),
    Column("phone", String(40)),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
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
    # draft, published, archived. An imported product is published.
    Column("status", String(16), nullable=False, server_default="published", index=True),
    Column("description", Text),
    Column("image_key", String(500)),
    Column("image_alt", String(500)),
    # Low stock is this many free units or fewer; null: the shop's own setting.
    Column("low_stock_level", Integer),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint("cost_cents >= 0 AND retail_price_cents >= 0", name="prices"),
)

# Who changed which field of a product: values as text, null where there was or is none.
product_changes = shop_table(
    "product_changes",
    Column("id", BigId, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("field", String(64), nullable=False),
    Column("old_value", Text),
    Column("new_value", Text),
    Column("actor", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_product_changes_product", "product_id", "id"),
    Index("ix_product_changes_newest", "created_at"),
)

# What a unit's own times say of it, in the words of `stock_levels`.
_UNIT_STATE = (
    "CASE WHEN written_off_at IS NOT NULL THEN 'written_off' WHEN sold_at IS NOT NULL THEN 'sold' "
    "WHEN reserved_at IS NOT NULL THEN 'reserved' ELSE 'free' END"
)

# One row a physical unit. The product_* columns keep what the unit was when it came in; the unit lies in
# `product_distribution_center_id` now.
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
    Column("reserved_at", UtcDateTime),
    Column("written_off_at", UtcDateTime),
    Column("state", String(16), Computed(_UNIT_STATE, persisted=False)),
    Index("ix_inventory_items_stock", "product_id", "product_distribution_center_id", "state"),
)

# How many units of a product a center answers for, by state. The database itself refuses a sum that does not add up.
stock_levels = shop_table(
    "stock_levels",
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("distribution_center_id", ForeignKey("distribution_centers.id"), primary_key=True, index=True),
    Column("received", Integer, nullable=False),
    # Units that came from other centers, less those that went there: their sum over all centers is 0.
    Column("transferred", Integer, nullable=False),
    Column("free", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("sold", Integer, nullable=False),
    Column("written_off", Integer, nullable=False),
    CheckConstraint("received + transferred = free + reserved + sold + written_off", name="adds_up"),
    CheckConstraint(
        "received >= 0 AND free >= 0 AND reserved >= 0 AND sold >= 0 AND written_off >= 0", name="not_negative"
    ),
)

# The ledger, in double entry: `units` left `from_state` for `to_state`. "outside", "transit" are beyond the levels.
stock_movements = shop_table(
    "stock_movements",
    Column("id", BigId, primary_key=True),
    Column("product_id", ForeignKey("products.id"), nullable=False),
    Column("distribution_center_id", ForeignKey("distribution_centers.id"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("from_state", String(16), nullable=False),
    Column("to_state", String(16), nullable=False),
    Column("units", Integer, nullable=False),
    Column("reason", String(500)),
    # What it was for, such as checkout:17 or order:4, and who did it.
    Column("reference", String(64)),
    Column("actor", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("units > 0", name="units"),
    Index("ix_stock_movements_product", "product_id", "distribution_center_id", "id"),
    Index("ix_stock_movements_newest", "created_at", "id"),
    Index("ix_stock_movements_reference", "reference", "created_at", "id"),
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
    # What follows is null of imported orders.
    Column("email", String(254)),
    Column("currency", String(3)),
    Column("items_cents", BigId),
    Column("discount_cents", BigId),
    Column("shipping_cents", BigId),
    Column("tax_cents", BigId),
    Column("total_cents", BigId),
    Column("address", Text),
    Column("paid_at", UtcDateTime),
    Column("version", Integer, nullable=False, server_default="1"),
    # Which request of staff placed it: a retry after a crash finds it.
    Column("request_key", String(64)),
    Index("uq_orders_request_key", "request_key", unique=True),
    Index("ix_orders_newest", "created_at", "id"),
    # What changed lately, and on which days it was bought.
    Index("ix_orders_changed", "updated_at", "created_at"),
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
    # What the unit was sold at: the list price less its part of the discount, without tax that is added.
    Column("sale_price_cents", BigId, nullable=False),
    Column("list_price_cents", BigId),
    Column("discount_cents", BigId, nullable=False, server_default="0"),
    Column("tax_cents", BigId, nullable=False, server_default="0"),
    Column("tax_included", Boolean, nullable=False, server_default="0"),
    Column("refunded_cents", BigId, nullable=False, server_default="0"),
    Column("shipment_id", ForeignKey("shipments.id"), index=True),
    Column("return_id", ForeignKey("order_returns.id"), index=True),
    CheckConstraint("sale_price_cents >= 0", name="price"),
    # What came back on a day.
    Index("ix_order_items_returned", "returned_at"),
)
