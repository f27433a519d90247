"""What recommendations brought about, for other domains: sums of the daily figures, and what experiments show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from chalicelib.core.database import Connection
from chalicelib.recommendations.measuring import days_sql, experiments_sql
from chalicelib.recommendations.measuring.days import RECOMMENDATIONS

By = Literal["day", "version", "variant", "surface"]


def list_figures(connection: Connection, first: date, last: date, by: By, *, limit: int) -> Sequence[Any]:
    """Return the sums from `first` to `last` (UTC days) by a column: group, impressions, clicks, people, orders,
    items, revenue_cents. By day in their order, by anything else the most impressions first.
    """
    return days_sql.list_figures(connection, first, last, by, limit=limit)


def as_of(connection: Connection) -> datetime | None:
    """Return the moment up to which all is counted; None before the first run."""
    return RECOMMENDATIONS.watermark(connection).as_of


def list_kept_results(connection: Connection, start: datetime, end: datetime, *, limit: int) -> list[dict[str, Any]]:
    """Return the experiments that ran at some time from `start` until before `end`, the latest first.

    Each: id, name, state, started_at, stopped_at, and `results`, in the words of their own endpoint, as the job
    last kept them; None before it did.
    """
    return [
        {
            "id": row.id,
            "name": row.name,
            "state": row.state,
            "started_at": row.started_at,
            "stopped_at": row.stopped_at,
            "results": None if row.results is None else json.loads(row.results, parse_float=Decimal),
        }
        for row in experiments_sql.list_run(connection, start, end, limit)
    ]
