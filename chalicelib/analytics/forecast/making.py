"""Making forecasts, once a day: of the shop, of its categories, and of the demand for its products.

Each dimension is read, computed and then put in place in one transaction, so that a run that is killed leaves the
others whole, and the next one goes on with what is missing. numpy is imported late: app.py imports this for its
schedule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.days import DAY, Span
from chalicelib.analytics.forecast import forecasts_sql, reorder_points
from chalicelib.analytics.forecast.forecast_rows import Subject, ahead_rows, empty_row, model_row, past_rows
from chalicelib.analytics.sales import daily, summaries
from chalicelib.core import clock, logging
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.jobs.job import Done, TimeLeft

if TYPE_CHECKING:
    from chalicelib.analytics.forecast.numeric.series import Reals

SHOP, CATEGORY, PRODUCT = "shop", "category", "product"
WHATS = ("revenue", "orders", "units")
# A forecast of fewer days is the beginning of the next longer one.
HORIZONS = (7, 28, 90)
MOST_CATEGORIES, MOST_PRODUCTS, _MOST_RATES = 30, 500, 50_000
# Who sold most is told by the last 13 weeks; forecasts learn from five years, those of products from two.
_RECENT = 91
_HISTORY = {SHOP: 5 * 365 + 1, CATEGORY: 5 * 365 + 1, PRODUCT: 2 * 364}
_CHUNK = 100
# With less time left no dimension is begun, and no forecast of a product is made: it gets its rate.
_LEAST_MS, _LEAST_FOR_ONE_MS = 120_000, 45_000
# By so much the items sold until the same day must have changed for forecasts to be made again.
_CHANGED = 0.01
RATE = "recent_rate"
# Of what sells less than once a week no backtest tells anything.
_LEAST_SOLD = 13
_SELLS_LITTLE = "It sells less than once a week, or is not among those that sell most: the rate of its last 13 weeks."
_NOT_BEATEN = (
    "In the backtest nothing beat repeating the last week. One week says too little of what to order: the rate of "
    "its last 13 weeks."
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What forecasts are made of: all days until `known.last`, the last one that is over."""

    known: Span
    as_of: datetime
    time_zone: str
    sold_items: int
    lead_days: int
    cover_days: int

    @property
    def recent(self) -> Span:
        """The days that tell what sells now."""
        return self.latest(_RECENT)

    @property
    def period(self) -> int:
        """For how many days an order of goods has to last."""
        return self.lead_days + self.cover_days

    def latest(self, days: int) -> Span:
        """Return the last days, at most so many."""
        return Span(max(self.known.first, self.known.last - (days - 1) * DAY), self.known.last)


def forecast_sales(time_left_ms: TimeLeft) -> Done:
    """Make the forecasts that are due while there is time; done are series, left are dimensions."""
    basis = run(find_basis, writes=False)
    if basis is None:
        return Done()
    due = [each for each in (SHOP, CATEGORY, PRODUCT) if run(partial(_is_due, each, basis), writes=False)]
    made = 0
    for position, dimension in enumerate(due):
        if time_left_ms() < _LEAST_MS:
            return Done(made, len(due) - position)
        made += _make(dimension, basis, time_left_ms)
    return Done(made)


def find_basis(connection: Connection) -> Basis | None:
    """Return what forecasts can be made of now; None where sales are not summed up or no day with sales is over."""
    mark, found = summaries.SALES.watermark(connection), daily.known_days(connection)
    if mark.as_of is None or found is None:
        return None
    # The day that is not over would look like a bad one.
    last = shop_days.day_of(mark.as_of, mark.time_zone) - DAY
    if last < found.first:
        return None
    known = Span(found.first, last)
    sold = daily.most_sold(connection, SHOP, known, 1)
    wanted = settings()
    return Basis(
        known,
        mark.as_of,
        mark.time_zone,
        sum(items for _, items in sold),
        wanted.reorder_lead_days,
        wanted.reorder_cover_days,
    )


def _is_due(dimension: str, basis: Basis, connection: Connection) -> bool:
    before = forecasts_sql.find_set(connection, dimension)
    if before is None:
        return True
    now = (basis.known.last, basis.time_zone, basis.lead_days, basis.cover_days)
    if (before.last_day, before.time_zone, before.lead_days, before.cover_days) != now:
        return True
    return bool(abs(basis.sold_items - before.sold_items) > _CHANGED * before.sold_items)


def _make(dimension: str, basis: Basis, time_left_ms: TimeLeft) -> int:
    """Make all forecasts of a dimension and put them in place; return how many."""
    started = clock.now()
    if dimension == PRODUCT:
        models, days = _of_products(basis, time_left_ms)
    else:
        models, days = _of_sales(dimension, basis)
    made = {
        "dimension": dimension,
        "last_day": basis.known.last,
        "as_of": basis.as_of,
        "made_at": started,
        "time_zone": basis.time_zone,
        "lead_days": basis.lead_days,
        "cover_days": basis.cover_days,
        "sold_items": basis.sold_items,
    }
    run(lambda connection: forecasts_sql.replace_set(connection, made, models, days), writes=True)
    logging.info("forecasts made", dimension=dimension, series=len(models), days=len(days))
    return len(models)


