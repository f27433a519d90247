"""A series by day, and where a forecast of it may start. Plain numpy: no database, no clock, no settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEK = 7


@dataclass(frozen=True, slots=True)
class Series:
    """What was sold on days in a row: `values` (n_days,) float64.

    A day without sales is a 0. The series begins where the subject does: days before it was there are none of it.
    Which weekday is which does not matter: forecasts look seven days back, not at the calendar.
    """

    values: Reals

    def __len__(self) -> int:
        return len(self.values)

    def actuals(self, origins: Ints, horizon: int) -> Reals:
        """Return what came after each origin: (n_origins, horizon) float64; every window lies within the series."""
        taken: Reals = self.values[origins[:, None] + np.arange(horizon)]
        return taken


def begun(values: Reals) -> Series:
    """Return the series from its first sale on; an empty one where nothing was ever sold.

    Raises ValueError where a value is negative or no number.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not np.all(np.isfinite(values)) or np.any(values < 0):
        raise ValueError("a series is a row of finite numbers, none negative")
    sold = np.flatnonzero(values)
    start = int(sold[0]) if len(sold) else len(values)
    return Series(values[start:])


class Model(Protocol):
    """A forecast: at each origin it knows the days before, and says those after."""

    @property
    def name(self) -> str:
        """What it is called where models are told of."""

    def forecast(self, series: Series, origins: Ints, horizon: int) -> Reals:
        """Return the forecasts (n_origins, horizon) float64."""
