"""The scheduled job: count the days of conversations that changed."""

from __future__ import annotations

from functools import partial

from chalicelib.conversations.figures import days
from chalicelib.conversations.figures.due_days import CONVERSATIONS
from chalicelib.core import clock
from chalicelib.core.database import run
from chalicelib.jobs.job import Done, TimeLeft

# With less time left no day is begun any more.
_LEAST_MS = 20_000


def measure_conversations(time_left_ms: TimeLeft) -> Done:
    """Bring the figures of conversations up to date while there is time; done are days, and so is what is left."""
    started = clock.now()
    days.mark_changes(started)
    done = days.count_due_days(has_time=lambda: time_left_ms() >= _LEAST_MS)
    if not done.left:
        run(partial(CONVERSATIONS.note, as_of=started), writes=True)
    return done
