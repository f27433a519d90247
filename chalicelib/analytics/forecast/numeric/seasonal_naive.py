"""The reference that every other forecast must beat: what was sold on the same weekday of the last week."""

from __future__ import annotations

import numpy as np

from chalicelib.analytics.forecast.numeric.series import WEEK, Ints, Reals, Series

NAME = "seasonal_naive"


def forecast(series: Series, origins: Ints, horizon: int) -> Reals:
    """Return the last week before each origin, over and over: (n_origins, horizon) float64; origins from day 7 on."""
    steps = np.arange(horizon) % WEEK
    taken: Reals = series.values[origins[:, None] - WEEK + steps]
    return taken
