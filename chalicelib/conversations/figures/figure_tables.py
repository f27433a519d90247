"""The tables of the figures of conversations: numbers by day, no text of anybody."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String

from chalicelib.core.database import BigId, shop_table

_COUNTS = (
    "conversations", "people", "messages", "questions", "answered", "asked_back", "refused", "unanswered", "failed",
    "resolved", "handoffs", "taken_over", "waited", "ratings", "rating_sum", "helpful", "not_helpful", "converted",
    "orders",
)  # fmt: skip
_SUMS = ("wait_s", "response_ms", "revenue_cents", "tokens", "cost_micros")

# By day (UTC) on which the conversation began, the message was written, the hand-off was asked for, or the order was
# placed.
conversation_days = shop_table(
    "conversation_days",
    Column("day", Date, primary_key=True),
    *(Column(name, Integer, nullable=False) for name in _COUNTS),
    *(Column(name, BigId, nullable=False) for name in _SUMS),
)

conversation_day_intents = shop_table(
    "conversation_day_intents",
    Column("day", Date, primary_key=True),
    Column("intent", String(32), primary_key=True),
    Column("questions", Integer, nullable=False),
    Column("unanswered", Integer, nullable=False),
)
