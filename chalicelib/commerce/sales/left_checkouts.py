"""Checkouts that came to nothing: after a month nobody needs to know who wanted what to be sent where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from chalicelib.commerce.sales import left_checkouts_sql
from chalicelib.core import clock, logging
from chalicelib.core.database import Connection, run

KEPT_FOR = timedelta(days=30)

_BATCH = 500
_RESERVE_MS = 10_000


def forget(*, time_left_ms: Callable[[], int]) -> int:
    """Delete expired and cancelled checkouts older than 30 days, in batches; return how many.

    Of one that somebody tried to pay the row stays, since payments and refunds belong to it, but not the person.
    Safe to run twice, and to be killed.
    """
    before, forgotten = clock.now() - KEPT_FOR, 0

    def forget_some(connection: Connection) -> int:
        ids = left_checkouts_sql.lock_left(connection, before, _BATCH)
        if ids:
            left_checkouts_sql.forget_person(connection, ids)
            left_checkouts_sql.delete_unpaid(connection, ids)
        return len(ids)

    while time_left_ms() > _RESERVE_MS:
        count = run(forget_some, writes=True)
        forgotten += count
        if count < _BATCH:
            break
    logging.info("left checkouts forgotten", count=forgotten)
    return forgotten
