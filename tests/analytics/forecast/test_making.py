"""The job that makes forecasts: what it learns from, when it is due, and that it leaves nothing half done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, delete, func, select

from chalicelib.analytics.forecast import forecasts_sql, making
from chalicelib.analytics.forecast.forecast_tables import forecast_models, forecast_sets, sales_forecasts
from chalicelib.analytics.forecast.numeric.choose import TOO_YOUNG, Forecast, forecast
from chalicelib.analytics.sales import summaries
from chalicelib.core import clock
from chalicelib.core.database import read, transaction
from tests.analytics.forecast.made_sales import LAST, make, sold, weekly
from tests.factories import NOON

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def summed_up(monkeypatch: pytest.MonkeyPatch, shop: Engine) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    with transaction() as connection:
        summaries.SALES.note(connection, as_of=NOON, seen_until=NOON, time_zone="UTC")


def rows(table: Any, **wanted: Any) -> list[Any]:
    statement = select(table)
    for name, value in wanted.items():
        statement = statement.where(table.c[name] == value)
    with read() as connection:
        return list(connection.execute(statement.order_by(*table.primary_key.columns)).all())


def expected_of(values: list[int], horizon: int, **judged: int) -> Forecast:
    found = forecast(np.array(values, dtype=np.float64), horizon, **judged)
    assert isinstance(found, Forecast)
    return found


def test_without_sales_nothing_is_made() -> None:
    assert make() == (0, 0)
    assert rows(forecast_sets) == []


def test_the_shop_is_foretold_from_its_days_until_yesterday() -> None:
    units = weekly(120)
    sold("shop", "", [*units, 500], until=NOON.date())  # today is not over
    assert make() == (9, 0)  # three things, three horizons
    expected = expected_of(units, 28)
    days = rows(sales_forecasts, dimension="shop", what="units", horizon=28)
    assert [row.day for row in days] == [LAST + ahead * DAY for ahead in range(1, 29)]
    assert [row.expected for row in days] == pytest.approx(expected.expected.tolist())
    assert [row.high_95 for row in days] == pytest.approx(expected.bounds[1].high.tolist())
    (model,) = rows(forecast_models, dimension="shop", what="units", horizon=28)
    assert (model.model, bool(model.beats_baseline)) == (expected.model, expected.beats_baseline)
    assert expected.errors is not None
    assert expected.baseline_errors is not None
    assert model.mae == pytest.approx(expected.errors.mae)
    assert model.base_mae == pytest.approx(expected.baseline_errors.mae)
    revenue = rows(sales_forecasts, dimension="shop", what="revenue", horizon=28)
    assert [row.expected for row in revenue] == pytest.approx([1_000 * value for value in expected.expected.tolist()])
    past = rows(sales_forecasts, dimension="shop", what="units", horizon=0)
    assert [(row.day, row.expected) for row in past] == [
        (LAST - (55 - at) * DAY, count) for at, count in enumerate(units[-56:])
    ]


def test_a_shop_of_a_few_days_gets_the_reason_why_there_is_no_forecast() -> None:
    sold("shop", "", [3] * 13)
    make()
    (model,) = rows(forecast_models, dimension="shop", what="units", horizon=7)
    assert (model.model, model.reason) == (None, TOO_YOUNG)
    assert rows(sales_forecasts, dimension="shop", what="units", horizon=7) == []


def test_days_begin_where_the_shop_is(monkeypatch: pytest.MonkeyPatch) -> None:
    sold("shop", "", weekly(60))
    with transaction() as connection:
        # In Kiritimati the 1st of March is over at noon in Greenwich.
        summaries.SALES.note(connection, time_zone="Pacific/Kiritimati")
    make()
    (made,) = rows(forecast_sets, dimension="shop")
    assert (made.last_day, made.time_zone) == (NOON.date(), "Pacific/Kiritimati")


def test_categories_that_sell_most_are_foretold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MOST_CATEGORIES", 2)
    sold("shop", "", weekly(60))
    for name, count in (("jeans", 3), ("socks", 5), ("hats", 1)):
        sold("category", name, [count] * 60)
    make()
    assert {row.value for row in rows(forecast_models, dimension="category")} == {"jeans", "socks"}
    days = rows(sales_forecasts, dimension="category", value="socks", what="units", horizon=7)
    assert [row.expected for row in days] == pytest.approx([5.0] * 7)


def test_products_get_a_forecast_of_what_an_order_has_to_last_for_and_others_their_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(making, "MOST_PRODUCTS", 1)
    sold("shop", "", [4] * 100)
    units = weekly(100)
    sold("product", "7", units)
    sold("product", "12", [0, 0, 1, 0, 0, 0, 0] * 13)  # 13 in the last 91 days
    sold("product", "13", [1], until=LAST - 91 * DAY)  # too long ago
    make()
    models = {row.value: row for row in rows(forecast_models, dimension="product")}
    assert set(models) == {"7", "12"}
    expected = expected_of(units, 44, judged_days=44)
    assert models["7"].total == pytest.approx(expected.total.expected)
    assert models["7"].total_high_80 == pytest.approx(float(expected.total.bounds[0].high[0]))
    assert models["7"].lead_expected == pytest.approx(float(expected.expected[:14].sum()))
    assert models["12"].model == "recent_rate"
    assert models["12"].total == pytest.approx(13 / 91 * 44)
    assert models["12"].lead_expected == pytest.approx(2.0)
    assert rows(sales_forecasts, dimension="product", value="12") == []


def test_a_second_run_finds_nothing_to_do_until_a_day_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    sold("shop", "", weekly(60))
    assert make()[0] == 9
    assert make() == (0, 0)
    with transaction() as connection:
        summaries.SALES.note(connection, as_of=NOON + DAY)
    assert make()[0] == 9
    (made,) = rows(forecast_sets, dimension="shop")
    assert made.last_day == LAST + DAY
    assert len(rows(sales_forecasts, dimension="shop", what="units", horizon=7)) == 7


def test_forecasts_are_made_again_when_an_import_changed_the_past() -> None:
    sold("shop", "", weekly(60))
    make()
    sold("shop", "", [40] * 60, until=LAST - 60 * DAY)
    assert make()[0] == 9
    assert make() == (0, 0)


def test_a_run_without_time_leaves_dimensions_to_the_next_and_products_to_their_rate() -> None:
    sold("shop", "", weekly(60))
    sold("product", "7", weekly(60))
    assert make(10_000) == (0, 3)
    left = iter([900_000, 900_000, 900_000, *[10_000] * 10])
    making.forecast_sales(lambda: next(left))
    assert rows(forecast_models, dimension="product")[0].model == "recent_rate"


def test_a_run_that_is_killed_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    sold("shop", "", weekly(60))
    make()
    before = rows(sales_forecasts)
    with transaction() as connection:
        summaries.SALES.note(connection, as_of=NOON + DAY)

    def insert_and_die(connection: Any, made: Any, models: Any, days: Any) -> None:
        connection.execute(delete(sales_forecasts))
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(forecasts_sql, "replace_set", insert_and_die)
        with pytest.raises(RuntimeError, match="killed"):
            make()
    assert rows(sales_forecasts) == before
    assert make()[0] == 9
    with read() as connection:
        count = connection.execute(select(func.count()).select_from(forecast_models)).scalar_one()
    assert count == 9


def test_a_product_whose_last_week_is_not_beaten_gets_its_rate_and_is_told_so() -> None:
    sold("shop", "", [4] * 100)
    sold("product", "7", [3] * 100)  # the last week foretells it exactly
    make()
    (model,) = rows(forecast_models, dimension="product")
    assert (model.model, model.beats_baseline, model.base_mae) == ("recent_rate", 0, 0.0)
    assert "nothing beat repeating the last week" in model.reason
    assert model.origins >= 8
    assert model.total == pytest.approx(3 * 44)
    # Every week is like the other: no more uneven than chance.
    assert model.total_high_80 == pytest.approx(132 + 1.2816 * 132**0.5)


def test_weeks_that_differ_much_need_more_in_reserve() -> None:
    weeks = [0, 14] * 26
    units = np.array([count / 7 for week in weeks for count in [week] * 7], dtype=np.float64)
    # Of the last 13 weeks 7 have 14, 6 nothing.
    variance = (7 * (14 - 98 / 13) ** 2 + 6 * (98 / 13) ** 2) / 12
    assert making._uneven(units) == pytest.approx(variance / (98 / 13))
    assert making._uneven(np.zeros(91)) == 1.0
    assert making._uneven(np.ones(5)) == 1.0
