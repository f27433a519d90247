"""Conversations in which nothing happens any more: first paused, then completed. A message makes them active."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.conversations.history import sessions_sql
from chalicelib.conversations.history.sessions import Status
from chalicelib.core import clock, logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run

_BATCH = 500
_SAFETY_MS = 10_000


def close_idle_sessions(*, time_left_ms: Callable[[], int]) -> int:
    """Pause active sessions and complete paused ones that are idle for as long as the settings say; return how many.

    In batches, each in a transaction of its own: safe to run twice and to be killed. One that waits for a person of
    the shop, or talks to one, stays as it is.
    """
    now, config = clock.now(), settings()
    # Completed first: what is paused in this run is completed by a later one.
    completed = _close("paused", "completed", now - timedelta(days=config.conversation_complete_days), time_left_ms)
    paused = _close("active", "paused", now - timedelta(minutes=config.conversation_idle_minutes), time_left_ms)
    logging.info("idle sessions closed", paused=paused, completed=completed)
    return paused + completed


def _close(status: Status, becomes: Status, before: datetime, time_left_ms: Callable[[], int]) -> int:
    def close_some(connection: Connection) -> tuple[int, int]:
        ids = sessions_sql.list_idle(connection, status, before, _BATCH)
        done = sessions_sql.close_idle(connection, ids, status, before, becomes, clock.now()) if ids else 0
        return len(ids), done

    closed = 0
    while time_left_ms() >= _SAFETY_MS:
        found, done = run(close_some, writes=True)
        closed += done
        if found < _BATCH:
            break
    return closed
