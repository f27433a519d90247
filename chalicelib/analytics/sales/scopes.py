"""Which sales figures are of, and the sums of them over any days: from the summaries, or from the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.analytics.customers.distinct import customers_of
from chalicelib.analytics.days import DAY, Span
from chalicelib.analytics.sales import figures_sql
from chalicelib.analytics.sales.figures import Sums, add
from chalicelib.core.database import Connection
from chalicelib.core.errors import InvalidInput

# What is counted in the ledger grows with the items of the days.
MOST_LEDGER_DAYS = 366


@dataclass(frozen=True, slots=True)
class Scope:
    """Sales with these values of some dimensions, as (dimension, value) by name; without any those of the shop.

    The values are as the summaries have them: see `figure_tables.DIMENSIONS`.
    """

    values: tuple[tuple[str, str], ...] = ()

    @property
    def summarized(self) -> tuple[str, str] | None:
        """The dimension and value under which the summaries have it; None where only the ledger knows."""
        if len(self.values) > 1:
            return None
        return self.values[0] if self.values else figures_sql.WHOLE_SHOP

    @property
    def is_shop(self) -> bool:
        """Whether it is the shop as a whole."""
        return not self.values


def require_short(days: int, why: str) -> None:
    """Make sure that days are few enough to be counted in the ledger.

    Raises:
        InvalidInput: they are too many.
    """
    if days > MOST_LEDGER_DAYS:
        raise InvalidInput.at("query.from", f"{why} can be answered for {MOST_LEDGER_DAYS} days at most")


def sum_spans(connection: Connection, scope: Scope, spans: Sequence[Span]) -> list[Sums]:
    """Return the sums over each of some spans, in one statement: (spans,).

    Raises:
        InvalidInput: they have to be counted in the ledger, and are too long.
    """
    if not spans:
        return []
    known = scope.summarized
    if known is None:
        for span in spans:
            require_short(span.days, "several filters at once")
        by_day = {row.day: row for row in figures_sql.list_ledger_days(connection, scope.values, merged(spans))}
        return [add(by_day[day] for day in span if day in by_day) for span in spans]
    pieces = [Pieces.of(span) for span in spans]
    months = merged(span for each in pieces for span in each.months)
    days = merged(span for each in pieces for span in each.days)
    rows = {(row.kind, row.day): row for row in figures_sql.list_sums(connection, known, months, days)}
    return [add(rows[key] for key in each.rows() if key in rows) for each in pieces]


def sum_hours(
    connection: Connection, scope: Scope, spans: Sequence[Span]
) -> dict[tuple[date, int], tuple[Sums, int]]:
    """Return the sums and the customers of each hour with sales of some days, by day and hour of the day."""
    if scope.is_shop:
        rows = figures_sql.list_hours(connection, merged(spans))
    else:
        rows = figures_sql.list_ledger_hours(connection, scope.values, merged(spans))
    return {(row.day, row.hour): (add([row]), int(row.customers)) for row in rows}


def count_daily_customers(connection: Connection, scope: Scope, days: Sequence[Span]) -> list[int]:
    """Return the customers of each of some spans of one day."""
    known = scope.summarized
    if known is None:
        return count_customers(connection, scope, days)
    found = figures_sql.list_daily_customers(connection, known, merged(days))
    return [found.get(day.first, 0) for day in days]


def count_customers(connection: Connection, scope: Scope, spans: Sequence[Span]) -> list[int]:
    """Return the different customers of each of some spans that do not overlap: (spans,).

    Those of the shop as a whole are known of any days; those of filters are counted in the ledger.

    Raises:
        InvalidInput: they are too long to be counted.
    """
    if not spans:
        return []
    if scope.is_shop:
        return customers_of(connection, spans)
    require_short(sum(span.days for span in spans), "customers of filters or groups")
    counted = figures_sql.count_customers(connection, scope.values, spans)
    return [counted.get(at, 0) for at in range(len(spans))]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A span as whole months, and the days at its ends that are none."""

    months: tuple[Span, ...]
    days: tuple[Span, ...]

    @classmethod
    def of(cls, span: Span) -> Pieces:
        """Cut a span up."""
        first = span.first if span.first.day == 1 else _next_month(span.first)
        after = (span.last + DAY).replace(day=1)
        if first >= after:
            return cls((), (span,))
        ends = (Span(span.first, first - DAY), Span(after, span.last))
        return cls((Span(first, after - DAY),), tuple(end for end in ends if end.first <= end.last))

    def rows(self) -> Iterable[tuple[str, date]]:
        """Return what it consists of: ("month", its first day) and ("day", itself)."""
        for span in self.months:
            month = span.first
            while month <= span.last:
                yield ("month", month)
                month = _next_month(month)
        for span in self.days:
            yield from (("day", day) for day in span)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Put spans together that touch or overlap, ascending."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: each.first):
        if found and span.first <= found[-1].last + DAY:
            found[-1] = Span(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return found
