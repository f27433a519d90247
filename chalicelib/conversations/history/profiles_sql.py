"""The SQL of who talks: profiles with the totals of their conversations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from chalicelib.conversations.history.history_tables import conversation_profiles, conversation_sessions
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import upsert
from chalicelib.core.database.pages import fetch_numbered
from chalicelib.core.paging import NumberedPage, NumberedQuery

_profiles = conversation_profiles.c


def add_to_totals(connection: Connection, account_id: int, conversations: int, messages: int) -> bool:
    """Add to the totals of an account's profile; False where it has none."""
    values = {
        _profiles.total_conversations: _profiles.total_conversations + conversations,
        _profiles.total_messages: _profiles.total_messages + messages,
    }
    mine = update(conversation_profiles).where(_profiles.account_id == account_id)
    return bool(connection.execute(mine.values(values)).rowcount)


def upsert_counted(
    connection: Connection, account_id: int, now: datetime, *, conversations: int = 0, messages: int = 0
) -> None:
    """Make a profile with what counting gives; where another transaction made one meanwhile, add to its totals."""
    sessions = conversation_sessions.c
    mine = sessions.account_id == account_id
    values = {
        "account_id": account_id,
        "is_active": True,
        "preferences": "{}",
        "total_conversations": select(func.count()).where(mine).scalar_subquery(),
        "total_messages": select(func.coalesce(func.sum(sessions.message_count), 0)).where(mine).scalar_subquery(),
        "created_at": now,
        "updated_at": now,
    }
    more = {
        "total_conversations": _profiles.total_conversations + conversations,
        "total_messages": _profiles.total_messages + messages,
    }
    upsert(connection, conversation_profiles, values, keys=["account_id"], update=more)


def find_profile(connection: Connection, profile_id: int, account_id: int | None) -> AnyRow | None:
    """Return a profile, of an account where one is given."""
    statement = select(conversation_profiles).where(_profiles.id == profile_id)
    if account_id is not None:
        statement = statement.where(_profiles.account_id == account_id)
    return connection.execute(statement).first()


def find_of_account(connection: Connection, account_id: int) -> AnyRow | None:
    """Return the profile of an account."""
    return connection.execute(select(conversation_profiles).where(_profiles.account_id == account_id)).first()


def list_profiles(connection: Connection, page: NumberedQuery, account_id: int | None) -> NumberedPage[AnyRow]:
    """Return profiles by id, of an account where one is given."""
    statement = select(conversation_profiles)
    if account_id is not None:
        statement = statement.where(_profiles.account_id == account_id)
    return fetch_numbered(connection, statement, page, order=[_profiles.id])


def update_profile(connection: Connection, profile_id: int, values: Mapping[str, Any]) -> None:
    """Change a profile."""
    connection.execute(update(conversation_profiles).where(_profiles.id == profile_id).values(**values))


def delete_profile(connection: Connection, profile_id: int) -> None:
    """Delete a profile."""
    connection.execute(delete(conversation_profiles).where(_profiles.id == profile_id))
