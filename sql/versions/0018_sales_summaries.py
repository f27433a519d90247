"""The ledger of sales and its summaries by hour, day, month and over all; days that have to be counted again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_COUNTS = ("lines", "orders", "items", "units", "booked_orders", "booked_items")
_SUMS = ("gross_cents", "discount_cents", "returned_cents", "refund_cents", "cost_cents", "booked_cents")


def _figures() -> list[Any]:
    return [
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        *(sa.Column(name, _BIG, nullable=False) for name in _SUMS),
    ]


def upgrade() -> None:
    op.create_table(
        "due_days",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "day"),
        **_MYSQL,
    )
    op.create_table(
        "watermarks",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("seen_until", _TIME, nullable=True),
        sa.Column("looked_back_on", sa.Date(), nullable=True),
        sa.Column("as_of", _TIME, nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False, server_default="UTC"),
        sa.PrimaryKeyConstraint("subject"),
        **_MYSQL,
    )
    _create_ledger()
    _create_summaries()
    op.create_index("ix_users_changed", "users", ["updated_at"])
    op.create_index("ix_product_changes_newest", "product_changes", ["created_at"])


def _create_ledger() -> None:
    op.create_table(
        "sale_facts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("item_id", _BIG, nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", _BIG, nullable=False),
        sa.Column("customer_id", _BIG, nullable=True),
        sa.Column("product_id", _BIG, nullable=False),
        *(
            sa.Column(name, sa.String(length=255), nullable=False)
            for name in ("category", "brand", "department", "traffic_source", "country")
        ),
        sa.Column("distribution_center", _BIG, nullable=False),
        *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in ("cancelled", "returned", "booked")),
        *(
            sa.Column(name, _BIG, nullable=False)
            for name in ("sale_cents", "discount_cents", "refund_cents", "cost_cents")
        ),
        sa.PrimaryKeyConstraint("day", "item_id"),
        sa.Index("ix_sale_facts_customer", "customer_id", "day"),
        **_MYSQL,
    )


def _create_summaries() -> None:
    op.create_table(
        "sales_hours",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        *_figures(),
        sa.PrimaryKeyConstraint("day", "hour"),
        **_MYSQL,
    )
    op.create_table(
        "sales_days",
        sa.Column("dimension", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        *_figures(),
        sa.PrimaryKeyConstraint("dimension", "day", "value"),
        **_MYSQL,
    )
    op.create_table(
        "sales_months",
        sa.Column("dimension", sa.String(length=20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        *_figures(),
        sa.PrimaryKeyConstraint("dimension", "month", "value"),
        **_MYSQL,
    )
    op.create_table(
        "sales_totals",
        sa.Column("dimension", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        *_figures(),
        sa.PrimaryKeyConstraint("dimension", "value"),
        sa.Index("ix_sales_totals_booked", "dimension", "booked_cents"),
        **_MYSQL,
    )


def downgrade() -> None:
    op.drop_index("ix_product_changes_newest", "product_changes")
    op.drop_index("ix_users_changed", "users")
    summaries = ("sales_totals", "sales_months", "sales_days", "sales_hours", "sale_facts")
    for table in (*summaries, "watermarks", "due_days"):
        op.drop_table(table)
