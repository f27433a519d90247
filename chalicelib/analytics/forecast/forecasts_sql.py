"""The SQL of forecasts: each dimension is replaced at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select

from chalicelib.analytics.forecast.forecast_tables import forecast_models, forecast_sets, sales_forecasts
from chalicelib.core.database import AnyRow, Connection

Rows = Sequence[Mapping[str, Any]]

_CHUNK = 5_000


def find_set(connection: Connection, dimension: str) -> AnyRow | None:
    """Return of when the forecasts of a dimension are, and of what they were made."""
    return connection.execute(select(forecast_sets).where(forecast_sets.c.dimension == dimension)).first()


def replace_set(connection: Connection, made: Mapping[str, Any], models: Rows, days: Rows) -> None:
    """Put the forecasts of a dimension in place of those before: its row of `forecast_sets`, its models and days."""
    for table, rows in ((forecast_sets, [made]), (forecast_models, models), (sales_forecasts, days)):
        connection.execute(delete(table).where(table.c.dimension == made["dimension"]))
        for start in range(0, len(rows), _CHUNK):
            connection.execute(insert(table), [dict(row) for row in rows[start : start + _CHUNK]])


def find_model(connection: Connection, dimension: str, value: str, what: str, horizon: int) -> AnyRow | None:
    """Return the model of a subject, the one of the least horizon that is not below `horizon`."""
    model = forecast_models.c
    statement = select(forecast_models).where(
        model.dimension == dimension, model.value == value, model.what == what, model.horizon >= horizon
    )
    return connection.execute(statement.order_by(model.horizon).limit(1)).first()


def list_models(connection: Connection, dimension: str, what: str, *, after: str, limit: int) -> Sequence[AnyRow]:
    """Return models of a dimension by value, behind one: those that have something to say."""
    model = forecast_models.c
    statement = select(forecast_models).where(
        model.dimension == dimension, model.what == what, model.value > after, model.model.is_not(None)
    )
    return connection.execute(statement.order_by(model.value).limit(limit)).all()


def list_days(connection: Connection, model: Any, *, until: date) -> Sequence[AnyRow]:
    """Return the days of a forecast until one, ascending."""
    return connection.execute(_days_of(model, model.horizon).where(sales_forecasts.c.day <= until)).all()


def list_past(connection: Connection, model: Any, *, since: date) -> Sequence[AnyRow]:
    """Return what was sold on the last days before a forecast, from one on, ascending."""
    return connection.execute(_days_of(model, 0).where(sales_forecasts.c.day >= since)).all()


def _days_of(model: Any, horizon: int) -> Any:
    day = sales_forecasts.c
    return (
        select(sales_forecasts)
        .where(
            day.dimension == model.dimension,
            day.value == model.value,
            day.what == model.what,
            day.horizon == horizon,
        )
        .order_by(day.day)
    )
