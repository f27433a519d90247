"""How many customers there were in any days: exact, from few rows, however many customers the shop has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.customers import distinct_sql as sql
from chalicelib.analytics.customers.distinct_sql import Block
from chalicelib.analytics.days import Span
from chalicelib.core.database import Connection


@dataclass(frozen=True, slots=True)
class Customers:
    """How many customers ordered in some days; `new` are those who had never before."""

    customers: int
    new: int

    @property
    def returning(self) -> int:
        """How many had ordered before these days."""
        return self.customers - self.new


def customers_of(connection: Connection, spans: Sequence[Span]) -> list[int]:
    """Return how many customers ordered in each of some spans: (spans,), guests left out.

    Two statements, whatever the spans are; one where each is a day, a week or a month.
    """
    return [found.customers for found in count_customers(connection, spans)]


def customers_ever(connection: Connection) -> int:
    """Return how many customers have ever ordered."""
    return sql.count_all(connection)


def count_customers(connection: Connection, spans: Sequence[Span]) -> list[Customers]:
    """Return how many customers ordered in each of some spans, and how many of them for the first time."""
    if not spans:
        return []
    hull = Span(min(span.first for span in spans), max(span.last for span in spans))
    counts = _Counts(hull, sql.list_counts(connection, hull))
    pieces = [_Pieces(span) for span in spans]
    blocks = [block for each in pieces for block in each.blocks]
    pairs = iter(sql.sum_pairs(connection, blocks))
    return [
        Customers(each.visits(counts) - sum(next(pairs) for _ in each.blocks), counts.sum("new", each.span))
        for each in pieces
    ]


class _Counts:
    """What is counted by day, added up from the beginning of the hull, so that any days are a difference."""

    def __init__(self, hull: Span, rows: dict[date, tuple[int, int, int, int]]) -> None:
        self._first = hull.first
        by_day = [rows.get(day, (0, 0, 0, 0)) for day in hull]
        names = ("days", "weeks", "months", "new")
        self._until: dict[str, list[int]] = {
            name: [0, *accumulate(column)] for name, column in zip(names, zip(*by_day, strict=True), strict=True)
        }

    def sum(self, name: str, span: Span) -> int:
        until, start = self._until[name], (span.first - self._first).days
        return until[start + span.days] - until[start]


class _Pieces:
    """A span as whole months and the days before and behind them.

    Its customers are those of each piece, less the pairs of days in a row from one piece to another.
    """

    def __init__(self, span: Span) -> None:
        self.span = span
        months = [each for each in shop_days.buckets(span, "month") if _is_whole(each)]
        if months:
            self.months: Span | None = Span(months[0].first, months[-1].last)
            before = Span(span.first, months[0].first - shop_days.DAY)
            behind = Span(months[-1].last + shop_days.DAY, span.last)
            self.ends = [each for each in (before, behind) if each.days]
        else:
            self.months, self.ends = None, [span]
        self.is_week = span.days == 7 and span.first.weekday() == 0
        self.blocks = [] if self.is_week else _blocks([month.first for month in months], self.ends)

    def visits(self, counts: _Counts) -> int:
        """Return the customers of each piece, added up."""
        if self.is_week:
            return counts.sum("weeks", self.span)
        days = sum(counts.sum("days", each) for each in self.ends)
        return days + (counts.sum("months", self.months) if self.months else 0)


def _is_whole(span: Span) -> bool:
    return span.first.day == 1 and (span.last + shop_days.DAY).day == 1


def _blocks(months: list[date], ends: list[Span]) -> list[Block]:
    """Return which pairs are between the pieces: by the days or months of the later one, and of the earlier one."""
    found = [Block("dd", list(later), earlier) for n, later in enumerate(ends) for earlier in ends[: n + 1]]
    if months:
        all_months = Span(months[0], months[-1])
        for end in ends:
            if end.first > months[-1]:
                found.append(Block("dm", list(end), all_months))
            else:
                found.append(Block("md", months, end))
        if len(months) > 1:
            found.append(Block("mm", months, all_months))
    return [block for block in found if block.level != "dd" or block.later[-1] > block.earlier.first]
