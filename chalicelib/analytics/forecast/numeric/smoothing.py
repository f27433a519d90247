"""Exponential smoothing with a damped trend and a season of a week (Holt-Winters), over a grid of parameters at once.

One pass through the days carries the states of all parameters; the states at each origin are kept, and the parameters
are those whose one-day-ahead errors before that origin were smallest. Nothing of an origin's future is looked at.

Source: Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", chapter 8 (error correction form); errors
are cut as by Gelper, Fried and Croux, "Robust forecasting with exponential and Holt-Winters smoothing" (2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from chalicelib.analytics.forecast.numeric.series import WEEK, Ints, Reals, Series

_LEVELS = (0.02, 0.05, 0.1, 0.2, 0.35)
_TRENDS = (0.0, 0.02, 0.1)  # of the level's step
_SEASONS = (0.01, 0.05, 0.15)
_DAMPING = (0.9, 0.98)
# An error counts for at most so many times the usual one: a wholesale order is no new level.
_CUT = 3.0
_SPREAD_STEP = 0.05
_FORGETS = 0.995  # a day; errors of half a year ago hardly count
_LEAST_SHARE = 0.3


def _grid() -> Reals:
    """Return the steps of level, trend and season, and the damping: (4, n_parameters) float64."""
    steps = [
        (level, level * trend, season, damping)
        for level, trend, season, damping in product(_LEVELS, _TRENDS, _SEASONS, _DAMPING)
        if trend or damping == _DAMPING[0]  # without a trend there is nothing to damp
    ]
    return np.array(steps).T


@dataclass(slots=True)
class _States:
    """Of all parameters at one day: `level`, `trend`, `spread` and `loss` (n_parameters,), `season` (7, n_parameters)
    from the weekday of the first day on.
    """

    level: Reals
    trend: Reals
    season: Reals
    spread: Reals
    loss: Reals


@dataclass(frozen=True, slots=True)
class HoltWinters:
    """Level, damped trend and weekdays, which are added to the level or, if `multiplicative`, are factors of it."""

    multiplicative: bool

    @property
    def name(self) -> str:
        """What it is called where models are told of."""
        return "holt_winters_" + ("multiplicative" if self.multiplicative else "additive")

    def forecast(self, series: Series, origins: Ints, horizon: int) -> Reals:
        """Return the forecasts (n_origins, horizon) float64, by the best parameters then; origins from day 14 on."""
        grid, values = _grid(), series.values
        states = self._start(values[: 2 * WEEK], grid.shape[1])
        rows = {int(origin): row for row, origin in enumerate(origins)}
        said = np.zeros((len(origins), horizon))
        for day in range(int(origins.max()) + 1):
            if (row := rows.get(day)) is not None:
                said[row] = self._ahead(states, grid[3], day, horizon)
            if day < len(values):
                self._step(states, grid, day, float(values[day]))
        return said

    def _start(self, weeks: Reals, n: int) -> _States:
        week = weeks.reshape(2, WEEK).mean(axis=0)
        mean = float(week.mean())  # above 0: a series begins with a sale
        season = week / mean if self.multiplicative else week - mean
        usual = max(float(np.abs(weeks - np.tile(week, 2)).mean()), mean * 0.1)
        return _States(
            level=np.full(n, mean),
            trend=np.zeros(n),
            season=np.repeat(season[:, None], n, axis=1),
            spread=np.full(n, usual),
            loss=np.zeros(n),
        )

    def _step(self, states: _States, grid: Reals, day: int, value: float) -> None:
        alpha, beta, gamma, damping = grid
        place = states.season[day % WEEK]
        carried = damping * states.trend
        base = states.level + carried
        error = value - np.maximum(base * place if self.multiplicative else base + place, 0.0)
        bound = _CUT * states.spread
        cut = np.clip(error, -bound, bound)
        if day >= 2 * WEEK:  # the first weeks made the states
            states.loss = _FORGETS * states.loss + np.abs(cut)
        states.spread = states.spread + _SPREAD_STEP * (np.abs(cut) - states.spread)
        if self.multiplicative:
            # Divided by the share of the weekday, but for a weekday that hardly sells: it tells nothing of the level.
            moved = cut * place / np.maximum(place**2, _LEAST_SHARE**2)
            states.season[day % WEEK] = np.maximum(place + gamma * cut / np.maximum(base, states.spread), 0.0)
        else:
            moved = cut
            states.season[day % WEEK] = place + gamma * (1 - alpha) * cut
        states.level = np.maximum(base + alpha * moved, 0.0)
        states.trend = carried + beta * moved

    def _ahead(self, states: _States, damping: Reals, day: int, horizon: int) -> Reals:
        best = int(states.loss.argmin())
        # The trend's share of the day j steps ahead: damping + damping^2 + ... + damping^j.
        steps = np.cumsum(damping[best] ** np.arange(1, horizon + 1))
        level = np.maximum(states.level[best] + states.trend[best] * steps, 0.0)
        season = states.season[(day + np.arange(horizon)) % WEEK, best]
        ahead: Reals = np.maximum(level * season if self.multiplicative else level + season, 0.0)
        return ahead
