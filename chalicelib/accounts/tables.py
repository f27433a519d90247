"""The tables of accounts: who may sign in or has registered, with which tokens, and how often it failed lately."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Text

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
    Column("email_key", String(254), index=True),
    # Staff have put the customer away: it cannot sign in, whatever `is_active` says of the account itself.
    Column("customer_archived", Boolean(create_constraint=False), nullable=False, server_default="0"),
    Index("ix_accounts_role", "role", "id"),
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

# Who has registered and not yet proved the address. Only then there is a customer and an account.
registrations = shop_table(
    "registrations",
    Column("id", BigId, primary_key=True),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("first_name", String(255), nullable=False),
    Column("last_name", String(255), nullable=False),
    # The other fields of the customer, as JSON.
    Column("profile", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Index("ix_registrations_email_key", "email_key", "id"),
)

# What links in mails carry, by its hash: good once, for one purpose (verify, reset, email). Used or replaced ones are
# deleted. A token for `verify` has no account yet.
mailed_tokens = shop_table(
    "mailed_tokens",
    Column("id", BigId, primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), index=True),
    # The address that the token proves.
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

# What is counted within a window, such as tries to sign in by account, by address and by both together. `attempts`
# holds those that are `under_way`, of which nobody knows yet whether they fail.
login_attempts = shop_table(
    "login_attempts",
    Column("subject", String(64), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("window_ends_at", UtcDateTime, nullable=False),
    Column("under_way", Integer, nullable=False, server_default="0"),
    Index("ix_login_attempts_window_ends_at", "window_ends_at"),
)
