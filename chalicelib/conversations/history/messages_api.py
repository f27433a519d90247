"""Messages over HTTP, by their own ids."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from chalicelib.conversations.history import fields, messages, messages_sql, sessions
from chalicelib.conversations.history.message_answers import Message, present_message
from chalicelib.conversations.history.message_bodies import (
    MessageChange,
    MessageInSession,
    MessageReplacement,
    as_changes,
)
from chalicelib.conversations.history.messages import MessageStatus, MessageType
from chalicelib.conversations.history.moments import Before, Since
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Listed, NumberedPage, NumberedQuery
from chalicelib.core.routes import Reply, Routes

routes = Routes("Messages", also=("/api", "/api/conversations"))


class MessageQuery(NumberedQuery):
    """Which of one's own messages to list."""

    session: fields.SessionId | None = Field(None, description="Only those of this session.")
    message_type: MessageType | None = None
    status: MessageStatus | None = None
    date_from: Since | None = Field(None, description="Written on this day (UTC) or at this moment, or later.")
    date_to: Before | None = Field(None, description="Written on this day (UTC) or at this moment, or earlier.")


@routes.get("/api/messages", access=SIGNED_IN, response=Listed[Message])
def list_messages(connection: Connection, caller: Caller, query: MessageQuery) -> NumberedPage[dict[str, Any]]:
    """List one's own messages, the oldest first; of one session in the order of their numbers."""
    page = messages_sql.list_messages(
        connection,
        query,
        account_id=caller.account_id,
        session=None if query.session is None else query.session.lower(),
        message_type=query.message_type,
        status=query.status,
        since=query.date_from,
        before=query.date_to,
    )
    return page.with_items([present_message(row) for row in page.items])


@routes.post(
    "/api/messages",
    access=SIGNED_IN,
    response=Message,
    status=201,
    or_status=200,
    errors=[NotFound, sessions.SessionArchived, messages.ClientMessageIdReused],
)
def create_message(connection: Connection, caller: Caller, base_path: str, body: MessageInSession) -> Reply:
    """Add a message to one of one's own sessions; the same as `POST /api/sessions/{session_id}/add_message`."""
    session = sessions.lock_session(connection, body.session, account_id=caller.account_id)
    added = messages.append(connection, session, body.as_new_message())
    location = {"Location": f"{base_path}/api/messages/{added.row.public_id}"}
    return Reply(present_message(added.row), location, status=201 if added.is_new else 200)


@routes.get("/api/messages/{message_id}", access=SIGNED_IN, response=Message, errors=[NotFound])
def get_message(connection: Connection, caller: Caller, message_id: str) -> dict[str, Any]:
    """Read a message; one's own, and as staff any."""
    whose = None if caller.is_staff else caller.account_id
    return present_message(messages.get_message(connection, message_id, account_id=whose))


@routes.put(
    "/api/messages/{message_id}", access=SIGNED_IN, response=Message, errors=[NotFound, messages.NotYourWords]
)
def replace_message(
    connection: Connection, caller: Caller, message_id: str, body: MessageReplacement
) -> dict[str, Any]:
    """Write a message anew: what is left out becomes empty. Its type, its session and its number stay.

    What the assistant or the shop wrote stays as it is. Nothing is answered anew.
    """
    changes = as_changes(body)
    return present_message(messages.change_message(connection, message_id, changes, account_id=caller.account_id))


@routes.patch(
    "/api/messages/{message_id}", access=SIGNED_IN, response=Message, errors=[NotFound, messages.NotYourWords]
)
def change_message(connection: Connection, caller: Caller, message_id: str, body: MessageChange) -> dict[str, Any]:
    """Change a message: its content, status, metadata, attachments, language, and the figures of a model.

    What the assistant or the shop wrote stays as it is. Nothing is answered anew.
    """
    changes = as_changes(body)
    return present_message(messages.change_message(connection, message_id, changes, account_id=caller.account_id))


@routes.delete("/api/messages/{message_id}", access=SIGNED_IN, response=None, status=204, errors=[NotFound])
def delete_message(connection: Connection, caller: Caller, message_id: str) -> None:
    """Delete a message of one's own sessions, whoever wrote it. Its number stays unused."""
    messages.delete_message(connection, message_id, account_id=caller.account_id)
