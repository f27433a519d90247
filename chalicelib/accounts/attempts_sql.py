"""The SQL of what is counted within a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, delete, select, update

from chalicelib.accounts.tables import login_attempts
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import upsert

_table = login_attempts


def count_attempt(
    connection: Connection, subject: str, now: datetime, window_ends_at: datetime, *, under_way: bool
) -> None:
    """Count one more try of `subject`; a new window begins where the old one is over."""
    over, begun = _table.c.window_ends_at <= now, int(under_way)
    upsert(
        connection,
        _table,
        {"subject": subject, "attempts": 1, "under_way": begun, "window_ends_at": window_ends_at},
        keys=["subject"],
        # The end of the window comes last: the others must still see the old one (see `upsert`).
        update={
            "attempts": case((over, 1), else_=_table.c.attempts + 1),
            "under_way": case((over, begun), else_=_table.c.under_way + begun),
            "window_ends_at": case((over, window_ends_at), else_=_table.c.window_ends_at),
        },
    )


def list_attempts(connection: Connection, subjects: Sequence[str]) -> Sequence[AnyRow]:
    """Return what is counted of `subjects`."""
    return connection.execute(select(_table).where(_table.c.subject.in_(subjects))).all()


def end_failed(connection: Connection, subject: str, window_ends_at: datetime) -> None:
    """Note that a try of that window has ended, and stays counted."""
    _end(connection, subject, window_ends_at, attempts=_table.c.attempts)


def end_forgiven(connection: Connection, subject: str, window_ends_at: datetime, *, failures_too: bool) -> None:
    """Take a try of that window back, and with it all that failed before it where `failures_too`."""
    left = _table.c.under_way - 1 if failures_too else _table.c.attempts - 1
    _end(connection, subject, window_ends_at, attempts=left)


def _end(connection: Connection, subject: str, window_ends_at: datetime, *, attempts: ColumnElement[int]) -> None:
    # The row is found by its key alone: by the index of windows, MySQL would lock other rows on the way.
    mine = (_table.c.window_ends_at == window_ends_at) & (_table.c.under_way > 0)
    changed = update(_table).where(_table.c.subject == subject)
    # In this order on MySQL: `attempts` must still see the old number.
    connection.execute(
        changed.ordered_values(
            (_table.c.attempts, case((mine, attempts), else_=_table.c.attempts)),
            (_table.c.under_way, case((mine, _table.c.under_way - 1), else_=_table.c.under_way)),
        )
    )


def delete_attempts(connection: Connection, subjects: Sequence[str]) -> None:
    """Forget what is counted of `subjects`."""
    connection.execute(delete(_table).where(_table.c.subject.in_(subjects)))


def delete_over(connection: Connection, now: datetime) -> None:
    """Forget what was counted in windows that are over."""
    connection.execute(delete(_table).where(_table.c.window_ends_at <= now))
