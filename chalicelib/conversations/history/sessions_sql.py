"""The SQL of conversations and of the totals of those who hold them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, delete, func, select, update

from chalicelib.conversations.history.history_tables import conversation_messages, conversation_sessions
from chalicelib.core.database import AnyRow, Connection, as_dict, insert_row
from chalicelib.core.database.pages import fetch_numbered
from chalicelib.core.database.times import epoch_ms
from chalicelib.core.paging import NumberedPage, NumberedQuery

_sessions = conversation_sessions.c

# A session as it stands after a change that is known, without reading it again.
_Session = namedtuple("_Session", _sessions.keys())  # type: ignore[misc]


def insert_session(connection: Connection, values: Mapping[str, Any]) -> Any:
    """Add a session and return it."""
    given = {**dict.fromkeys(_sessions.keys()), **values}
    return _Session(**{**given, "id": insert_row(connection, conversation_sessions, values)})


def find_session(connection: Connection, public_id: str, account_id: int | None) -> AnyRow | None:
    """Return a session, of an account where one is given."""
    return connection.execute(_of(select(conversation_sessions), public_id, account_id)).first()


def lock_session(connection: Connection, public_id: str, account_id: int | None) -> AnyRow | None:
    """Return a session that nobody else changes, or adds messages to, until the transaction ends."""
    return connection.execute(_of(select(conversation_sessions), public_id, account_id).with_for_update()).first()


def lock_session_of_message(connection: Connection, message_id: str, account_id: int) -> AnyRow | None:
    """Return the session of a message, locked as by `lock_session`: before the message, as everywhere."""
    messages = conversation_messages.c
    inside = select(messages.session_id).where(messages.public_id == message_id, messages.account_id == account_id)
    its = select(conversation_sessions).where(_sessions.id == inside.scalar_subquery())
    return connection.execute(its.with_for_update()).first()


def _of(statement: Select[Any], public_id: str, account_id: int | None) -> Select[Any]:
    statement = statement.where(_sessions.public_id == public_id)
    return statement if account_id is None else statement.where(_sessions.account_id == account_id)


def update_session(connection: Connection, session: Any, values: Mapping[str, Any]) -> Any:
    """Change a locked session and return it as it is then."""
    connection.execute(update(conversation_sessions).where(_sessions.id == session.id).values(**values))
    return _Session(**{**as_dict(session), **values})


def delete_session(connection: Connection, session_id: int) -> None:
    """Delete a session with all that hangs on it."""
    connection.execute(delete(conversation_sessions).where(_sessions.id == session_id))


# --- lists and figures of one's own ------------------------------------------------------------------------------

_LATEST = (_sessions.last_activity_at.desc(), _sessions.id.desc())
# What nobody reads in a list is long.
_LONG = ("description", "search_key", "session_context", "assistant_state")
_LISTED = tuple(column for column in _sessions if column.name not in _LONG)


def list_sessions(
    connection: Connection,
    page: NumberedQuery,
    account_id: int,
    *,
    status: str | None = None,
    since: datetime | None = None,
    before: datetime | None = None,
    search_key: str | None = None,
    tag: str | None = None,
) -> NumberedPage[AnyRow]:
    """Return sessions of an account, those of the latest activity first; `tag` as it stands in the list of tags."""
    wanted: list[ColumnElement[bool]] = [_sessions.account_id == account_id]
    if status is not None:
        wanted.append(_sessions.status == status)
    if since is not None:
        wanted.append(_sessions.created_at >= since)
    if before is not None:
        wanted.append(_sessions.created_at < before)
    if search_key is not None:
        wanted.append(func.instr(_sessions.search_key, search_key) > 0)
    if tag is not None:
        wanted.append(func.instr(_sessions.tags, tag) > 0)
    return fetch_numbered(connection, select(*_LISTED).where(*wanted), page, order=_LATEST)


def count_activity(connection: Connection, account_id: int, since: datetime) -> AnyRow:
    """Return how many sessions an account has, active ones, their messages, and how many were in use since."""
    return connection.execute(
        select(
            func.count().label("sessions"),
            _sum(case((_sessions.status == "active", 1), else_=0)).label("active"),
            _sum(_sessions.message_count).label("messages"),
            _sum(case((_sessions.last_activity_at >= since, 1), else_=0)).label("recent"),
        ).where(_sessions.account_id == account_id)
    ).one()


def sum_figures(connection: Connection, account_id: int) -> AnyRow:
    """Return the sums over all sessions of an account: how many, messages, seconds, words, responses, ratings."""
    between = epoch_ms(connection, _sessions.last_message_at) - epoch_ms(connection, _sessions.first_message_at)
    return connection.execute(
        select(
            func.count().label("sessions"),
            _sum(_sessions.message_count).label("messages"),
            _sum(between // 1000).label("seconds"),
            _sum(_sessions.user_words + _sessions.ai_words).label("words"),
            _sum(_sessions.ai_responses).label("ai_responses"),
            _sum(_sessions.ai_response_ms).label("ai_response_ms"),
            func.count(_sessions.session_rating).label("ratings"),
            _sum(_sessions.session_rating).label("rating_sum"),
        ).where(_sessions.account_id == account_id)
    ).one()


def find_by_number(connection: Connection, session_id: int, account_id: int | None) -> AnyRow | None:
    """Return a session by the id of its figures, of an account where one is given."""
    statement = select(*_LISTED).where(_sessions.id == session_id)
    if account_id is not None:
        statement = statement.where(_sessions.account_id == account_id)
    return connection.execute(statement).first()


def _sum(of: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(of), 0)


# --- idle ones ---------------------------------------------------------------------------------------------------


def list_idle(connection: Connection, status: str, before: datetime, limit: int) -> Sequence[int]:
    """Return ids of sessions of a status in which nothing has happened since a moment, the longest idle ones first.

    None in which somebody waits for a person of the shop, or talks to one.
    """
    idle = select(_sessions.id).where(*_idle(status, before))
    return connection.scalars(idle.order_by(_sessions.last_activity_at, _sessions.id).limit(limit)).all()


def close_idle(
    connection: Connection, ids: Sequence[int], status: str, before: datetime, becomes: str, now: datetime
) -> int:
    """Give those of the sessions another status that are idle still, and return how many."""
    still = update(conversation_sessions).where(_sessions.id.in_(sorted(ids)), *_idle(status, before))
    return int(connection.execute(still.values(status=becomes, updated_at=now)).rowcount)


def _idle(status: str, before: datetime) -> tuple[ColumnElement[bool], ...]:
    return _sessions.status == status, _sessions.last_activity_at < before, _sessions.handoff.is_(None)
