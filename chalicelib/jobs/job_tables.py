"""The tables of jobs: how each stands, and the runs that did something or failed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String

from chalicelib.core.database import BigId, UtcDateTime, shop_table

# One row of each job that ever ran. `asked_by`: somebody wants it run now; `left_to_do` is what the last run left.
jobs = shop_table(
    "jobs",
    Column("name", String(64), primary_key=True),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("succeeded_at", UtcDateTime),
    Column("failed_in_a_row", Integer, nullable=False),
    Column("left_to_do", BigInteger, nullable=False),
    Column("asked_by", String(150)),
    Column("asked_at", UtcDateTime),
)

# `outcome` is done, more (there is more to do) or failed.
job_runs = shop_table(
    "job_runs",
    Column("id", BigId, primary_key=True),
    Column("job", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("requested_by", String(150), nullable=False),
    Column("holder", String(100), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("rows", BigInteger, nullable=False),
    Column("elapsed_ms", BigInteger),
    Column("error", String(1000)),
    Index("ix_job_runs_job", "job", "id"),
    Index("ix_job_runs_started", "started_at", "id"),
)
