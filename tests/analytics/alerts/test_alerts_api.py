"""Alerts over HTTP: listed, shown, acknowledged once, as CSV."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select

from chalicelib.analytics.alerts.alert_tables import alerts
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from tests.client import Client
from tests.factories import NOON, client_of


def made(n: int, **given: Any) -> int:
    values = {"figure": "revenue", "dimension": "shop", "subject": "", "day": date(2026, 2, n), "direction": "low"}
    values |= {"severity": "warning", "state": "open", "value": 12_345.0, "expected": 20_000.5, "low": 0.0}
    values |= {"high": 30_000.0, "found_at": NOON + timedelta(hours=n), "checked_at": NOON} | given
    with transaction() as connection:
        connection.execute(insert(alerts).values(**values))
    with read() as connection:
        return int(connection.execute(select(alerts.c.id).order_by(alerts.c.id.desc())).scalars().first() or 0)


def test_alerts_are_listed_by_what_is_asked_the_newest_first(client: Client) -> None:
    first, second = made(1), made(2, severity="critical", figure="orders", value=12.0)
    staff = client_of(Role.STAFF)
    found = staff.get("/analytics/alerts").json["results"]
    assert [each["id"] for each in found] == [second, first]
    assert (found[0]["value"], found[1]["value"]) == (12, 123.45)
    for query in ("severity=critical", "figure=orders", "from=2026-02-02", "state=open&limit=1&after="):
        assert [each["id"] for each in staff.get(f"/analytics/alerts?{query}").json["results"]] == [second], query
    page = staff.get("/analytics/alerts?limit=1&after=").json
    rest = staff.get(f"/analytics/alerts?limit=1&after={page['next_cursor']}").json
    assert ([each["id"] for each in rest["results"]], rest["next_cursor"]) == ([first], None)
    assert staff.get("/analytics/alerts?from=2026-02-02&to=2026-02-01").status == 422
    assert len(staff.get("/analytics/alerts.csv").text.splitlines()) == 3


def test_the_first_to_acknowledge_stays_and_a_resolved_one_cannot_be(client: Client) -> None:
    one, over = made(1), made(2, state="resolved")
    staff = client_of(Role.STAFF)
    answer = staff.post(f"/analytics/alerts/{one}/acknowledge", {"note": "A holiday."})
    assert (answer.status, answer.json["state"], answer.json["note"]) == (200, "acknowledged", "A holiday.")
    staff.post(f"/analytics/alerts/{one}/acknowledge", {"note": "Too late."})
    assert staff.get(f"/analytics/alerts/{one}").json["note"] == "A holiday."
    assert staff.post(f"/analytics/alerts/{over}/acknowledge", {}).status == 409
    assert staff.get("/analytics/alerts/99999").status == 404
