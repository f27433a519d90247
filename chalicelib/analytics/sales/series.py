"""Sales over a time: in all and step by step, beside the days they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.days import DAY, Compare, Granularity, Span
from chalicelib.analytics.sales import scopes
from chalicelib.analytics.sales.figures import Sums, changes, derive, nothing
from chalicelib.analytics.sales.scopes import Scope
from chalicelib.analytics.sales.summaries import SALES
from chalicelib.analytics.spans import Stand
from chalicelib.core.config import settings
from chalicelib.core.database import Connection

# Steps whose customers are counted unasked: each of many weeks takes its time.
_MOST_COUNTED = 60


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold in some days (of an hour of them, where `at` says so): its sums, and its customers if counted."""

    span: Span
    sums: Sums
    customers: int | None = None
    at: datetime | None = None

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of `figures.NAMES`."""
        return derive(self.sums, self.customers)


@dataclass(frozen=True, slots=True)
class Pair:
    """What was sold, and what was in the days to compare with, if any."""

    now: Sold
    before: Sold | None = None

    @property
    def change(self) -> dict[str, float | None] | None:
        """By which share each figure has changed; None where nothing is compared."""
        return None if self.before is None else changes(self.before.figures, self.now.figures)


def stand(connection: Connection) -> Stand:
    """Return of when the summaries are, and in which time zone their days are."""
    mark = SALES.watermark(connection)
    return Stand(mark.as_of, settings().time_zone if mark.seen_until is None else mark.time_zone)


def total(connection: Connection, scope: Scope, span: Span, compare: Compare | None, *, customers: bool) -> Pair:
    """Return what was sold in some days. At most five statements.

    Raises:
        InvalidInput: the ledger has to be read, and the days are too many.
    """
    before = shop_days.compared(span, compare) if compare else None
    spans = [span, before] if before else [span]
    sums = scopes.sum_spans(connection, scope, spans)
    # One by one: spans that are compared may overlap.
    counted = [_customers(connection, scope, [each], asked=customers)[0] for each in spans]
    found = [Sold(*each) for each in zip(spans, sums, counted, strict=True)]
    return Pair(*found)


def series(
    connection: Connection,
    scope: Scope,
    span: Span,
    steps: Granularity,
    compare: Compare | None,
    *,
    customers: bool,
) -> list[Pair]:
    """Return what was sold step by step; a step without sales is there too. At most five statements.

    Raises:
        InvalidInput: the ledger has to be read, and the days are too many.
    """
    if steps == "hour":
        return _hours(connection, scope, span, compare)
    now = shop_days.buckets(span, steps)
    before = [_compared(each, span, compare) for each in now] if compare else []
    sums = scopes.sum_spans(connection, scope, [*now, *before])
    asked = partial(_customers, connection, scope, asked=customers)
    counted = [*asked(now), *asked(before)]
    found = [Sold(*each) for each in zip([*now, *before], sums, counted, strict=True)]
    if not before:
        return [Pair(each) for each in found]
    return [Pair(*pair) for pair in zip(found[: len(now)], found[len(now) :], strict=True)]


def _compared(step: Span, span: Span, compare: Compare) -> Span:
    """Return what a step of a span is compared with: the days that lie as deep in the compared span."""
    if compare == "year":
        return shop_days.compared(step, "year")
    return Span(step.first - span.days * DAY, step.last - span.days * DAY)


def _customers(connection: Connection, scope: Scope, spans: Sequence[Span], *, asked: bool) -> list[int | None]:
    """Return the customers of spans where they are known, or were asked for; else Nones."""
    if all(span.days == 1 for span in spans) and (asked or scope.summarized):
        return list(scopes.count_daily_customers(connection, scope, spans))
    known = scope.is_shop and len(spans) <= _MOST_COUNTED
    return list(scopes.count_customers(connection, scope, spans)) if asked or known else [None] * len(spans)


def _hours(connection: Connection, scope: Scope, span: Span, compare: Compare | None) -> list[Pair]:
    zone = stand(connection).time_zone
    days = [(day, _compared(Span(day, day), span, compare).first if compare else None) for day in span]
    known = scopes.sum_hours(connection, scope, [Span(day, day) for pair in days for day in pair if day is not None])
    found: list[Pair] = []
    for day, before in days:
        earlier = [] if before is None else shop_days.hours_of(before, zone)
        for hour, at in enumerate(shop_days.hours_of(day, zone)):
            # The 25th hour of a day has none to compare with on a day of 24.
            compared = _hour(known, before, hour, earlier[hour]) if before and hour < len(earlier) else None
            found.append(Pair(_hour(known, day, hour, at), compared))
    return found


def _hour(known: dict[tuple[date, int], tuple[Sums, int]], day: date, hour: int, at: datetime) -> Sold:
    sums, customers = known.get((day, hour), (nothing(), 0))
    return Sold(Span(day, day), sums, customers, at)