Made = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def _of_sales(dimension: str, basis: Basis) -> Made:
    """Return models and days of the shop or its categories: of all that is foretold, over all horizons."""
    # numpy: not for the functions that serve requests
    from chalicelib.analytics.forecast.numeric.choose import Forecast, forecast

    values = [""] if dimension == SHOP else _best(dimension, basis, MOST_CATEGORIES)
    models, days = [], []
    for value, series in _series(dimension, values, basis).items():
        for what in WHATS:
            days += past_rows(Subject(dimension, value, what), basis.known.last, series[what])
            for horizon in HORIZONS:
                subject = Subject(dimension, value, what, horizon)
                found = forecast(series[what], horizon)
                if not isinstance(found, Forecast):
                    models.append(empty_row(subject, found.reason))
                    continue
                models.append(model_row(subject, found))
                days += ahead_rows(subject, basis.known.last, found)
    return models, days


def _of_products(basis: Basis, time_left_ms: TimeLeft) -> Made:
    """Return models and days of the demand for products: forecasts of what sells most, rates of the others."""
    # numpy, see above
    from chalicelib.analytics.forecast.numeric.choose import Forecast, forecast

    recent = run(lambda connection: daily.most_sold(connection, PRODUCT, basis.recent, _MOST_RATES), writes=False)
    sold = dict(recent)
    best = [value for value, items in recent[:MOST_PRODUCTS] if items >= _LEAST_SOLD]
    models, days, done = [], [], set[str]()
    for start in range(0, len(best), _CHUNK):
        if time_left_ms() < _LEAST_FOR_ONE_MS:
            break
        for value, series in _series(PRODUCT, best[start : start + _CHUNK], basis).items():
            if time_left_ms() < _LEAST_FOR_ONE_MS:
                break
            subject = Subject(PRODUCT, value, "units", basis.period)
            found = forecast(series["units"], basis.period, judged_days=basis.period)
            if not isinstance(found, Forecast):
                continue  # too young for a forecast, but it sells: its rate will do
            days += past_rows(Subject(PRODUCT, value, "units"), basis.known.last, series["units"])
            done.add(value)
            row = model_row(subject, found, lead_days=basis.lead_days)
            if not found.beats_baseline:
                rate = _rate_row(value, sold[value], basis, uneven=_uneven(series["units"]))
                models.append(rate | {name: row[name] for name in _JUDGED} | {"reason": _NOT_BEATEN})
                continue
            models.append(row)
            days += ahead_rows(subject, basis.known.last, found)
    rates = [_rate_row(value, items, basis) for value, items in recent if value not in done]
    return models + rates, days


# What is told of a backtest that nothing won: how wrong repeating the last week was.
_JUDGED = ("origins", "judged_days", "base_mae", "base_wape", "base_mase", "base_bias")


def _uneven(units: Reals) -> float:
    """Return how many times its mean the variance of a week's sales is, at least 1, over the last 13 weeks."""
    n = min(len(units), _RECENT) // 7
    weeks = units[len(units) - n * 7 :].reshape(n, 7).sum(axis=1)
    return max(1.0, float(weeks.var(ddof=1) / weeks.mean())) if n > 1 and weeks.any() else 1.0


def _rate_row(value: str, sold: int, basis: Basis, *, uneven: float = 1.0) -> dict[str, Any]:
    demand = reorder_points.steady(sold, basis.recent.days, basis.lead_days, basis.period, uneven=uneven)
    return empty_row(Subject(PRODUCT, value, "units", basis.period), _SELLS_LITTLE) | {
        "model": RATE,
        "total": demand.period,
        "total_high_80": demand.high,
        "lead_expected": demand.lead,
    }


def _best(dimension: str, basis: Basis, limit: int) -> list[str]:
    found = run(lambda connection: daily.most_sold(connection, dimension, basis.recent, limit), writes=False)
    return [value for value, _ in found]


def _series(dimension: str, values: Sequence[str], basis: Basis) -> Mapping[str, Mapping[str, Reals]]:
    """Return what was sold by day, (n_days,) float64, of each value and of each thing that is foretold."""
    # numpy, see above
    import numpy as np

    days = basis.latest(_HISTORY[dimension])
    found = {value: {what: np.zeros(days.days) for what in WHATS} for value in values}
    for row in run(lambda connection: daily.by_day(connection, dimension, values, days), writes=False):
        series, at = found[row.value], (row.day - days.first).days
        series["revenue"][at], series["orders"][at], series["units"][at] = int(row.sold_cents), row.orders, row.items
    return found
