"""The SQL of the daily figures: which days changed, what was said on one, and the figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, insert, literal, or_, select

from chalicelib.conversations.assistant.assistant_tables import shown_products
from chalicelib.conversations.desk.desk_tables import conversation_handoffs
from chalicelib.conversations.figures.figure_tables import (
    conversation_day_intents,
    conversation_days,
)
from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_sessions,
    message_reactions,
)
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import epoch_s

_sessions = conversation_sessions.c
_messages = conversation_messages.c
_reactions = message_reactions.c
_handoffs = conversation_handoffs.c
_shown = shown_products.c
_days = conversation_days.c
_intents = conversation_day_intents.c

GOOD = ("like", "helpful", "accurate")
BAD = ("dislike", "not_helpful", "inaccurate")
OUTCOMES = ("answered", "asked_back", "refused", "unanswered", "failed")
# The last rating that says that a conversation went wrong.
_LOW = 2
# Of a hand-off that nobody had asked for; see `desk.handoffs`.
_UNASKED = "unasked"


def _as_date(given: object) -> date:
    return given if isinstance(given, date) else date.fromisoformat(str(given))  # a text on SQLite


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _numbers(row: AnyRow) -> dict[str, int]:
    # Sums of integers are Decimal on MySQL.
    return {name: int(value) for name, value in row._mapping.items()}


# --- which days changed ------------------------------------------------------------------------------------------


def list_days_of_messages(connection: Connection, since: datetime) -> list[date]:
    """Return the days on which something was said from `since` on."""
    statement = select(func.date(_messages.timestamp)).where(_messages.timestamp >= since).distinct()
    return [_as_date(each) for each in connection.scalars(statement)]


def list_days_of_sessions(connection: Connection, since: datetime) -> list[date]:
    """Return the days on which conversations began that went on from `since` on."""
    statement = select(func.date(_sessions.created_at)).where(_sessions.last_activity_at >= since).distinct()
    return [_as_date(each) for each in connection.scalars(statement)]


# --- one day -----------------------------------------------------------------------------------------------------


def count_sessions(connection: Connection, start: datetime, end: datetime) -> dict[str, int]:
    """Return of the conversations that began from `start` until before `end`: how many, resolved, their ratings."""
    answer = conversation_messages.alias("answer")
    same_session = answer.c.session_id == _messages.session_id
    last = select(func.max(answer.c.sequence_number)).where(same_session, answer.c.outcome.is_not(None))
    answered = exists().where(_messages.session_id == _sessions.id, _messages.outcome == "answered")
    asked_for = exists().where(_handoffs.session_id == _sessions.id)
    disliked = (
        exists()
        .where(_messages.session_id == _sessions.id, _messages.sequence_number == last.scalar_subquery())
        .where(_reactions.message_id == _messages.id, _reactions.reaction_type.in_(BAD))
    )
    not_low = or_(_sessions.session_rating.is_(None), _sessions.session_rating > _LOW)
    statement = select(
        func.count().label("conversations"),
        _sum(and_(answered, ~asked_for, not_low, ~disliked)).label("resolved"),
        func.count(_sessions.session_rating).label("ratings"),
        func.coalesce(func.sum(_sessions.session_rating), 0).label("rating_sum"),
    ).where(_sessions.created_at >= start, _sessions.created_at < end)
    return _numbers(connection.execute(statement).one())


def _on(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(_messages.timestamp >= start, _messages.timestamp < end)


def count_messages(connection: Connection, start: datetime, end: datetime) -> dict[str, int]:
    """Return of what was said in that time: messages, people, what became of questions, and what answers took."""
    is_answer = _messages.outcome.is_not(None)
    by_person = and_(_messages.message_type == "user", _messages.origin == "client")

    def of_answers(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(case((is_answer, column), else_=0)), 0)

    statement = select(
        func.count().label("messages"),
        func.count(case((by_person, _messages.account_id)).distinct()).label("people"),
        _sum(is_answer).label("questions"),
        *(_sum(_messages.outcome == each).label(each) for each in OUTCOMES),
        of_answers(_messages.response_time_ms).label("response_ms"),
        of_answers(_messages.tokens_used).label("tokens"),
        of_answers(_messages.cost_micros).label("cost_micros"),
    ).where(_on(start, end))
    return _numbers(connection.execute(statement).one())


def count_reactions(connection: Connection, start: datetime, end: datetime) -> dict[str, int]:
    """Return how many messages of AIs of that time were found good, and how many bad, whenever it was said."""

    def found(kinds: Sequence[str]) -> ColumnElement[int]:
        return func.count(case((_reactions.reaction_type.in_(kinds), _messages.id)).distinct())

    statement = (
        select(found(GOOD).label("helpful"), found(BAD).label("not_helpful"))
        .join_from(conversation_messages, message_reactions, _reactions.message_id == _messages.id)
        .where(_on(start, end), _messages.message_type == "ai")
    )
    return _numbers(connection.execute(statement).one())


def count_handoffs(connection: Connection, start: datetime, end: datetime) -> dict[str, int]:
    """Return of the hand-offs that were asked for in that time, or began unasked: how many, taken, their waits."""
    asked, taken = _handoffs.reason != _UNASKED, _handoffs.taken_at.is_not(None)
    wait = epoch_s(connection, _handoffs.taken_at) - epoch_s(connection, _handoffs.requested_at)
    statement = select(
        _sum(asked).label("handoffs"),
        _sum(taken).label("taken_over"),
        _sum(and_(asked, taken)).label("waited"),
        func.coalesce(func.sum(case((and_(asked, taken), wait), else_=literal(0))), 0).label("wait_s"),
    ).where(_handoffs.requested_at >= start, _handoffs.requested_at < end)
    return _numbers(connection.execute(statement).one())


def count_intents(connection: Connection, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return the questions of that time by how they were understood, and how many of them got no answer."""
    intent = func.coalesce(_messages.intent, "unclear").label("intent")
    statement = (
        select(
            intent,
            func.count().label("questions"),
            _sum(_messages.outcome.in_(["unanswered", "failed"])).label("unanswered"),
        )
        .where(_on(start, end), _messages.outcome.is_not(None))
        .group_by(intent)
        .order_by(intent)
    )
    return [
        {"intent": row.intent, "questions": int(row.questions), "unanswered": int(row.unanswered)}
        for row in connection.execute(statement)
    ]


