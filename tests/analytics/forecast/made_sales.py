"""Sales as the summaries have them, made up for tests of forecasts, and the job that makes those."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from sqlalchemy import insert

from chalicelib.analytics.forecast import making
from chalicelib.analytics.sales.figure_tables import FIGURES, sales_days
from chalicelib.core.database import transaction
from tests.factories import NOON

DAY = timedelta(days=1)
LAST = NOON.date() - DAY
QUIET = dict.fromkeys(FIGURES, 0)


def sold(dimension: str, value: str, units: list[int], *, until: date = LAST, cents: int = 1_000) -> None:
    """So many units a day until a day, each at 10.00 after a tenth off, each an order of its own."""
    rows = [
        {
            **QUIET,
            "dimension": dimension,
            "value": value,
            "day": until - (len(units) - 1 - at) * DAY,
            "customers": count,
            "orders": count,
            "items": count,
            "gross_cents": count * cents * 10 // 9,
            "discount_cents": count * cents * 10 // 9 - count * cents,
        }
        for at, count in enumerate(units)
        if count
    ]
    with transaction() as connection:
        connection.execute(insert(sales_days), rows)


def weekly(n_days: int, seed: int = 1) -> list[int]:
    found: list[int] = np.random.default_rng(seed).poisson(np.resize([3, 4, 5, 6, 7, 0, 2], n_days)).tolist()
    return found


def make(time_left_ms: int = 900_000) -> tuple[int, int]:
    done = making.forecast_sales(lambda: time_left_ms)
    return done.rows, done.left
