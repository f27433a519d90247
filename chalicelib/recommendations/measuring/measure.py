"""The scheduled job: count the days that changed, see whether something falls, keep experiments' results."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.core import clock, logging
from chalicelib.core.database import run
from chalicelib.recommendations.measuring import days, days_sql
from chalicelib.recommendations.models import leases

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
    run(lambda connection: days_sql.update_job(connection, {"started_at": started}), writes=True)
    try:
        days.mark_changes(started)

        def may_go_on() -> bool:
            lease.check()
            return has_time()

        left = days.count_due_days(has_time=may_go_on)
    except Exception as error:
        reason = logging.redact(f"{type(error).__name__}: {error}")[:1000]
        run(lambda connection: days_sql.update_job(connection, {"error": reason}), writes=True)
        raise
    values = {"finished_at": clock.now(), "error": None}
    if left == 0:
        values["as_of"] = started
    run(lambda connection: days_sql.update_job(connection, values), writes=True)
    return left
