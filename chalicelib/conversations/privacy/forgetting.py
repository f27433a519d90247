"""Forgetting conversations: one's own at will, all of a person, and those that have been kept for long enough.

With a session goes all that hangs on it, and what kept answers tell of it. Figures by day hold no text: they are
counted again after people delete, and stay as they were after what is merely old is taken away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.conversations.figures import due_days
from chalicelib.conversations.history import templates
from chalicelib.conversations.privacy import forgetting_sql as sql
from chalicelib.conversations.privacy import kept_answers
from chalicelib.core import clock, logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run

_BATCH = 50
_SAFETY_MS = 10_000
# Of a request, which API Gateway ends after 29 seconds: 200 batches of short ones take less.
_MOST_BATCHES = 200


@dataclass(frozen=True, slots=True)
class Deleted:
    """How much was deleted; `is_all` when nothing is left of it."""

    sessions: int
    messages: int
    is_all: bool


def delete_history(account_id: int) -> Deleted:
    """Delete all conversations of an account, in batches, each in a transaction of its own.

    Of very many a part is left, for another call.
    """
    sessions = messages = 0
    for _ in range(_MOST_BATCHES):
        rows = run(lambda connection: _delete_some(connection, account_id), writes=True)
        sessions += len(rows)
        messages += sum(row.message_count for row in rows)
        if len(rows) < _BATCH:
            return Deleted(sessions, messages, is_all=True)
    return Deleted(sessions, messages, is_all=False)


def _delete_some(connection: Connection, account_id: int) -> Sequence[Any]:
    rows = sql.lock_own(connection, account_id, _BATCH)
    _delete(connection, rows)
    due_days.mark_deleted(connection, [(row.created_at, row.last_activity_at) for row in rows])
    # Also what tells of sessions that were deleted before.
    kept_answers.forget_answers(connection, account_ids=[account_id], public_ids=[])
    return rows


def forget(connection: Connection, account_id: int) -> None:
    """Delete all that conversations know of an account, in the caller's transaction; its templates are of nobody.

    The account must be locked, or nobody's any more.
    """
    while rows := sql.lock_own(connection, account_id, _BATCH):
        _delete(connection, rows)
        due_days.mark_deleted(connection, [(row.created_at, row.last_activity_at) for row in rows])
    sql.delete_reactions(connection, account_id)
    sql.delete_usage(connection, account_id)
    sql.delete_profile(connection, account_id)
    templates.forget_author(connection, account_id)


def purge_conversations(*, time_left_ms: Callable[[], int]) -> int:
    """Delete the sessions in which nothing has happened for as long as they are kept, in batches; return how many.

    What is not done in time is left to the next run.
    """
    deleted = 0
    while time_left_ms() >= _SAFETY_MS:
        found, gone = _purge_some()
        deleted += gone
        if found < _BATCH:
            break
    logging.info("conversations purged", deleted=deleted)
    return deleted


def _purge_some() -> tuple[int, int]:
    """Return how many sessions were due, and how many of them were deleted (the others went on meanwhile)."""
    before = clock.now() - timedelta(days=settings().conversations_keep_days)
    ids = run(lambda connection: sql.list_old(connection, before, _BATCH), writes=False)

    def work(connection: Connection) -> int:
        rows = sql.lock_still_old(connection, ids, before)
        _delete(connection, rows)
        return len(rows)

    return len(ids), run(work, writes=True) if ids else 0


def _delete(connection: Connection, rows: Sequence[Any]) -> None:
    """Delete locked sessions, take them off the totals of their people, and forget what was answered about them."""
    if not rows:
        return
    now = clock.now()
    sql.delete_sessions(connection, [row.id for row in rows])
    sessions = Counter(row.account_id for row in rows)
    for account_id in sorted(sessions):
        messages = sum(row.message_count for row in rows if row.account_id == account_id)
        sql.lower_totals(connection, account_id, sessions[account_id], messages, now)
    public_ids = [row.public_id for row in rows]
    kept_answers.forget_answers(connection, account_ids=sorted(sessions), public_ids=public_ids)
