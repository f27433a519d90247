"""What people do with products: visitors, events, and how many were sent lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


_INTEREST = "CASE WHEN kind = 'impression' THEN 0 ELSE 1 END"


def upgrade() -> None:
    op.create_table(
        "visitors",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["users.id"], name=op.f("fk_visitors_customer_id")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_visitors_public_id")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_visitors_customer_id"), "visitors", ["customer_id"])
    op.create_index(op.f("ix_visitors_last_seen_at"), "visitors", ["last_seen_at"])

    op.create_table(
        "behaviour_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_key", sa.String(length=32), nullable=False),
        sa.Column("visitor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("product_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("surface", sa.String(length=32), nullable=True),
        sa.Column("at", sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"), nullable=False),
        sa.Column("received_at", sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"), nullable=False),
        sa.Column("interest", sa.SmallInteger(), sa.Computed(_INTEREST, persisted=False), nullable=True),
        sa.CheckConstraint(
            "visitor_id IS NOT NULL OR customer_id IS NOT NULL", name=op.f("ck_behaviour_events_somebody")
        ),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitors.id"], name=op.f("fk_behaviour_events_visitor_id")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_key", name=op.f("uq_behaviour_events_event_key")),
        # Within the table: MySQL would make indexes of its own for the references otherwise.
        sa.Index("ix_behaviour_events_customer", "customer_id", "interest", "at", "id"),
        sa.Index("ix_behaviour_events_visitor", "visitor_id", "interest", "at", "id"),
        sa.Index("ix_behaviour_events_received", "received_at", "id"),
        sa.Index("ix_behaviour_events_request", "request_id", "kind", "id"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )

    op.create_table(
        "event_counts",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_event_counts_window_ends_at"), "event_counts", ["window_ends_at"])


def downgrade() -> None:
    for table in ("event_counts", "behaviour_events", "visitors"):
        op.drop_table(table)
