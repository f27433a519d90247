"""The SQL of reactions to messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_sessions,
    message_reactions,
)
from chalicelib.core.database import AnyRow, Connection, insert_row

_reaction, _message = message_reactions.c, conversation_messages.c


class NotUnique(Exception):
    """The account has reacted to the message like that; the transaction can go on."""


def find_message(connection: Connection, public_id: str, account_id: int | None) -> AnyRow | None:
    """Return id and time of a message, and when its session was `begun_at`; of an account where one is given."""
    found = select(_message.id, _message.timestamp, conversation_sessions.c.created_at.label("begun_at"))
    statement = found.join_from(conversation_messages, conversation_sessions).where(_message.public_id == public_id)
    if account_id is not None:
        statement = statement.where(_message.account_id == account_id)
    return connection.execute(statement).first()


def lock_own(connection: Connection, message_id: int, account_id: int, kind: str) -> AnyRow | None:
    """Return what an account reacted to a message, locked; at most one of a kind."""
    own = select(message_reactions).where(
        _reaction.message_id == message_id, _reaction.account_id == account_id, _reaction.reaction_type == kind
    )
    return connection.execute(own.with_for_update()).first()


def insert_reaction(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a reaction and return its id.

    Raises:
        NotUnique: there is one of that message, account and kind.
    """
    try:
        return insert_row(connection, message_reactions, values)
    except IntegrityError as error:
        raise NotUnique from error


def update_reaction(connection: Connection, reaction_id: int, values: Mapping[str, Any]) -> None:
    """Change a reaction."""
    connection.execute(update(message_reactions).where(_reaction.id == reaction_id).values(**values))


def list_reactions(connection: Connection, message_id: int, skip: int, limit: int) -> Sequence[AnyRow]:
    """Return reactions to a message, the first ones first."""
    found = select(message_reactions).where(_reaction.message_id == message_id).order_by(_reaction.id)
    return connection.execute(found.offset(skip).limit(limit)).all()


def delete_reaction(connection: Connection, message_id: int, reaction_id: int, account_id: int) -> bool:
    """Delete what an account reacted to a message; False where there is no such reaction of it."""
    own = (_reaction.id == reaction_id, _reaction.message_id == message_id, _reaction.account_id == account_id)
    return bool(connection.execute(delete(message_reactions).where(*own)).rowcount)
