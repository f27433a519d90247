"""The help desk's answers: people, conversations of its list, hand-offs, notes. For staff alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.conversations.desk.conversations import Listed
from chalicelib.conversations.history.sessions import Satisfaction, Status
from chalicelib.core import clock

Handoff = Literal["requested", "taken"]


class Who(BaseModel):
    """An account that appears in a conversation."""

    id: int
    username: str
    name: str = Field(description="First and last name; empty where none is known.")
    customer_id: int | None


class Found(BaseModel):
    """Where the words stand that were looked for: in the newest message that has them all."""

    sequence_number: int
    snippet: str
    highlights: list[tuple[int, int]] = Field(description="[start, end) in characters of the snippet.")


class DeskConversation(BaseModel):
    """A conversation in the list of the help desk."""

    id: str
    account: Who
    title: str
    status: Status
    tags: list[str]
    created_at: AwareDatetime
    last_activity_at: AwareDatetime
    message_count: int
    last_message_type: str | None
    session_rating: int | None
    user_satisfaction: Satisfaction | None
    handoff: Handoff | None
    handoff_at: AwareDatetime | None = Field(description="When a person was asked for, or took over.")
    waiting_s: int | None = Field(description="For how long it has been waiting for a person; null if it is not.")
    assignee: Who | None = Field(description="Who answers in it.")
    found: Found | None = Field(description="Where `q` was found; null without it.")


class DeskHandoff(BaseModel):
    """A time that a person was asked for, or took over unasked."""

    id: int
    requested_by: str = Field(description="customer, assistant or staff")
    reason: str
    requested_at: AwareDatetime
    assignee: Who | None
    taken_at: AwareDatetime | None
    closed_at: AwareDatetime | None


class Note(BaseModel):
    """What staff tells staff; the customer never sees it."""

    id: int
    author: Who
    content: str
    created_at: AwareDatetime


class DeskReaction(BaseModel):
    """What somebody said of a message."""

    id: int
    sequence_number: int = Field(description="Of the message.")
    account: Who
    reaction_type: str
    comment: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


def present_who(people: Mapping[int, Any], account_id: int | None) -> dict[str, Any] | None:
    """Return an account of `people` as it goes over the wire; None of none."""
    if account_id is None or account_id not in people:
        return None
    row = people[account_id]
    name = f"{row.first_name} {row.last_name}".strip()
    return {"id": row.id, "username": row.username, "name": name, "customer_id": row.customer_id}


def present_conversation(listed: Listed, people: Mapping[int, Any]) -> dict[str, Any]:
    """Return a conversation of the list as it goes over the wire."""
    row, found = listed.row, None
    if listed.hit is not None:
        number, part = listed.hit
        found = {"sequence_number": number, "snippet": part.text, "highlights": list(part.highlights)}
    waits = row.handoff == "requested"
    return {
        "id": row.public_id,
        "account": present_who(people, row.account_id),
        "title": row.title,
        "status": row.status,
        "tags": msgspec.json.decode(row.tags),
        "created_at": row.created_at,
        "last_activity_at": row.last_activity_at,
        "message_count": row.message_count,
        "last_message_type": row.last_message_type,
        "session_rating": row.session_rating,
        "user_satisfaction": row.user_satisfaction,
        "handoff": row.handoff,
        "handoff_at": row.handoff_at,
        "waiting_s": max(0, int((clock.now() - row.handoff_at).total_seconds())) if waits else None,
        "assignee": present_who(people, row.assignee_id),
        "found": found,
    }


def present_handoff(row: Any, people: Mapping[int, Any]) -> dict[str, Any]:
    """Return a hand-off as it goes over the wire."""
    return {
        "id": row.id,
        "requested_by": row.requested_by,
        "reason": row.reason,
        "requested_at": row.requested_at,
        "assignee": present_who(people, row.assignee_id),
        "taken_at": row.taken_at,
        "closed_at": row.closed_at,
    }


def present_note(row: Any, people: Mapping[int, Any]) -> dict[str, Any]:
    """Return a note as it goes over the wire."""
    author = present_who(people, row.author_id)
    return {"id": row.id, "author": author, "content": row.content, "created_at": row.created_at}


def present_reaction(row: Any, people: Mapping[int, Any]) -> dict[str, Any]:
    """Return a reaction as it goes over the wire."""
    return {
        "id": row.id,
        "sequence_number": row.sequence_number,
        "account": present_who(people, row.account_id),
        "reaction_type": row.reaction_type,
        "comment": row.comment,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
