"""The tables of the help desk: hand-offs from the assistant to a person and back, notes and reviews of staff."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# Each time that a person was asked for or took over.
conversation_handoffs = shop_table(
    "conversation_handoffs",
    Column("id", BigId, primary_key=True),
    Column("session_id", ForeignKey("conversation_sessions.id", ondelete="CASCADE"), nullable=False),
    # Who asked for it: "customer", "assistant" or "staff".
    Column("requested_by", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("assignee_id", ForeignKey("accounts.id")),
    Column("taken_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Index("ix_conversation_handoffs_session", "session_id", "id"),
    Index("ix_conversation_handoffs_requested", "requested_at", "id"),
    Index("ix_conversation_handoffs_assignee", "assignee_id", "id"),
)

# Internal: the customer never sees them, and they are no part of what is given out of a conversation.
conversation_notes = shop_table(
    "conversation_notes",
    Column("id", BigId, primary_key=True),
    Column("session_id", ForeignKey("conversation_sessions.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("content", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_conversation_notes_session", "session_id", "id"),
)

# What staff has looked at of what went wrong: an answer by its number, or the whole conversation as number 0.
conversation_reviews = shop_table(
    "conversation_reviews",
    Column("session_id", ForeignKey("conversation_sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence_number", Integer, primary_key=True, autoincrement=False),
    Column("reviewed_by", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("reviewed_at", UtcDateTime, nullable=False),
)
