"""From where a guest began a checkout, so that what guests of one place hold is bounded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("checkouts", sa.Column("client_key", sa.String(64), nullable=True))
    op.create_index("ix_checkouts_client", "checkouts", ["client_key", "state"])


def downgrade() -> None:
    op.drop_index("ix_checkouts_client", table_name="checkouts")
    with op.batch_alter_table("checkouts") as batch:
        batch.drop_column("client_key")
