"""The tables of events."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# What happened, written in the transaction in which it did. `aggregate` names what it happened to, such as order:17;
# `payload` is JSON.
outbox_events = shop_table(
    "outbox_events",
    Column("id", BigId, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("aggregate", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_outbox_events_aggregate", "aggregate", "id"),
)
