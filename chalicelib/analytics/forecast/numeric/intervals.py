"""How far off a forecast may be, from how far off it was: quantiles of the errors of its backtest, none assumed.

Errors are taken by the size of what was said, so that a growing shop and a busy weekday have wider intervals.
Source: split conformal prediction (Vovk; Lei et al. 2018), here over windows in time, which are not exchangeable:
hence the coverage is measured and told, not promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from chalicelib.analytics.forecast.numeric.series import Reals

SHARES = (0.8, 0.95)
LEAST_ERRORS = 20
# Days ahead that errors are pooled over: the first week, the second, the next two, the next four, the rest.
_BANDS = (7, 14, 28, 56)
_LEAST_LEVEL = 0.25  # of the usual day: below that errors are no longer taken by the size of what was said
_CLOSED = 1e-3  # of the mean day: no sale is expected, as none was seen


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds (n, horizon) float64 that hold their share of what comes."""

    low: Reals
    high: Reals

    def held(self, actual: Reals) -> float:
        """Return the share of (n, horizon) values that lie within."""
        return float(((actual >= self.low - 1e-9) & (actual <= self.high + 1e-9)).mean())


def sizes(said: Reals, usual: float) -> Reals:
    """Return what the errors of forecasts (n, horizon) are taken by: the root of the day's size times the level.

    `usual` is the mean day of the series. Days on which the shop is closed have 0.
    """
    level = np.maximum(said.mean(axis=1, keepdims=True), _LEAST_LEVEL * usual)
    of_day = np.where(said.any(axis=1, keepdims=True), said, level)  # nothing said at all: it is no closed day
    size: Reals = np.where(of_day > _CLOSED * level, np.sqrt(of_day * level), 0.0)
    return size


def around(said: Reals, known: Reals, off: Reals, usual: float) -> dict[float, Interval]:
    """Return the intervals of forecasts `said` (n, horizon) by share.

    They follow from earlier forecasts, `known` (m, horizon), and by how much more came then: `off` (m, horizon).
    """
    known_sizes = sizes(known, usual)
    scaled = np.divide(off, known_sizes, out=np.full(off.shape, np.nan), where=known_sizes > 0)
    mine = sizes(said, usual)
    found = {}
    for share in SHARES:
        low, high = (bound[np.newaxis] * mine for bound in _bounds(scaled, share))
        found[share] = Interval(np.maximum(said + low, 0.0), said + high)
    return found


def _bounds(scaled: Reals, share: float) -> tuple[Reals, Reals]:
    """Return the lower and upper bound (horizon,) of scaled errors, wider the farther ahead."""
    horizon = scaled.shape[1]
    edges = [0, *(edge for edge in _BANDS if edge < horizon), horizon]
    low, high = np.zeros(horizon), np.zeros(horizon)
    for start, end in pairwise(edges):
        errors = scaled[:, start:end]
        low[start:end], high[start:end] = quantiles(errors[~np.isnan(errors)], share)
    return np.minimum.accumulate(np.minimum(low, 0.0)), np.maximum.accumulate(np.maximum(high, 0.0))


def quantiles(errors: Reals, share: float) -> tuple[float, float]:
    """Return bounds that hold `share` of errors like these (n,), half of the rest on each side; (0, 0) of none.

    The ranks are those of conformal prediction: of n + 1, the new one among them.
    """
    n = len(errors)
    if n == 0:
        return 0.0, 0.0
    ordered = np.sort(errors)
    rank = int(np.ceil((n + 1) * (1 + share) / 2))
    rank = min(rank, n)
    return float(ordered[n - rank]), float(ordered[rank - 1])
