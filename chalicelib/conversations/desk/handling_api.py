"""What staff does with a conversation, over HTTP: take it over, hand it back, answer, note."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.accounts import accounts
from chalicelib.conversations.desk import conversations, handoffs, notes, notes_sql, replies
from chalicelib.conversations.desk.conversations import Listed
from chalicelib.conversations.desk.desk_answers import DeskConversation, Note, present_conversation, present_note
from chalicelib.conversations.desk.handoffs import NotTaken, TakenByAnother
from chalicelib.conversations.history import sessions
from chalicelib.conversations.history.fields import Content
from chalicelib.conversations.history.message_answers import Message, present_message
from chalicelib.conversations.history.sessions import SessionArchived
from chalicelib.core.auth import STAFF, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.inputs import AS_WHOLE
from chalicelib.core.paging import MAX_ID, Page, PageQuery
from chalicelib.core.routes import Routes

routes = Routes("Help desk")

AccountId = Annotated[int, Field(ge=1, le=MAX_ID), AS_WHOLE]


class Taking(BaseModel):
    """Who takes a conversation over."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"assignee_id": 7, "force": True}]})

    assignee_id: AccountId | None = Field(None, description="The account of a colleague; without it oneself.")
    force: bool = Field(False, description="Also from another person who has it.")


class HandingBack(BaseModel):
    """Whether to hand back what another person has."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"force": True}]})

    force: bool = Field(False, description="Also where another person has it.")


class Assignment(BaseModel):
    """Who is to answer in a conversation."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"assignee_id": 7}]})

    assignee_id: AccountId


class StaffReply(BaseModel):
    """What a person of the shop says."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"content": "Your parcel leaves us tomorrow."}]}
    )

    content: Content
    force: bool = Field(False, description="Take the conversation over first, also from another person.")


class NewNote(BaseModel):
    """What staff tells staff."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"content": "Asked the warehouse, will answer by noon."}]}
    )

    content: Content


def _present(connection: Connection, session: Any) -> dict[str, Any]:
    return present_conversation(Listed(session), conversations.people_of(connection, [session]))


@routes.post(
    "/conversations/{session_id}/take-over",
    access=STAFF,
    response=DeskConversation,
    errors=[NotFound, TakenByAnother, SessionArchived],
)
def take_conversation_over(connection: Connection, caller: Caller, session_id: str, body: Taking) -> dict[str, Any]:
    """Take a conversation over from the assistant, for oneself or a colleague: it does not answer any more."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    assignee_id = body.assignee_id or caller.account_id
    return _present(connection, handoffs.take_over(connection, session, assignee_id=assignee_id, force=body.force))


@routes.post(
    "/conversations/{session_id}/hand-back",
    access=STAFF,
    response=DeskConversation,
    errors=[NotFound, TakenByAnother],
)
def hand_conversation_back(
    connection: Connection, caller: Caller, session_id: str, body: HandingBack
) -> dict[str, Any]:
    """Hand a conversation back to the assistant; who waited for a person waits no more."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    return _present(connection, handoffs.hand_back(connection, session, by=caller.account_id, force=body.force))


@routes.post(
    "/conversations/{session_id}/request-handoff",
    access=STAFF,
    response=DeskConversation,
    errors=[NotFound, SessionArchived],
)
def request_handoff(connection: Connection, session_id: str) -> dict[str, Any]:
    """Put a conversation among those that wait for a person."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    return _present(connection, handoffs.request(connection, session, requested_by="staff", reason="staff"))


@routes.patch(
    "/conversations/{session_id}",
    access=STAFF,
    response=DeskConversation,
    errors=[NotFound, SessionArchived],
)
def assign_conversation(connection: Connection, session_id: str, body: Assignment) -> dict[str, Any]:
    """Give a conversation to somebody of staff, whoever has it."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    return _present(connection, handoffs.take_over(connection, session, assignee_id=body.assignee_id, force=True))


@routes.post(
    "/conversations/{session_id}/reply",
    access=STAFF,
    response=Message,
    status=201,
    errors=[NotFound, NotTaken, SessionArchived],
)
def reply_in_conversation(
    connection: Connection, caller: Caller, session_id: str, body: StaffReply
) -> dict[str, Any]:
    """Say something in a conversation that one has taken over.

    The customer sees `metadata.author`: the first name, or "the shop".
    """
    session = sessions.lock_session(connection, session_id, account_id=None)
    said = replies.reply(connection, session, body.content, by=caller.account_id, force=body.force)
    return present_message(said.row)


@routes.get("/conversations/{session_id}/notes", access=STAFF, response=list[Note], errors=[NotFound])
def list_conversation_notes(connection: Connection, session_id: str, query: PageQuery) -> Page[dict[str, Any]]:
    """List the notes of a conversation, oldest first."""
    session = sessions.get_session(connection, session_id, account_id=None)
    page = notes_sql.list_notes(connection, session.id, query.page())
    people = accounts.find_people(connection, {row.author_id for row in page.items})
    return page.with_items([present_note(row, people) for row in page.items])


@routes.post("/conversations/{session_id}/notes", access=STAFF, response=Note, status=201, errors=[NotFound])
def add_conversation_note(connection: Connection, caller: Caller, session_id: str, body: NewNote) -> dict[str, Any]:
    """Add a note to a conversation; the customer never sees it."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    row = notes.add_note(connection, session, body.content, by=caller.account_id)
    return present_note(row, accounts.find_people(connection, [row.author_id]))


@routes.delete(
    "/conversations/{session_id}/notes/{note_id}",
    access=STAFF,
    response=None,
    status=204,
    errors=[NotFound, Forbidden],
)
def delete_conversation_note(connection: Connection, caller: Caller, session_id: str, note_id: int) -> None:
    """Delete a note that one has written oneself."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    notes.delete_note(connection, session, note_id, by=caller.account_id)
