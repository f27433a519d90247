"""The tables of events: what happened, who wants to know, and what each was told."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Text, UniqueConstraint

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# What happened, written in the transaction in which it did. `aggregate` names what it happened to, such as order:17;
# `payload` is JSON; `uid` is the id that the world sees: row ids may come again on SQLite. `dispatched_at` is when
# its deliveries were written down.
outbox_events = shop_table(
    "outbox_events",
    Column("id", BigId, primary_key=True),
    Column("uid", String(40), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("aggregate", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("dispatched_at", UtcDateTime),
    UniqueConstraint("uid"),
    Index("ix_outbox_events_dispatched_at", "dispatched_at", "id"),
    Index("ix_outbox_events_created_at", "created_at", "id"),
    Index("ix_outbox_events_kind", "kind", "created_at", "id"),
    Index("ix_outbox_events_aggregate", "aggregate", "created_at", "id"),
)

# Who is told over HTTPS. `kinds` is a JSON list of patterns. `version` counts what people change, and pauses;
# `failures` in a row, `failing_since` and `rest_until` are the dispatcher's own notes.
webhooks = shop_table(
    "webhooks",
    Column("id", BigId, primary_key=True),
    Column("url", String(1000), nullable=False),
    Column("description", String(500), nullable=False),
    Column("kinds", Text, nullable=False),
    Column("active", Boolean(create_constraint=False), nullable=False),
    Column("paused_reason", String(1000)),
    Column("secret", String(100), nullable=False),
    Column("previous_secret", String(100)),
    Column("previous_secret_until", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("rest_until", UtcDateTime),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # From then on nobody sees it; `purge_events` takes its deliveries away, and at last the row.
    Column("deleted_at", UtcDateTime),
)

# One event for one target: `webhook:7`, `sns` or `bus`. `state` is waiting, delivered or dead. The earliest waiting
# one of an aggregate goes first, the others wait for it.
event_deliveries = shop_table(
    "event_deliveries",
    Column("id", BigId, primary_key=True),
    Column("event_id", ForeignKey("outbox_events.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("target", String(32), nullable=False),
    Column("aggregate", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("last_attempt_at", UtcDateTime),
    Column("last_status", Integer),
    Column("last_error", String(500)),
    Column("last_response", String(500)),
    Column("duration_ms", Integer),
    Column("delivered_at", UtcDateTime),
    # Who sends it, and until when nobody else may.
    Column("lease_holder", String(40)),
    Column("lease_until", UtcDateTime),
    UniqueConstraint("target", "event_id"),
    Index("ix_event_deliveries_target_aggregate", "target", "aggregate", "state", "event_id"),
    Index("ix_event_deliveries_target_state", "target", "state", "due_at"),
    Index("ix_event_deliveries_state", "state", "id"),
)
