"""Times as whole numbers, computed by the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, cast, func, text

from chalicelib.core.database.dialect import is_sqlite


def epoch_ms(connection: Connection, time: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the expression for the whole milliseconds from 1970 to a time."""
    if is_sqlite(connection):
        # Parts of a second as they are written: SQLite would round them.
        seconds = cast(func.strftime("%s", func.substr(time, 1, 19)), Integer)
        return seconds * 1000 + cast(func.substr(time, 21, 3), Integer)
    microseconds = func.timestampdiff(text("MICROSECOND"), text("'1970-01-01'"), time, type_=Integer)
    return microseconds.op("DIV")(text("1000"))


def local_day(connection: Connection, time: ColumnElement[Any], offset_s: int) -> ColumnElement[Any]:
    """Return the expression for the date of a time where clocks are so many seconds ahead of UTC."""
    if is_sqlite(connection):
        return func.date(func.substr(time, 1, 19), f"{offset_s:+d} seconds")
    return func.date(func.timestampadd(text("SECOND"), offset_s, time))


def first_of_month(connection: Connection, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the expression for the first day of the month of a date."""
    if is_sqlite(connection):
        return func.strftime("%Y-%m-01", day)
    return func.date_format(day, "%Y-%m-01")


def first_of_week(connection: Connection, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the expression for the Monday of the week of a date."""
    if is_sqlite(connection):
        return func.date(day, "weekday 0", "-6 days")
    return func.subdate(func.date(day), func.weekday(day))
