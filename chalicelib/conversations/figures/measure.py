"""The scheduled job: count the days of conversations that changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.conversations.figures import days, days_sql
from chalicelib.core import clock, leases, logging
from chalicelib.core.database import run

MEASURE = "measure-conversations"
_SAFETY_MS = 20_000


def measure_conversations(*, time_left_ms: Callable[[], int]) -> int:
    """Bring the figures of conversations up to date while there is time; return how many days are still due.

    Two never run at once: the second one leaves it to the first.
    """
    try:
        with leases.held(MEASURE) as lease:
            return _measure(lease, lambda: time_left_ms() >= _SAFETY_MS)
    except leases.Busy:
        logging.info("conversations are being counted already")
        return 0


def _measure(lease: leases.Lease, has_time: Callable[[], bool]) -> int:
    started = clock.now()
    run(partial(days_sql.update_job, values={"started_at": started}), writes=True)

    def may_go_on() -> bool:
        lease.check()
        return has_time()

    try:
        days.mark_changes(started)
        left = days.count_due_days(has_time=may_go_on)
    except Exception as error:
        reason = logging.redact(f"{type(error).__name__}: {error}")[:1000]
        run(partial(days_sql.update_job, values={"error": reason}), writes=True)
        raise
    ended: dict[str, Any] = {"finished_at": clock.now(), "error": None}
    if left == 0:
        ended["as_of"] = started
    run(partial(days_sql.update_job, values=ended), writes=True)
    return left
