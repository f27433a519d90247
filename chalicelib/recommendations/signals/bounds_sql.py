"""The SQL of how many events were sent within a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, delete, select

from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import upsert
from chalicelib.recommendations.signals.signal_tables import event_counts

_counts = event_counts.c


def count_events(connection: Connection, subject: str, events: int, now: datetime, window_ends_at: datetime) -> None:
    """Count events of `subject`; a new window begins where the old one is over."""
    over = _counts.window_ends_at <= now
    upsert(
        connection,
        event_counts,
        {"subject": subject, "events": events, "window_ends_at": window_ends_at},
        keys=["subject"],
        # The end of the window last: the other must still see the old one (see `upsert`).
        update={
            "events": case((over, events), else_=_counts.events + events),
            "window_ends_at": case((over, window_ends_at), else_=_counts.window_ends_at),
        },
    )


def list_counts(connection: Connection, subjects: Sequence[str]) -> Sequence[AnyRow]:
    """Return what is counted of `subjects`."""
    return connection.execute(select(event_counts).where(_counts.subject.in_(subjects))).all()


def delete_over(connection: Connection, now: datetime, limit: int) -> int:
    """Forget what was counted in windows that are over, up to `limit` of them; return how many."""
    over = select(_counts.subject).where(_counts.window_ends_at <= now).order_by(_counts.window_ends_at)
    subjects = connection.scalars(over.limit(limit)).all()
    # Again asked by the time: a new window may have begun meanwhile.
    gone = delete(event_counts).where(_counts.subject.in_(subjects), _counts.window_ends_at <= now)
    connection.execute(gone)
    return len(subjects)
