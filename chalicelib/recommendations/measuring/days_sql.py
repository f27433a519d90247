"""The SQL of the daily figures: what was shown, clicked and touched, the figures, and the alarm."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, delete, func, insert, select, update

from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import insert_new, without_hex_end
from chalicelib.recommendations.measuring.figure_tables import (
    recommendation_days,
    recommendation_measuring,
)
from chalicelib.recommendations.signals.signal_tables import behaviour_events

_events = behaviour_events.c
_days = recommendation_days.c
_alarm = recommendation_measuring.c

_SHOWN = _events.kind.in_(["impression", "click"]) & _events.request_id.is_not(None)
_ROW = 1  # of the table with one row

# --- what people did ---------------------------------------------------------------------------------------------


def count_shown(
    connection: Connection, start: datetime, end: datetime, *, received_before: datetime, limit: int
) -> Sequence[AnyRow]:
    """Return what was shown and clicked from `start` until before `end`, most first.

    By what served it (`rec_<version>.<variant>.`: a day has as many request ids as answers, but few models and
    variants; grouped here, few rows are read) and surface: impressions, clicks, and people: browsers, or customers
    where none was named, so that it stays the same when somebody signs in later.
    """
    person = case((_events.visitor_id.is_not(None), -_events.visitor_id), else_=_events.customer_id)
    served = without_hex_end(connection, _events.request_id)
    shown = (
        select(
            served.label("served"),
            (func.length(_events.request_id) - func.length(served)).label("end_length"),
            func.coalesce(_events.surface, "").label("surface"),
            _events.kind,
            person.label("person"),
        )
        # Nothing is received before it happens: this finds them by the index.
        .where(_events.received_at >= start, _events.received_at < received_before)
        .where(_events.at >= start, _events.at < end, _SHOWN)
        .subquery("shown")
    )
    of_kind = {kind: func.sum(case((shown.c.kind == kind, 1), else_=0)) for kind in ("impression", "click")}
    statement = (
        select(
            shown.c.served,
            shown.c.surface,
            of_kind["impression"].label("impressions"),
            of_kind["click"].label("clicks"),
            func.count(shown.c.person.distinct()).label("people"),
        )
        .where(shown.c.served.endswith("."), shown.c.end_length.between(8, 16))
        .group_by(shown.c.served, shown.c.surface)
        .order_by(func.count().desc(), shown.c.served, shown.c.surface)
        .limit(limit)
    )
    return connection.execute(statement).all()


def list_touches(
    connection: Connection,
    kind: str,
    customer_ids: Collection[int],
    product_ids: Collection[int],
    since: datetime,
    until: datetime,
) -> Sequence[AnyRow]:
    """Return clicks or impressions of customers on products: id, customer_id, product_id, at, request_id, surface."""
    columns = (_events.id, _events.customer_id, _events.product_id, _events.at, _events.request_id, _events.surface)
    statement = select(*columns).where(
        _events.customer_id.in_(customer_ids),
        _events.interest == (0 if kind == "impression" else 1),  # the second part of the index
        _events.at >= since,
        _events.at < until,
        _events.kind == kind,
        _events.product_id.in_(product_ids),
        _events.request_id.is_not(None),
    )
    return connection.execute(statement).all()


def list_shown_days(connection: Connection, received_since: datetime) -> list[date]:
    """Return the days of what was shown and clicked, as far as it was received from a moment on."""
    day = func.date(_events.at)
    statement = select(day).where(_events.received_at >= received_since, _SHOWN).distinct()
    return sorted(_as_date(each) for each in connection.scalars(statement))


def _as_date(given: object) -> date:
    return given if isinstance(given, date) else date.fromisoformat(str(given))  # a text on SQLite


# --- the figures -------------------------------------------------------------------------------------------------

_FIGURES = ("impressions", "clicks", "people", "orders", "items", "revenue_cents")


def replace_day(connection: Connection, day: date, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put the figures of a day in the place of those that were there."""
    connection.execute(delete(recommendation_days).where(_days.day == day))
    if rows:
        connection.execute(insert(recommendation_days), rows)


def list_figures(
    connection: Connection, first: date, last: date, by: str | None = None, *, limit: int
) -> Sequence[AnyRow]:
    """Return the sums of the figures from `first` to `last`, by a column of the table as `group`, else one row.

    By day in the order of days; by anything else the most impressions first.
    """
    group = _days.day.label("group") if by is None else _days[by].label("group")
    sums = [func.coalesce(func.sum(_days[name]), 0).label(name) for name in _FIGURES]
    within = (_days.day >= first) & (_days.day <= last)
    if by is None:
        return connection.execute(select(*sums).where(within)).all()
    order = [group] if by == "day" else [func.sum(_days.impressions).desc(), group]
    return connection.execute(select(group, *sums).where(within).group_by(group).order_by(*order).limit(limit)).all()


# --- the alarm ---------------------------------------------------------------------------------------------------


def find_alarm(connection: Connection) -> AnyRow | None:
    """Return what falls and when that was told; None before anything fell."""
    return connection.execute(select(recommendation_measuring).where(_alarm.id == _ROW)).first()


def update_alarm(connection: Connection, values: Mapping[str, Any]) -> None:
    """Note what falls."""
    insert_new(connection, recommendation_measuring, {"id": _ROW})
    connection.execute(update(recommendation_measuring).where(_alarm.id == _ROW).values(**values))
