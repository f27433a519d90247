"""The scheduled job: count the days that changed, see whether something falls, keep experiments' results."""

from __future__ import annotations

from functools import partial

from chalicelib.core import clock
from chalicelib.core.database import run
from chalicelib.jobs.job import Done, TimeLeft
from chalicelib.recommendations.measuring import days, drift, experiments, results
from chalicelib.recommendations.measuring.days import RECOMMENDATIONS

# With less time left no day is begun any more.
_LEAST_MS = 20_000


def measure_recommendations(time_left_ms: TimeLeft) -> Done:
    """Bring the figures of recommendations up to date while there is time; done are days, and so is what is left."""
    started = clock.now()

    def may_go_on() -> bool:
        return time_left_ms() >= _LEAST_MS

    # First: what follows notes that events were looked at until now.
    experiments.note_shown(since=run(RECOMMENDATIONS.watermark, writes=False).seen_until)
    days.mark_changes(started)
    done = days.count_due_days(has_time=may_go_on)
    if not done.left:
        drift.check(started)
        results.keep_all(has_time=may_go_on)
        run(partial(RECOMMENDATIONS.note, as_of=started), writes=True)
    return done
