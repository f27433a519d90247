"""The SQL of days that have to be counted again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import delete, select

from chalicelib.conversations.figures.figure_tables import conversation_due_days
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import upsert_sums

_due = conversation_due_days.c


def mark_due(connection: Connection, days: Iterable[date]) -> None:
    """Note that days have to be counted anew; those that are noted already are once more."""
    rows = [{"day": day, "marks": 1} for day in sorted(days)]
    upsert_sums(connection, conversation_due_days, rows, keys=["day"], sums=["marks"])


def list_due(connection: Connection) -> Sequence[AnyRow]:
    """Return the days that have to be counted anew, the latest first: day, marks."""
    return connection.execute(select(conversation_due_days).order_by(_due.day.desc())).all()


def delete_due(connection: Connection, day: date, marks: int) -> None:
    """Note that a day is counted, unless it was marked since it had so many marks."""
    connection.execute(delete(conversation_due_days).where(_due.day == day, _due.marks == marks))


def delete_before(connection: Connection, first: date) -> None:
    """Let the days before one stand as they are."""
    connection.execute(delete(conversation_due_days).where(_due.day < first))
