"""Sessions over HTTP, and adding a message to one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.accounts import accounts
from chalicelib.conversations.history import fields, message_answers, messages, messages_sql, sessions, sessions_sql
from chalicelib.conversations.history.message_answers import Message, present_message
from chalicelib.conversations.history.message_bodies import AddedMessage
from chalicelib.conversations.history.moments import Before, Since
from chalicelib.conversations.history.session_answers import (
    Session,
    SessionListItem,
    SessionStats,
    present_list_item,
    present_session,
)
from chalicelib.conversations.history.sessions import NewSession, Satisfaction, SessionArchived, Status
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.bodies import Change, without_default
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.inputs import AS_WHOLE
from chalicelib.core.paging import Listed, NumberedPage, NumberedQuery
from chalicelib.core.routes import Reply, Routes
from chalicelib.core.text import fold

routes = Routes("Conversations", also=("/api", "/api/conversations"))

# How many messages a session is shown with.
_SHOWN = 500

_EXAMPLE: dict[str, Any] = {"title": "Jeans for autumn", "session_context": {"source": "app"}, "tags": ["shopping"]}
_Text = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class SessionBody(BaseModel):
    """A session to be made, or all that its owner writes of one: what is left out is empty."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    title: fields.Title = Field("", description="Empty: the first 50 characters of the first user message.")
    description: fields.Description = ""
    status: Status = "active"
    ai_model_version: fields.ModelName | None = None
    session_context: fields.JsonObject = Field(default_factory=dict)
    tags: fields.Tags = Field(default_factory=list)


class SessionChange(Change):
    """What to change of a session; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"status": "completed"}]}
    )

    title: fields.Title = Field("", json_schema_extra=without_default)
    description: fields.Description = Field("", json_schema_extra=without_default)
    status: Status = Field("active", json_schema_extra=without_default)
    ai_model_version: fields.ModelName | None = Field(None, json_schema_extra=without_default)
    session_context: fields.JsonObject = Field(default_factory=dict)
    tags: fields.Tags = Field(default_factory=list)


class Rating(BaseModel):
    """How the conversation was."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"rating": 5, "satisfaction": "very_satisfied"}]}
    )

    rating: Annotated[int, Field(ge=1, le=5), AS_WHOLE]
    satisfaction: Satisfaction | None = None


class SessionQuery(NumberedQuery):
    """Which of one's own sessions to list."""

    status: Status | None = None
    date_from: Since | None = Field(None, description="Begun on this day (UTC) or at this moment, or later.")
    date_to: Before | None = Field(None, description="Begun on this day (UTC) or at this moment, or earlier.")
    search: _Text | None = Field(None, description="Part of the title or the description; case does not matter.")
    tag: Annotated[_Text, Field(max_length=50)] | None = Field(None, description="One of its tags, as it is written.")


def present_own(connection: Connection, row: Any) -> dict[str, Any]:
    """Return a session row with its owner and its latest messages as it goes over the wire; takes two statements."""
    latest = message_answers.within_an_answer(messages.list_recent(connection, row.id, _SHOWN))
    person = accounts.find_people(connection, [row.account_id])[row.account_id]
    return present_session(row, person, latest)


def _whose(caller: Caller) -> int | None:
    """Return whose sessions the caller may read: staff anybody's."""
    return None if caller.is_staff else caller.account_id


def _lock(connection: Connection, caller: Caller, session_id: str) -> Any:
    return sessions.lock_session(connection, session_id, account_id=caller.account_id)


@routes.get("/api/sessions", access=SIGNED_IN, response=Listed[SessionListItem])
def list_sessions(connection: Connection, caller: Caller, query: SessionQuery) -> NumberedPage[dict[str, Any]]:
    """List one's own sessions, the latest activity first."""
    page = sessions_sql.list_sessions(
        connection,
        query,
        caller.account_id,
        status=query.status,
        since=query.date_from,
        before=query.date_to,
        search_key=None if query.search is None else fold(query.search),
        tag=None if query.tag is None else sessions.tag_text(query.tag),
    )
    return page.with_items([present_list_item(row, caller.username) for row in page.items])


@routes.post("/api/sessions", access=SIGNED_IN, response=Session, status=201)
def create_session(connection: Connection, caller: Caller, base_path: str, body: SessionBody) -> Reply:
    """Begin a session. Without a title it takes that of its first user message."""
    row = sessions.create_session(connection, caller.account_id, NewSession(**dict(body)))
    location = {"Location": f"{base_path}/api/sessions/{row.public_id}"}
    return Reply(present_own(connection, row), location)


