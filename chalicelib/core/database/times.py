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
