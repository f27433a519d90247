"""A level times the shares of the weekdays: steady, and quick to learn that a shop is closed on some of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chalicelib.analytics.forecast.numeric.series import WEEK, Ints, Reals, Series


@dataclass(frozen=True, slots=True)
class WeekdayProfile:
    """The mean of the last `level_weeks` weeks, spread over the week as the last `profile_weeks` were.

    With `robust` the weeks are summed up by their median, so that one great order does not move the forecast.
    """

    level_weeks: int
    profile_weeks: int
    robust: bool = False

    @property
    def name(self) -> str:
        """What it is called where models are told of."""
        return f"weekday_profile_{self.level_weeks}w" + ("_robust" if self.robust else "")

    def forecast(self, series: Series, origins: Ints, horizon: int) -> Reals:
        """Return the forecasts (n_origins, horizon) float64; origins from day 7 on."""
        said: Reals = np.stack([self._at(series.values[:origin], horizon) for origin in origins])
        return said

    def _at(self, past: Reals, horizon: int) -> Reals:
        weeks = _whole_weeks(past, max(self.level_weeks, self.profile_weeks))
        shares = weekday_shares(weeks[-self.profile_weeks :])
        totals = weeks[-self.level_weeks :].sum(axis=1)
        level = float(np.median(totals) if self.robust else totals.mean())
        ahead: Reals = level * shares[np.arange(horizon) % WEEK]
        return ahead


def weekday_shares(weeks: Reals) -> Reals:
    """Return the share (7,) float64 of a week's sales that each of its days has, over `weeks` (n_weeks, 7).

    Great weeks count by the root of their size: between the mean of shares and the share of sums, so that one of them
    does not rule.
    """
    totals = weeks.sum(axis=1)
    if not totals.any():
        return np.full(WEEK, 1 / WEEK)
    root = np.sqrt(totals)
    sums = (weeks / np.where(root > 0, root, 1.0)[:, None]).sum(axis=0)
    shares: Reals = sums / sums.sum()
    return shares


def _whole_weeks(past: Reals, most: int) -> Reals:
    """Return the last weeks (n_weeks, 7) that end where the past does, oldest first, at most `most`."""
    n = min(len(past) // WEEK, most)
    weeks: Reals = past[len(past) - n * WEEK :].reshape(n, WEEK)
    return weeks
