"""Demand that comes now and then: how often something is sold, and how much then, each smoothed by itself.

Source: Teunter, Syntetos and Babai, "Intermittent demand: linking forecasting to inventory obsolescence" (2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chalicelib.analytics.forecast.numeric.series import WEEK, Ints, Reals, Series

# From so large a share of days without a sale on, demand counts as intermittent.
SELDOM = 0.6
_SIZE_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Intermittent:
    """The chance of a sale times its size; what no longer sells fades by `chance_step` a day."""

    chance_step: float

    @property
    def name(self) -> str:
        """What it is called where models are told of."""
        return f"intermittent_{round(self.chance_step * 100)}"

    def forecast(self, series: Series, origins: Ints, horizon: int) -> Reals:
        """Return the same rate for every day: (n_origins, horizon) float64; origins from day 7 on."""
        rates = self._rates(series.values)
        return np.repeat(rates[origins - 1][:, None], horizon, axis=1)

    def _rates(self, values: Reals) -> Reals:
        sold = values > 0
        chance = float(sold[: 2 * WEEK].mean())
        size = float(values[0])
        rates = np.zeros(len(values))
        for day, value in enumerate(values.tolist()):
            chance += self.chance_step * ((value > 0) - chance)
            if value > 0:
                size += _SIZE_STEP * (value - size)
            rates[day] = chance * size
        return rates


def sells_seldom(values: Reals) -> bool:
    """Say whether most of the days (n_days,) float64 have no sale."""
    return len(values) > 0 and float((values == 0).mean()) >= SELDOM
