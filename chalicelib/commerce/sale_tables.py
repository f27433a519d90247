"""The tables of selling: carts, promotions, rules of tax and shipping, checkouts, payments, what follows an order.

Conventions as in `commerce.tables`, whose tables these refer to by name.
"""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# What left a center in one parcel.
shipments = shop_table(
    "shipments",
    Column("id", BigId, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("carrier", String(100)),
    Column("tracking_number", String(100)),
    Column("shipped_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
)

# Items that a customer sends back. state: requested, received, refused.
order_returns = shop_table(
    "order_returns",
    Column("id", BigId, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("comment", String(1000)),
    Column("requested_by", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_order_returns_state", "state", "created_at", "id"),
    Index("ix_order_returns_created", "created_at"),
    Index("ix_order_returns_closed", "closed_at"),
)

# The timeline of an order: who did what. `internal` entries, such as notes, are for staff alone.
order_events = shop_table(
    "order_events",
    Column("id", BigId, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("text", String(2000), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("internal", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_order_events_order", "order_id", "id"),
)

# `public_id` is unguessable: for a guest it is the key to the cart. A customer has one open cart at most.
carts = shop_table(
    "carts",
    Column("id", BigId, primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),
    Column("customer_id", ForeignKey("users.id"), unique=True),
    Column("promotion_code", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False, index=True),
)

cart_items = shop_table(
    "cart_items",
    Column("cart_id", ForeignKey("carts.id", ondelete="CASCADE"), primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True, index=True),
    Column("quantity", Integer, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    CheckConstraint("quantity > 0", name="quantity"),
)

# kind: percentage (`value` in hundredths of a percent) or fixed (`value` in cents).
promotions = shop_table(
    "promotions",
    Column("id", BigId, primary_key=True),
    Column("code", String(64), nullable=False),
    Column("code_key", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("value", BigId, nullable=False),
    Column("minimum_cents", BigId, nullable=False),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("usage_limit", Integer),
    Column("customer_limit", Integer),
    Column("used", Integer, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint("used >= 0 AND (usage_limit IS NULL OR used <= usage_limit)", name="used"),
)

# `rate` in millionths. The most specific rule wins: country, state and category over country and state, ...
tax_rules = shop_table(
    "tax_rules",
    Column("id", BigId, primary_key=True),
    Column("country_key", String(255), nullable=False),
    Column("state_key", String(255), nullable=False),
    Column("category_key", String(255), nullable=False),
    Column("country", String(255)),
    Column("state", String(255)),
    Column("category", String(255)),
    Column("name", String(100), nullable=False),
    Column("rate", Integer, nullable=False),
    Column("included", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    CheckConstraint("rate >= 0 AND rate <= 1000000", name="rate"),
    Index("uq_tax_rules_place", "country_key", "state_key", "category_key", unique=True, mysql_length=190),
)

shipping_rules = shop_table(
    "shipping_rules",
    Column("id", BigId, primary_key=True),
    Column("country_key", String(255), nullable=False),
    Column("country", String(255)),
    Column("method", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("price_cents", BigId, nullable=False),
    # Free from this sum of items on; null: never.
    Column("free_from_cents", BigId),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Index("uq_shipping_rules_place", "country_key", "method", unique=True),
)

# Units held for somebody who is about to pay. state: open, paying, paid, expired, cancelled.
checkouts = shop_table(
    "checkouts",
    Column("id", BigId, primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),
    Column("request_key", String(64), unique=True),
    Column("cart_id", ForeignKey("carts.id", ondelete="SET NULL"), index=True),
    Column("customer_id", ForeignKey("users.id"), index=True),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False),
    Column("state", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("items_cents", BigId, nullable=False),
    Column("discount_cents", BigId, nullable=False),
    Column("shipping_cents", BigId, nullable=False),
    Column("tax_cents", BigId, nullable=False),
    Column("total_cents", BigId, nullable=False),
    Column("promotion_id", ForeignKey("promotions.id"), index=True),
    Column("shipping_method", String(64), nullable=False),
    Column("address", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("order_id", ForeignKey("orders.id"), unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_checkouts_state", "state", "expires_at"),
    Index("ix_checkouts_created", "created_at"),
    # From where a guest began it, as a hash: see `holds`.
    Column("client_key", String(64)),
    Index("ix_checkouts_promotion", "promotion_id", "email_key"),
    Index("ix_checkouts_client", "client_key", "state"),
)

# One row a unit, as in `order_items`, which these become.
checkout_items = shop_table(
    "checkout_items",
    Column("id", BigId, primary_key=True),
    Column("checkout_id", ForeignKey("checkouts.id"), nullable=False, index=True),
    Column("product_id", ForeignKey("products.id"), nullable=False, index=True),
    Column("inventory_item_id", ForeignKey("inventory_items.id"), nullable=False, index=True),
    Column("list_price_cents", BigId, nullable=False),
    Column("discount_cents", BigId, nullable=False),
    Column("tax_cents", BigId, nullable=False),
    Column("tax_included", Boolean, nullable=False),
)

# state: started (nothing asked of the provider yet), asked (its answer is not known), needs_action, succeeded,
# declined, cancelled, and refunding, refunded for money that came without an order.
payments = shop_table(
    "payments",
    Column("id", BigId, primary_key=True),
    Column("request_key", String(64), unique=True),
    Column("checkout_id", ForeignKey("checkouts.id"), index=True),
    Column("order_id", ForeignKey("orders.id"), index=True),
    Column("provider", String(32), nullable=False),
    Column("reference", String(255)),
    Column("state", String(16), nullable=False),
    Column("amount_cents", BigId, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("method", String(255), nullable=False),
    Column("decline_code", String(64)),
    Column("message", String(500)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("uq_payments_reference", "provider", "reference", unique=True),
    Index("ix_payments_state", "state", "updated_at"),
)

# state: started (the provider is still to be asked, or its answer is not known), succeeded, failed.
refunds = shop_table(
    "refunds",
    Column("id", BigId, primary_key=True),
    Column("payment_id", ForeignKey("payments.id"), nullable=False, index=True),
    Column("order_id", ForeignKey("orders.id"), index=True),
    Column("state", String(16), nullable=False),
    Column("amount_cents", BigId, nullable=False),
    Column("reference", String(255)),
    Column("reason", String(500), nullable=False),
    Column("message", String(500)),
    Column("actor", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("amount_cents > 0", name="amount"),
    Index("ix_refunds_state", "state", "updated_at"),
)
