"""What reports of whole days share: queries without hours, rows by step, changes, counting the days that are due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Literal, TypeVar

from pydantic import Field

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.days import Span
from chalicelib.analytics.spans import SeriesQuery, Stand
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.due_days import DueDay, Subject
from chalicelib.jobs.job import Done, TimeLeft

Steps = Literal["day", "week", "month"]
Counted = TypeVar("Counted")
# Counts a day, which is a time from a start until before an end; puts what was counted of one in place.
Count = Callable[[Connection, date, datetime, datetime], Counted]
Put = Callable[[Connection, date, Counted], None]

# With less time left no day is begun any more.
_LEAST_MS = 20_000


class DaysQuery(SeriesQuery):
    """From when to when, in which steps of whole days, compared with what."""

    granularity: Steps | None = Field(
        None,
        description="Days, weeks from Monday on, or months, cut off at the ends. Without it what fits the span.",
    )

    def day_steps(self, span: Span) -> Steps:
        """Return in which steps the span is shown.

        Raises:
            InvalidInput: there would be too many.
        """
        chosen = self.steps(span)
        return "day" if chosen == "hour" else chosen


def by_step(rows: Iterable[Any], span: Span, steps: Steps) -> list[tuple[Span, list[Any]]]:
    """Return the rows, each with its `day`, of each step of a span; those outside of it are left out."""
    of_step: dict[date, list[Any]] = {}
    for row in rows:
        of_step.setdefault(shop_days.bucket_of(row.day, steps), []).append(row)
    # A step that the span cuts off has rows of its own days alone.
    return [
        (each, [row for row in of_step.get(shop_days.bucket_of(each.first, steps), []) if _is_in(row.day, each)])
        for each in shop_days.buckets(span, steps)
    ]


def _is_in(day: date, span: Span) -> bool:
    return span.first <= day <= span.last


def within(rows: Iterable[Any], span: Span) -> list[Any]:
    """Return the rows, each with its `day`, of a span."""
    return [row for row in rows if _is_in(row.day, span)]


def changes(before: Mapping[str, Any], now: Mapping[str, Any], names: Sequence[str]) -> dict[str, float | None]:
    """Return by which share each figure has changed; None where there was none, or is none now."""
    return {
        name: float(now[name] / before[name] - 1) if before[name] and now[name] is not None else None
        for name in names
    }


def stand_of(connection: Connection, subject: Subject) -> Stand:
    """Return of when the figures of a subject are."""
    mark = subject.watermark(connection)
    return Stand(mark.as_of, settings().time_zone if mark.seen_until is None else mark.time_zone)


def shop_days_of(utc_days: Iterable[date], zone: str) -> set[date]:
    """Return the days of the shop on which days of UTC fall: one or two for each."""
    found: set[date] = set()
    for day in utc_days:
        start = datetime.combine(day, time(), UTC)
        last = start + shop_days.DAY - timedelta(microseconds=1)
        found |= {shop_days.day_of(start, zone), shop_days.day_of(last, zone)}
    return found


def count_due_days(
    subject: Subject,
    count: Count[Counted],
    put: Put[Counted],
    time_left_ms: TimeLeft,
) -> Done:
    """Count the days of a subject that are due while there is time, the latest first; done and left are days.

    Each day is put in place as a whole, in one transaction. One that is marked while it is counted stays due.
    """
    due, counted = list(run(subject.list_due, writes=False)), 0
    zone = settings().time_zone
    while due and time_left_ms() >= _LEAST_MS:
        each = due.pop(0)
        start, end = shop_days.start_of(each.day, zone), shop_days.start_of(each.day + shop_days.DAY, zone)
        found = run(partial(_count, count, each.day, start, end), writes=False)
        run(partial(_replace, subject, put, each, found), writes=True)
        counted += 1
    return Done(counted, run(subject.count_due, writes=False) if due else 0)


def _count(count: Count[Counted], day: date, start: datetime, end: datetime, connection: Connection) -> Counted:
    return count(connection, day, start, end)


def _replace(subject: Subject, put: Put[Counted], due: DueDay, found: Counted, connection: Connection) -> None:
    put(connection, due.day, found)
    subject.strike_off(connection, [due])
