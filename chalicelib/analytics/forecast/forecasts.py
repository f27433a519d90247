"""Reading forecasts: of the shop, of a category, of a product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chalicelib.analytics.days import DAY
from chalicelib.analytics.forecast import forecasts_sql
from chalicelib.analytics.forecast.making import CATEGORY, HORIZONS, MOST_CATEGORIES, PRODUCT, RATE, SHOP
from chalicelib.core.database import Connection
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.text import fold

__all__ = ["HORIZONS", "Asked", "Found", "find_forecast"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What forecast is asked for: of what, for how many days, with how many days before; of the shop without more."""

    what: str
    horizon: int
    past: int
    category: str | None = None
    product_id: int | None = None

    @property
    def subject(self) -> tuple[str, str]:
        """The dimension and the value in it."""
        if self.product_id is not None:
            return PRODUCT, str(self.product_id)
        return (SHOP, "") if self.category is None else (CATEGORY, fold(self.category, 255))


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """What is expected of a day, and the bounds of what may be."""

    day: date
    expected: float
    low_80: float | None = None
    high_80: float | None = None
    low_95: float | None = None
    high_95: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A forecast. `made` tells of when it is and `model` how it was made, both None before the first run."""

    made: Any = None
    model: Any = None
    past: Sequence[Any] = ()
    ahead: Sequence[Any] = ()

    @property
    def is_whole(self) -> bool:
        """Whether these are all days that the model foretells: only then its sums are theirs."""
        return self.model is not None and len(self.ahead) == self.model.horizon


def find_forecast(connection: Connection, asked: Asked) -> Found:
    """Return a forecast.

    Raises:
        NotFound: there is none of this category or product.
        InvalidInput: so many days are not foretold.
    """
    dimension, value = asked.subject
    made = forecasts_sql.find_set(connection, dimension)
    if made is None:
        return Found()
    model = forecasts_sql.find_model(connection, dimension, value, asked.what, asked.horizon)
    if model is None:
        _complain(connection, asked)
    last = made.last_day
    return Found(
        made,
        model,
        past=forecasts_sql.list_past(connection, model, since=last - (asked.past - 1) * DAY),
        ahead=_days_ahead(connection, model, last, asked.horizon),
    )


def _days_ahead(connection: Connection, model: Any, last: date, horizon: int) -> Sequence[Any]:
    if model.model == RATE:
        return [ForecastDay(last + ahead * DAY, model.total / model.horizon) for ahead in range(1, horizon + 1)]
    return forecasts_sql.list_days(connection, model, until=last + horizon * DAY)


def _complain(connection: Connection, asked: Asked) -> None:
    dimension, value = asked.subject
    if forecasts_sql.find_model(connection, dimension, value, asked.what, 1) is not None:
        raise InvalidInput.at("query.horizon", "is longer than forecasts of products reach")
    if dimension == CATEGORY:
        raise NotFound(f"There is no forecast of this category: {MOST_CATEGORIES} others sell more.")
    if dimension == PRODUCT:
        raise NotFound("There is no forecast of this product: none of it was sold in the last 13 weeks.")
    raise NotFound("There is no forecast of the shop.")
