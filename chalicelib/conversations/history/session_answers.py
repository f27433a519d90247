"""Sessions, and the figures of one session, as they go over the wire. Times of response are in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.conversations.history.counters import elapsed_ms
from chalicelib.conversations.history.message_answers import Message, present_message
from chalicelib.conversations.history.sessions import Satisfaction, Status
from chalicelib.core.auth import Caller

_PPM = 1_000_000


class Person(BaseModel):
    """Whose it is."""

    id: int
    username: str
    email: str = Field(description="Empty where none is known; to others than staff it is empty, and so are names.")
    first_name: str
    last_name: str
    date_joined: AwareDatetime


class Analytics(BaseModel):
    """The figures of a session: what counting its messages gives. Averages of nothing are null.

    `avg_user_response_time` is from a message of type `ai` to the `user` message right behind it,
    `avg_ai_response_time` the mean `response_time_ms` of `ai` messages; both in milliseconds.
    """

    id: int
    session: str = Field(description="The id of the session.")
    total_duration_seconds: int = Field(description="From the first message to the last one.")
    avg_user_response_time: float | None
    avg_ai_response_time: float | None
    total_user_words: int
    total_ai_words: int
    total_user_characters: int
    total_ai_characters: int
    user_message_count: int
    ai_message_count: int
    system_message_count: int
    avg_confidence_score: float | None = Field(description="Of `ai` messages, from 0 to 1.")
    failed_message_count: int
    session_rating: int | None = Field(description="From 1 to 5.")
    user_satisfaction: Satisfaction | None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class SessionListItem(BaseModel):
    """A session in a list."""

    id: str
    user: str = Field(description="The user name of its owner.")
    title: str
    status: Status
    created_at: AwareDatetime
    last_activity_at: AwareDatetime
    message_count: int
    tags: list[str]


class Session(BaseModel):
    """A session with its latest messages and its figures."""

    id: str
    user: Person
    title: str
    description: str
    status: Status
    created_at: AwareDatetime
    updated_at: AwareDatetime
    last_activity_at: AwareDatetime
    message_count: int
    ai_model_version: str | None
    session_context: dict[str, Any]
    tags: list[str]
    avg_response_time: float | None = Field(
        description="Of `ai` messages, in milliseconds; null where none says how long it took."
    )
    total_tokens_used: int
    handoff: Literal["requested", "taken"] | None = Field(
        description="Whether a person of the shop is asked for, or answers instead of the assistant."
    )
    messages: list[Message] = Field(
        description="The latest 500, oldest first, or fewer where they are very long; all of them by "
        "`GET /api/sessions/{session_id}/messages`."
    )
    analytics: Analytics


class SessionStats(BaseModel):
    """How much somebody talks."""

    total_sessions: int
    active_sessions: int
    total_messages: int
    avg_messages_per_session: float
    recent_activity: int = Field(description="Sessions in which something happened in the last 7 days.")


def present_person(row: Any) -> dict[str, Any]:
    """Return a row of `accounts.find_people` as it goes over the wire."""
    return {
        "id": row.id,
        "username": row.username,
        "email": row.email or "",
        "first_name": row.first_name,
        "last_name": row.last_name,
        "date_joined": row.created_at,
    }


def present_person_to(caller: Caller, row: Any) -> dict[str, Any]:
    """Return a person as others than itself may see it: who is no member of staff learns the user name alone."""
    person = present_person(row)
    if caller.is_staff or caller.account_id == row.id:
        return person
    return {**person, "email": "", "first_name": "", "last_name": ""}


def present_list_item(row: Any, username: str) -> dict[str, Any]:
    """Return a session row as it goes over the wire in a list."""
    return {
        "id": row.public_id,
        "user": username,
        "title": row.title,
        "status": row.status,
        "created_at": row.created_at,
        "last_activity_at": row.last_activity_at,
        "message_count": row.message_count,
        "tags": msgspec.json.decode(row.tags),
    }


def present_session(row: Any, person: Any, messages: Sequence[Any]) -> dict[str, Any]:
    """Return a session row with its owner (of `accounts.find_people`) and its latest messages, oldest first."""
    return {
        "id": row.public_id,
        "user": present_person(person),
        "title": row.title,
        "description": row.description,
        "status": row.status,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "last_activity_at": row.last_activity_at,
        "message_count": row.message_count,
        "ai_model_version": row.ai_model_version,
        "session_context": msgspec.json.decode(row.session_context),
        "tags": msgspec.json.decode(row.tags),
        "avg_response_time": average(row.ai_response_ms, row.ai_responses),
        "total_tokens_used": row.tokens_used,
        "handoff": row.handoff,
        "messages": [present_message(message) for message in messages],
        "analytics": present_analytics(row),
    }


def present_analytics(row: Any) -> dict[str, Any]:
    """Return the figures of a session row as they go over the wire."""
    return {
        "id": row.id,
        "session": row.public_id,
        "total_duration_seconds": duration_s(row.first_message_at, row.last_message_at),
        "avg_user_response_time": average(row.user_response_ms, row.user_responses),
        "avg_ai_response_time": average(row.ai_response_ms, row.ai_responses),
        "total_user_words": row.user_words,
        "total_ai_words": row.ai_words,
        "total_user_characters": row.user_characters,
        "total_ai_characters": row.ai_characters,
        "user_message_count": row.user_message_count,
        "ai_message_count": row.ai_message_count,
        "system_message_count": row.system_message_count,
        "avg_confidence_score": average(row.confidence_ppm, row.confidences * _PPM, digits=6),
        "failed_message_count": row.failed_message_count,
        "session_rating": row.session_rating,
        "user_satisfaction": row.user_satisfaction,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def duration_s(first: datetime | None, last: datetime | None) -> int:
    """Return the whole seconds between two moments; 0 where there are none."""
    return 0 if first is None or last is None else elapsed_ms(first, last) // 1000


def average(total: int, count: int, *, digits: int = 3) -> float | None:
    """Return the mean of what adds up to `total`, rounded; None of nothing."""
    return round(total / count, digits) if count else None
