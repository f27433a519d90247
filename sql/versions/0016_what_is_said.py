"""What is said: conversations, messages, reactions, templates; the assistant's and the help desk's books; figures."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
_LONG = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_ASCII = sa.Text().with_variant(mysql.TEXT(charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

# SQLite: an index of the words beside the table, kept by triggers; see the product search.
_ON_SQLITE = (
    "CREATE VIRTUAL TABLE conversation_messages_full_text USING fts5(words, content='conversation_messages', "
    "content_rowid='id', tokenize=\"ascii tokenchars '_'\", detail=none, columnsize=0)",
    "CREATE TRIGGER conversation_messages_added AFTER INSERT ON conversation_messages BEGIN "
    "INSERT INTO conversation_messages_full_text (rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER conversation_messages_removed AFTER DELETE ON conversation_messages BEGIN "
    "INSERT INTO conversation_messages_full_text (conversation_messages_full_text, rowid, words) "
    "VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER conversation_messages_changed AFTER UPDATE OF words ON conversation_messages BEGIN "
    "INSERT INTO conversation_messages_full_text (conversation_messages_full_text, rowid, words) "
    "VALUES ('delete', old.id, old.words); "
    "INSERT INTO conversation_messages_full_text (rowid, words) VALUES (new.id, new.words); END",
)


# What kept answers are about, so that they can be forgotten with it.
_OF_ANSWERS: dict[str, Any] = {"account_id": _BIG, "operation": sa.String(255), "subject": sa.String(64)}


def upgrade() -> None:
    op.create_table(
        "assistant_usage",
        sa.Column("account_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("tokens", _BIG, nullable=False),
        sa.Column("cost_micros", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "day"),
        sa.Index("ix_assistant_usage_day", "day"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_day_intents",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("intent", sa.String(length=32), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "intent"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("asked_back", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("resolved", sa.Integer(), nullable=False),
        sa.Column("handoffs", sa.Integer(), nullable=False),
        sa.Column("taken_over", sa.Integer(), nullable=False),
        sa.Column("waited", sa.Integer(), nullable=False),
        sa.Column("ratings", sa.Integer(), nullable=False),
        sa.Column("rating_sum", sa.Integer(), nullable=False),
        sa.Column("helpful", sa.Integer(), nullable=False),
        sa.Column("not_helpful", sa.Integer(), nullable=False),
        sa.Column("converted", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("wait_s", _BIG, nullable=False),
        sa.Column("response_ms", _BIG, nullable=False),
        sa.Column("revenue_cents", _BIG, nullable=False),
        sa.Column("tokens", _BIG, nullable=False),
        sa.Column("cost_micros", _BIG, nullable=False),
        sa.PrimaryKeyConstraint("day"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_due_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_job",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_until", _TIME, nullable=True),
        sa.Column("looked_back_on", sa.Date(), nullable=True),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("as_of", _TIME, nullable=True),
        sa.Column("error", sa.String(length=1000), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_profiles",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("account_id", _BIG, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("preferences", sa.Text(), nullable=False),
        sa.Column("total_conversations", sa.Integer(), nullable=False),
        sa.Column("total_messages", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_conversation_profiles_account_id")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", name=op.f("uq_conversation_profiles_account_id")),
        **_MYSQL,
    )
    op.create_table(
        "conversation_sessions",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("account_id", _BIG, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("ai_model_version", sa.String(length=100), nullable=True),
        sa.Column("session_context", _LONG, nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("last_activity_at", _TIME, nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("user_message_count", sa.Integer(), nullable=False),
        sa.Column("ai_message_count", sa.Integer(), nullable=False),
        sa.Column("system_message_count", sa.Integer(), nullable=False),
        sa.Column("failed_message_count", sa.Integer(), nullable=False),
        sa.Column("user_words", sa.Integer(), nullable=False),
        sa.Column("ai_words", sa.Integer(), nullable=False),
        sa.Column("user_characters", sa.Integer(), nullable=False),
        sa.Column("ai_characters", sa.Integer(), nullable=False),
        sa.Column("first_message_at", _TIME, nullable=True),
        sa.Column("last_message_at", _TIME, nullable=True),
        sa.Column("last_message_type", sa.String(length=8), nullable=True),
        sa.Column("user_responses", sa.Integer(), nullable=False),
        sa.Column("user_response_ms", _BIG, nullable=False),
        sa.Column("ai_responses", sa.Integer(), nullable=False),
        sa.Column("ai_response_ms", _BIG, nullable=False),
        sa.Column("confidences", sa.Integer(), nullable=False),
        sa.Column("confidence_ppm", _BIG, nullable=False),
        sa.Column("tokens_used", _BIG, nullable=False),
        sa.Column("session_rating", sa.SmallInteger(), nullable=True),
        sa.Column("user_satisfaction", sa.String(length=32), nullable=True),
        sa.Column("rated_at", _TIME, nullable=True),
        sa.Column("assistant_state", _LONG, nullable=True),
        sa.Column("answering", sa.String(length=150), nullable=True),
        sa.Column("answering_until", _TIME, nullable=True),
        sa.Column("handoff", sa.String(length=16), nullable=True),
        sa.Column("handoff_at", _TIME, nullable=True),
        sa.Column("assignee_id", _BIG, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_conversation_sessions_account_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["accounts.id"], name="fk_conversation_sessions_assignee"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_conversation_sessions_public_id")),
        sa.Index("ix_conversation_sessions_active", "last_activity_at", "id"),
        sa.Index("ix_conversation_sessions_assignee", "assignee_id", "handoff_at", "id"),
        sa.Index("ix_conversation_sessions_created", "created_at", "id"),
        sa.Index("ix_conversation_sessions_handoff", "handoff", "handoff_at", "id"),
        sa.Index("ix_conversation_sessions_idle", "status", "last_activity_at", "id"),
        sa.Index("ix_conversation_sessions_own", "account_id", "last_activity_at", "id"),
        sa.Index("ix_conversation_sessions_rated", "session_rating", "rated_at", "id"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_templates",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=255), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("template_data", _LONG, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("created_by", _BIG, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_conversation_templates_created_by")),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name_key", name=op.f("uq_conversation_templates_name_key")),
        sa.Index("ix_conversation_templates_category", "category", "id"),
        sa.Index("ix_conversation_templates_created_by", "created_by"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_handoffs",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("session_id", _BIG, nullable=False),
        sa.Column("requested_by", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("requested_at", _TIME, nullable=False),
        sa.Column("assignee_id", _BIG, nullable=True),
        sa.Column("taken_at", _TIME, nullable=True),
        sa.Column("closed_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["accounts.id"], name=op.f("fk_conversation_handoffs_assignee_id")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["conversation_sessions.id"],
            name=op.f("fk_conversation_handoffs_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_conversation_handoffs_assignee", "assignee_id", "id"),
        sa.Index("ix_conversation_handoffs_requested", "requested_at", "id"),
        sa.Index("ix_conversation_handoffs_session", "session_id", "id"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_reviews",
        sa.Column("session_id", _BIG, nullable=False),
        sa.Column("sequence_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reviewed_by", _BIG, nullable=False),
        sa.Column("reviewed_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["reviewed_by"], ["accounts.id"], name=op.f("fk_conversation_reviews_reviewed_by")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["conversation_sessions.id"],
            name=op.f("fk_conversation_reviews_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "sequence_number"),
        sa.Index("ix_conversation_reviews_reviewed_by", "reviewed_by"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_messages",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("session_id", _BIG, nullable=False),
        sa.Column("account_id", _BIG, nullable=False),
        sa.Column("sequence_number", sa.Integer(), nullable=False),
        sa.Column("message_type", sa.String(length=8), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("author_id", _BIG, nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("words", _ASCII, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("timestamp", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("ai_model", sa.String(length=100), nullable=True),
        sa.Column("response_time_ms", sa.Integer(), nullable=True),
        sa.Column("tokens_used", sa.Integer(), nullable=True),
        sa.Column("confidence_ppm", sa.Integer(), nullable=True),
        sa.Column("metadata", _LONG, nullable=False),
        sa.Column("attachments", _LONG, nullable=False),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("character_count", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("client_message_id", sa.String(length=64), nullable=True),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("intent", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("cost_micros", _BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["conversation_sessions.id"],
            name=op.f("fk_conversation_messages_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_conversation_messages_public_id")),
        sa.UniqueConstraint("session_id", "client_message_id", name="uq_conversation_messages_client"),
        sa.UniqueConstraint("session_id", "sequence_number", name="uq_conversation_messages_number"),
        sa.Index("ix_conversation_messages_outcome", "outcome", "timestamp", "id"),
        sa.Index("ix_conversation_messages_own", "account_id", "timestamp", "id"),
        sa.Index("ix_conversation_messages_time", "timestamp", "id"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_notes",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("session_id", _BIG, nullable=False),
        sa.Column("author_id", _BIG, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], name=op.f("fk_conversation_notes_author_id")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["conversation_sessions.id"],
            name=op.f("fk_conversation_notes_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.Index("ix_conversation_notes_author_id", "author_id"),
        sa.Index("ix_conversation_notes_session", "session_id", "id"),
        **_MYSQL,
    )
    op.create_table(
        "conversation_products",
        sa.Column("session_id", _BIG, nullable=False),
        sa.Column("product_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("shown_at", _TIME, nullable=False),
        sa.Column("in_cart", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["conversation_sessions.id"],
            name=op.f("fk_conversation_products_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "product_id"),
        sa.Index("ix_conversation_products_product", "product_id", "shown_at"),
        **_MYSQL,
    )
    op.create_table(
        "message_reactions",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("message_id", _BIG, nullable=False),
        sa.Column("account_id", _BIG, nullable=False),
        sa.Column("reaction_type", sa.String(length=16), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_message_reactions_account_id")),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["conversation_messages.id"],
            name=op.f("fk_message_reactions_message_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id", "account_id", "reaction_type", name="uq_message_reactions_once"),
        sa.Index("ix_message_reactions_account_id", "account_id"),
        sa.Index("ix_message_reactions_type", "reaction_type", "updated_at", "id"),
        **_MYSQL,
    )
    for name, kind in _OF_ANSWERS.items():
        op.add_column("idempotency_keys", sa.Column(name, kind, nullable=True))
    op.create_index("ix_idempotency_keys_account", "idempotency_keys", ["account_id"])
    op.create_index("ix_idempotency_keys_subject", "idempotency_keys", ["subject"])
    if op.get_bind().dialect.name == "sqlite":
        for statement in _ON_SQLITE:
            op.execute(statement)
    else:
        op.create_index(
            "ix_conversation_messages_words_full_text", "conversation_messages", ["words"], mysql_prefix="FULLTEXT"
        )


def downgrade() -> None:
    op.drop_index("ix_idempotency_keys_account", "idempotency_keys")
    op.drop_index("ix_idempotency_keys_subject", "idempotency_keys")
    for name in _OF_ANSWERS:
        op.drop_column("idempotency_keys", name)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE conversation_messages_full_text")
    for table in (
        "message_reactions",
        "conversation_products",
        "conversation_notes",
        "conversation_messages",
        "conversation_reviews",
        "conversation_handoffs",
        "conversation_templates",
        "conversation_sessions",
        "conversation_profiles",
        "conversation_job",
        "conversation_due_days",
        "conversation_days",
        "conversation_day_intents",
        "assistant_usage",
    ):
        op.drop_table(table)
