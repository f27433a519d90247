"""The SQL of notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from chalicelib.conversations.desk.desk_tables import conversation_notes
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_notes = conversation_notes.c


def list_notes(connection: Connection, session_id: int, page: PageRequest) -> Page[AnyRow]:
    """Return the notes of a session, oldest first."""
    statement = select(conversation_notes).where(_notes.session_id == session_id)
    return fetch_page(connection, statement, page, order=[_notes.id])


def list_latest(connection: Connection, session_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the latest notes of a session, newest first."""
    statement = select(conversation_notes).where(_notes.session_id == session_id)
    return connection.execute(statement.order_by(_notes.id.desc()).limit(limit)).all()


def insert_note(connection: Connection, values: Mapping[str, Any]) -> int:
    """Add a note and return its id."""
    return insert_row(connection, conversation_notes, values)


def find_note(connection: Connection, session_id: int, note_id: int) -> AnyRow | None:
    """Return a note of a session."""
    its = (_notes.session_id == session_id) & (_notes.id == note_id)
    return connection.execute(select(conversation_notes).where(its)).first()


def delete_note(connection: Connection, note_id: int) -> None:
    """Delete a note."""
    connection.execute(delete(conversation_notes).where(_notes.id == note_id))
