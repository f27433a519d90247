"""The SQL of the search in messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, or_, select

from chalicelib.conversations.history.history_tables import conversation_messages, conversation_sessions
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import has_words
from chalicelib.core.database.pages import fetch_numbered
from chalicelib.core.paging import NumberedPage, NumberedQuery

# One word that is looked for: the tokens of which a message has one, each with whether more may follow it.
Tokens = Sequence[tuple[str, bool]]

_message, _session = conversation_messages.c, conversation_sessions.c
_FOUND = select(
    _message.public_id,
    _message.content,
    _message.sequence_number,
    _message.timestamp,
    _message.message_type,
    _message.origin,
    _session.public_id.label("session"),
    _session.title.label("session_title"),
    _session.account_id,
).join_from(conversation_messages, conversation_sessions)


class Filters(Protocol):
    """What the messages must be, beside having the words."""

    @property
    def session(self) -> str | None:
        """The public id of their session."""

    @property
    def message_type(self) -> str | None:
        """Their type."""

    @property
    def since(self) -> datetime | None:
        """The earliest time that they may have."""

    @property
    def before(self) -> datetime | None:
        """The time that they must be before."""


def search(
    connection: Connection, wanted: Sequence[Tokens], filters: Filters, page: NumberedQuery, *, account_id: int | None
) -> NumberedPage[AnyRow]:
    """Return the messages that have one token of each of `wanted`, newest first, with what is shown of their session.

    Of one account its own messages are read through, found by their index: the text index knows no accounts, and
    would first collect the messages of everybody that have a common word.
    """
    if account_id is None:
        statement = _FOUND.where(has_words(connection, _message.words, _message.id, wanted))
    else:
        statement = _FOUND.where(_message.account_id == account_id, *(_has_one(tokens) for tokens in wanted))
    order = [_message.timestamp.desc(), _message.id.desc()]
    return fetch_numbered(connection, _filtered(statement, filters), page, order=order)


def _has_one(tokens: Tokens) -> ColumnElement[bool]:
    # The letters of a token are those of no LIKE pattern but for `_`.
    patterns = (f" {word}" if more else f" {word} " for word, more in tokens)
    return or_(*(_message.words.contains(pattern, autoescape=True) for pattern in patterns))


def _filtered(statement: Select[Any], filters: Filters) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if filters.session is not None:
        conditions.append(_session.public_id == filters.session)
    if filters.message_type is not None:
        conditions.append(_message.message_type == filters.message_type)
    if filters.since is not None:
        conditions.append(_message.timestamp >= filters.since)
    if filters.before is not None:
        conditions.append(_message.timestamp < filters.before)
    return statement.where(and_(*conditions)) if conditions else statement
