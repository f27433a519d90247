"""The SQL of messages, and of counting those of a session."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, select, update

from chalicelib.conversations.history.history_tables import conversation_messages, conversation_sessions
from chalicelib.core.database import AnyRow, Connection, as_dict, insert_row
from chalicelib.core.database.pages import fetch_numbered
from chalicelib.core.database.times import epoch_ms
from chalicelib.core.paging import NumberedPage, NumberedQuery

_messages = conversation_messages.c
# All but what the search alone looks at, and the id that the session is known by outside.
_COLUMNS = (*(column for column in _messages if column.name != "words"),)
_SHOWN = select(*_COLUMNS, conversation_sessions.c.public_id.label("session")).join_from(
    conversation_messages, conversation_sessions
)

# A message as it stands after a change that is known, without reading it again.
_Message = namedtuple("_Message", [*(column.name for column in _COLUMNS), "session"])  # type: ignore[misc]


def insert_message(connection: Connection, session: Any, values: Mapping[str, Any]) -> Any:
    """Add a message to a session and return it."""
    given = {**dict.fromkeys(_Message._fields), **values, "session": session.public_id}
    del given["words"]
    return _Message(**{**given, "id": insert_row(connection, conversation_messages, values)})


def find_message(connection: Connection, public_id: str, account_id: int | None) -> AnyRow | None:
    """Return a message, of an account where one is given."""
    statement = _SHOWN.where(_messages.public_id == public_id)
    if account_id is not None:
        statement = statement.where(_messages.account_id == account_id)
    return connection.execute(statement).first()


def find_by_client_id(connection: Connection, session_id: int, client_message_id: str) -> AnyRow | None:
    """Return the message of a session that its sender knows by this name."""
    known = (_messages.session_id == session_id) & (_messages.client_message_id == client_message_id)
    return connection.execute(_SHOWN.where(known)).first()


def list_recent(connection: Connection, session_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the latest messages of a session, newest first."""
    its = _SHOWN.where(_messages.session_id == session_id)
    return connection.execute(its.order_by(_messages.sequence_number.desc()).limit(limit)).all()


def list_messages(
    connection: Connection,
    page: NumberedQuery,
    *,
    account_id: int | None = None,
    session_id: int | None = None,
    session: str | None = None,
    message_type: str | None = None,
    status: str | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
) -> NumberedPage[AnyRow]:
    """Return messages of one session (`session_id`, or its public id) by number, or of an account by time."""
    wanted: list[ColumnElement[bool]] = []
    if account_id is not None:
        wanted.append(_messages.account_id == account_id)
    if session_id is not None:
        wanted.append(_messages.session_id == session_id)
    if session is not None:
        known = select(conversation_sessions.c.id).where(conversation_sessions.c.public_id == session)
        wanted.append(_messages.session_id == known.scalar_subquery())
    if message_type is not None:
        wanted.append(_messages.message_type == message_type)
    if status is not None:
        wanted.append(_messages.status == status)
    if since is not None:
        wanted.append(_messages.timestamp >= since)
    if before is not None:
        wanted.append(_messages.timestamp < before)
    in_one = session_id is not None or session is not None
    order = [_messages.sequence_number] if in_one else [_messages.timestamp, _messages.id]
    return fetch_numbered(connection, _SHOWN.where(*wanted), page, order=order)


def update_message(connection: Connection, message: Any, values: Mapping[str, Any]) -> Any:
    """Change a message of a locked session and return it as it is then."""
    connection.execute(update(conversation_messages).where(_messages.id == message.id).values(**values))
    shown = {name: value for name, value in values.items() if name in _Message._fields}
    return _Message(**{**as_dict(message), **shown})


def delete_message(connection: Connection, message_id: int) -> None:
    """Delete a message with the reactions to it."""
    connection.execute(delete(conversation_messages).where(_messages.id == message_id))


def count_session(connection: Connection, session_id: int) -> dict[str, Any]:
    """Return what counting the messages of a session gives, by the columns of the session."""
    number = _messages.sequence_number
    lines = (
        select(
            _messages.message_type,
            _messages.status,
            _messages.timestamp,
            _messages.word_count,
            _messages.character_count,
            _messages.response_time_ms,
            _messages.confidence_ppm,
            _messages.tokens_used,
            func.lag(_messages.message_type).over(order_by=number).label("before_type"),
            func.lag(_messages.timestamp).over(order_by=number).label("before_at"),
            func.lead(_messages.id).over(order_by=number).label("next_id"),
        )
        .where(_messages.session_id == session_id)
        .subquery("lines")
    )
    of = lines.c
    is_user, is_ai = of.message_type == "user", of.message_type == "ai"
    waited = is_user & (of.before_type == "ai")
    wait_ms = epoch_ms(connection, of.timestamp) - epoch_ms(connection, of.before_at)
    counted = {
        "message_count": func.count(),
        "user_message_count": _number(is_user),
        "ai_message_count": _number(is_ai),
        "system_message_count": _number(of.message_type == "system"),
        "failed_message_count": _number(of.status == "failed"),
        "user_words": _sum(is_user, of.word_count),
        "ai_words": _sum(is_ai, of.word_count),
        "user_characters": _sum(is_user, of.character_count),
        "ai_characters": _sum(is_ai, of.character_count),
        "user_responses": _number(waited),
        "user_response_ms": _sum(waited, wait_ms),
        "ai_responses": _number(is_ai & of.response_time_ms.is_not(None)),
        "ai_response_ms": _sum(is_ai, of.response_time_ms),
        "confidences": _number(is_ai & of.confidence_ppm.is_not(None)),
        "confidence_ppm": _sum(is_ai, of.confidence_ppm),
        "tokens_used": func.coalesce(func.sum(of.tokens_used), 0),
    }
    edges = {
        "first_message_at": func.min(of.timestamp),
        "last_message_at": func.max(of.timestamp),
        "last_message_type": func.max(case((of.next_id.is_(None), of.message_type))),
    }
    columns = [each.label(name) for name, each in (counted | edges).items()]
    found = as_dict(connection.execute(select(*columns).select_from(lines)).one())
    # MySQL's sums are decimals.
    return {name: int(value) if name in counted else value for name, value in found.items()}


def _number(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


def _sum(which: ColumnElement[bool], value: ColumnElement[Any]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, value))), 0)
