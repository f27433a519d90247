"""Which request placed an order of staff, so that a retry does not place a second one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("request_key", sa.String(length=64), nullable=True))
    op.create_index("uq_orders_request_key", "orders", ["request_key"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_orders_request_key", "orders")
    op.drop_column("orders", "request_key")
