"""Keeping the sales funnel: days are counted again while all that they are counted from is kept."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from chalicelib.analytics import day_steps
from chalicelib.analytics import days as shop_days
from chalicelib.analytics.days import Span
from chalicelib.analytics.funnel import counting, funnel_sql
from chalicelib.commerce.sales import buying_steps, left_checkouts
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.due_days import Subject
from chalicelib.jobs.job import Done, TimeLeft
from chalicelib.recommendations.signals import visits

FUNNEL = Subject("funnel")

# Events may come so late; and who signed in at a browser is known afterwards.
_LOOKED_BACK = visits.MAX_AGE + timedelta(days=1)


def first_day(today: date) -> date:
    """Return the earliest day that is counted (again): of those before it, not all is kept any more.

    Checkouts that came to nothing are deleted after a month, and events after the time that the settings say. A day
    less, since days of the shop are not those of UTC.
    """
    kept = min(left_checkouts.KEPT_FOR.days, settings().behaviour_keep_days)
    return today - timedelta(days=max(kept - 2, 0))


def summarize_funnel(time_left_ms: TimeLeft) -> Done:
    """Bring the funnel up to date while there is time; done and left are days."""
    started = clock.now()
    run(mark_changes, writes=True)
    done = day_steps.count_due_days(FUNNEL, counting.count_day, funnel_sql.replace_day, time_left_ms)
    if not done.left:
        run(partial(FUNNEL.note, as_of=started), writes=True)
    return done


def mark_changes(connection: Connection) -> None:
    """Note the carts that were filled, and which days have to be counted, since the last look.

    The days since then always are: whatever is done now changes them. Before them, those on which something was done
    that was told of later. Once a day the latest days are, whatever changed: who signed in later is known then.
    """
    now, zone = clock.now(), settings().time_zone
    today = shop_days.day_of(now, zone)
    first, mark = first_day(today), FUNNEL.watermark(connection)
    floor = shop_days.start_of(first, zone)
    since = mark.since(floor) if mark.time_zone == zone else floor
    filled = buying_steps.list_filled(connection, since)
    funnel_sql.keep_carts(
        connection, [(shop_days.day_of(row.at, zone), row.cart_id, row.customer_id) for row in filled]
    )
    found = {*Span(shop_days.day_of(since, zone), today)}
    found |= day_steps.shop_days_of(visits.changed_days(connection, since), zone)
    if mark.looked_back_on != today:
        found |= {*Span(today - _LOOKED_BACK, today)}
    FUNNEL.leave_before(connection, first)
    funnel_sql.delete_carts_before(connection, first)
    FUNNEL.mark(connection, {day for day in found if first <= day <= today})
    FUNNEL.note(connection, seen_until=now, looked_back_on=today, time_zone=zone)


def forget(connection: Connection, customer_id: int) -> None:
    """Forget which carts were a customer's; the days that are counted stay as they are."""
    funnel_sql.delete_carts_of(connection, customer_id)
