"""What recommendations bring about: figures by day, and experiments."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_MYSQL: dict[str, Any] = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def upgrade() -> None:
    op.create_table(
        "recommendation_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("variant", sa.String(length=32), nullable=False),
        sa.Column("surface", sa.String(length=32), nullable=False),
        sa.Column("impressions", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("revenue_cents", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("day", "version", "variant", "surface"),
        **_MYSQL,
    )
    op.create_table(
        "recommendation_due_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
        **_MYSQL,
    )
    op.create_table(
        "recommendation_measuring",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seen_until", _TIME, nullable=True),
        sa.Column("looked_back_on", sa.Date(), nullable=True),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.String(length=1000), nullable=True),
        sa.Column("as_of", _TIME, nullable=True),
        sa.Column("alarm", sa.Text(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        **_MYSQL,
    )
    op.create_table(
        "recommendation_experiments",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("running", sa.SmallInteger(), nullable=True),
        sa.Column("arms", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("planned_people", sa.Integer(), nullable=True),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("stopped_at", _TIME, nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("results", sa.Text(), nullable=True),
        sa.Column("closed_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name=op.f("uq_recommendation_experiments_name")),
        sa.UniqueConstraint("running", name=op.f("uq_recommendation_experiments_running")),
        **_MYSQL,
    )
    op.create_table(
        "experiment_exposures",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("experiment_id", _BIG, nullable=False),
        sa.Column("customer_id", _BIG, nullable=True),
        sa.Column("visitor_id", _BIG, nullable=True),
        sa.Column("arm", sa.String(length=12), nullable=False),
        sa.Column("first_at", _TIME, nullable=False),
        sa.CheckConstraint(
            "(customer_id IS NULL) <> (visitor_id IS NULL)", name=op.f("ck_experiment_exposures_one_person")
        ),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["recommendation_experiments.id"], name=op.f("fk_experiment_exposures_experiment_id")
        ),
        sa.ForeignKeyConstraint(
            ["visitor_id"], ["visitors.id"], name=op.f("fk_experiment_exposures_visitor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id"),
        # Within the table: MySQL would make indexes of its own for the references otherwise.
        sa.Index("ix_experiment_exposures_customer_id", "customer_id"),
        sa.Index("ix_experiment_exposures_visitor_id", "visitor_id"),
        sa.Index("uq_experiment_exposures_customer", "experiment_id", "customer_id", unique=True),
        sa.Index("uq_experiment_exposures_visitor", "experiment_id", "visitor_id", unique=True),
        **_MYSQL,
    )
    op.create_index("ix_orders_changed", "orders", ["updated_at", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_orders_changed", table_name="orders")
    for table in (
        "experiment_exposures",
        "recommendation_experiments",
        "recommendation_measuring",
        "recommendation_due_days",
        "recommendation_days",
    ):
        op.drop_table(table)
