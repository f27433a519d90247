"""The tables of days that have to be counted again and of how far the counting got; the rules are `core.due_days`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, String, delete, func, insert, select, update

from chalicelib.core.database.dialect import insert_new, upsert_sums
from chalicelib.core.database.types import AnyRow, UtcDateTime, shop_table

# `marks` tells whether a day was marked once more while it was counted.
due_days = shop_table(
    "due_days",
    Column("subject", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("marks", Integer, nullable=False),
)

# Until when changes were looked for (`seen_until`), when the latest days were last counted whatever changed, and the
# moment of which the figures are. The days are those of `time_zone`.
watermarks = shop_table(
    "watermarks",
    Column("subject", String(64), primary_key=True),
    Column("seen_until", UtcDateTime),
    Column("looked_back_on", Date),
    Column("as_of", UtcDateTime),
    Column("time_zone", String(64), nullable=False, server_default="UTC"),
)

_due = due_days.c


def mark_due(connection: Connection, subject: str, days: Iterable[date]) -> None:
    """Note that days have to be counted anew; those that are noted already are once more."""
    rows = [{"subject": subject, "day": day, "marks": 1} for day in sorted(days)]
    upsert_sums(connection, due_days, rows, keys=["subject", "day"], sums=["marks"])


def list_due(connection: Connection, subject: str) -> Sequence[AnyRow]:
    """Return the days that have to be counted anew, the latest first: day, marks."""
    statement = select(_due.day, _due.marks).where(_due.subject == subject).order_by(_due.day.desc())
    return connection.execute(statement).all()


def count_due(connection: Connection, subject: str) -> int:
    """Return how many days have to be counted anew."""
    return connection.scalar(select(func.count()).select_from(due_days).where(_due.subject == subject)) or 0


def delete_due(connection: Connection, subject: str, days: Iterable[date], marks: int) -> None:
    """Note that days are counted, but for those that were marked since they had so many marks."""
    struck = delete(due_days).where(_due.subject == subject, _due.marks == marks, _due.day.in_(list(days)))
    connection.execute(struck)


def delete_due_before(connection: Connection, subject: str, first: date) -> None:
    """Let the days before one stand as they are."""
    connection.execute(delete(due_days).where(_due.subject == subject, _due.day < first))


def find_watermark(connection: Connection, subject: str) -> AnyRow | None:
    """Return how far the counting of a subject got."""
    return connection.execute(select(watermarks).where(watermarks.c.subject == subject)).first()


def insert_watermark(connection: Connection, subject: str) -> None:
    """Insert the row of a subject, unless there is one."""
    insert_new(connection, watermarks, {"subject": subject})


def lock_watermark(connection: Connection, subject: str) -> None:
    """Lock the row of a subject."""
    connection.execute(select(watermarks.c.subject).where(watermarks.c.subject == subject).with_for_update())


def update_watermark(connection: Connection, subject: str, values: Mapping[str, Any]) -> None:
    """Change how far the counting of a subject got."""
    changed = connection.execute(update(watermarks).where(watermarks.c.subject == subject).values(**values))
    # MySQL counts rows that it changes, not those that it finds.
    if changed.rowcount == 0 and find_watermark(connection, subject) is None:
        connection.execute(insert(watermarks).values(subject=subject, **values))
