"""Keeping the summaries of sales true: only days on which something changed are counted again.

A slice, some days of one month, is put in place in one transaction: the ledger of these days, what is
summed up from it by hour, day, month and over all, and that the days are not due any more. So readers never see half
of one, and a run that is killed has lost nothing but time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import partial
from itertools import groupby

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.customers import customer_days
from chalicelib.analytics.sales import facts_sql
from chalicelib.commerce.sales import sale_lines
from chalicelib.core import clock, logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.due_days import DueDay, Subject
from chalicelib.jobs import progress
from chalicelib.jobs.job import Done, TimeLeft

SALES = Subject("sales")

# With less time left no slice is begun any more.
_LEAST_MS = 20_000
# So many orders are taken at once; one day is, however many it has.
_ORDERS = 20_000


def summarize_sales(time_left_ms: TimeLeft) -> Done:
    """Bring the summaries up to date while there is time; done are days, and so is what is left."""
    started = clock.now()
    run(mark_changes, writes=True)
    counted, left = 0, run(SALES.count_due, writes=False)
    while left and time_left_ms() >= _LEAST_MS:
        done = run(_count_slice, writes=True)
        # Asked anew: days may have been marked again, or counted by another.
        counted, left = counted + done, run(SALES.count_due, writes=False)
        progress.report(rows=counted, left=left)
    if not left:
        run(partial(SALES.note, as_of=started), writes=True)
    if counted:
        logging.info("sales summed up", days=counted, left=left)
    return Done(counted, left)


# --- which days are due ------------------------------------------------------------------------------------------


def mark_changes(connection: Connection) -> None:
    """Note which days have to be counted since the last look, and that it was looked at now."""
    now, zone = clock.now(), settings().time_zone
    mark = SALES.watermark(connection)
    if mark.seen_until is not None and mark.time_zone != zone:
        facts_sql.delete_all(connection)
        customer_days.delete_all(connection)
    if mark.seen_until is None or mark.time_zone != zone:
        mark_all(connection)
        SALES.note(connection, seen_until=now, as_of=None, time_zone=zone)
        return
    since = mark.since(sale_lines.FIRST)
    if sale_lines.imported_since(connection, since):
        mark_all(connection)
    else:
        hours = sale_lines.changed_hours(connection, since)
        SALES.mark(connection, {day for hour in hours for day in shop_days.days_of_hour(hour, zone)})
    SALES.note(connection, seen_until=now)


def mark_all(connection: Connection) -> None:
    """Have everything counted anew."""
    zone = settings().time_zone
    placed = sale_lines.bounds(connection)
    found = {shop_days.day_of(moment, zone) for moment in placed or ()}
    found |= {day for day in facts_sql.list_bounds(connection) if day is not None}
    if found:
        SALES.mark(connection, shop_days.Span(min(found), max(found)))


# --- one slice ---------------------------------------------------------------------------------------------------


def _count_slice(connection: Connection) -> int:
    """Count the latest days that are due, as many as may be at once; return how many."""
    # Totals are moved by differences: two that count the same days must do so one after the other.
    SALES.lock(connection)
    due = SALES.list_due(connection)
    if not due:
        return 0
    chosen = _slice_of(connection, due)
    count_days(connection, [each.day for each in chosen])
    SALES.strike_off(connection, chosen)
    if len(chosen) == len(due):
        facts_sql.delete_empty(connection)
    return len(chosen)


def _slice_of(connection: Connection, due: Sequence[DueDay]) -> Sequence[DueDay]:
    """Return the latest days that are due, of one month, with not too many orders together."""
    zone, month = settings().time_zone, shop_days.bucket_of(due[0].day, "month")
    due = [each for each in due if each.day >= month]
    while len(due) > 1:
        start, end = shop_days.start_of(due[-1].day, zone), shop_days.start_of(due[0].day + shop_days.DAY, zone)
        if sale_lines.count_orders(connection, start, end) <= _ORDERS:
            break
        due = due[: len(due) // 2]
    return due


def count_days(connection: Connection, days: Collection[date]) -> None:
    """Replace all that is kept of some days by what the orders say now."""
    for _, of_month in groupby(sorted(days), key=lambda day: shop_days.bucket_of(day, "month")):
        _count_days_of_month(connection, list(of_month))


def _count_days_of_month(connection: Connection, days: Collection[date]) -> None:
    facts_sql.delete_days(connection, days)
    for each in shop_days.runs(days, settings().time_zone):
        lines = sale_lines.lines(connection, each.first, each.start, each.end, each.offset_s)
        facts_sql.insert_facts(connection, lines)
        refunds = sale_lines.goodwill(connection, each.start, each.end)
        facts_sql.set_refunds(connection, each.first, each.last, refunds)
    facts_sql.insert_summaries(connection, days)
    customer_days.count_days(connection, days)
