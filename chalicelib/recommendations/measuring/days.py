"""Counting what recommendations brought about, day by day; again where something came late or was given back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Literal

from chalicelib.commerce.sales import kept_sales
from chalicelib.core import logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.due_days import DueDay, Subject
from chalicelib.jobs import progress
from chalicelib.jobs.job import Done
from chalicelib.recommendations.measuring import attribution, days_sql
from chalicelib.recommendations.measuring.attribution import Purchase, Touch
from chalicelib.recommendations.serving import request_ids
from chalicelib.recommendations.signals.signals import MAX_AGE

DAY = timedelta(days=1)
RECOMMENDATIONS = Subject("recommendations")
# Anybody may send events with ids of models that never were: no more than these are kept of a day, the most shown.
MOST_GROUPS = 500

# (version, variant, surface)
Group = tuple[str, str, str]


@dataclass(slots=True)
class _Figures:
    """What one group brought about on one day."""

    impressions: int = 0
    clicks: int = 0
    people: int = 0
    orders: int = 0
    items: int = 0
    revenue_cents: int = 0


@dataclass(slots=True)
class Day:
    """The figures of a day that is being counted."""

    day: date
    groups: dict[Group, _Figures] = field(default_factory=dict)

    def of(self, group: Group) -> _Figures:
        """Return the figures of a group, which may still be none."""
        return self.groups.setdefault(group, _Figures())

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the table, in the order of their key."""
        return [
            {
                "day": self.day,
                "version": version,
                "variant": variant,
                "surface": surface,
                "impressions": found.impressions,
                "clicks": found.clicks,
                "people": found.people,
                "orders": found.orders,
                "items": found.items,
                "revenue_cents": found.revenue_cents,
            }
            for (version, variant, surface), found in sorted(self.groups.items())
        ]


def start_of(day: date) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime.combine(day, time(), UTC)


def first_day(today: date) -> date:
    """Return the earliest day that can still be counted: what its orders may go back to is still kept."""
    config = settings()
    return today - timedelta(days=max(config.behaviour_keep_days - config.attribution_days - 1, 0))


# --- which days are due ------------------------------------------------------------------------------------------


def mark_changes(now: datetime) -> None:
    """Note which days have to be counted since the last look, and that it was looked at `now`.

    What was shown or clicked changes its day, and the days on which it may have led to an order. An order changes its
    own day. Once a day the latest days are counted whatever changed: who signed in later is known then.
    """
    today = now.date()
    known = run(RECOMMENDATIONS.watermark, writes=False)
    window = timedelta(days=settings().attribution_days)
    found: set[date] = set()
    if known.looked_back_on != today:
        found.update(_between(today - window, today))
    floor = start_of(first_day(today))
    since = known.since(floor)
    for day in run(partial(days_sql.list_shown_days, received_since=since), writes=False):
        found.update(_between(day, min(day + window, today)))
    found.update(run(partial(kept_sales.days_to_count, since=since, floor=floor), writes=False))
    due = {day for day in found if first_day(today) <= day <= today}

    def mark(connection: Connection) -> None:
        RECOMMENDATIONS.mark(connection, due)
        RECOMMENDATIONS.note(connection, seen_until=now, looked_back_on=today)

    run(mark, writes=True)


def _between(first: date, last: date) -> Iterable[date]:
    return (first + n * DAY for n in range((last - first).days + 1))


def count_due_days(*, has_time: Callable[[], bool]) -> Done:
    """Count the days that are due while there is time; return how many were, and how many are left.

    Each day is put in place as a whole, in one transaction: whenever this is killed, no day is half-counted, and
    those that are left are still due.
    """
    due, counted = list(run(RECOMMENDATIONS.list_due, writes=False)), 0
    while due and has_time():
        each = due.pop(0)
        rows = run(partial(figures_of, day=each.day), writes=False)
        run(partial(_replace, due=each, rows=rows), writes=True)
        counted += 1
        progress.report(rows=counted, left=len(due))
    logging.info("recommendations measured", days=counted, left=len(due))
    return Done(counted, len(due))


def _replace(connection: Connection, *, due: DueDay, rows: Sequence[Mapping[str, Any]]) -> None:
    days_sql.replace_day(connection, due.day, rows)
    RECOMMENDATIONS.strike_off(connection, [due])


# --- one day -----------------------------------------------------------------------------------------------------


def figures_of(connection: Connection, day: date) -> list[dict[str, Any]]:
    """Return the figures of a day, from what was recorded."""
    counted = Day(day)
    _count_shown(connection, counted)
    _count_orders(connection, counted)
    return counted.rows()


def _count_shown(connection: Connection, counted: Day) -> None:
    start = start_of(counted.day)
    late = start + DAY + MAX_AGE
    for row in days_sql.count_shown(connection, start, start + DAY, received_before=late, limit=MOST_GROUPS):
        # With a random end as short as there may be: only what stands before it matters.
        group = _group_of(f"{row.served}00000000", row.surface)
        if group is not None:
            found = counted.of(group)
            found.impressions += int(row.impressions)
            found.clicks += int(row.clicks)
            found.people += row.people


def _group_of(request_id: str, surface: str | None) -> Group | None:
    parsed = request_ids.parse(request_id)
    return None if parsed is None else (*parsed, surface or "")


def _count_orders(connection: Connection, counted: Day) -> None:
    start = start_of(counted.day)
    for page in kept_sales.kept_items(connection, start, start + DAY):
        purchases = [
            Purchase(row.id, row.order_id, row.customer_id, row.product_id, row.cents, row.at) for row in page
        ]
        window = timedelta(days=settings().attribution_days)
        touches = _touches_of(connection, purchases, window)
        found = attribution.attribute(purchases, touches, click_window=window)
        _add_purchases(counted, purchases, found)


def _touches_of(connection: Connection, purchases: Sequence[Purchase], window: timedelta) -> list[Touch]:
    customers = sorted({each.customer_id for each in purchases})
    products = sorted({each.product_id for each in purchases})
    first, last = purchases[0].at, purchases[-1].at
    kinds: tuple[tuple[Literal["click", "impression"], timedelta], ...] = (
        ("click", window),
        ("impression", attribution.VIEW_WINDOW),
    )
    return [
        Touch(row.customer_id, row.product_id, kind, row.at, row.id, row.request_id, row.surface)
        for kind, reach in kinds
        for row in days_sql.list_touches(
            connection, kind, customers, products, first - reach, last + timedelta(microseconds=1)
        )
        if request_ids.parse(row.request_id) is not None
    ]


def _add_purchases(counted: Day, purchases: Sequence[Purchase], found: Mapping[int, Touch]) -> None:
    """Add items and revenue to the groups of their touches; an order counts once, in that of its latest touch."""
    latest: dict[int, Touch] = {}
    for purchase in purchases:
        touch = found.get(purchase.item_id)
        if touch is None:
            continue
        figures = counted.of(_touched(touch))
        figures.items += 1
        figures.revenue_cents += purchase.cents
        before = latest.get(purchase.order_id)
        if before is None or (touch.at, touch.event_id) > (before.at, before.event_id):
            latest[purchase.order_id] = touch
    for touch in latest.values():
        counted.of(_touched(touch)).orders += 1


def _touched(touch: Touch) -> Group:
    group = _group_of(touch.request_id, touch.surface)
    if group is None:  # only those that can be read were taken
        raise ValueError(touch.request_id)
    return group
