"""Entries of the ledger are found by what they were made for."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_stock_movements_reference", "stock_movements", ["reference", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_stock_movements_reference", table_name="stock_movements")
