"""The SQL of hand-offs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from chalicelib.conversations.desk.desk_tables import conversation_handoffs
from chalicelib.core.database import AnyRow, Connection, insert_row

_handoffs = conversation_handoffs.c


def insert_handoff(connection: Connection, values: Mapping[str, Any]) -> int:
    """Add a hand-off and return its id."""
    return insert_row(connection, conversation_handoffs, values)


def find_open(connection: Connection, session_id: int) -> AnyRow | None:
    """Return the hand-off of a session that is not closed."""
    statement = select(conversation_handoffs).where(_handoffs.session_id == session_id, _handoffs.closed_at.is_(None))
    return connection.execute(statement.order_by(_handoffs.id.desc()).limit(1)).first()


def update_handoff(connection: Connection, handoff_id: int, values: Mapping[str, Any]) -> None:
    """Change a hand-off."""
    connection.execute(update(conversation_handoffs).where(_handoffs.id == handoff_id).values(**values))


def close_handoffs(connection: Connection, session_id: int, now: datetime) -> None:
    """Close what is open of a session's hand-offs."""
    still_open = (_handoffs.session_id == session_id) & _handoffs.closed_at.is_(None)
    connection.execute(update(conversation_handoffs).where(still_open).values(closed_at=now))


def list_handoffs(connection: Connection, session_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the latest hand-offs of a session, newest first."""
    statement = select(conversation_handoffs).where(_handoffs.session_id == session_id)
    return connection.execute(statement.order_by(_handoffs.id.desc()).limit(limit)).all()
