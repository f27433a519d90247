"""Figures by day that are kept: which days have to be counted again, and how far the counting got.

Whoever changes a past day marks it; whoever counts takes the days that are due, puts each in place as a whole, and
strikes it off in the same transaction. A day that is marked while it is counted stays due.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.core.database import Connection
from chalicelib.core.database import due_days as sql

# A transaction that began before the last look may have ended after it.
OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day to be counted, and how often it was marked."""

    day: date
    marks: int


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the counting got; None of what never was. `as_of`: all that had happened until then is counted."""

    seen_until: datetime | None = None
    looked_back_on: date | None = None
    as_of: datetime | None = None
    time_zone: str = "UTC"

    def since(self, floor: datetime) -> datetime:
        """Return the moment from which on changes have to be looked for; never before `floor`."""
        return floor if self.seen_until is None else max(floor, self.seen_until - OVERLAP)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is counted by day, by its name."""

    name: str

    def lock(self, connection: Connection) -> None:
        """Let no other transaction count until this one ends, once its watermark is noted."""
        sql.lock_watermark(connection, self.name)

    def mark(self, connection: Connection, days: Iterable[date]) -> None:
        """Note that days have to be counted (again)."""
        sql.mark_due(connection, self.name, set(days))

    def list_due(self, connection: Connection) -> Sequence[DueDay]:
        """Return the days that are due, the latest first."""
        return [DueDay(row.day, row.marks) for row in sql.list_due(connection, self.name)]

    def count_due(self, connection: Connection) -> int:
        """Return how many days are due."""
        return sql.count_due(connection, self.name)

    def strike_off(self, connection: Connection, counted: Iterable[DueDay]) -> None:
        """Note that days are counted, but for those that were marked again meanwhile."""
        by_marks: dict[int, list[date]] = {}
        for each in counted:
            by_marks.setdefault(each.marks, []).append(each.day)
        for marks, days in by_marks.items():
            sql.delete_due(connection, self.name, days, marks)

    def leave_before(self, connection: Connection, first: date) -> None:
        """Let the days before one stand as they are: what they were counted from is not kept any more."""
        sql.delete_due_before(connection, self.name, first)

    def watermark(self, connection: Connection) -> Watermark:
        """Return how far the counting got."""
        row = sql.find_watermark(connection, self.name)
        if row is None:
            return Watermark()
        return Watermark(row.seen_until, row.looked_back_on, row.as_of, row.time_zone)

    def begin(self, connection: Connection) -> None:
        """Make the row of the watermark where there is none yet, whoever else does."""
        sql.insert_watermark(connection, self.name)

    def note(self, connection: Connection, **values: object) -> None:
        """Note how far the counting got: any of the fields of `Watermark`."""
        sql.update_watermark(connection, self.name, values)
