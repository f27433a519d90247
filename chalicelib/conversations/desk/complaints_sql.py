"""The SQL of what went wrong: answers that were found bad, low ratings, questions without an answer; and reviews."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, delete, select

from chalicelib.conversations.desk.desk_tables import conversation_reviews
from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_sessions,
    message_reactions,
)
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import upsert
from chalicelib.core.database.pages import behind

_sessions = conversation_sessions.c
_messages = conversation_messages.c
_reactions = message_reactions.c
_reviews = conversation_reviews.c

BAD = ("dislike", "not_helpful", "inaccurate")
# Of a review of the whole conversation, which has no message of this number.
WHOLE = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which complaints are listed; `reviewed` None: whether staff has looked at them or not."""

    reviewed: bool | None = None
    since: datetime | None = None
    before: datetime | None = None
    intent: str | None = None


# (moment, id) of the last one before.
Key = tuple[Any, ...]

_question = conversation_messages.alias("question")
_last = conversation_messages.alias("last")


def _question_before() -> ColumnElement[int | None]:
    """Return the id of the user's message before a message."""
    asked = (_question.c.session_id == _messages.session_id) & (_question.c.message_type == "user")
    before = select(_question.c.id).where(asked, _question.c.sequence_number < _messages.sequence_number)
    latest = before.order_by(_question.c.sequence_number.desc()).limit(1)
    return latest.correlate(conversation_messages).scalar_subquery().label("question_id")


def _last_answer() -> ColumnElement[int | None]:
    """Return the id of the last message of an AI in a session."""
    said = (_last.c.session_id == _sessions.id) & (_last.c.message_type == "ai")
    latest = select(_last.c.id).where(said).order_by(_last.c.sequence_number.desc()).limit(1)
    return latest.correlate(conversation_sessions).scalar_subquery().label("answer_id")


_SESSION = (
    _sessions.public_id,
    _sessions.title,
    _sessions.account_id,
    _sessions.session_rating,
    _sessions.user_satisfaction,
    _reviews.reviewed_by,
    _reviews.reviewed_at,
)


def list_bad_answers(connection: Connection, wanted: Wanted, after: Key, limit: int) -> Sequence[AnyRow]:
    """Return reactions that find a message of an AI bad, newest first, with ids of the message and its question."""
    at = _reactions.updated_at
    statement = (
        select(
            at.label("at"),
            _reactions.id,
            _reactions.reaction_type,
            _reactions.comment,
            _messages.id.label("answer_id"),
            _messages.sequence_number,
            _question_before(),
            *_SESSION,
        )
        .join_from(message_reactions, conversation_messages)
        .join(conversation_sessions, _sessions.id == _messages.session_id)
        .outerjoin(conversation_reviews, _review_of(_messages.session_id, _messages.sequence_number))
        .where(_reactions.reaction_type.in_(BAD), _messages.message_type == "ai")
    )
    if wanted.intent is not None:
        statement = statement.where(_messages.intent == wanted.intent)
    return connection.execute(_page(statement, wanted, at, _reactions.id, after, limit)).all()


def list_low_rated(connection: Connection, wanted: Wanted, after: Key, limit: int) -> Sequence[AnyRow]:
    """Return conversations rated 1 or 2, the last rated first, with the id of their last answer."""
    at = _sessions.rated_at
    statement = (
        select(at.label("at"), _sessions.id, _last_answer(), *_SESSION)
        .join_from(conversation_sessions, conversation_reviews, _review_of(_sessions.id, WHOLE), isouter=True)
        .where(_sessions.session_rating.in_([1, 2]), at.is_not(None))
    )
    return connection.execute(_page(statement, wanted, at, _sessions.id, after, limit)).all()


def list_without_answer(
    connection: Connection, outcome: str, wanted: Wanted, after: Key, limit: int
) -> Sequence[AnyRow]:
    """Return answers with an outcome, newest first, with the id of their question."""
    at = _messages.timestamp
    statement = (
        select(
            at.label("at"),
            _messages.id,
            _messages.id.label("answer_id"),
            _messages.sequence_number,
            _question_before(),
            *_SESSION,
        )
        .join_from(conversation_messages, conversation_sessions)
        .outerjoin(conversation_reviews, _review_of(_messages.session_id, _messages.sequence_number))
        .where(_messages.outcome == outcome)
    )
    if wanted.intent is not None:
        statement = statement.where(_messages.intent == wanted.intent)
    return connection.execute(_page(statement, wanted, at, _messages.id, after, limit)).all()


def _review_of(session_id: Column[Any], number: Any) -> ColumnElement[bool]:
    return and_(_reviews.session_id == session_id, _reviews.sequence_number == number)


def _page(
    statement: Select[Any], wanted: Wanted, at: Column[Any], key: Column[Any], after: Key, limit: int
) -> Select[Any]:
    if wanted.reviewed is not None:
        known = _reviews.reviewed_at
        statement = statement.where(known.is_not(None) if wanted.reviewed else known.is_(None))
    if wanted.since is not None:
        statement = statement.where(at >= wanted.since)
    if wanted.before is not None:
        statement = statement.where(at < wanted.before)
    if after:
        statement = statement.where(behind([at, key], after, descending=True))
    return statement.order_by(at.desc(), key.desc()).limit(limit)


def list_messages(connection: Connection, ids: Collection[int]) -> Sequence[AnyRow]:
    """Return what some messages say, as it is now."""
    shown = ("id", "sequence_number", "content", "timestamp", "origin", "intent", "outcome", "confidence_ppm")
    columns = (_messages[name] for name in (*shown, "ai_model"))
    return connection.execute(select(*columns).where(_messages.id.in_(ids))).all()


# --- reviews -----------------------------------------------------------------------------------------------------


def has_message(connection: Connection, session_id: int, number: int) -> bool:
    """Tell whether a session has a message of that number."""
    its = (_messages.session_id == session_id) & (_messages.sequence_number == number)
    return connection.execute(select(_messages.id).where(its)).first() is not None


def upsert_review(connection: Connection, values: Mapping[str, Any]) -> None:
    """Note that something was looked at; who did so last counts."""
    again = {name: values[name] for name in ("reviewed_by", "reviewed_at")}
    upsert(connection, conversation_reviews, values, keys=["session_id", "sequence_number"], update=again)


def delete_review(connection: Connection, session_id: int, number: int) -> None:
    """Note that something has to be looked at (again)."""
    its = (_reviews.session_id == session_id) & (_reviews.sequence_number == number)
    connection.execute(delete(conversation_reviews).where(its))
