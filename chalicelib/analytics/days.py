"""The shop's days: where they begin and end in its time zone, and how spans of them are cut up. Pure.

A day is 23, 24 or 25 hours long where clocks change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)

Granularity = Literal["hour", "day", "week", "month"]
Compare = Literal["previous", "year"]

# The longest spans, in days, that are still shown by hour, by day, by week where nobody says.
_HOURS_UNTIL, _DAYS_UNTIL, _WEEKS_UNTIL = 2, 62, 366


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + n * DAY for n in range(self.days))


def start_of(day: date, zone: str) -> datetime:
    """Return the first moment of a day, in UTC.

    Where clocks skip midnight it is the moment at which they do.
    """
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def day_of(moment: datetime, zone: str) -> date:
    """Return the day on which a moment falls."""
    return moment.astimezone(ZoneInfo(zone)).date()


def days_of_hour(hour: datetime, zone: str) -> set[date]:
    """Return the days on which an hour from `hour` on falls: two where a day begins within it."""
    return {day_of(hour, zone), day_of(hour + timedelta(hours=1) - timedelta(microseconds=1), zone)}


def choose_granularity(span: Span) -> Granularity:
    """Return in which steps a span is shown where nobody says."""
    if span.days <= _HOURS_UNTIL:
        return "hour"
    if span.days <= _DAYS_UNTIL:
        return "day"
    return "week" if span.days <= _WEEKS_UNTIL else "month"


def bucket_of(day: date, granularity: Granularity) -> date:
    """Return the first day of the week (from Monday on) or month that a day is in; the day itself otherwise."""
    if granularity == "week":
        return day - day.weekday() * DAY
    return day.replace(day=1) if granularity == "month" else day


def buckets(span: Span, granularity: Granularity) -> list[Span]:
    """Cut a span into days, weeks or months, those at the ends cut off; hours are those of its days."""
    found: list[Span] = []
    first = span.first
    while first <= span.last:
        last = min(_last_of(first, granularity), span.last)
        found.append(Span(first, last))
        first = last + DAY
    return found


def _last_of(day: date, granularity: Granularity) -> date:
    if granularity == "week":
        return bucket_of(day, "week") + 6 * DAY
    if granularity == "month":
        return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY
    return day


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row of 24 hours each, all as far ahead of UTC; a day on which clocks change is one of its own.

    From `start` until before `end`, in UTC.
    """

    first: date
    last: date
    start: datetime
    end: datetime
    offset_s: int


def runs(days: Iterable[date], zone: str) -> list[Run]:
    """Put days together to runs, ascending."""
    found: list[Run] = []
    for day in sorted(days):
        start, end = start_of(day, zone), start_of(day + DAY, zone)
        run = Run(day, day, start, end, _offset_s(start, zone))
        before = found[-1] if found else None
        if before and before.end == start and before.offset_s == run.offset_s and _even(before) and _even(run):
            found[-1] = Run(before.first, day, before.start, end, run.offset_s)
        else:
            found.append(run)
    return found


def _offset_s(moment: datetime, zone: str) -> int:
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def _even(run: Run) -> bool:
    return run.end - run.start == ((run.last - run.first).days + 1) * DAY


def hours_of(day: date, zone: str) -> list[datetime]:
    """Return the beginnings of the hours of a day, in UTC: 24 of them, 23 or 25 where clocks change."""
    start, end = start_of(day, zone), start_of(day + DAY, zone)
    count = -(-(end - start) // timedelta(hours=1))
    return [start + n * timedelta(hours=1) for n in range(count)]


def compared(span: Span, compare: Compare) -> Span:
    """Return the span to compare with: as many days right before, or the same days of the year before.

    The 29th of February is compared with the 28th.
    """
    if compare == "previous":
        return Span(span.first - span.days * DAY, span.first - DAY)
    return Span(_year_before(span.first), _year_before(span.last))


def _year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
