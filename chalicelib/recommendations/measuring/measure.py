"""The scheduled job: count the days that changed, see whether something falls, keep experiments' results."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chalicelib.core import clock, leases, logging
from chalicelib.core.database import run
from chalicelib.recommendations.measuring import days, days_sql, drift, experiments, results

MEASURE = "measure"
_SAFETY_MS = 20_000


def measure_recommendations(*, time_left_ms: Callable[[], int]) -> int:
    """Bring the figures of recommendations up to date while there is time; return how many days are still due.

    Two never run at once: the second one leaves it to the first.
    """
    try:
        with leases.held(MEASURE) as lease:
            return _measure(lease, lambda: time_left_ms() >= _SAFETY_MS)
    except leases.Busy:
        logging.info("recommendations are being measured already")
        return 0


def _measure(lease: leases.Lease, has_time: Callable[[], bool]) -> int:
    started = clock.now()
    job = run(days_sql.find_job, writes=False)
    run(partial(days_sql.update_job, values={"started_at": started}), writes=True)

    def may_go_on() -> bool:
        lease.check()
        return has_time()

    try:
        # First: what follows notes that events were looked at until now.
        experiments.note_shown(since=None if job is None else job.seen_until)
        days.mark_changes(started)
        left = days.count_due_days(has_time=may_go_on)
        if left == 0:
            drift.check(started)
            results.keep_all(has_time=may_go_on)
    except Exception as error:
        reason = logging.redact(f"{type(error).__name__}: {error}")[:1000]
        run(partial(days_sql.update_job, values={"error": reason}), writes=True)
        raise
    ended: dict[str, Any] = {"finished_at": clock.now(), "error": None}
    if left == 0:
        ended["as_of"] = started
    run(partial(days_sql.update_job, values=ended), writes=True)
    return left
