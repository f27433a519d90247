"""A forecast as rows of its tables. Knows the shapes of forecasts, imports no numpy and no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from chalicelib.analytics.days import DAY

if TYPE_CHECKING:
    from chalicelib.analytics.forecast.numeric.backtest import Errors
    from chalicelib.analytics.forecast.numeric.choose import Forecast
    from chalicelib.analytics.forecast.numeric.series import Reals

# So many days that were stand beside a forecast.
PAST_DAYS = 56
_ERRORS = ("mae", "wape", "mase", "bias")
_OF_SHARE = {0.8: "80", 0.95: "95"}
_BOUND_COLUMNS = ("coverage", "total_coverage", "total_low", "total_high")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a forecast is of: a value of a dimension, what is foretold, for how many days (0: days that were)."""

    dimension: str
    value: str
    what: str
    horizon: int = 0

    def key(self) -> dict[str, Any]:
        """Return the columns of its key."""
        return {"dimension": self.dimension, "value": self.value, "what": self.what, "horizon": self.horizon}


def empty_row(subject: Subject, reason: str | None = None) -> dict[str, Any]:
    """Return the row of `forecast_models` of a subject without a model, and why."""
    return {
        **subject.key(),
        **dict.fromkeys(("model", "lead_expected", "total")),
        **dict.fromkeys([*_ERRORS, *(f"base_{name}" for name in _ERRORS)]),
        **dict.fromkeys(f"{of}_{share}" for of in _BOUND_COLUMNS for share in _OF_SHARE.values()),
        "reason": reason,
        "beats_baseline": 0,
        "judged_days": 1,
        "origins": 0,
    }


def model_row(subject: Subject, found: Forecast, *, lead_days: int = 0) -> dict[str, Any]:
    """Return the row of `forecast_models`; with `lead_days` it keeps what is expected in so many."""
    told: dict[str, Any] = {
        **empty_row(subject, found.reason),
        "model": found.model,
        "beats_baseline": int(found.beats_baseline),
        "judged_days": found.judged_days,
        "origins": found.n_origins,
        "total": found.total.expected,
        "lead_expected": float(found.expected[:lead_days].sum()) if lead_days else None,
        **_errors("", found.errors),
        **_errors("base_", found.baseline_errors),
    }
    for bounds in found.bounds:
        told[f"coverage_{_OF_SHARE[bounds.share]}"] = bounds.coverage
    for bounds in found.total.bounds:
        share = _OF_SHARE[bounds.share]
        told[f"total_coverage_{share}"] = bounds.coverage
        told[f"total_low_{share}"], told[f"total_high_{share}"] = float(bounds.low[0]), float(bounds.high[0])
    return told


def _errors(prefix: str, errors: Errors | None) -> dict[str, float | None]:
    return {f"{prefix}{name}": None if errors is None else getattr(errors, name) for name in _ERRORS}


def ahead_rows(subject: Subject, last_day: date, found: Forecast) -> list[dict[str, Any]]:
    """Return the rows of `sales_forecasts` for the days behind `last_day`."""
    rows = [
        {**subject.key(), "day": last_day + (ahead + 1) * DAY, "expected": expected}
        for ahead, expected in enumerate(found.expected.tolist())
    ]
    for bounds in found.bounds:
        share = _OF_SHARE[bounds.share]
        for row, low, high in zip(rows, bounds.low.tolist(), bounds.high.tolist(), strict=True):
            row[f"low_{share}"], row[f"high_{share}"] = low, high
    return rows


def past_rows(subject: Subject, last_day: date, values: Reals) -> list[dict[str, Any]]:
    """Return the rows of `sales_forecasts` for the days until `last_day`: what was sold."""
    latest = values[-PAST_DAYS:].tolist()
    first = last_day - (len(latest) - 1) * DAY
    no_bounds = dict.fromkeys(f"{side}_{share}" for side in ("low", "high") for share in _OF_SHARE.values())
    return [
        {**subject.key(), "day": first + at * DAY, "expected": value, **no_bounds} for at, value in enumerate(latest)
    ]
