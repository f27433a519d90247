"""The rules of profiles: one of each account that talks, whose totals are always what counting would give.

Whoever changes how many sessions or messages an account has says so here, after the session and in its transaction.
"""

from __future__ import annotations

from chalicelib.conversations.history import profiles_sql
from chalicelib.core import clock
from chalicelib.core.database import Connection


def add_to_totals(connection: Connection, account_id: int, *, conversations: int = 0, messages: int = 0) -> None:
    """Add to the totals of an account what its session, changed before, has more or less; a profile is made."""
    if not profiles_sql.add_to_totals(connection, account_id, conversations, messages):
        # It is counted with the others, unless another transaction makes the profile just now: then it is added.
        now = clock.now()
        profiles_sql.upsert_counted(connection, account_id, now, conversations=conversations, messages=messages)
