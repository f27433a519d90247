"""The product search: its rows, its words and their letters.

The rows of products that are there already are made behind the last migration (see `infra.migrate`).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

# SQLite: an index of the words beside the table, kept by triggers. Words are found, never phrases: no positions.
_ON_SQLITE = (
    "CREATE VIRTUAL TABLE product_search_full_text USING fts5(words, content='product_search', "
    "content_rowid='product_id', tokenize=\"ascii tokenchars '_'\", detail=none, columnsize=0)",
    "CREATE TRIGGER product_search_added AFTER INSERT ON product_search BEGIN "
    "INSERT INTO product_search_full_text (rowid, words) VALUES (new.product_id, new.words); END",
    "CREATE TRIGGER product_search_removed AFTER DELETE ON product_search BEGIN "
    "INSERT INTO product_search_full_text (product_search_full_text, rowid, words) "
    "VALUES ('delete', old.product_id, old.words); END",
    "CREATE TRIGGER product_search_changed AFTER UPDATE OF words ON product_search BEGIN "
    "INSERT INTO product_search_full_text (product_search_full_text, rowid, words) "
    "VALUES ('delete', old.product_id, old.words); "
    "INSERT INTO product_search_full_text (rowid, words) VALUES (new.product_id, new.words); END",
)


def upgrade() -> None:
    op.create_table(
        "product_search",
        sa.Column("product_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("facets", sa.Text(), nullable=False),
        sa.Column("category_key", sa.String(length=255), nullable=False),
        sa.Column("brand_key", sa.String(length=255), nullable=True),
        sa.Column("department_key", sa.String(length=255), nullable=True),
        sa.Column("name_sort", sa.String(length=70), nullable=False),
        sa.Column("price_cents", _BIG, nullable=False),
        sa.Column("created_us", _BIG, nullable=False),
        sa.Column("place", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("product_id"),
        **_MYSQL,
    )
    for name, columns in (
        ("place", ["place", "product_id"]),
        ("price", ["price_cents", "product_id"]),
        ("created", ["created_us", "product_id"]),
        ("name", ["name_sort", "product_id"]),
        ("category", ["category_key", "place", "product_id"]),
        ("brand", ["brand_key", "place", "product_id"]),
    ):
        op.create_index(f"ix_product_search_{name}", "product_search", columns, unique=False)
    op.create_table(
        "search_words",
        sa.Column("word", sa.String(length=32), nullable=False),
        sa.Column("in_products", sa.Integer(), nullable=False),
        sa.Column("in_names", sa.Integer(), nullable=False),
        sa.Column("in_brands", sa.Integer(), nullable=False),
        sa.Column("in_categories", sa.Integer(), nullable=False),
        sa.Column("in_departments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word"),
        **_MYSQL,
    )
    op.create_table(
        "search_grams",
        sa.Column("gram", sa.String(length=3), nullable=False),
        sa.Column("word", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("gram", "word"),
        **_MYSQL,
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in _ON_SQLITE:
            op.execute(statement)
    else:
        op.create_index(
            "ix_product_search_words_full_text", "product_search", ["words"], unique=False, mysql_prefix="FULLTEXT"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE product_search_full_text")
    op.drop_table("search_grams")
    op.drop_table("search_words")
    op.drop_table("product_search")
