"""The SQL of who talks: profiles with the totals of their conversations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from chalicelib.conversations.history.history_tables import conversation_profiles, conversation_sessions
from chalicelib.core.database import Connection
from chalicelib.core.database.dialect import upsert

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