@routes.get("/api/sessions/stats", access=SIGNED_IN, response=SessionStats)
def get_session_stats(connection: Connection, caller: Caller) -> dict[str, Any]:
    """Count one's own sessions and messages."""
    return sessions.count_activity(connection, caller.account_id)


@routes.get("/api/sessions/{session_id}", access=SIGNED_IN, response=Session, errors=[NotFound])
def get_session(connection: Connection, caller: Caller, session_id: str) -> dict[str, Any]:
    """Read a session with its latest messages and its figures; one's own, and as staff any."""
    return present_own(connection, sessions.get_session(connection, session_id, account_id=_whose(caller)))


@routes.put("/api/sessions/{session_id}", access=SIGNED_IN, response=Session, errors=[NotFound])
def replace_session(connection: Connection, caller: Caller, session_id: str, body: SessionBody) -> dict[str, Any]:
    """Write anew all that is one's own to write of a session: what is left out becomes empty."""
    row = sessions.update_session(connection, _lock(connection, caller, session_id), dict(body))
    return present_own(connection, row)


@routes.patch("/api/sessions/{session_id}", access=SIGNED_IN, response=Session, errors=[NotFound])
def change_session(connection: Connection, caller: Caller, session_id: str, body: SessionChange) -> dict[str, Any]:
    """Change a session: title, description, status, model version, context, tags."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    row = sessions.update_session(connection, _lock(connection, caller, session_id), changes)
    return present_own(connection, row)


@routes.delete("/api/sessions/{session_id}", access=SIGNED_IN, response=None, status=204, errors=[NotFound])
def delete_session(connection: Connection, caller: Caller, session_id: str) -> None:
    """Delete a session with its messages and reactions, for good."""
    sessions.delete_session(connection, _lock(connection, caller, session_id))


@routes.post("/api/sessions/{session_id}/archive", access=SIGNED_IN, response=SessionListItem, errors=[NotFound])
def archive_session(connection: Connection, caller: Caller, session_id: str) -> dict[str, Any]:
    """Put a session away: nothing more is said in it until it is activated."""
    return _set_status(connection, caller, session_id, "archived")


@routes.post("/api/sessions/{session_id}/activate", access=SIGNED_IN, response=SessionListItem, errors=[NotFound])
def activate_session(connection: Connection, caller: Caller, session_id: str) -> dict[str, Any]:
    """Make a session active: one that is paused, completed or archived."""
    return _set_status(connection, caller, session_id, "active")


def _set_status(connection: Connection, caller: Caller, session_id: str, status: Status) -> dict[str, Any]:
    row = _lock(connection, caller, session_id)
    if row.status != status:
        row = sessions.update_session(connection, row, {"status": status})
    return present_list_item(row, caller.username)


@routes.post("/api/sessions/{session_id}/rate", access=SIGNED_IN, response=Session, errors=[NotFound])
def rate_session(connection: Connection, caller: Caller, session_id: str, body: Rating) -> dict[str, Any]:
    """Say how a session was, which completes it; said again, the last one counts."""
    locked = _lock(connection, caller, session_id)
    return present_own(connection, sessions.rate(connection, locked, body.rating, body.satisfaction))


@routes.post(
    "/api/sessions/{session_id}/add_message",
    access=SIGNED_IN,
    response=Message,
    status=201,
    or_status=200,
    errors=[NotFound, SessionArchived, messages.ClientMessageIdReused],
)
def add_session_message(connection: Connection, caller: Caller, session_id: str, body: AddedMessage) -> Reply:
    """Add a message at the end of a session, which becomes active by it.

    Owners may write all three types, as clients do that bring their own model; who wrote it is told by `origin`. One
    whose `client_message_id` is in the session already is answered as it is kept, with 200.
    """
    added = messages.append(connection, _lock(connection, caller, session_id), body.as_new_message())
    return Reply(present_message(added.row), status=201 if added.is_new else 200)


@routes.get("/api/sessions/{session_id}/messages", access=SIGNED_IN, response=Listed[Message], errors=[NotFound])
def list_session_messages(
    connection: Connection, caller: Caller, session_id: str, query: NumberedQuery
) -> NumberedPage[dict[str, Any]]:
    """List the messages of a session in the order of their numbers; one's own, and as staff any."""
    session = sessions.get_session(connection, session_id, account_id=_whose(caller))
    page = messages_sql.list_messages(connection, query, session_id=session.id)
    return page.with_items([present_message(row) for row in page.items])
