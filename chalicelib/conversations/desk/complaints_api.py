"""What went wrong in conversations, over HTTP, for staff: a work list."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.conversations.desk import complaints
from chalicelib.conversations.desk.complaints import Complaint, Kind, Outcome
from chalicelib.conversations.desk.complaints_sql import WHOLE, Wanted
from chalicelib.conversations.desk.desk_answers import Who, present_who
from chalicelib.conversations.desk.desk_days import Days
from chalicelib.conversations.history import sessions
from chalicelib.core.auth import STAFF, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import MAX_LIMIT, Page, PageRequest, TimelineQuery, decode_cursor
from chalicelib.core.routes import Routes

routes = Routes("Help desk")

_PPM = 1_000_000


class ComplaintQuery(Days):
    """Which of what went wrong to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    after: str = Field(
        "", pattern=r"^(([0-7][0-9a-f]{15}){2})?$", description="Continue behind this cursor (from `X-Next-Cursor`)."
    )
    reviewed: bool | None = Field(None, description="Only what staff has looked at, or has not.")
    intent: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")] | None = Field(
        None, description="Only where the assistant understood the question so."
    )

    def page(self) -> PageRequest:
        """Return what is asked of the list."""
        return PageRequest(self.limit, after=decode_cursor(self.after, TimelineQuery.key_types))

    def wanted(self) -> Wanted:
        """Return the filter on columns."""
        return Wanted(self.reviewed, self.since, self.before, self.intent)


class LowRatedQuery(ComplaintQuery):
    """Which of what people found bad to list."""

    kind: Kind | None = Field(None, description="Only reactions to answers, or only ratings of conversations.")


class UnansweredQuery(ComplaintQuery):
    """Which questions without an answer to list."""

    outcome: Outcome | None = None


class Said(BaseModel):
    """What was said, as it is now; it is gone from here once it is deleted."""

    sequence_number: int
    content: str
    timestamp: AwareDatetime


class BadAnswer(Said):
    """What was answered."""

    origin: str
    ai_model: str | None
    intent: str | None
    outcome: str | None
    confidence_score: float | None


class ComplaintSession(BaseModel):
    """The conversation in which it was."""

    id: str
    title: str
    account: Who | None
    session_rating: int | None
    user_satisfaction: str | None


class Review(BaseModel):
    """Who of staff has looked at it, and when."""

    by: Who | None
    at: AwareDatetime


class WentWrong(BaseModel):
    """Something that went wrong."""

    at: AwareDatetime
    session: ComplaintSession
    sequence_number: int = Field(description="Of the answer; 0 of a conversation as a whole.")
    question: Said | None = Field(description="The user's message before the answer.")
    answer: BadAnswer | None
    review: Review | None = Field(description="Null as long as nobody has looked at it.")


class LowRated(WentWrong):
    """An answer that somebody found bad, or a conversation that was rated 1 or 2, with its last answer."""

    kind: Kind
    reaction_type: Literal["dislike", "not_helpful", "inaccurate"] | None
    comment: str | None


class Unanswered(WentWrong):
    """A question that got no answer; `answer` is what the assistant said instead."""

    outcome: Outcome
    intent: str | None


def _present(found: Complaint) -> dict[str, Any]:
    row, people = found.row, {each.id: each for each in (found.owner, found.reviewer) if each is not None}
    reviewed = None
    if row.reviewed_at is not None:
        reviewed = {"by": present_who(people, row.reviewed_by), "at": row.reviewed_at}
    return {
        "at": row.at,
        "session": {
            "id": row.public_id,
            "title": row.title,
            "account": present_who(people, row.account_id),
            "session_rating": row.session_rating,
            "user_satisfaction": row.user_satisfaction,
        },
        "sequence_number": found.number,
        "question": None if found.question is None else _said(found.question),
        "answer": None if found.answer is None else _answer(found.answer),
        "review": reviewed,
    }


def _said(row: Any) -> dict[str, Any]:
    return {"sequence_number": row.sequence_number, "content": row.content, "timestamp": row.timestamp}


def _answer(row: Any) -> dict[str, Any]:
    return {
        **_said(row),
        "origin": row.origin,
        "ai_model": row.ai_model,
        "intent": row.intent,
        "outcome": row.outcome,
        "confidence_score": None if row.confidence_ppm is None else row.confidence_ppm / _PPM,
    }


@routes.get("/conversations/low-rated", access=STAFF, response=list[LowRated])
def list_low_rated(connection: Connection, query: LowRatedQuery) -> Page[dict[str, Any]]:
    """List what people found bad, newest first: answers by their reactions, conversations rated 1 or 2."""
    page = complaints.list_low_rated(connection, query.wanted(), query.page(), kind=query.kind)
    return page.with_items(
        [
            {
                **_present(each),
                "kind": each.kind,
                "reaction_type": each.row.reaction_type if each.kind == "reaction" else None,
                "comment": each.row.comment if each.kind == "reaction" else None,
            }
            for each in page.items
        ]
    )


@routes.get("/conversations/unanswered", access=STAFF, response=list[Unanswered])
def list_unanswered(connection: Connection, query: UnansweredQuery) -> Page[dict[str, Any]]:
    """List the questions that the assistant did not answer, could not or must not, the last one first."""
    page = complaints.list_unanswered(connection, query.wanted(), query.page(), outcome=query.outcome)
    return page.with_items(
        [
            {
                **_present(each),
                "outcome": each.kind,
                "intent": None if each.answer is None else each.answer.intent,
            }
            for each in page.items
        ]
    )


@routes.put(
    "/conversations/{session_id}/reviews/{sequence_number}",
    access=STAFF,
    response=None,
    status=204,
    errors=[NotFound],
)
def review_answer(connection: Connection, caller: Caller, session_id: str, sequence_number: int) -> None:
    """Note that one has looked at an answer."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    complaints.review(connection, session, sequence_number, by=caller.account_id)


@routes.delete(
    "/conversations/{session_id}/reviews/{sequence_number}",
    access=STAFF,
    response=None,
    status=204,
    errors=[NotFound],
)
def reopen_answer(connection: Connection, session_id: str, sequence_number: int) -> None:
    """Put an answer back among those that nobody has looked at."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    complaints.reopen(connection, session, sequence_number)


@routes.put("/conversations/{session_id}/review", access=STAFF, response=None, status=204, errors=[NotFound])
def review_conversation(connection: Connection, caller: Caller, session_id: str) -> None:
    """Note that one has looked at a conversation as a whole, such as one that was rated low."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    complaints.review(connection, session, WHOLE, by=caller.account_id)


@routes.delete("/conversations/{session_id}/review", access=STAFF, response=None, status=204, errors=[NotFound])
def reopen_conversation(connection: Connection, session_id: str) -> None:
    """Put a conversation back among those that nobody has looked at."""
    session = sessions.lock_session(connection, session_id, account_id=None)
    complaints.reopen(connection, session, WHOLE)
