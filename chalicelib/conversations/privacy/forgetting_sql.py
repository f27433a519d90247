"""The SQL of deleting conversations: many sessions at a time, with all that hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, update

from chalicelib.conversations.assistant.assistant_tables import assistant_usage
from chalicelib.conversations.history.history_tables import (
    conversation_profiles,
    conversation_sessions,
    message_reactions,
)
from chalicelib.core.database import AnyRow, Connection

_session, _profile = conversation_sessions.c, conversation_profiles.c
_WHAT = select(
    _session.id,
    _session.public_id,
    _session.account_id,
    _session.message_count,
    _session.created_at,
    _session.last_activity_at,
)


def lock_own(connection: Connection, account_id: int, limit: int) -> Sequence[AnyRow]:
    """Return sessions of an account, the oldest first, locked."""
    return _locked(connection, _WHAT.where(_session.account_id == account_id), limit)


def list_old(connection: Connection, before: datetime, limit: int) -> Sequence[int]:
    """Return the ids of sessions in which nothing has happened since `before`, in order."""
    old = select(_session.id).where(_session.last_activity_at < before)
    return sorted(connection.scalars(old.order_by(_session.last_activity_at, _session.id).limit(limit)))


def lock_still_old(connection: Connection, ids: Sequence[int], before: datetime) -> Sequence[AnyRow]:
    """Return those of the sessions in which still nothing has happened since `before`, locked."""
    return _locked(connection, _WHAT.where(_session.id.in_(ids), _session.last_activity_at < before), len(ids))


def _locked(connection: Connection, statement: Select[Any], limit: int) -> Sequence[AnyRow]:
    # Always in the order of ids: no deadlocks.
    return connection.execute(statement.order_by(_session.id).limit(limit).with_for_update()).all()


def delete_sessions(connection: Connection, ids: Sequence[int]) -> None:
    """Delete sessions; messages, reactions, notes, hand-offs, reviews and shown products go with them."""
    connection.execute(delete(conversation_sessions).where(_session.id.in_(ids)))


def lower_totals(connection: Connection, account_id: int, sessions: int, messages: int, now: datetime) -> None:
    """Take deleted sessions and their messages off the totals of a profile."""
    connection.execute(
        update(conversation_profiles)
        .where(_profile.account_id == account_id)
        .values(
            total_conversations=_profile.total_conversations - sessions,
            total_messages=_profile.total_messages - messages,
            updated_at=now,
        )
    )


def delete_profile(connection: Connection, account_id: int) -> None:
    """Delete the profile of an account, with its preferences."""
    connection.execute(delete(conversation_profiles).where(_profile.account_id == account_id))


def delete_reactions(connection: Connection, account_id: int) -> None:
    """Delete the reactions of an account, wherever they are."""
    connection.execute(delete(message_reactions).where(message_reactions.c.account_id == account_id))


def delete_usage(connection: Connection, account_id: int) -> None:
    """Delete what an account used of models; the sums of all accounts stay."""
    connection.execute(delete(assistant_usage).where(assistant_usage.c.account_id == account_id))
