"""The SQL of the help desk's list, and of what stands around one conversation."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, select

from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_sessions,
    message_reactions,
)
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import has_words
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_sessions = conversation_sessions.c
_messages = conversation_messages.c
_reactions = message_reactions.c

# Without what may be long: the context and the memory of the assistant.
_LISTED = (
    *(_sessions[name] for name in (
        "id", "public_id", "account_id", "title", "status", "tags", "created_at", "last_activity_at", "message_count",
        "last_message_type", "session_rating", "user_satisfaction", "handoff", "handoff_at", "assignee_id",
    )),
)  # fmt: skip

# One word that is looked for: the tokens of which a message has one, each with whether more may follow it.
Tokens = Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations are listed. `tokens`: one of their messages has one token of each."""

    status: str | None = None
    handoff: Literal["none", "requested", "taken"] | None = None
    assignee_id: int | None = None
    account_id: int | None = None
    active_from: datetime | None = None
    active_before: datetime | None = None
    min_rating: int | None = None
    max_rating: int | None = None
    tag: str | None = None
    tokens: Sequence[Tokens] = ()
    # Only those that can be answered at once: neither completed nor put away.
    in_progress: bool = False


def list_conversations(
    connection: Connection, wanted: Wanted, page: PageRequest, *, by_waiting: bool
) -> Page[AnyRow]:
    """Return conversations, that of the last activity first; `by_waiting`: the one that waits longest first."""
    statement = _filtered(connection, select(*_LISTED), wanted)
    if by_waiting:
        return fetch_page(connection, statement, page, order=[_sessions.handoff_at, _sessions.id])
    order = [_sessions.last_activity_at, _sessions.id]
    return fetch_page(connection, statement, page, order=order, descending=True)


def _filtered(connection: Connection, statement: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.status is not None:
        statement = statement.where(_sessions.status == wanted.status)
    if wanted.in_progress:
        statement = statement.where(_sessions.status.in_(["active", "paused"]))
    if wanted.handoff is not None:
        is_none = _sessions.handoff.is_(None)
        statement = statement.where(is_none if wanted.handoff == "none" else _sessions.handoff == wanted.handoff)
    if wanted.assignee_id is not None:
        statement = statement.where(_sessions.assignee_id == wanted.assignee_id)
    if wanted.account_id is not None:
        statement = statement.where(_sessions.account_id == wanted.account_id)
    if wanted.active_from is not None:
        statement = statement.where(_sessions.last_activity_at >= wanted.active_from)
    if wanted.active_before is not None:
        statement = statement.where(_sessions.last_activity_at < wanted.active_before)
    if wanted.min_rating is not None:
        statement = statement.where(_sessions.session_rating >= wanted.min_rating)
    if wanted.max_rating is not None:
        statement = statement.where(_sessions.session_rating <= wanted.max_rating)
    if wanted.tag is not None:
        # As it stands in the JSON array.
        tag = json.dumps(wanted.tag, ensure_ascii=False)
        statement = statement.where(_sessions.tags.contains(tag, autoescape=True))
    if wanted.tokens:
        having = has_words(connection, _messages.words, _messages.id, wanted.tokens)
        statement = statement.where(_sessions.id.in_(select(_messages.session_id).where(having)))
    return statement


def list_hits(connection: Connection, session_ids: Collection[int], tokens: Sequence[Tokens]) -> Sequence[AnyRow]:
    """Return of each of some sessions the newest message that has the words: session_id, sequence_number, content."""
    having = has_words(connection, _messages.words, _messages.id, tokens)
    newest = (
        select(func.max(_messages.id).label("id"))
        .where(having, _messages.session_id.in_(session_ids))
        .group_by(_messages.session_id)
        .subquery("newest")
    )
    statement = select(_messages.session_id, _messages.sequence_number, _messages.content)
    return connection.execute(statement.join(newest, newest.c.id == _messages.id)).all()


def list_reactions(connection: Connection, session_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the latest reactions to messages of a session, newest first, with the number of the message."""
    statement = (
        select(message_reactions, _messages.sequence_number)
        .join_from(message_reactions, conversation_messages)
        .where(_messages.session_id == session_id)
    )
    return connection.execute(
        statement.order_by(_reactions.updated_at.desc(), _reactions.id.desc()).limit(limit)
    ).all()
