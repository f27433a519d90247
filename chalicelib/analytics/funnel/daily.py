"""The funnel day by day, for those who look for what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.analytics.days import Span
from chalicelib.analytics.funnel import funnel_sql
from chalicelib.analytics.funnel.steps import KIND
from chalicelib.core.database import Connection


def by_day(connection: Connection, days: Span) -> Sequence[Any]:
    """Return how many people came how far, a row a day: day, viewed, carted, checked_out, ordered, orders."""
    return funnel_sql.list_days(connection, KIND, days.first, days.last)
