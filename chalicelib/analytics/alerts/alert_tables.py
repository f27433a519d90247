"""The table of alerts: one a figure, subject and day; of stock, the day on which an episode began."""

from __future__ import annotations

from sqlalchemy import Column, Date, Double, Index, String, Text, UniqueConstraint

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# Values are in the unit of the figure: cents, a count, a share from 0 to 1, free units. Estimates, so real numbers.
alerts = shop_table(
    "alerts",
    Column("id", BigId, primary_key=True),
    Column("figure", String(20), nullable=False),
    # "shop", "category", "product", and which: "", the folded category, the id.
    Column("dimension", String(20), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("day", Date, nullable=False),
    Column("direction", String(10), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("state", String(20), nullable=False),
    Column("value", Double, nullable=False),
    Column("expected", Double, nullable=False),
    Column("low", Double),
    Column("high", Double),
    Column("found_at", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("acknowledged_at", UtcDateTime),
    # The account of the person; kept as a number when that is gone.
    Column("acknowledged_by", BigId),
    Column("note", Text),
    UniqueConstraint("figure", "dimension", "subject", "day", name="uq_alerts_subject_day"),
    Index("ix_alerts_found", "found_at", "id"),
    Index("ix_alerts_state", "state", "found_at", "id"),
)
