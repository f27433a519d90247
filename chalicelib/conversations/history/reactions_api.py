"""Reactions to messages over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.accounts import accounts
from chalicelib.conversations.history import reactions
from chalicelib.conversations.history.reactions import ReactionType
from chalicelib.conversations.history.session_answers import Person, present_person_to
from chalicelib.core.auth import SIGNED_IN, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.inputs import Prose
from chalicelib.core.paging import MAX_LIMIT
from chalicelib.core.routes import Reply, Routes

routes = Routes("Messages", also=("/api", "/api/conversations"))


class Reaction(BaseModel):
    """What somebody thinks of a message."""

    id: int
    message: str = Field(description="The id of the message.")
    user: Person
    reaction_type: ReactionType
    comment: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class NewReaction(BaseModel):
    """A reaction to be made; one of each type for each message."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reaction_type": "helpful", "comment": "Just what I looked for."}]},
    )

    reaction_type: ReactionType
    comment: Prose | None = Field(None, max_length=1000)


class ReactionsQuery(BaseModel):
    """Which part of the reactions to a message."""

    model_config = ConfigDict(extra="forbid")

    skip: int = Field(0, ge=0, le=1_000_000, description="How many to leave out from the start.")
    limit: int = Field(100, ge=0, le=MAX_LIMIT, description="How many to answer at most.")


def present_reaction(row: Any, message_id: str, person: Any, caller: Caller) -> dict[str, Any]:
    """Return a reaction with who made it (of `accounts.find_people`) as it goes over the wire."""
    return {
        "id": row.id,
        "message": message_id.lower(),
        "user": present_person_to(caller, person),
        "reaction_type": row.reaction_type,
        "comment": row.comment,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


@routes.post(
    "/api/messages/{message_id}/react",
    access=SIGNED_IN,
    response=Reaction,
    status=201,
    or_status=200,
    errors=[NotFound],
    # A retry finds the reaction by itself, and the answer need not be kept, which holds what somebody wrote.
    idempotency=None,
)
def react_to_message(connection: Connection, caller: Caller, message_id: str, body: NewReaction) -> Reply:
    """React to a message of one's own sessions; staff to any.

    Who has reacted like that before changes the comment, which is a 200.
    """
    reacted = reactions.react(connection, message_id, caller, body.reaction_type, body.comment)
    person = accounts.find_people(connection, [caller.account_id])[caller.account_id]
    return Reply(present_reaction(reacted.row, message_id, person, caller), status=201 if reacted.is_new else 200)


@routes.get("/api/messages/{message_id}/reactions", access=SIGNED_IN, response=list[Reaction], errors=[NotFound])
def list_message_reactions(
    connection: Connection, caller: Caller, message_id: str, query: ReactionsQuery
) -> list[dict[str, Any]]:
    """List the reactions to a message, the first ones first."""
    rows = reactions.list_reactions(connection, message_id, caller, skip=query.skip, limit=query.limit)
    people = accounts.find_people(connection, {row.account_id for row in rows})
    return [present_reaction(row, message_id, people[row.account_id], caller) for row in rows]


@routes.delete(
    "/api/messages/{message_id}/reactions/{reaction_id}",
    access=SIGNED_IN,
    response=None,
    status=204,
    errors=[NotFound],
)
def delete_message_reaction(connection: Connection, caller: Caller, message_id: str, reaction_id: int) -> None:
    """Take a reaction of one's own back."""
    reactions.delete_reaction(connection, message_id, reaction_id, caller)
