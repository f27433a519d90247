"""The queue of mails."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# `content` (JSON) is there only while the mail waits: it may hold a link that signs somebody in.
mails = shop_table(
    "mails",
    Column("id", BigId, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("recipient", String(254), nullable=False, index=True),
    Column("content", Text),
    # waiting, sent, given_up
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    # When it may be tried; whoever tries moves it on first, so that nobody else does meanwhile.
    Column("next_try_at", UtcDateTime, nullable=False),
    # Nobody wants it any more.
    Column("expires_at", UtcDateTime, nullable=False),
    Column("error", String(500)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Index("ix_mails_due", "state", "next_try_at"),
)
