"""The SQL of who did something with products on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import case, func, select

from chalicelib.core.database import AnyRow, Connection
from chalicelib.recommendations.signals.signal_tables import behaviour_events

_events = behaviour_events.c
_INTEREST = _events.interest == 1


def list_visits(
    connection: Connection, start: datetime, end: datetime, *, received_before: datetime
) -> Iterable[AnyRow]:
    """Return people by surface of their clicks: customer_id, visitor_id, surface, carted."""
    visitor = case((_events.customer_id.is_(None), _events.visitor_id))
    surface = case((_events.kind == "click", func.coalesce(_events.surface, "")))
    done = (
        select(
            _events.customer_id,
            visitor.label("visitor_id"),
            surface.label("surface"),
            case((_events.kind == "cart", 1), else_=0).label("carted"),
        )
        # Nothing is received before it happens: this finds them by the index.
        .where(_events.received_at >= start, _events.received_at < received_before)
        .where(_events.at >= start, _events.at < end, _INTEREST)
        .subquery("done")
    )
    people = (done.c.customer_id, done.c.visitor_id, done.c.surface)
    return connection.execute(select(*people, func.max(done.c.carted).label("carted")).group_by(*people))


def list_days(connection: Connection, received_since: datetime) -> list[date]:
    """Return the days (UTC) of what was received from a moment on, but for what was merely shown."""
    statement = select(func.date(_events.at)).where(_events.received_at >= received_since, _INTEREST).distinct()
    return sorted(_as_date(each) for each in connection.scalars(statement))


def _as_date(given: object) -> date:
    return given if isinstance(given, date) else date.fromisoformat(str(given))  # a text on SQLite
