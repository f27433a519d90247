"""What jobs do: how each stands, its runs; leases for all of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    # Nobody holds one while migrations run, or takes it again afterwards.
    op.drop_table("recommendation_leases")
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.Column("held_until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        **_MYSQL,
    )
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("succeeded_at", _TIME, nullable=True),
        sa.Column("failed_in_a_row", sa.Integer(), nullable=False),
        sa.Column("left_to_do", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(length=150), nullable=True),
        sa.Column("asked_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("name"),
        **_MYSQL,
    )
    op.create_table(
        "job_runs",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.String(length=150), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("elapsed_ms", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(length=1000), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_job_runs_job", "job", "id"),
        sa.Index("ix_job_runs_started", "started_at", "id"),
        **_MYSQL,
    )


def downgrade() -> None:
    for table in ("job_runs", "jobs", "leases"):
        op.drop_table(table)
    op.create_table(
        "recommendation_leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.Column("held_until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        **_MYSQL,
    )
