"""Cohorts: what customers did, by the month of their first order and by month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "customer_cohorts",
        sa.Column("cohort", sa.Date(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("net_cents", _BIG, nullable=False),
        sa.Column("cost_cents", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("cohort", "month"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )
    # Forgotten, so that all is counted anew: cohorts are kept by differences.
    op.execute("DELETE FROM customer_days")
    op.execute("DELETE FROM customer_counts")
    op.execute("DELETE FROM customer_gaps")
    op.execute("DELETE FROM watermarks WHERE subject = 'sales'")


def downgrade() -> None:
    op.drop_table("customer_cohorts")
