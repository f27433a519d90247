"""The tables of what recommendations brought about, day by day, and of the job that counts it."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# What a model version in a variant brought about on a day (UTC) at a surface ("": none was told). Impressions, clicks
# and people stand on the day on which they were; orders, items and revenue on the day of the order.
recommendation_days = shop_table(
    "recommendation_days",
    Column("day", Date, primary_key=True),
    Column("version", String(40), primary_key=True),
    Column("variant", String(32), primary_key=True),
    Column("surface", String(32), primary_key=True),
    Column("impressions", Integer, nullable=False),
    Column("clicks", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("orders", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    Column("revenue_cents", BigId, nullable=False),
)

# Days whose figures have to be counted (anew).
recommendation_due_days = shop_table(
    "recommendation_due_days",
    Column("day", Date, primary_key=True),
)

# The job itself, one row: how far it has looked for changes, how the last run went, and the alarm.
recommendation_measuring = shop_table(
    "recommendation_measuring",
    Column("id", Integer, primary_key=True),
    Column("seen_until", UtcDateTime),
    # When the latest days were last counted anew whatever changed.
    Column("looked_back_on", Date),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("days", Integer, nullable=False, server_default="0"),
    Column("error", String(1000)),
    # Since when all due days have been counted: the figures are of this moment.
    Column("as_of", UtcDateTime),
    # What falls, as JSON; null while nothing does. Told of at most once a day.
    Column("alarm", Text),
    Column("told_on", Date),
)
