"""What people did, as rows: seen, clicked and bought, without the endpoints that take it in."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert, select

from chalicelib.core.database import insert_row, read, transaction
from chalicelib.recommendations.measuring.days import RECOMMENDATIONS
from chalicelib.recommendations.measuring.figure_tables import recommendation_days
from chalicelib.recommendations.signals.signal_tables import behaviour_events, visitors
from tests.factories import NOON

MODEL = "20260301T000000Z-0a1b2c3d"
DAY = timedelta(days=1)

_numbers = count(1)


def request_of(version: str = MODEL, variant: str = "-") -> str:
    """Return a new request id."""
    return f"rec_{version}.{variant}.{next(_numbers):016x}"


def make_visitor(public_id: str | None = None, **given: Any) -> int:
    """Make a visitor, of nobody when nothing is said."""
    values = {
        "public_id": public_id or f"visitor-{next(_numbers):016d}",
        "customer_id": None,
        "created_at": NOON,
        "last_seen_at": NOON,
    }
    with transaction() as connection:
        return insert_row(connection, visitors, values | given)


def make_event(kind: str, product_id: int, at: datetime = NOON, **given: Any) -> int:
    """Make an event of a `customer_id` or `visitor_id`; of a recommendation on the home page when nothing is said."""
    values = {
        "event_key": hashlib.md5(str(next(_numbers)).encode()).hexdigest(),
        "visitor_id": None,
        "customer_id": None,
        "kind": kind,
        "product_id": product_id,
        "request_id": given.get("request_id") or request_of(),
        "position": 0,
        "surface": "home",
        "at": at,
        "received_at": given.get("received_at", at),
    }
    with transaction() as connection:
        return insert_row(connection, behaviour_events, values | given)


def figures() -> list[dict[str, Any]]:
    """Return all daily figures, without what is 0."""
    with read() as connection:
        rows = connection.execute(select(recommendation_days).order_by(*recommendation_days.primary_key)).all()
    return [{name: value for name, value in row._mapping.items() if value != 0} for row in rows]


def due_days() -> list[date]:
    """Return the days that are still to be counted."""
    with read() as connection:
        return sorted(each.day for each in RECOMMENDATIONS.list_due(connection))


def make_day(day: date, **given: Any) -> None:
    """Make the figures of a day."""
    values = {"version": MODEL, "variant": "-", "surface": "home", "impressions": 0, "clicks": 0, "people": 0}
    values |= {"orders": 0, "items": 0, "revenue_cents": 0}
    with transaction() as connection:
        connection.execute(insert(recommendation_days).values(day=day, **{**values, **given}))