def list_shown(
    connection: Connection,
    account_ids: Collection[int],
    product_ids: Collection[int],
    since: datetime,
    until: datetime,
) -> Sequence[AnyRow]:
    """Return what of some products was shown to some accounts: session_id, account_id, product_id, shown_at.

    Nothing is shown after the last activity of its conversation: that finds them by the index.
    """
    statement = (
        select(_shown.session_id, _sessions.account_id, _shown.product_id, _shown.shown_at)
        .join_from(conversation_sessions, shown_products, _shown.session_id == _sessions.id)
        .where(_sessions.account_id.in_(account_ids), _sessions.last_activity_at >= since)
        .where(_shown.product_id.in_(product_ids), _shown.shown_at >= since, _shown.shown_at <= until)
    )
    return connection.execute(statement).all()


# --- the figures -------------------------------------------------------------------------------------------------


def replace_day(
    connection: Connection, day: date, figures: Mapping[str, Any], intents: Sequence[Mapping[str, Any]]
) -> None:
    """Put the figures of a day in the place of those that were there; a day of nothing has no row."""
    connection.execute(delete(conversation_days).where(_days.day == day))
    connection.execute(delete(conversation_day_intents).where(_intents.day == day))
    if any(value for name, value in figures.items() if name != "day"):
        connection.execute(insert(conversation_days).values(**figures))
    if intents:
        connection.execute(insert(conversation_day_intents), intents)


def list_days(connection: Connection, first: date, last: date) -> Sequence[AnyRow]:
    """Return the figures of the days from `first` to `last`, in their order; days of nothing are left out."""
    statement = select(conversation_days).where(_days.day >= first, _days.day <= last)
    return connection.execute(statement.order_by(_days.day)).all()


def list_intents(connection: Connection, first: date, last: date, limit: int) -> Sequence[AnyRow]:
    """Return the intents of those days, the most asked first: intent, questions, unanswered."""
    asked = func.sum(_intents.questions)
    statement = (
        select(_intents.intent, asked.label("questions"), func.sum(_intents.unanswered).label("unanswered"))
        .where(_intents.day >= first, _intents.day <= last)
        .group_by(_intents.intent)
        .order_by(asked.desc(), _intents.intent)
        .limit(limit)
    )
    return connection.execute(statement).all()
