"""The SQL of conversations and of the totals of those who hold them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, delete, select, update

from chalicelib.conversations.history.history_tables import conversation_messages, conversation_sessions
from chalicelib.core.database import AnyRow, Connection, as_dict, insert_row

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
