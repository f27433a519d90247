"""The season of a year, for series that have seen two: each day against the mean of the year around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chalicelib.analytics.forecast.numeric.series import Ints, Model, Reals, Series

YEAR = 365
LEAST_DAYS = 2 * YEAR + 1
_HALF = YEAR // 2
_WINDOW = 21  # days that a day of the year is judged by: whole weeks, so that weekdays do not matter
_LEAST, _MOST = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Yearly:
    """Another forecast, of the series without the season of its year, which is put back afterwards."""

    inner: Model

    @property
    def name(self) -> str:
        """What it is called where models are told of."""
        return f"yearly_{self.inner.name}"

    def forecast(self, series: Series, origins: Ints, horizon: int) -> Reals:
        """Return the forecasts (n_origins, horizon) float64; as the inner one's before two years have passed."""
        return np.concatenate([self._at(series, int(origin), horizon) for origin in origins])

    def _at(self, series: Series, origin: int, horizon: int) -> Reals:
        past = series.values[:origin]
        days = np.arange(origin + horizon) % YEAR
        index = year_index(past)[days] if origin >= LEAST_DAYS else np.ones(origin + horizon)
        plain = Series(past / index[:origin])
        return self.inner.forecast(plain, np.array([origin]), horizon) * index[origin:]


def year_index(values: Reals) -> Reals:
    """Return how busy each day of a year is against the mean day: (365,) float64, day 0 that of the first value.

    `values` (n_days,) of two years and more. The day that a leap year has more is left to drift: a day in four years.
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    middle = np.arange(_HALF, len(values) - _HALF)
    # The days at both ends are the same weekday and count half: 52 whole weeks.
    ends = (values[middle - _HALF] + values[middle + _HALF]) / 2
    of_year = (sums[middle + _HALF + 1] - sums[middle - _HALF] - ends) / (YEAR - 1)
    half = _WINDOW // 2
    around = (sums[middle + half + 1] - sums[middle - half]) / _WINDOW
    ratio = np.divide(around, of_year, out=np.ones(len(middle)), where=of_year > 0)
    slots = middle % YEAR
    index = np.bincount(slots, weights=ratio, minlength=YEAR) / np.bincount(slots, minlength=YEAR)
    bounded: Reals = np.clip(index / index.mean(), _LEAST, _MOST)
    return bounded
