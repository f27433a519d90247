"""The tables of signals: visitors, what they did, and how much of it was sent lately."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Computed, ForeignKey, Index, Integer, SmallInteger, String

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# A browser or an app. `public_id` is its own secret, by which it is known; `customer_id` who first signed in there.
visitors = shop_table(
    "visitors",
    Column("id", BigId, primary_key=True),
    Column("public_id", String(64), nullable=False, unique=True),
    Column("customer_id", ForeignKey("users.id"), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False, index=True),
)

# What somebody did with a product. kind: view, cart, click or impression. `event_key` is a hash of the person and of
# the id that the sender gave: what is sent twice is kept once. `customer_id` is null while nobody has signed in at
# the visitor, `visitor_id` where none was sent. Customer and product are named without a reference, which would lock
# their rows for each view, against the order in which customers and visitors are locked; neither is ever deleted.
behaviour_events = shop_table(
    "behaviour_events",
    Column("id", BigId, primary_key=True),
    Column("event_key", String(32), nullable=False, unique=True),
    Column("visitor_id", ForeignKey("visitors.id")),
    Column("customer_id", BigId),
    Column("kind", String(16), nullable=False),
    Column("product_id", BigId, nullable=False),
    # Of the recommendation that was shown or clicked: its id, the place in it, and where it stood.
    Column("request_id", String(64)),
    Column("position", Integer),
    Column("surface", String(32)),
    Column("at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    # 0 for what was merely shown: most rows, and no sign of interest. It keeps them out of the way of the others.
    Column("interest", SmallInteger, Computed("CASE WHEN kind = 'impression' THEN 0 ELSE 1 END", persisted=False)),
    CheckConstraint("visitor_id IS NOT NULL OR customer_id IS NOT NULL", name="somebody"),
    Index("ix_behaviour_events_customer", "customer_id", "interest", "at", "id"),
    Index("ix_behaviour_events_visitor", "visitor_id", "interest", "at", "id"),
    Index("ix_behaviour_events_received", "received_at", "id"),
    Index("ix_behaviour_events_request", "request_id", "kind", "id"),
)

# How many events a subject (the hash of a person or of an address) sent within a window.
event_counts = shop_table(
    "event_counts",
    Column("subject", String(64), primary_key=True),
    Column("events", Integer, nullable=False),
    Column("window_ends_at", UtcDateTime, nullable=False, index=True),
)
