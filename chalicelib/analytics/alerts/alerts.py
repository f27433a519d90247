"""Alerts: which there are, and that somebody has taken note of one."""

from __future__ import annotations

from typing import Any

from chalicelib.analytics import day_steps
from chalicelib.analytics.alerts import alerts_sql
from chalicelib.analytics.alerts.alerts_sql import Wanted
from chalicelib.analytics.alerts.changes import ALERTS
from chalicelib.analytics.spans import Stand
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.paging import Page, PageRequest

__all__ = ["Wanted", "acknowledge", "find", "list_alerts", "stand"]


def stand(connection: Connection) -> Stand:
    """Return of when the sales are that were looked at last."""
    return day_steps.stand_of(connection, ALERTS)


def list_alerts(connection: Connection, page: PageRequest, wanted: Wanted) -> Page[Any]:
    """Return alerts, those that were found last first."""
    return alerts_sql.list_page(connection, page, wanted)


def find(connection: Connection, alert_id: int) -> Any:
    """Return an alert.

    Raises:
        NotFound: there is none of this id.
    """
    row = alerts_sql.find(connection, alert_id)
    if row is None:
        raise NotFound("There is no such alert.")
    return row


def acknowledge(connection: Connection, alert_id: int, *, by: int, note: str | None) -> Any:
    """Note that somebody has taken note of an alert, and return it; the first one who does stays.

    Raises:
        NotFound: there is none of this id.
        Conflict: it is resolved.
    """
    values = {"state": "acknowledged", "acknowledged_at": clock.now(), "acknowledged_by": by, "note": note}
    alerts_sql.acknowledge(connection, alert_id, values)
    row = find(connection, alert_id)
    if row.state == "resolved":
        raise Conflict("The alert is resolved: the figure is back in its usual range.")
    return row
