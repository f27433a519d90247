"""How people come to buy, what comes back, and how long stock lasts: figures by day and by product."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

_INDEXES = (
    ("ix_checkouts_created", "checkouts", "created_at"),
    ("ix_order_items_returned", "order_items", "returned_at"),
    ("ix_order_returns_created", "order_returns", "created_at"),
    ("ix_order_returns_closed", "order_returns", "closed_at"),
)
_TABLES = (
    "funnel_days",
    "funnel_carts",
    "return_days",
    "return_products",
    "return_categories",
    "return_orders",
    "stock_cover",
    "stock_cover_centers",
    "stock_totals",
    "stock_pass",
)


def _key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def _numbers(*names: str) -> list[sa.Column[int]]:
    """Return columns of counts; sums of money and of seconds may be large."""
    return [
        sa.Column(name, _BIG if name.endswith(("_cents", "_s")) else sa.Integer(), nullable=False) for name in names
    ]


def upgrade() -> None:
    _create_funnel()
    _create_returns()
    _create_stock()
    for name, table, column in _INDEXES:
        op.create_index(name, table, [column])


def _create_funnel() -> None:
    op.create_table(
        "funnel_days",
        _key("day", sa.Date()),
        _key("segment", sa.String(length=16)),
        _key("name", sa.String(length=64)),
        *_numbers("viewed", "carted", "checked_out", "ordered", "orders"),
        sa.PrimaryKeyConstraint("day", "segment", "name"),
        **_MYSQL,
    )
    op.create_table(
        "funnel_carts",
        _key("day", sa.Date()),
        _key("cart_id", _BIG),
        sa.Column("customer_id", _BIG, nullable=True),
        sa.PrimaryKeyConstraint("day", "cart_id"),
        sa.Index("ix_funnel_carts_customer_id", "customer_id"),
        **_MYSQL,
    )


def _create_returns() -> None:
    op.create_table(
        "return_days",
        _key("day", sa.Date()),
        _key("reason", sa.String(length=32)),
        *_numbers("requested", "received", "refused", "items", "value_cents", "waited_s", "timed"),
        sa.PrimaryKeyConstraint("day", "reason"),
        **_MYSQL,
    )
    for table, column in (
        ("return_products", _key("product_id", _BIG)),
        ("return_categories", _key("category", sa.String(length=255))),
    ):
        op.create_table(
            table,
            _key("day", sa.Date()),
            column,
            *_numbers("items", "value_cents"),
            sa.PrimaryKeyConstraint("day", column.name),
            **_MYSQL,
        )
    op.create_table(
        "return_orders",
        _key("day", sa.Date()),
        *_numbers("orders", "returned"),
        sa.PrimaryKeyConstraint("day"),
        **_MYSQL,
    )


def _create_stock() -> None:
    op.create_table(
        "stock_cover",
        _key("product_id", _BIG),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("category", sa.String(length=255), nullable=False),
        sa.Column("category_key", sa.String(length=255), nullable=False),
        *_numbers("free", "cost_cents", "price_cents", "sold", "sold_before", "cover_tenths"),
        sa.Column("oldest_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("product_id"),
        sa.Index("ix_stock_cover_category_key", "category_key"),
        sa.Index("ix_stock_cover_cover", "cover_tenths", "product_id"),
        sa.Index("ix_stock_cover_value", "cost_cents", "product_id"),
        sa.Index("ix_stock_cover_sold", "sold", "product_id"),
        sa.Index("ix_stock_cover_state_cover", "state", "cover_tenths", "product_id"),
        sa.Index("ix_stock_cover_state_value", "state", "cost_cents", "product_id"),
        sa.Index("ix_stock_cover_state_sold", "state", "sold", "product_id"),
        **_MYSQL,
    )
    op.create_table(
        "stock_cover_centers",
        _key("product_id", _BIG),
        _key("distribution_center_id", _BIG),
        *_numbers("free", "cost_cents", "price_cents"),
        sa.PrimaryKeyConstraint("product_id", "distribution_center_id"),
        sa.Index("ix_stock_cover_centers_distribution_center_id", "distribution_center_id"),
        **_MYSQL,
    )
    op.create_table(
        "stock_totals",
        _key("kind", sa.String(length=16)),
        _key("name", sa.String(length=255)),
        sa.Column("products", sa.Integer(), nullable=False),
        sa.Column("units", _BIG, nullable=False),
        *_numbers("cost_cents", "price_cents"),
        sa.PrimaryKeyConstraint("kind", "name"),
        **_MYSQL,
    )
    op.create_table(
        "stock_pass",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("after_id", _BIG, nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("as_of", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        **_MYSQL,
    )


def downgrade() -> None:
    for name, table, _ in reversed(_INDEXES):
        op.drop_index(name, table)
    for table in _TABLES:
        op.drop_table(table)
