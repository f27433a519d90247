"""The tables of the assistant: what it showed, and what it used."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# Which products the assistant showed in a conversation, and which of them went into the cart there.
shown_products = shop_table(
    "conversation_products",
    Column("session_id", ForeignKey("conversation_sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("product_id", BigId, primary_key=True, autoincrement=False),
    Column("shown_at", UtcDateTime, nullable=False),
    Column("in_cart", Boolean(create_constraint=False), nullable=False),
    Index("ix_conversation_products_product", "product_id", "shown_at"),
)

# What a model beyond this service was used for, by account and day (UTC); account 0 is all accounts together.
assistant_usage = shop_table(
    "assistant_usage",
    Column("account_id", BigId, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("tokens", BigId, nullable=False),
    Column("cost_micros", BigId, nullable=False),
    Index("ix_assistant_usage_day", "day"),
)
