"""Taking away what people did long ago: it says little of what they want now, and is not kept for its own sake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from chalicelib.core import clock, logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.recommendations.signals import bounds_sql, visitors_sql

_BATCH = 1_000
_SAFETY_MS = 10_000


def purge_behaviour_events(*, time_left_ms: Callable[[], int]) -> int:
    """Delete events that were received longer ago than the settings keep them, in batches; return how many.

    With them go visitors that nobody has seen since, and counts of hours that are over. What is not done in time is
    left to the next run.
    """
    before = clock.now() - timedelta(days=settings().behaviour_keep_days)

    def delete_events(connection: Connection) -> int:
        ids = visitors_sql.list_old_events(connection, before, _BATCH)
        return visitors_sql.delete_events(connection, ids) if ids else 0

    def delete_visitors(connection: Connection) -> int:
        ids: Sequence[int] = visitors_sql.list_unseen(connection, before, _BATCH)
        return visitors_sql.delete_unseen(connection, ids, before) if ids else 0

    events = _repeat(delete_events, time_left_ms)
    visitors = _repeat(delete_visitors, time_left_ms)
    _repeat(lambda connection: bounds_sql.delete_over(connection, clock.now(), _BATCH), time_left_ms)
    logging.info("behaviour events purged", deleted=events, visitors=visitors)
    return events


def _repeat(work: Callable[[Connection], int], time_left_ms: Callable[[], int]) -> int:
    """Do `work`, each time in a transaction of its own, until nothing is left of it or of the time."""
    done = 0
    while time_left_ms() >= _SAFETY_MS:
        count = run(work, writes=True)
        if not count:
            break
        done += count
    return done
