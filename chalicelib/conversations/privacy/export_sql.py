"""The SQL of exports: what there is and how large, then the rows of one part."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, func, not_, select

from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_sessions,
    conversation_templates,
)
from chalicelib.core.database import AnyRow, Connection

_message, _session = conversation_messages.c, conversation_sessions.c
_SESSION_SIZE = func.length(_session.session_context) + func.length(_session.description) + func.length(_session.tags)
_MESSAGE_SIZE = func.length(_message.content) + func.length(_message.metadata) + func.length(_message.attachments)


def measure_sessions(connection: Connection, account_id: int, first_id: int, limit: int) -> Sequence[AnyRow]:
    """Return (id, size) of the sessions of an account from `first_id` on, by id; sizes are about their characters."""
    own = select(_session.id, _SESSION_SIZE.label("size")).where(
        _session.account_id == account_id, _session.id >= first_id
    )
    return connection.execute(own.order_by(_session.id).limit(limit)).all()


def measure_messages(
    connection: Connection, session_ids: Sequence[int], behind: tuple[int, int], limit: int
) -> Sequence[AnyRow]:
    """Return (id, session_id, sequence_number, size) of the messages of sessions, in order.

    Those of the session and up to the number of `behind` are left out.
    """
    seen = and_(_message.session_id == behind[0], _message.sequence_number <= behind[1])
    found = select(_message.id, _message.session_id, _message.sequence_number, _MESSAGE_SIZE.label("size"))
    theirs = found.where(_message.session_id.in_(session_ids), not_(seen))
    return connection.execute(theirs.order_by(_message.session_id, _message.sequence_number).limit(limit)).all()


def list_sessions(connection: Connection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return sessions by id."""
    return connection.execute(select(conversation_sessions).where(_session.id.in_(ids)).order_by(_session.id)).all()


def list_messages(connection: Connection, ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return messages in the order of their sessions and numbers, with the public id of their `session`."""
    found = select(conversation_messages, _session.public_id.label("session")).join_from(
        conversation_messages, conversation_sessions
    )
    order = (_message.session_id, _message.sequence_number)
    return connection.execute(found.where(_message.id.in_(ids)).order_by(*order)).all()


def list_latest(connection: Connection, account_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the sessions of an account, the latest first."""
    own = select(conversation_sessions).where(_session.account_id == account_id)
    return connection.execute(own.order_by(_session.last_activity_at.desc(), _session.id.desc()).limit(limit)).all()


def list_templates(connection: Connection, account_id: int, limit: int) -> Sequence[AnyRow]:
    """Return id, name and time of the templates that an account made, the latest first."""
    template = conversation_templates.c
    own = select(template.id, template.name, template.created_at).where(template.created_by == account_id)
    return connection.execute(own.order_by(template.id.desc()).limit(limit)).all()
