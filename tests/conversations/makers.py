"""Makers of conversations as rows, for tests of what reads them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_sessions,
    message_reactions,
)
from chalicelib.core.database import insert_row, read, transaction
from tests.factories import NOON

_ZEROS = (
    "last_sequence", "message_count", "user_message_count", "ai_message_count", "system_message_count",
    "failed_message_count", "user_words", "ai_words", "user_characters", "ai_characters", "user_responses",
    "user_response_ms", "ai_responses", "ai_response_ms", "confidences", "confidence_ppm", "tokens_used",
)  # fmt: skip


def put_session(account_id: int, **given: Any) -> Any:
    """Put a session with any values into the table, past the rules of `factories.make_session`; return its row."""
    at = given.get("created_at", NOON)
    title = given.get("title", "A question")
    values = {
        "public_id": str(uuid.uuid4()),
        "account_id": account_id,
        "title": title,
        "description": "",
        "search_key": title.lower(),
        "status": "active",
        "session_context": "{}",
        "tags": "[]",
        "created_at": at,
        "updated_at": at,
        "last_activity_at": at,
        **dict.fromkeys(_ZEROS, 0),
    }
    with transaction() as connection:
        made = insert_row(connection, conversation_sessions, values | given)
    return session_row(made)


def session_row(session_id: int) -> Any:
    """Return a session as it is now."""
    with read() as connection:
        found = conversation_sessions.c.id == session_id
        return connection.execute(select(conversation_sessions).where(found)).one()


def make_said(session: Any, kind: str = "user", **given: Any) -> Any:
    """Add a message to a session, with none of its counters but the number, and return its row."""
    at: datetime = given.get("timestamp", NOON)
    with transaction() as connection:
        found = conversation_sessions.c.id == session.id
        number = connection.execute(select(conversation_sessions.c.last_sequence).where(found)).scalar_one() + 1
        values = {
            "public_id": str(uuid.uuid4()),
            "session_id": session.id,
            "account_id": session.account_id,
            "sequence_number": number,
            "message_type": kind,
            "origin": "assistant" if kind == "ai" else "client",
            "content": "Is there a red one?" if kind == "user" else "Yes, there is.",
            "words": "",
            "status": "sent",
            "timestamp": at,
            "updated_at": at,
            "metadata": "{}",
            "attachments": "[]",
            "word_count": 4,
            "character_count": 19,
        }
        made = insert_row(connection, conversation_messages, values | given)
        connection.execute(
            update(conversation_sessions).where(found).values(last_sequence=number, last_activity_at=at)
        )
        return connection.execute(select(conversation_messages).where(conversation_messages.c.id == made)).one()


def make_answer(session: Any, outcome: str = "answered", intent: str = "search", **given: Any) -> Any:
    """Add an answer of the assistant and return its row."""
    return make_said(session, "ai", outcome=outcome, intent=intent, **given)


def make_reaction(message: Any, kind: str, account_id: int, **given: Any) -> int:
    """React to a message."""
    at = given.get("created_at", NOON)
    values = {
        "message_id": message.id,
        "account_id": account_id,
        "reaction_type": kind,
        "comment": None,
        "created_at": at,
        "updated_at": at,
    }
    with transaction() as connection:
        return insert_row(connection, message_reactions, values | given)
