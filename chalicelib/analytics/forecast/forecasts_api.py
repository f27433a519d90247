"""Forecasts over HTTP, for staff."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from chalicelib.analytics import spans
from chalicelib.analytics.forecast import forecasts
from chalicelib.analytics.forecast.forecast_rows import PAST_DAYS
from chalicelib.analytics.forecast.forecasts import HORIZONS, Asked, Found
from chalicelib.analytics.spans import Figures, Stand
from chalicelib.core.auth import STAFF
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.inputs import Line
from chalicelib.core.paging import MAX_ID
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")

What = Literal["revenue", "orders", "units"]
Amount = Annotated[Decimal, WithJsonSchema({"type": "number", "examples": [1234.56]})]

_THOUSANDTH = Decimal("0.001")
_CSV = ("day", "what", "sold", "expected", "low_80", "high_80", "low_95", "high_95")

DEFINITIONS = {
    "revenue": "What items that were not cancelled were sold at, before returns, on the day of their order.",
    "orders": "Orders of which something was not cancelled.",
    "units": "Items that were not cancelled, before returns: what is asked for.",
    "expected": "The forecast. Days begin with the first one that was not over at `as_of`.",
    "low_80, high_80": "80 of 100 days should lie between them, by past errors; 95 between the wider ones.",
    "model": "The forecast that erred least in the backtest; `seasonal_naive` repeats the last week, the baseline.",
    "backtest": "The errors of choosing a model and forecasting by what was known then, over many past days.",
    "baseline": "The errors of repeating the last week, on the same past days.",
    "mae": "The mean absolute error of a day, or of `judged_days` together, in money or pieces.",
    "wape": "The mean absolute error as a share of what was sold.",
    "mase": "The mean absolute error by that of repeating the week, one week ahead, over all days.",
    "bias": "By which share of what was sold forecasts were too high (below 0: too low).",
    "improvement": "By which share the error of the backtest is below that of the baseline.",
    "coverage": "The share of past values that lay within the bounds, each time by what was known then.",
}


class ForecastQuery(BaseModel):
    """What to forecast; without category and product the whole shop."""

    model_config = ConfigDict(extra="forbid")

    what: What | None = Field(None, description="`revenue` without it; of products `units` only.")
    horizon: int = Field(28, ge=1, le=HORIZONS[-1], description="For how many days; of products for as many as an "
                         "order of goods has to last at most.")  # fmt: skip
    history: int = Field(28, ge=0, le=PAST_DAYS, description="How many of the days before to show.")
    category: Line | None = Field(None, min_length=1, max_length=255, description="Case does not matter.")
    product_id: int | None = Field(None, ge=1, le=MAX_ID)

    def asked(self) -> Asked:
        """Return what is asked for.

        Raises:
            InvalidInput: it does not fit together.
        """
        if self.category is not None and self.product_id is not None:
            raise InvalidInput.at("query.product_id", "cannot be given beside `category`")
        if self.product_id is not None and self.what not in (None, "units"):
            raise InvalidInput.at("query.what", "of products only `units` are foretold")
        what = self.what or ("revenue" if self.product_id is None else "units")
        return Asked(what, self.horizon, self.history, self.category, self.product_id)


class Errors(BaseModel):
    """How wrong forecasts were; null where there was nothing to divide by."""

    mae: Amount | None
    wape: float | None
    mase: float | None
    bias: float | None


class Coverage(BaseModel):
    """Which share of past values lay within the bounds; null where too few windows were over to tell."""

    bounds_80: float | None
    bounds_95: float | None
    total_80: float | None
    total_95: float | None


class Expected(BaseModel):
    """What is expected, and between which bounds it should lie; null where nothing can be said of them."""

    expected: Amount
    low_80: Amount | None
    high_80: Amount | None
    low_95: Amount | None
    high_95: Amount | None


class ExpectedDay(Expected):
    """What is expected of a day."""

    day: date


class SoldDay(BaseModel):
    """What was sold on a day."""

    day: date
    sold: Amount


class SalesForecast(Figures):
    """A forecast, how it was made, and how well that did in the past beside repeating the last week."""

    what: What
    category: str | None
    product_id: int | None
    made_at: AwareDatetime | None
    last_day: date | None = Field(description="The last day that the forecast knows; null before the first run.")
    horizon: int
    model: str | None
    reason: str | None = Field(description="Why there is no forecast, or one that is no better than the baseline.")
    beats_baseline: bool
    judged_days: int = Field(description="How many days were judged together: 1 unless most days sell nothing.")
    origins: int = Field(description="At how many past days forecasts were made for the backtest.")
    backtest_horizon: int | None = Field(description="For how many days they were: that of the model.")
    backtest: Errors
    baseline: Errors
    improvement: float | None
    coverage: Coverage
    total: Expected | None = Field(description="Of the whole horizon; its bounds are those of `backtest_horizon`.")
    history: list[SoldDay]
    forecast: list[ExpectedDay]


@routes.get("/analytics/forecast", access=STAFF, response=SalesForecast, errors=[NotFound])
def show_forecast(connection: Connection, query: ForecastQuery) -> dict[str, Any]:
    """Show what will be sold by day, of the shop, a category or a product."""
    asked = query.asked()
    found = forecasts.find_forecast(connection, asked)
    return spans.answer(_stand(found), DEFINITIONS, **_present(asked, found))


@routes.get("/analytics/forecast.csv", access=STAFF, response="text/csv", errors=[NotFound])
def download_forecast(connection: Connection, query: ForecastQuery) -> Text:
    """Answer the days before and those that are foretold as CSV."""
    asked = query.asked()
    found = forecasts.find_forecast(connection, asked)
    shown = _present(asked, found)
    rows = [*shown["history"], *shown["forecast"]]
    return spans.csv_answer("forecast", _CSV, ({"what": asked.what, **row} for row in rows))


def _stand(found: Found) -> Stand:
    return Stand(None, settings().time_zone) if found.made is None else Stand(found.made.as_of, found.made.time_zone)


def _present(asked: Asked, found: Found) -> dict[str, Any]:
    return {
        "what": asked.what,
        "category": asked.category,
        "product_id": asked.product_id,
        "made_at": found.made and found.made.made_at,
        "last_day": found.made and found.made.last_day,
        "horizon": asked.horizon,
        **_how_made(asked, found.model),
        "total": _total(asked, found),
        "history": [{"day": row.day, "sold": _amount(asked, row.expected)} for row in found.past],
        "forecast": [{"day": row.day, **_expected(asked, row)} for row in found.ahead],
    }


def _how_made(asked: Asked, model: Any) -> dict[str, Any]:
    nothing = model is None
    mae, base = (None, None) if nothing else (model.mae, model.base_mae)
    return {
        "model": None if nothing else model.model,
        "reason": "No forecast was made yet." if nothing else model.reason,
        "beats_baseline": not nothing and bool(model.beats_baseline),
        "judged_days": 1 if nothing else model.judged_days,
        "origins": 0 if nothing else model.origins,
        "backtest_horizon": None if nothing else model.horizon,
        "backtest": _errors(asked, model, ""),
        "baseline": _errors(asked, model, "base_"),
        "improvement": round(1 - mae / base, 4) if mae is not None and base else None,
        "coverage": {
            name: getattr(model, column, None)
            for name, column in (
                ("bounds_80", "coverage_80"),
                ("bounds_95", "coverage_95"),
                ("total_80", "total_coverage_80"),
                ("total_95", "total_coverage_95"),
            )
        },
    }


def _errors(asked: Asked, model: Any, prefix: str) -> dict[str, Any]:
    shares = {name: getattr(model, f"{prefix}{name}", None) for name in ("wape", "mase", "bias")}
    return {"mae": _amount(asked, getattr(model, f"{prefix}mae", None)), **shares}


def _total(asked: Asked, found: Found) -> dict[str, Any] | None:
    if not found.ahead:
        return None
    names = ("low_80", "high_80", "low_95", "high_95")
    bounds = {name: getattr(found.model, f"total_{name}") if found.is_whole else None for name in names}
    total = sum(row.expected for row in found.ahead)
    return {"expected": _amount(asked, total), **{name: _amount(asked, value) for name, value in bounds.items()}}


def _expected(asked: Asked, row: Any) -> dict[str, Any]:
    return {
        name: _amount(asked, getattr(row, name)) for name in ("expected", "low_80", "high_80", "low_95", "high_95")
    }


def _amount(asked: Asked, value: float | None) -> Decimal | None:
    """Return cents as money, pieces in thousandths: an estimate is not told more exactly."""
    if value is None:
        return None
    if asked.what == "revenue":
        return Decimal(round(value)) / 100
    return Decimal(value).quantize(_THOUSANDTH)
