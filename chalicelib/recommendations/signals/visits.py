"""Who did something with products, for other domains: read by day, since events are not kept for ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from chalicelib.core.database import Connection
from chalicelib.recommendations.signals import visits_sql
from chalicelib.recommendations.signals.signals import MAX_AGE as MAX_AGE  # how late events may come
from chalicelib.recommendations.signals.signals import MAX_SKEW


def list_visits(connection: Connection, start: datetime, end: datetime) -> Iterable[Any]:
    """Return what people did with products from `start` until before `end`; merely seen recommendations left out.

    A row for each person and each surface at which it clicked a recommendation, and one for what it did otherwise:
    customer_id, visitor_id (null of a customer), surface (null where nothing was clicked), carted (0 or 1).
    """
    return visits_sql.list_visits(connection, start, end, received_before=end + MAX_AGE + MAX_SKEW)


def changed_days(connection: Connection, received_since: datetime) -> list[date]:
    """Return the days (UTC) on which something was done that was received from a moment on."""
    return visits_sql.list_days(connection, received_since)
