"""The tables of the test provider: what a company that takes money would keep on its own side.

Nothing of the shop refers to them, and they refer to nothing of the shop.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# state: as `provider.Outcome`. `details` is the JSON of the intent's metadata.
test_intents = shop_table(
    "test_intents",
    Column("id", BigId, primary_key=True),
    Column("reference", String(64), nullable=False, unique=True),
    Column("intent_key", String(255), nullable=False, unique=True),
    Column("amount_cents", BigId, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("description", String(1000), nullable=False),
    Column("details", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("method", String(255)),
    Column("decline_code", String(64)),
    Column("message", String(500)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("amount_cents > 0", name="amount"),
    Index("ix_test_intents_state", "state", "id"),
)

# One row each time that money is taken: nothing but the rules keeps a second one away, so that tests would see it.
test_charges = shop_table(
    "test_charges",
    Column("id", BigId, primary_key=True),
    Column("intent_id", ForeignKey("test_intents.id"), nullable=False, index=True),
    Column("amount_cents", BigId, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# state: succeeded, pending, declined.
test_refunds = shop_table(
    "test_refunds",
    Column("id", BigId, primary_key=True),
    Column("reference", String(64), nullable=False, unique=True),
    Column("intent_id", ForeignKey("test_intents.id"), nullable=False),
    Column("refund_key", String(255), nullable=False),
    Column("amount_cents", BigId, nullable=False),
    Column("state", String(16), nullable=False),
    Column("message", String(500)),
    Column("created_at", UtcDateTime, nullable=False),
    Index("uq_test_refunds_key", "intent_id", "refund_key", unique=True),
    Index("ix_test_refunds_state", "state", "id"),
)

# Notices that wait to be delivered; `deliveries` is how often each still is, `attempts` how often that failed.
test_notices = shop_table(
    "test_notices",
    Column("id", BigId, primary_key=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Index("ix_test_notices_due", "due_at", "id"),
)
