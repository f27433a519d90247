"""What counting all rows gives, in plain Python: what the kept counters and totals must equal at any moment."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_profiles,
    conversation_sessions,
)
from chalicelib.core.database import Connection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH).days * 86_400_000 + (moment - _EPOCH).seconds * 1000 + moment.microsecond // 1000


def recounted(messages: list[Any]) -> dict[str, Any]:
    """Return what a session's counters must be, from its messages in the order of their numbers."""
    of = {kind: [row for row in messages if row.message_type == kind] for kind in ("user", "ai", "system")}
    waits = [
        _ms(row.timestamp) - _ms(before.timestamp)
        for before, row in itertools.pairwise(messages)
        if (before.message_type, row.message_type) == ("ai", "user")
    ]
    timed = [row.response_time_ms for row in of["ai"] if row.response_time_ms is not None]
    sure = [row.confidence_ppm for row in of["ai"] if row.confidence_ppm is not None]
    return {
        "message_count": len(messages),
        "user_message_count": len(of["user"]),
        "ai_message_count": len(of["ai"]),
        "system_message_count": len(of["system"]),
        "failed_message_count": sum(row.status == "failed" for row in messages),
        "user_words": sum(len(row.content.split()) for row in of["user"]),
        "ai_words": sum(len(row.content.split()) for row in of["ai"]),
        "user_characters": sum(len(row.content) for row in of["user"]),
        "ai_characters": sum(len(row.content) for row in of["ai"]),
        "first_message_at": messages[0].timestamp if messages else None,
        "last_message_at": messages[-1].timestamp if messages else None,
        "last_message_type": messages[-1].message_type if messages else None,
        "user_responses": len(waits),
        "user_response_ms": sum(waits),
        "ai_responses": len(timed),
        "ai_response_ms": sum(timed),
        "confidences": len(sure),
        "confidence_ppm": sum(sure),
        "tokens_used": sum(row.tokens_used or 0 for row in messages),
    }


def check_counts(connection: Connection) -> None:
    """Compare what is kept with what counting gives, of all sessions and profiles."""
    sessions = connection.execute(select(conversation_sessions)).all()
    rows = connection.execute(
        select(conversation_messages).order_by(
            conversation_messages.c.session_id, conversation_messages.c.sequence_number
        )
    ).all()
    for session in sessions:
        counted = recounted([row for row in rows if row.session_id == session.id])
        assert {name: getattr(session, name) for name in counted} == counted
    for profile in connection.execute(select(conversation_profiles)).all():
        mine = [session for session in sessions if session.account_id == profile.account_id]
        assert profile.total_conversations == len(mine)
        assert profile.total_messages == sum(session.message_count for session in mine)
