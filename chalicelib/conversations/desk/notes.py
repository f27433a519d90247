"""The rules of notes: what staff tells staff about a conversation. No customer ever sees them."""

from __future__ import annotations

from typing import Any

from chalicelib.conversations.desk import notes_sql
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Forbidden, NotFound


def add_note(connection: Connection, session: Any, content: str, *, by: int) -> Any:
    """Add a note to a conversation and return it."""
    values = {"session_id": session.id, "author_id": by, "content": content, "created_at": clock.now()}
    return notes_sql.find_note(connection, session.id, notes_sql.insert_note(connection, values))


def delete_note(connection: Connection, session: Any, note_id: int, *, by: int) -> None:
    """Delete a note that one has written oneself.

    Raises:
        NotFound: the conversation has none of that id.
        Forbidden: it is a colleague's.
    """
    found = notes_sql.find_note(connection, session.id, note_id)
    if found is None:
        raise NotFound(f"The conversation has no note {note_id}.")
    if found.author_id != by:
        raise Forbidden("A note is deleted by who wrote it.")
    notes_sql.delete_note(connection, note_id)
