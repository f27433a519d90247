"""The rules of messages: adding, changing and deleting them, with their numbers and the counters of their session.

All changes are made on a locked session. Numbers are given once: what is deleted leaves its number unused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib.conversations.figures import due_days
from chalicelib.conversations.history import counters, messages_sql, profiles, sessions_sql
from chalicelib.conversations.history.message_words import coded_words
from chalicelib.conversations.history.public_ids import new_id, parse_id
from chalicelib.conversations.history.sessions import SessionArchived
from chalicelib.core import clock, idempotency
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, InvalidInput, NotFound
from chalicelib.core.responses import to_json
from chalicelib.core.text import fold

MessageType = Literal["user", "ai", "system"]
MessageStatus = Literal["sent", "delivered", "read", "processing", "failed"]
# Who wrote it: a client of the owner, this service's assistant, or a person of the shop.
Origin = Literal["client", "assistant", "staff"]

CLIENT: Origin = "client"

_TITLE_LENGTH = 50
_PPM = 1_000_000
# Routes whose answers, kept for retries, may tell of any message of an account.
_TELLING = ("/api/messages", "/api/conversations/messages")


class ClientMessageIdReused(Conflict):
    """The name that the client gave the message is that of another one in this session."""

    code = "client-message-id-reused"
    title = "Client message id used before"


class NotYourWords(Conflict):
    """The message was not written by a client of its owner, so that nobody may make it say something else."""

    code = "not-your-words"
    title = "Message of another author"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be added. `confidence_score` in [0, 1]; `reply_to` is the number of the message it answers."""

    content: str
    message_type: MessageType = "user"
    origin: Origin = CLIENT
    author_id: int | None = None
    status: MessageStatus = "sent"
    ai_model: str | None = None
    response_time_ms: int | None = None
    tokens_used: int | None = None
    confidence_score: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attachments: Sequence[Any] = ()
    language: str | None = None
    client_message_id: str | None = None
    reply_to: int | None = None
    intent: str | None = None
    outcome: str | None = None
    cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """A message that was added, or that had come before (`is_new` False), and its session as it is then."""

    row: Any
    session: Any
    is_new: bool


def append(connection: Connection, session: Any, message: NewMessage) -> Appended:
    """Add a message at the end of a locked session, which becomes active by it.

    One whose `client_message_id` is in the session already is not added again.

    Raises:
        SessionArchived: the session has to be made active first.
        ClientMessageIdReused: a message of that name says something else.
    """
    known = find_sent(connection, session, message)
    if known is not None:
        return Appended(known, session, is_new=False)
    if session.status == "archived":
        raise SessionArchived("This session is archived: activate it before you add messages.")
    values = _row(session, message)
    added = messages_sql.insert_message(connection, session, values)
    changed = sessions_sql.update_session(connection, session, _with_message(session, values))
    profiles.add_to_totals(connection, session.account_id, messages=1)
    return Appended(added, changed, is_new=True)


def find_sent(connection: Connection, session: Any, message: NewMessage) -> Any | None:
    """Return the message that was stored when this one was sent before, if it was.

    Raises:
        ClientMessageIdReused: a message of that name says something else.
    """
    if message.client_message_id is None:
        return None
    known = messages_sql.find_by_client_id(connection, session.id, message.client_message_id)
    if known is not None and (known.content, known.message_type) != (message.content, message.message_type):
        raise ClientMessageIdReused("Another message of this session has this client_message_id.")
    return known


def _row(session: Any, message: NewMessage) -> dict[str, Any]:
    # The clocks of two functions may differ by a little: time does not run back within a session.
    now = max(clock.now(), session.last_message_at or session.created_at)
    confidence = message.confidence_score
    return {
        "public_id": new_id(now),
        "session_id": session.id,
        "account_id": session.account_id,
        "sequence_number": session.last_sequence + 1,
        "message_type": message.message_type,
        "origin": message.origin,
        "author_id": message.author_id,
        **_content(message.content),
        "status": message.status,
        "timestamp": now,
        "updated_at": now,
        "ai_model": message.ai_model,
        "response_time_ms": message.response_time_ms,
        "tokens_used": message.tokens_used,
        "confidence_ppm": None if confidence is None else round(confidence * _PPM),
        "metadata": to_json(message.metadata),
        "attachments": to_json(message.attachments),
        "language": message.language,
        "client_message_id": message.client_message_id,
        "reply_to": message.reply_to,
        "intent": message.intent,
        "outcome": message.outcome,
        "cost_micros": message.cost_micros,
    }


def _content(content: str) -> dict[str, Any]:
    return {
        "content": content,
        "words": coded_words(content),
        "word_count": len(content.split()),
        "character_count": len(content),
    }


