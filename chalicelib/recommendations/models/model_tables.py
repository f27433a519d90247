"""The table of models: each build with how far it is."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Text

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# `state` is queued, running, spark (a job elsewhere works on it), done, failed or rejected. `progress` is in percent.
# `learned_from` tells apart what was read: a build that reads the same again has nothing to learn. `version` is set
# before the pointer moves to it. `metrics` is JSON: the figures in short.
recommendation_builds = shop_table(
    "recommendation_builds",
    Column("id", BigId, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("requested_by", String(150), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    # Of the last progress.
    Column("updated_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("step", String(100)),
    Column("progress", Integer, nullable=False),
    Column("rows_read", BigInteger, nullable=False),
    Column("learned_from", String(200)),
    Column("version", String(40)),
    Column("message", String(1000)),
    Column("metrics", Text),
    Index("ix_recommendation_builds_state", "state", "id"),
)
