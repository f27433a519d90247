"""The tables of what was said: profiles, sessions with their counters, messages, reactions, templates."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.dialects import mysql

from chalicelib.core.database import BigId, UtcDateTime, shop_table
from chalicelib.core.database.dialect import full_text_index
from chalicelib.core.database.types import AsciiText

LongText = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")

# One of each account that talks; its totals are those of its sessions.
conversation_profiles = shop_table(
    "conversation_profiles",
    Column("id", BigId, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, unique=True),
    Column("is_active", Boolean(create_constraint=False), nullable=False),
    # A JSON object, the client's own.
    Column("preferences", Text, nullable=False),
    Column("total_conversations", Integer, nullable=False),
    Column("total_messages", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# A conversation. Its analytics are columns of it: `id` is their id, `public_id` that of the session.
conversation_sessions = shop_table(
    "conversation_sessions",
    Column("id", BigId, primary_key=True),
    Column("public_id", String(36), nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("title", String(255), nullable=False),
    Column("description", Text, nullable=False),
    # Title and description, folded: what the filter `search` looks in.
    Column("search_key", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("ai_model_version", String(100)),
    # A JSON object, the client's own.
    Column("session_context", LongText, nullable=False),
    # A JSON array of strings.
    Column("tags", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("last_activity_at", UtcDateTime, nullable=False),
    # The number of the last message that was ever added; counts what was deleted too.
    Column("last_sequence", Integer, nullable=False),
    # What counting the messages would give; averages are sums by counts.
    Column("message_count", Integer, nullable=False),
    Column("user_message_count", Integer, nullable=False),
    Column("ai_message_count", Integer, nullable=False),
    Column("system_message_count", Integer, nullable=False),
    Column("failed_message_count", Integer, nullable=False),
    Column("user_words", Integer, nullable=False),
    Column("ai_words", Integer, nullable=False),
    Column("user_characters", Integer, nullable=False),
    Column("ai_characters", Integer, nullable=False),
    Column("first_message_at", UtcDateTime),
    Column("last_message_at", UtcDateTime),
    Column("last_message_type", String(8)),
    # From a message of the assistant to the user's next one.
    Column("user_responses", Integer, nullable=False),
    Column("user_response_ms", BigId, nullable=False),
    Column("ai_responses", Integer, nullable=False),
    Column("ai_response_ms", BigId, nullable=False),
    Column("confidences", Integer, nullable=False),
    Column("confidence_ppm", BigId, nullable=False),
    Column("tokens_used", BigId, nullable=False),
    Column("session_rating", SmallInteger),
    Column("user_satisfaction", String(32)),
    Column("rated_at", UtcDateTime),
    # What the assistant remembers of this conversation, as JSON; nobody else's to write.
    Column("assistant_state", LongText),
    # Who is answering a question at this moment.
    Column("answering", String(150)),
    Column("answering_until", UtcDateTime),
    # None, "requested" or "taken": whether a person is asked for, or has taken over from the assistant.
    Column("handoff", String(16)),
    Column("handoff_at", UtcDateTime),
    Column("assignee_id", ForeignKey("accounts.id", name="fk_conversation_sessions_assignee")),
    Index("ix_conversation_sessions_own", "account_id", "last_activity_at", "id"),
    Index("ix_conversation_sessions_idle", "status", "last_activity_at", "id"),
    Index("ix_conversation_sessions_active", "last_activity_at", "id"),
    Index("ix_conversation_sessions_handoff", "handoff", "handoff_at", "id"),
    Index("ix_conversation_sessions_assignee", "assignee_id", "handoff_at", "id"),
    Index("ix_conversation_sessions_rated", "session_rating", "rated_at", "id"),
    Index("ix_conversation_sessions_created", "created_at", "id"),
)

conversation_messages = shop_table(
    "conversation_messages",
    Column("id", BigId, primary_key=True),
    Column("public_id", String(36), nullable=False, unique=True),
    Column("session_id", ForeignKey("conversation_sessions.id", ondelete="CASCADE"), nullable=False),
    # Whose session it is, so that one's own are found by one index.
    Column("account_id", BigId, nullable=False),
    Column("sequence_number", Integer, nullable=False),
    Column("message_type", String(8), nullable=False),
    # Who wrote it: "client", "assistant", or "staff" with the author's account.
    Column("origin", String(16), nullable=False),
    Column("author_id", BigId),
    Column("content", Text, nullable=False),
    # See `commerce.catalogue.search_words`: what the full-text search looks in.
    Column("words", AsciiText, nullable=False),
    Column("status", String(16), nullable=False),
    Column("timestamp", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("ai_model", String(100)),
    Column("response_time_ms", Integer),
    Column("tokens_used", Integer),
    Column("confidence_ppm", Integer),
    # A JSON object and a JSON array.
    Column("metadata", LongText, nullable=False),
    Column("attachments", LongText, nullable=False),
    Column("word_count", Integer, nullable=False),
    Column("character_count", Integer, nullable=False),
    Column("language", String(8)),
    # The sender's own name of it: the same one is stored once.
    Column("client_message_id", String(64)),
    # Of what the assistant answered: to what it replies (a number), how it understood the question, and what became
    # of it.
    Column("reply_to", Integer),
    Column("intent", String(32)),
    Column("outcome", String(16)),
    Column("cost_micros", BigId),
    UniqueConstraint("session_id", "sequence_number", name="uq_conversation_messages_number"),
    UniqueConstraint("session_id", "client_message_id", name="uq_conversation_messages_client"),
    Index("ix_conversation_messages_own", "account_id", "timestamp", "id"),
    Index("ix_conversation_messages_time", "timestamp", "id"),
    Index("ix_conversation_messages_outcome", "outcome", "timestamp", "id"),
)
full_text_index(conversation_messages, "words")

message_reactions = shop_table(
    "message_reactions",
    Column("id", BigId, primary_key=True),
    Column("message_id", ForeignKey("conversation_messages.id", ondelete="CASCADE"), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("reaction_type", String(16), nullable=False),
    Column("comment", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("message_id", "account_id", "reaction_type", name="uq_message_reactions_once"),
    Index("ix_message_reactions_type", "reaction_type", "updated_at", "id"),
)

conversation_templates = shop_table(
    "conversation_templates",
    Column("id", BigId, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("name_key", String(255), nullable=False, unique=True),
    # Name and description, folded: what the filter `search` looks in.
    Column("search_key", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("category", String(100), nullable=False),
    # A JSON object: the context of a session that is made of it.
    Column("template_data", LongText, nullable=False),
    Column("is_active", Boolean(create_constraint=False), nullable=False),
    Column("usage_count", Integer, nullable=False),
    Column("created_by", ForeignKey("accounts.id"), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_conversation_templates_category", "category", "id"),
)
