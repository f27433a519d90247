"""What each forecast would have said at earlier days, and how wrong it would have been."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chalicelib.analytics.forecast.numeric import seasonal_naive
from chalicelib.analytics.forecast.numeric.intermittent import Intermittent, sells_seldom
from chalicelib.analytics.forecast.numeric.profile import WeekdayProfile
from chalicelib.analytics.forecast.numeric.series import WEEK, Ints, Model, Reals, Series
from chalicelib.analytics.forecast.numeric.smoothing import HoltWinters
from chalicelib.analytics.forecast.numeric.yearly import LEAST_DAYS as TWO_YEARS
from chalicelib.analytics.forecast.numeric.yearly import Yearly

LEAST_TRAINING = 4 * WEEK
LEAST_ORIGINS = 8
_MOST_ORIGINS = 40
_LOOKED_BACK = 364
BASELINE = seasonal_naive.NAME
AVERAGE = "average"


@dataclass(frozen=True, slots=True)
class Errors:
    """How wrong forecasts were. `mae` in units of the series (summed over the days that are judged together); `wape`
    that by the mean of what came; `mase` that by the error of repeating the last period over the whole series; `bias`
    the mean of forecast minus what came, by what came. None where there is nothing to divide by.
    """

    mae: float
    wape: float | None
    mase: float | None
    bias: float | None


def origins_of(n_days: int, horizon: int) -> Ints:
    """Return the days (n_origins,) int64 that forecasts of a backtest start at, oldest first; none for want of days.

    At most 40 within the last year, each with its whole horizon behind it. Steps are no multiple of a week, so that
    each day of the horizon falls on each weekday.
    """
    last = n_days - horizon
    first = max(LEAST_TRAINING, last - _LOOKED_BACK)
    if last - first + 1 < LEAST_ORIGINS:
        return np.zeros(0, dtype=np.int64)
    step = max(1, -(-(last - first) // _MOST_ORIGINS))
    step += step % WEEK == 0
    return np.arange(last, first - 1, -step, dtype=np.int64)[::-1]


def models_for(series: Series) -> list[Model]:
    """Return the forecasts that are tried for a series, simple ones first."""
    models: list[Model] = [WeekdayProfile(4, 13), WeekdayProfile(13, 52)]
    if sells_seldom(series.values):
        # No median of weeks: of goods that few weeks sell it is 0.
        models += [WeekdayProfile(26, 52), Intermittent(0.02), Intermittent(0.05)]
    else:
        models += [
            WeekdayProfile(8, 26, robust=True),
            HoltWinters(multiplicative=False),
            HoltWinters(multiplicative=True),
        ]
    if len(series) >= TWO_YEARS:
        models += [Yearly(WeekdayProfile(4, 52)), Yearly(WeekdayProfile(13, 52))]
    return models


def forecasts(series: Series, origins: Ints, horizon: int) -> dict[str, Reals]:
    """Return what each forecast says at each origin: (n_origins, horizon) float64 by name, the baseline first.

    The last one is the average of all but the baseline. Nothing is below 0. Needs origins from 4 weeks on.
    """
    tried = {model.name: np.maximum(model.forecast(series, origins, horizon), 0.0) for model in models_for(series)}
    average: Reals = np.mean(list(tried.values()), axis=0)
    return {BASELINE: seasonal_naive.forecast(series, origins, horizon), **tried, AVERAGE: average}


def blocks(values: Reals, days: int) -> Reals:
    """Return sums of `days` days each of (n, horizon): (n, horizon // days) float64."""
    n = values.shape[1] // days
    summed: Reals = values[:, : n * days].reshape(len(values), n, days).sum(axis=2)
    return summed


def losses(series: Series, origins: Ints, said: Mapping[str, Reals], days: int) -> dict[str, Reals]:
    """Return the mean absolute error at each origin (n_origins,) float64 by name, of sums over `days` days."""
    horizon = next(iter(said.values())).shape[1]
    actual = blocks(series.actuals(origins, horizon), days)
    return {name: np.abs(blocks(each, days) - actual).mean(axis=1) for name, each in said.items()}


def errors_of(series: Series, origins: Ints, said: Reals, days: int) -> Errors:
    """Return how wrong the forecasts (n_origins, horizon) of these origins were, of sums over `days` days."""
    actual = blocks(series.actuals(origins, said.shape[1]), days)
    off = blocks(said, days) - actual
    mae, mean = float(np.abs(off).mean()), float(actual.mean())
    usual = _error_of_repeating(series.values, days)
    return Errors(
        mae=mae,
        wape=mae / mean if mean > 0 else None,
        mase=mae / usual if usual > 0 else None,
        bias=float(off.mean()) / mean if mean > 0 else None,
    )


def _error_of_repeating(values: Reals, days: int) -> float:
    sums = np.convolve(values, np.ones(days), mode="valid")
    lag = max(WEEK, days)
    return float(np.abs(sums[lag:] - sums[:-lag]).mean()) if len(sums) > lag else 0.0
