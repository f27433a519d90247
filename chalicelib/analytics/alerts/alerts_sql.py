"""The SQL of alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update

from chalicelib.analytics.alerts.alert_tables import alerts
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_row = alerts.c
_ACTIVE = ("open", "acknowledged")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts to list; None is all. Days are those that alerts are of."""

    state: str | None = None
    figure: str | None = None
    severity: str | None = None
    first: date | None = None
    last: date | None = None


def list_recent(connection: Connection, figures: Sequence[str], since: date) -> Sequence[AnyRow]:
    """Return all alerts of some figures, of days from one on."""
    return connection.execute(select(alerts).where(_row.figure.in_(figures), _row.day >= since)).all()


def list_active(connection: Connection, figure: str) -> Sequence[AnyRow]:
    """Return the alerts of a figure that are not resolved, the earliest first."""
    wanted = select(alerts).where(_row.figure == figure, _row.state.in_(_ACTIVE))
    return connection.execute(wanted.order_by(_row.day, _row.id)).all()


def insert_alert(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert an alert; return its id."""
    return insert_row(connection, alerts, values)


def update_alert(connection: Connection, alert_id: int, values: Mapping[str, Any]) -> None:
    """Change an alert."""
    connection.execute(update(alerts).where(_row.id == alert_id).values(**values))


def acknowledge(connection: Connection, alert_id: int, values: Mapping[str, Any]) -> None:
    """Change an alert if it is open."""
    connection.execute(update(alerts).where(_row.id == alert_id, _row.state == "open").values(**values))


def find(connection: Connection, alert_id: int) -> AnyRow | None:
    """Return an alert."""
    return connection.execute(select(alerts).where(_row.id == alert_id)).first()


def list_page(connection: Connection, page: PageRequest, wanted: Wanted) -> Page[AnyRow]:
    """Return alerts, those that were found last first."""
    statement = select(alerts)
    for column, value in ((_row.state, wanted.state), (_row.figure, wanted.figure), (_row.severity, wanted.severity)):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.first is not None:
        statement = statement.where(_row.day >= wanted.first)
    if wanted.last is not None:
        statement = statement.where(_row.day <= wanted.last)
    return fetch_page(connection, statement, page, order=[_row.found_at, _row.id], descending=True)
