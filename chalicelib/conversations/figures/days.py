"""Counting conversations day by day; again where something was added late, changed or deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from chalicelib.accounts import accounts
from chalicelib.commerce.sales import kept_sales
from chalicelib.conversations.figures import days_sql
from chalicelib.conversations.figures.conversions import Bought, Conversions, Shown
from chalicelib.conversations.figures.due_days import CONVERSATIONS
from chalicelib.core import logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.due_days import DueDay
from chalicelib.jobs import progress
from chalicelib.jobs.job import Done

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """A day: the row of its figures, and one for each intent; both as the tables have them."""

    figures: dict[str, Any]
    intents: list[dict[str, Any]]


def start_of(day: date) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime.combine(day, time(), UTC)


def first_day(today: date) -> date:
    """Return the earliest day that is counted (anew): of those before it, not all is kept any more.

    Conversations are deleted once nothing has happened in them for as long as they are kept, and an order may go back
    to what was shown some days before it. What was counted of the days before stays as it is.
    """
    config = settings()
    return today - timedelta(days=max(config.conversations_keep_days - config.attribution_days - 1, 0))


# --- which days are due ------------------------------------------------------------------------------------------


def mark_changes(now: datetime) -> None:
    """Note which days have to be counted since the last look, and that it was looked at `now`.

    A message changes its own day, and, by what becomes of its conversation, that on which this began. An order
    changes its own day. Once a day the latest days are counted whatever changed: which customer an account is, is
    known then. What is deleted, rated, reacted to or handed over marks its days by itself (`due_days`).
    """
    today = now.date()
    first = first_day(today)
    floor, known = start_of(first), run(CONVERSATIONS.watermark, writes=False)
    since = known.since(floor)

    def look(connection: Connection) -> set[date]:
        return {
            *days_sql.list_days_of_messages(connection, since),
            *days_sql.list_days_of_sessions(connection, since),
            *kept_sales.days_to_count(connection, since, floor=floor),
        }

    found = run(look, writes=False)
    if known.looked_back_on != today:
        found.update(today - n * DAY for n in range(settings().attribution_days + 1))
    due = {day for day in found if first <= day <= today}

    def mark(connection: Connection) -> None:
        CONVERSATIONS.leave_before(connection, first)
        CONVERSATIONS.mark(connection, due)
        CONVERSATIONS.note(connection, seen_until=now, looked_back_on=today)

    run(mark, writes=True)


def count_due_days(*, has_time: Callable[[], bool]) -> Done:
    """Count the days that are due while there is time; return how many were, and how many are left.

    Each day is put in place as a whole, in one transaction: whenever this is killed, no day is half-counted, and
    those that are left are still due. So is one that is marked while it is counted.
    """
    due, counted = list(run(CONVERSATIONS.list_due, writes=False)), 0
    while due and has_time():
        each = due.pop(0)
        found = run(partial(count_day, day=each.day), writes=False)
        run(partial(_replace, due=each, found=found), writes=True)
        counted += 1
        progress.report(rows=counted, left=len(due))
    logging.info("conversations counted", days=counted, left=len(due))
    return Done(counted, len(due))


def _replace(connection: Connection, *, due: DueDay, found: Counted) -> None:
    days_sql.replace_day(connection, due.day, found.figures, found.intents)
    CONVERSATIONS.strike_off(connection, [due])


# --- one day -----------------------------------------------------------------------------------------------------


def count_day(connection: Connection, day: date) -> Counted:
    """Return the figures of a day, from what is kept: a fixed number of statements, and two for 500 orders."""
    start, end = start_of(day), start_of(day) + DAY
    led = _conversions(connection, start, end)
    figures = {
        "day": day,
        **days_sql.count_sessions(connection, start, end),
        **days_sql.count_messages(connection, start, end),
        **days_sql.count_reactions(connection, start, end),
        **days_sql.count_handoffs(connection, start, end),
        "converted": len(led.sessions),
        "orders": len(led.orders),
        "revenue_cents": led.revenue_cents,
    }
    intents = [{"day": day, **each} for each in days_sql.count_intents(connection, start, end)]
    return Counted(figures, intents)


def _conversions(connection: Connection, start: datetime, end: datetime) -> Conversions:
    window, found = timedelta(days=settings().attribution_days), Conversions()
    for page in kept_sales.kept_items(connection, start, end):
        bought = [Bought(row.order_id, row.customer_id, row.product_id, row.cents, row.at) for row in page]
        found.add(bought, _shown_to(connection, bought, window), window=window)
    return found


def _shown_to(connection: Connection, bought: Sequence[Bought], window: timedelta) -> list[Shown]:
    ids = accounts.accounts_of_customers(connection, {each.customer_id for each in bought})
    if not ids:
        return []
    customers = {account: customer for customer, account in ids.items()}
    products = {each.product_id for each in bought if each.customer_id in ids}
    # Items come in the order of their orders.
    rows = days_sql.list_shown(connection, customers, products, bought[0].at - window, bought[-1].at)
    return [Shown(row.session_id, customers[row.account_id], row.product_id, row.shown_at) for row in rows]
