"""The tables of accounts: who may sign in, with which tokens, and how often it failed lately."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String

from chalicelib.core.database import BigId, UtcDateTime, shop_table

accounts = shop_table(
    "accounts",
    Column("id", BigId, primary_key=True),
    Column("username", String(150), nullable=False),
    Column("username_key", String(150), nullable=False, unique=True),
    Column("email", String(254)),
    Column("first_name", String(255), nullable=False),
    Column("last_name", String(255), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("role", String(16), nullable=False),
    # The customer of `users` that this account shops as.
    Column("customer_id", ForeignKey("users.id"), unique=True),
    Column("is_active", Boolean(create_constraint=False), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# Only the hash of a token is kept: who reads the table cannot sign in with it.
auth_tokens = shop_table(
    "auth_tokens",
    Column("id", BigId, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

# Tries to sign in, counted within a window, by account, by address and by both together.
login_attempts = shop_table(
    "login_attempts",
    Column("subject", String(64), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("window_ends_at", UtcDateTime, nullable=False),
    Index("ix_login_attempts_window_ends_at", "window_ends_at"),
)
