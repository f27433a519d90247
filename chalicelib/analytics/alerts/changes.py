"""What becomes of an alert: it opens, gets worse, is resolved, and opens again; each is an event.

Whoever calls holds the lock of the runs (`lock`), so that two of them never do the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from chalicelib.analytics.alerts import alerts_sql
from chalicelib.analytics.alerts.unusual import Direction, Severity
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.due_days import Subject
from chalicelib.core.money import from_cents
from chalicelib.events import outbox

ALERTS = Subject("alerts")
REVENUE = "revenue"
WARNING: Severity = "warning"
CRITICAL: Severity = "critical"


@dataclass(frozen=True, slots=True)
class Key:
    """What an alert is of; there is one of each."""

    figure: str
    dimension: str
    subject: str
    day: date


@dataclass(frozen=True, slots=True)
class State:
    """How unusual a figure is. In its own unit: cents, a count, a share, free units."""

    value: float
    expected: float
    low: float | None
    high: float | None
    direction: Direction
    severity: Severity

    def columns(self) -> dict[str, Any]:
        """Return what the table holds of it."""
        names = ("value", "expected", "low", "high", "direction", "severity")
        return {name: getattr(self, name) for name in names}


def lock(connection: Connection, as_of: datetime | None = None, time_zone: str | None = None) -> None:
    """Let no other run go on until this transaction ends; note of when its sales are. Before anything is read."""
    told: dict[str, Any] = {"seen_until": clock.now()}
    if time_zone is not None:
        told |= {"as_of": as_of, "time_zone": time_zone}
    ALERTS.note(connection, **told)


def settle(connection: Connection, key: Key, before: Any, state: State | None) -> int:
    """Make the alert of a key say what is so now (None: nothing unusual); return whether anything changed, 1 or 0.

    `before` is its row, None where there is none yet.
    """
    if state is None:
        return _resolve(connection, before) if before is not None and before.state != "resolved" else 0
    if before is None:
        _open(connection, key, state)
        return 1
    if before.state == "resolved":
        _reopen(connection, key, before, state)
        return 1
    return _update(connection, key, before, state)


def _open(connection: Connection, key: Key, state: State) -> None:
    now = clock.now()
    identity = {"figure": key.figure, "dimension": key.dimension, "subject": key.subject, "day": key.day}
    alert_id = alerts_sql.insert_alert(
        connection, identity | state.columns() | {"state": "open", "found_at": now, "checked_at": now}
    )
    _tell(connection, "alert.opened", alert_id, key, state)


def _reopen(connection: Connection, key: Key, before: Any, state: State) -> None:
    now = clock.now()
    fresh = {"resolved_at": None, "acknowledged_at": None, "acknowledged_by": None, "note": None}
    alerts_sql.update_alert(
        connection, before.id, state.columns() | fresh | {"state": "open", "found_at": now, "checked_at": now}
    )
    _tell(connection, "alert.opened", before.id, key, state)


def _update(connection: Connection, key: Key, before: Any, state: State) -> int:
    values = state.columns()
    if all(getattr(before, name) == value for name, value in values.items()):
        return 0
    worse = before.severity == "warning" and state.severity == "critical"
    if worse:
        # Whoever acknowledged the warning has not seen this.
        values |= {"state": "open", "acknowledged_at": None, "acknowledged_by": None}
    alerts_sql.update_alert(connection, before.id, values | {"checked_at": clock.now()})
    if worse:
        _tell(connection, "alert.escalated", before.id, key, state)
    return 1


def _resolve(connection: Connection, before: Any) -> int:
    now = clock.now()
    alerts_sql.update_alert(connection, before.id, {"state": "resolved", "resolved_at": now, "checked_at": now})
    told = {"alert_id": before.id, **_identity(before)}
    outbox.record(connection, "alert.resolved", f"alert:{before.id}", told)
    return 1


def _identity(key: Any) -> dict[str, Any]:
    return {"figure": key.figure, "dimension": key.dimension, "subject": key.subject, "day": key.day.isoformat()}


def _tell(connection: Connection, kind: str, alert_id: int, key: Key, state: State) -> None:
    told = {
        "alert_id": alert_id,
        **_identity(key),
        "direction": state.direction,
        "severity": state.severity,
        "value": shown(key.figure, state.value),
        "expected": shown(key.figure, state.expected),
    }
    outbox.record(connection, kind, f"alert:{alert_id}", told)


def shown(figure: str, value: float | None) -> Decimal | float | None:
    """Return a value as it is told: an amount of money, a count or units to two places, a share to six."""
    if value is None:
        return None
    if figure == REVENUE:
        return from_cents(round(value))
    return round(value, 6 if figure in ("conversion", "return_rate", "cancel_rate") else 2)