def _with_message(session: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    at = values["timestamp"]
    changes = {
        **counters.with_message(session, values),
        "status": "active",
        "updated_at": at,
        "last_activity_at": max(at, session.last_activity_at),
    }
    if not session.title and values["message_type"] == "user" and session.user_message_count == 0:
        title = title_of(values["content"])
        changes |= {"title": title, "search_key": fold(f"{title}\n{session.description}", 10_000)}
    return changes


def title_of(content: str) -> str:
    """Return the title of a session whose first user message this is: its first 50 characters, on one line."""
    return " ".join(content.split())[:_TITLE_LENGTH].rstrip()


def list_recent(connection: Connection, session_id: int, limit: int) -> list[Any]:
    """Return the latest messages of a session, oldest first."""
    return list(reversed(messages_sql.list_recent(connection, session_id, limit)))


def get_message(connection: Connection, public_id: str, *, account_id: int | None) -> Any:
    """Return a message of an account; of any, for staff, where it is None.

    Raises:
        NotFound: there is none of that id, or it is another's.
    """
    known = parse_id(public_id)
    found = None if known is None else messages_sql.find_message(connection, known, account_id)
    if found is None:
        raise _not_found(public_id)
    return found


def _not_found(public_id: str) -> NotFound:
    return NotFound(f"There is no message {public_id[:36]}.")


def change_message(connection: Connection, public_id: str, changes: Mapping[str, Any], *, account_id: int) -> Any:
    """Change what a client wrote, and return it; `changes` are fields of `NewMessage`. Nothing is answered anew.

    `session` and `message_type` may be among them as they are, or None.

    Raises:
        NotFound: there is none of that id, or it is another's.
        InvalidInput: the message would be of another session or type.
        NotYourWords: the assistant or the shop wrote it.
    """
    session, message = _lock(connection, public_id, account_id)
    if message.origin != CLIENT:
        raise NotYourWords("The assistant or the shop wrote this message: it can be deleted, not changed.")
    written = _without_fixed(changes, message)
    changed = messages_sql.update_message(connection, message, {**_columns(written), "updated_at": clock.now()})
    is_reworded = changed.content != message.content
    _count_anew(connection, session, _forgotten(session, message, changed.content) if is_reworded else {})
    return changed


def _without_fixed(changes: Mapping[str, Any], message: Any) -> dict[str, Any]:
    """Return the changes without what is told of a message though it cannot be changed."""
    written = dict(changes)
    for name in ("session", "message_type"):
        told, present = written.pop(name, None), getattr(message, name)
        if told is not None and told.lower() != present:
            raise InvalidInput.at(f"body.{name}", f"stays {present!r}; leave it out")
    return written


def _forgotten(session: Any, message: Any, content: str | None) -> dict[str, Any]:
    """Return what a session has to forget with the words of a message, which is deleted or says `content` now."""
    # The assistant's memory holds words of questions; it begins anew.
    changes: dict[str, Any] = {"assistant_state": None}
    if session.title and session.title == title_of(message.content):
        title = "" if content is None else title_of(content)
        changes |= {"title": title, "search_key": fold(f"{title}\n{session.description}", 10_000)}
    return changes


def _columns(changes: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(changes)
    if "content" in values:
        values |= _content(values["content"])
    if "confidence_score" in values:
        confidence = values.pop("confidence_score")
        values["confidence_ppm"] = None if confidence is None else round(confidence * _PPM)
    for name in ("metadata", "attachments"):
        if name in values:
            values[name] = to_json(values[name])
    return values


def delete_message(connection: Connection, public_id: str, *, account_id: int) -> None:
    """Delete a message with the reactions to it, whoever wrote it.

    Raises:
        NotFound: there is none of that id, or it is another's.
    """
    session, message = _lock(connection, public_id, account_id)
    messages_sql.delete_message(connection, message.id)
    changed = _count_anew(connection, session, _forgotten(session, message, None))
    profiles.add_to_totals(connection, account_id, messages=changed.message_count - session.message_count)
    due_days.mark(connection, message.timestamp, session.created_at)
    # What was answered must not outlive what it tells of.
    idempotency.forget(connection, account_id=account_id, operations=_TELLING)
    for subject in (session.public_id, message.public_id):
        idempotency.forget(connection, subject=subject)


def _lock(connection: Connection, public_id: str, account_id: int) -> tuple[Any, Any]:
    known = parse_id(public_id)
    session = None if known is None else sessions_sql.lock_session_of_message(connection, known, account_id)
    if session is None:
        raise _not_found(public_id)
    # Behind the lock: another one may have deleted it meanwhile.
    return session, get_message(connection, public_id, account_id=account_id)


def _count_anew(connection: Connection, session: Any, changes: Mapping[str, Any]) -> Any:
    counted = messages_sql.count_session(connection, session.id)
    return sessions_sql.update_session(connection, session, {**counted, **changes, "updated_at": clock.now()})
