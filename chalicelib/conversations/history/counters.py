"""What one more message makes of the counters of its session. Pure; `messages_sql.count_session` counts anew.

Averages are kept as sums and counts. A time between two messages is one between their whole milliseconds, so that
adding up and counting anew give the same on every engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def with_message(session: Any, message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes of a session's columns when a message (its columns) is added at the end."""
    kind, at = message["message_type"], message["timestamp"]
    added = {
        "message_count": 1,
        f"{kind}_message_count": 1,
        "failed_message_count": int(message["status"] == "failed"),
        "tokens_used": message["tokens_used"] or 0,
    }
    if kind in ("user", "ai"):
        added |= {f"{kind}_words": message["word_count"], f"{kind}_characters": message["character_count"]}
    if kind == "user" and session.last_message_type == "ai":
        added |= {"user_responses": 1, "user_response_ms": elapsed_ms(session.last_message_at, at)}
    if kind == "ai" and message["response_time_ms"] is not None:
        added |= {"ai_responses": 1, "ai_response_ms": message["response_time_ms"]}
    if kind == "ai" and message["confidence_ppm"] is not None:
        added |= {"confidences": 1, "confidence_ppm": message["confidence_ppm"]}
    return {
        **{name: getattr(session, name) + more for name, more in added.items() if more},
        "last_sequence": message["sequence_number"],
        "first_message_at": session.first_message_at or at,
        "last_message_at": at,
        "last_message_type": kind,
    }


def elapsed_ms(first: datetime, last: datetime) -> int:
    """Return the milliseconds from one moment to another, each cut to whole ones."""
    return (last - _EPOCH) // _MILLISECOND - (first - _EPOCH) // _MILLISECOND
