"""Customers by day, and the pairs of days in a row from which the customers of any days are counted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    op.create_table(
        "customer_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("customer_id", _BIG, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("orders", "items", "units")),
        *(
            sa.Column(name, _BIG, nullable=False)
            for name in ("gross_cents", "returned_cents", "net_cents", "cost_cents")
        ),
        sa.PrimaryKeyConstraint("day", "customer_id"),
        sa.Index("ix_customer_days_customer", "customer_id", "day"),
        **_MYSQL,
    )
    op.create_table(
        "customer_counts",
        sa.Column("day", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("customers", "week_firsts", "month_firsts", "new_customers")
        ),
        sa.PrimaryKeyConstraint("day"),
        **_MYSQL,
    )
    op.create_table(
        "customer_gaps",
        sa.Column("level", sa.String(length=2), nullable=False),
        sa.Column("later", sa.Date(), nullable=False),
        sa.Column("earlier", sa.Date(), nullable=False),
        sa.Column("pairs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("level", "later", "earlier"),
        **_MYSQL,
    )
    op.create_table(
        "touched_customers",
        sa.Column("customer_id", _BIG, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("customer_id"),
        **_MYSQL,
    )
    op.create_table(
        "customer_moves",
        sa.Column("side", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("later", sa.Date(), nullable=False),
        sa.Column("earlier", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("later_week", "later_month", "earlier_month")),
        sa.Column("pairs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("side", "later", "earlier"),
        **_MYSQL,
    )
    # What was summed up before has no customers: all is counted anew.
    op.execute("DELETE FROM watermarks WHERE subject = 'sales'")


def downgrade() -> None:
    for table in ("customer_moves", "touched_customers", "customer_gaps", "customer_counts", "customer_days"):
        op.drop_table(table)
