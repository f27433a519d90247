"""Keeping the figures of returns: days are counted again on which something changed."""

from __future__ import annotations

from functools import partial

from chalicelib.analytics import day_steps
from chalicelib.analytics.returns import counting, returns_sql
from chalicelib.commerce.sales import returned, sale_lines
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.due_days import Subject
from chalicelib.jobs.job import Done, TimeLeft

RETURNS = Subject("returns")


def summarize_returns(time_left_ms: TimeLeft) -> Done:
    """Bring the figures of returns up to date while there is time; done and left are days."""
    started = clock.now()
    run(mark_changes, writes=True)
    done = day_steps.count_due_days(RETURNS, counting.count_day, returns_sql.replace_day, time_left_ms)
    if not done.left:
        run(partial(RETURNS.note, as_of=started), writes=True)
    return done


def mark_changes(connection: Connection) -> None:
    """Note which days have to be counted since the last look, and that it was looked at now."""
    now, zone = clock.now(), settings().time_zone
    mark = RETURNS.watermark(connection)
    if mark.seen_until is None or mark.time_zone != zone:
        # The days were cut otherwise: what is kept of one is none of the same day now.
        returns_sql.delete_all(connection)
        _mark_all(connection, zone)
        RETURNS.note(connection, seen_until=now, as_of=None, time_zone=zone)
        return
    since = mark.since(sale_lines.FIRST)
    if sale_lines.imported_since(connection, since):
        _mark_all(connection, zone)
    else:
        RETURNS.mark(connection, day_steps.shop_days_of(returned.changed_days(connection, since), zone))
        moved = returned.list_recategorized(connection, since)
        RETURNS.mark(connection, returns_sql.list_days_of(connection, moved))
    RETURNS.note(connection, seen_until=now)


def _mark_all(connection: Connection, zone: str) -> None:
    # An import may have moved everything away from a day.
    found = day_steps.shop_days_of(returned.changed_days(connection, None), zone)
    RETURNS.mark(connection, found.union(returns_sql.list_counted(connection)))
