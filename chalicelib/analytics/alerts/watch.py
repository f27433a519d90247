"""The job that watches figures: what is outside its usual range becomes an alert, what is not any more is resolved.

Sales and stock are done in one transaction each, which begins with the lock of the runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.alerts import alerts_sql, changes, stock_watch, watched
from chalicelib.analytics.alerts.changes import ALERTS, Key, State, settle
from chalicelib.analytics.alerts.unusual import WEEKS, judge
from chalicelib.analytics.alerts.watched import CATEGORY, FIGURES, Series
from chalicelib.analytics.days import DAY, Span
from chalicelib.analytics.funnel.summaries import FUNNEL
from chalicelib.analytics.sales import daily
from chalicelib.analytics.sales.summaries import SALES
from chalicelib.core import logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.jobs.job import Done, TimeLeft

# How many times the spread a figure may be off.
THRESHOLDS = {"low": 5.0, "normal": 3.5, "high": 3.0}
# A day that had an alert is looked at for so long: it may be corrected.
LOOKED_BACK = 60
# What a day is compared with, and how far the weekdays before stray: eight weeks, and one for the other weekdays.
_BEFORE = 7 * (WEEKS + 1)
# The categories and products that sell most are those of the last 13 weeks.
_RECENT = 91


@dataclass(frozen=True, slots=True)
class Basis:
    """Of which days figures are known: until the last one that is over."""

    known: Span
    as_of: datetime
    time_zone: str

    @property
    def recent(self) -> Span:
        """The days that tell what sells now."""
        return Span(max(self.known.first, self.known.last - (_RECENT - 1) * DAY), self.known.last)


def watch_figures(time_left_ms: TimeLeft) -> Done:
    """Look at all that is watched; done are alerts that changed. A matter of seconds, whatever the time."""
    _ = time_left_ms
    basis = run(find_basis, writes=False)
    if basis is None:
        return Done()
    # By itself, so that the lock of the runs has a row to be on.
    run(ALERTS.begin, writes=True)
    changed = run(partial(_watch_sales, basis), writes=True)
    changed += run(partial(stock_watch.watch_stock, basis.recent, basis.time_zone), writes=True)
    if changed:
        logging.info("figures watched", changed=changed)
    return Done(changed)


def find_basis(connection: Connection) -> Basis | None:
    """Return what can be judged now; None where sales are not summed up, or past days are yet to be."""
    mark, found = SALES.watermark(connection), daily.known_days(connection)
    if mark.as_of is None or found is None:
        return None
    # The day that is not over would look like a bad one.
    last = shop_days.day_of(mark.as_of, mark.time_zone) - DAY
    first = max(found.first, last - (LOOKED_BACK + _BEFORE) * DAY)
    if last < first or any(first <= each.day <= last for each in SALES.list_due(connection)):
        return None
    return Basis(Span(first, last), mark.as_of, mark.time_zone)


def _watch_sales(basis: Basis, connection: Connection) -> int:
    changes.lock(connection, basis.as_of, basis.time_zone)
    last = basis.known.last
    rows = alerts_sql.list_recent(connection, tuple(FIGURES), last - LOOKED_BACK * DAY)
    before = {Key(row.figure, row.dimension, row.subject, row.day): row for row in rows}
    changed = 0
    for series in _series(connection, basis, before.values()):
        changed += _settle(connection, series, before)
    return changed


def _series(connection: Connection, basis: Basis, before: Iterable[Any]) -> Iterable[Series]:
    wanted = settings().alert_categories
    best = daily.most_sold(connection, CATEGORY, basis.recent, wanted) if wanted else []
    categories = {name for name, _ in best}
    categories |= {row.subject for row in before if row.dimension == CATEGORY and row.state != "resolved"}
    yield from watched.of_shop(connection, basis.known)
    yield from watched.of_categories(connection, sorted(categories), basis.known)
    mark = FUNNEL.watermark(connection)
    if mark.as_of is not None and mark.time_zone == basis.time_zone:
        last = shop_days.day_of(mark.as_of, mark.time_zone) - DAY
        yield from watched.of_funnel(connection, Span(min(basis.known.first, last), last))


def _settle(connection: Connection, series: Series, before: dict[Key, Any]) -> int:
    """Judge the last days of a series, and those before that have alerts."""
    figure = FIGURES[series.figure]
    days = {series.last - ago * DAY for ago in range(figure.days)}
    mine = (series.figure, series.dimension, series.subject)
    days |= {
        key.day
        for key, row in before.items()
        if (key.figure, key.dimension, key.subject) == mine and row.state != "resolved" and key.day <= series.last
    }
    changed = 0
    for day in sorted(days):
        key = Key(*mine, day)
        changed += settle(connection, key, before.get(key), _judged(series, day))
    return changed


def _judged(series: Series, day: date) -> State | None:
    found = judge(series.days, day, FIGURES[series.figure].rule, THRESHOLDS[settings().alert_sensitivity])
    if found is None or found.direction is None or found.severity is None:
        return None
    return State(found.value, found.expected, found.low, found.high, found.direction, found.severity)
