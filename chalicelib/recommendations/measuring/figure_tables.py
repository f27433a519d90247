"""The tables of what recommendations brought about, day by day, and of the alarm."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String, Text

from chalicelib.core.database import BigId, shop_table

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

# One row, the alarm: what falls, as JSON; null while nothing does. Told of at most once a day.
recommendation_measuring = shop_table(
    "recommendation_measuring",
    Column("id", Integer, primary_key=True),
    Column("alarm", Text),
    Column("told_on", Date),
)
