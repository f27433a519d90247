"""The rules of conversations: making, finding, locking, changing and deleting them. Their messages: `messages`.

A session is locked before its messages and its profile, and several are locked in the order of their ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from chalicelib.conversations.figures import due_days
from chalicelib.conversations.history import profiles, sessions_sql
from chalicelib.conversations.history.public_ids import new_id, parse_id
from chalicelib.core import clock, idempotency
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.responses import to_json
from chalicelib.core.text import fold
from chalicelib.events import outbox

Status = Literal["active", "paused", "completed", "archived"]
Satisfaction = Literal["very_dissatisfied", "dissatisfied", "neutral", "satisfied", "very_satisfied"]

# Routes whose answers, kept for retries, may tell of any session of an account.
_TELLING = ("/api/sessions", "/api/messages", "/api/conversations")

_RECENT = timedelta(days=7)
_MOST_SEARCHED = 10_000  # characters of title and description

_COUNTERS = (
    "last_sequence", "message_count", "user_message_count", "ai_message_count", "system_message_count",
    "failed_message_count", "user_words", "ai_words", "user_characters", "ai_characters", "user_responses",
    "user_response_ms", "ai_responses", "ai_response_ms", "confidences", "confidence_ppm", "tokens_used",
)  # fmt: skip


class SessionArchived(Conflict):
    """The conversation is put away; it has to be made active before anything is said in it."""

    code = "conversation-archived"
    title = "Conversation archived"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A conversation to be made; without a title it takes that of its first user message."""

    title: str = ""
    description: str = ""
    status: Status = "active"
    ai_model_version: str | None = None
    session_context: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()


def create_session(connection: Connection, account_id: int, new: NewSession) -> Any:
    """Make a conversation of an account and return its row."""
    now = clock.now()
    values = {
        "public_id": new_id(now),
        "account_id": account_id,
        "title": new.title,
        "description": new.description,
        "search_key": _search_key(new.title, new.description),
        "status": new.status,
        "ai_model_version": new.ai_model_version,
        "session_context": to_json(new.session_context),
        "tags": _tags_text(new.tags),
        "created_at": now,
        "updated_at": now,
        "last_activity_at": now,
        **dict.fromkeys(_COUNTERS, 0),
    }
    session = sessions_sql.insert_session(connection, values)
    profiles.add_to_totals(connection, account_id, conversations=1)
    return session


def get_session(connection: Connection, public_id: str, *, account_id: int | None) -> Any:
    """Return a conversation of an account; of any, for staff, where it is None.

    Raises:
        NotFound: there is none of that id, or it is another's.
    """
    known = parse_id(public_id)
    return _found(None if known is None else sessions_sql.find_session(connection, known, account_id), public_id)


def lock_session(connection: Connection, public_id: str, *, account_id: int | None) -> Any:
    """Return a conversation as `get_session` does; nobody else changes it until the transaction ends.

    Raises:
        NotFound: there is none of that id, or it is another's.
    """
    known = parse_id(public_id)
    return _found(None if known is None else sessions_sql.lock_session(connection, known, account_id), public_id)


def _found(session: Any | None, public_id: str) -> Any:
    if session is None:
        raise NotFound(f"There is no session {public_id[:36]}.")
    return session


def update_session(connection: Connection, session: Any, changes: Mapping[str, Any]) -> Any:
    """Change a locked conversation and return it as it is then; `changes` are by column.

    Objects and lists are given as such. One that is made active counts as active at this moment.
    """
    values = dict(changes)
    for name in ("session_context", "assistant_state"):
        if isinstance(values.get(name), Mapping):
            values[name] = to_json(values[name])
    if "tags" in values:
        values["tags"] = _tags_text(values["tags"])
    if "title" in values or "description" in values:
        title, description = (values.get(name, getattr(session, name)) for name in ("title", "description"))
        values["search_key"] = _search_key(title, description)
    now = clock.now()
    if values.get("status", session.status) == "active" and session.status != "active":
        values["last_activity_at"] = max(now, session.last_activity_at)
    return sessions_sql.update_session(connection, session, {**values, "updated_at": now})


def rate(connection: Connection, session: Any, rating: int, satisfaction: Satisfaction | None) -> Any:
    """Note how its owner found a locked conversation, 1 to 5, and complete it; one that is put away stays so."""
    values: dict[str, Any] = {"session_rating": rating, "user_satisfaction": satisfaction, "rated_at": clock.now()}
    if session.status != "archived":
        values["status"] = "completed"
    due_days.mark(connection, session.created_at)
    told = {"conversation_id": session.public_id, "account_id": session.account_id, "rating": rating}
    outbox.record(connection, "conversation.rated", f"conversation:{session.public_id}", told)
    return update_session(connection, session, values)


def delete_session(connection: Connection, session: Any) -> None:
    """Delete a locked conversation with its messages, reactions and whatever else hangs on it."""
    sessions_sql.delete_session(connection, session.id)
    profiles.add_to_totals(connection, session.account_id, conversations=-1, messages=-session.message_count)
    due_days.mark_deleted(connection, [(session.created_at, session.last_activity_at)])
    # What was answered must not outlive what it tells of.
    idempotency.forget(connection, account_id=session.account_id, operations=_TELLING)
    idempotency.forget(connection, subject=session.public_id)


# --- figures of one's own ----------------------------------------------------------------------------------------


def count_activity(connection: Connection, account_id: int) -> dict[str, Any]:
    """Return how much an account talks: sessions, active ones, messages, and sessions in use in the last 7 days."""
    row = sessions_sql.count_activity(connection, account_id, clock.now() - _RECENT)
    return {
        "total_sessions": row.sessions,
        "active_sessions": int(row.active),
        "total_messages": int(row.messages),
        "avg_messages_per_session": _mean(row.messages, row.sessions) or 0.0,
        "recent_activity": int(row.recent),
    }


def sum_figures(connection: Connection, account_id: int) -> dict[str, Any]:
    """Return the figures of all sessions of an account together; means of nothing are None."""
    row = sessions_sql.sum_figures(connection, account_id)
    return {
        "total_conversations": row.sessions,
        "total_duration": int(row.seconds),
        "avg_messages_per_conversation": _mean(row.messages, row.sessions) or 0.0,
        "avg_response_time": _mean(row.ai_response_ms, row.ai_responses),
        "total_words_exchanged": int(row.words),
        "avg_satisfaction": _mean(row.rating_sum, row.ratings),
    }


def get_by_number(connection: Connection, session_id: int, *, account_id: int | None) -> Any:
    """Return the session whose figures have an id; None as account is for staff.

    Raises:
        NotFound: there are none of that id, or they are another's.
    """
    found = sessions_sql.find_by_number(connection, session_id, account_id)
    if found is None:
        raise NotFound(f"There are no figures {session_id}.")
    return found


def _mean(total: Any, count: Any) -> float | None:
    return round(int(total) / int(count), 3) if count else None


def tag_text(tag: str) -> str:
    """Return a tag as it stands in the text that a session's tags are kept as."""
    return json.dumps(tag.strip(), ensure_ascii=False)


def _search_key(title: str, description: str) -> str:
    return fold(f"{title}\n{description}", _MOST_SEARCHED)


def _tags_text(tags: Sequence[str]) -> str:
    # With a space behind each comma: no tag, which has none at its ends, looks like what parts two of them.
    return json.dumps(list(tags), ensure_ascii=False)
