"""Forecasts of sales and of the demand for products, and what should be ordered again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
_BOUNDS = ("low_80", "high_80", "low_95", "high_95")
_ERRORS = ("mae", "wape", "mase", "bias")
_COVERAGES = ("coverage_80", "coverage_95", "total_coverage_80", "total_coverage_95")


def _amounts(*names: str, nullable: bool = True) -> list[Any]:
    return [sa.Column(name, sa.Double(), nullable=nullable) for name in names]


def _subject() -> list[Any]:
    return [
        sa.Column("dimension", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("horizon", sa.Integer(), autoincrement=False, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "forecast_sets",
        sa.Column("dimension", sa.String(length=20), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("as_of", _TIME, nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("cover_days", sa.Integer(), nullable=False),
        sa.Column("sold_items", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("dimension"),
        **_MYSQL,
    )
    op.create_table(
        "forecast_models",
        *_subject(),
        sa.Column("model", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("beats_baseline", sa.SmallInteger(), nullable=False),
        sa.Column("judged_days", sa.Integer(), nullable=False),
        sa.Column("origins", sa.Integer(), nullable=False),
        *_amounts(*_ERRORS, *(f"base_{name}" for name in _ERRORS), *_COVERAGES),
        *_amounts("total", *(f"total_{name}" for name in _BOUNDS), "lead_expected"),
        sa.PrimaryKeyConstraint("dimension", "value", "what", "horizon"),
        **_MYSQL,
    )
    op.create_table(
        "sales_forecasts",
        *_subject(),
        sa.Column("day", sa.Date(), nullable=False),
        *_amounts("expected", nullable=False),
        *_amounts(*_BOUNDS),
        sa.PrimaryKeyConstraint("dimension", "value", "what", "horizon", "day"),
        **_MYSQL,
    )
    _create_reorders()


def _create_reorders() -> None:
    op.create_table(
        "reorder_suggestions",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_id", _BIG, nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("urgency", sa.String(length=20), nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("low_stock_level", sa.Integer(), nullable=False),
        sa.Column("suggested", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        *_amounts("daily", "lead_demand", "period_demand", "safety", nullable=False),
        *_amounts("reorder_point", "order_up_to", "short", nullable=False),
        *_amounts("days_of_cover"),
        sa.PrimaryKeyConstraint("position"),
        sa.Index("ix_reorder_suggestions_urgency", "urgency", "position"),
        **_MYSQL,
    )
    op.create_table(
        "reorder_runs",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("cover_days", sa.Integer(), nullable=False),
        sa.Column("suggestions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **_MYSQL,
    )


def downgrade() -> None:
    tables = ("reorder_runs", "reorder_suggestions", "sales_forecasts", "forecast_models", "forecast_sets")
    for table in tables:
        op.drop_table(table)
