"""A forecast of a series by day: the best of several by backtest, or the baseline and the reason why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from chalicelib.analytics.forecast.numeric import seasonal_naive
from chalicelib.analytics.forecast.numeric.backtest import BASELINE, Errors, errors_of, forecasts, losses, origins_of
from chalicelib.analytics.forecast.numeric.intermittent import sells_seldom
from chalicelib.analytics.forecast.numeric.intervals import LEAST_ERRORS, SHARES, around
from chalicelib.analytics.forecast.numeric.series import WEEK, Ints, Reals, Series, begun

LEAST_DAYS = 2 * WEEK
# Before so many earlier windows are over nothing is known of the forecasts: the first one tried is taken.
_LEAST_KNOWN = 3
_LEAST_WINDOWS = 5  # that a coverage is told of
_FIRST = 1  # the baseline is 0

TOO_YOUNG = "There are no two weeks of sales yet."
NOT_TRIED = "There are too few days for a backtest over this horizon: the last week is repeated."
NOT_BEATEN = "In the backtest nothing beat repeating the last week, so that is what is done."


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower and upper bounds (horizon,) float64 that hold `share` of what comes; `coverage` is the share that they
    held in the backtest, each time knowing only what was before; None where that could not be told.
    """

    share: float
    low: Reals
    high: Reals
    coverage: float | None


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum over the whole horizon, and its bounds by share; `coverage` as with `Bounds`."""

    expected: float
    bounds: tuple[Bounds, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected on each of the next days, (horizon,) float64, and how far to trust it.

    `errors` are those of always doing what is done here at each day of the backtest: choosing by what was known then.
    `baseline_errors` are those of repeating the last week, on the same days. `tried` has the mean absolute error of
    each forecast that was tried. Without a backtest all of these are empty, and `reason` says why.
    """

    model: str
    expected: Reals
    bounds: tuple[Bounds, ...]
    total: Sum
    beats_baseline: bool
    n_origins: int
    judged_days: int
    errors: Errors | None = None
    baseline_errors: Errors | None = None
    tried: Mapping[str, float] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TooYoung:
    """There is no forecast, and why."""

    reason: str


def forecast(values: Reals, horizon: int, *, judged_days: int | None = None) -> Forecast | TooYoung:
    """Return the forecast of the `horizon` days after `values` (n_days,) float64, one for each day in a row.

    Forecasts are compared by their errors in sums over `judged_days`. Without it these are single days, or the whole
    horizon for what sells seldom: there 0 would err least on most days, and be wrong. Raises ValueError for a
    horizon below a day or not a multiple of `judged_days`, and for values that are no sales.
    """
    series = begun(values)
    if judged_days is None:
        judged_days = horizon if sells_seldom(series.values) else 1
    if horizon < 1 or judged_days < 1 or horizon % judged_days:
        raise ValueError("the horizon is a number of days, in whole blocks of those judged together")
    if len(series) < LEAST_DAYS:
        return TooYoung(TOO_YOUNG)
    origins = origins_of(len(series), horizon)
    if not len(origins):
        return _untried(series, horizon, judged_days)
    return _tried(series, origins, horizon, judged_days)


def _tried(series: Series, origins: Ints, horizon: int, judged_days: int) -> Forecast:
    said = forecasts(series, np.append(origins, len(series)), horizon)
    now = {name: each[-1:] for name, each in said.items()}
    past = {name: each[:-1] for name, each in said.items()}
    lost = losses(series, origins, past, judged_days)
    names = list(past)
    table = np.stack([lost[name] for name in names])
    picked = _picks(table, origins, horizon)
    stack = np.stack([past[name] for name in names])
    done: Reals = stack[picked, np.arange(len(origins))]
    errors, baseline = (errors_of(series, origins, each, judged_days) for each in (done, past[BASELINE]))
    best = names[int(table.mean(axis=1).argmin())]
    beats = best != BASELINE and errors.mae < baseline.mae
    model = best if beats else BASELINE
    own = past[model]
    usual = float(series.values.mean())
    actual = series.actuals(origins, horizon)
    bounds = _bounds(now[model], own, actual, origins=origins, usual=usual, ahead=horizon)
    of_total = _bounds(
        _sum(now[model]), _sum(own), _sum(actual), origins=origins, usual=usual * horizon, ahead=horizon
    )
    return Forecast(
        model=model,
        expected=now[model][0],
        bounds=bounds,
        total=Sum(float(now[model].sum()), of_total),
        beats_baseline=beats,
        n_origins=len(origins),
        judged_days=judged_days,
        errors=errors if beats else baseline,
        baseline_errors=baseline,
        tried=dict(zip(names, table.mean(axis=1).tolist(), strict=True)),
        reason=None if beats else NOT_BEATEN,
    )


def _sum(values: Reals) -> Reals:
    summed: Reals = values.sum(axis=1, keepdims=True)
    return summed


def _picks(table: Reals, origins: Ints, horizon: int) -> Ints:
    """Return which forecast (n_origins,) would have been chosen at each origin, by what was known then."""
    over = origins[np.newaxis] + horizon <= origins[:, np.newaxis]
    known = over.sum(axis=1)
    # (n_forecasts, n_origins): the mean loss of each in what was over.
    means = (table @ over.T) / np.maximum(known, 1)
    return np.where(known >= _LEAST_KNOWN, means.argmin(axis=0), _FIRST)


def _bounds(now: Reals, past: Reals, actual: Reals, *, origins: Ints, usual: float, ahead: int) -> tuple[Bounds, ...]:
    """Return the bounds of `now` (1, h) by the errors of `past` (n_origins, h), whose windows reach `ahead` days."""
    off = actual - past
    found = around(now, past, off, usual)
    held = _coverage(past, actual, origins, usual, ahead)
    return tuple(Bounds(share, found[share].low[0], found[share].high[0], held[share]) for share in SHARES)


def _coverage(past: Reals, actual: Reals, origins: Ints, usual: float, ahead: int) -> dict[float, float | None]:
    off = actual - past
    shares: dict[float, list[float]] = {share: [] for share in SHARES}
    for row, origin in enumerate(origins):
        before = origins + ahead <= origin
        if before.sum() * past.shape[1] < LEAST_ERRORS:
            continue
        found = around(past[row : row + 1], past[before], off[before], usual)
        for share in SHARES:
            shares[share].append(found[share].held(actual[row : row + 1]))
    return {share: float(np.mean(held)) if len(held) >= _LEAST_WINDOWS else None for share, held in shares.items()}


def _untried(series: Series, horizon: int, judged_days: int) -> Forecast:
    """Return the last week repeated; its bounds are those of the changes from week to week so far."""
    said = seasonal_naive.forecast(series, np.array([len(series)]), horizon)
    changes = np.abs(series.values[WEEK:] - series.values[:-WEEK])
    # Were days independent of variance v, a change would have 2 v, and the sum of a repeated week h (1 + h / 7) v.
    of_sum = np.sqrt(horizon * (1 + horizon / WEEK) / 2)
    wide = {share: float(np.quantile(changes, share)) for share in SHARES}
    total = said.sum(axis=1)
    bounds = tuple(_even(said[0], share, wide[share]) for share in SHARES)
    sums = tuple(_even(total, share, wide[share] * float(of_sum)) for share in SHARES)
    return Forecast(BASELINE, said[0], bounds, Sum(float(total[0]), sums), False, 0, judged_days, reason=NOT_TRIED)


def _even(said: Reals, share: float, wide: float) -> Bounds:
    return Bounds(share, np.maximum(said - wide, 0.0), said + wide, None)
