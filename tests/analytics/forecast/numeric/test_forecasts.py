"""Each forecast by hand, and what all of them must do with series that leave no doubt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.analytics.forecast.numeric import seasonal_naive
from chalicelib.analytics.forecast.numeric.backtest import models_for
from chalicelib.analytics.forecast.numeric.intermittent import Intermittent, sells_seldom
from chalicelib.analytics.forecast.numeric.profile import WeekdayProfile, weekday_shares
from chalicelib.analytics.forecast.numeric.series import Model, Reals, Series, begun
from chalicelib.analytics.forecast.numeric.smoothing import HoltWinters
from chalicelib.analytics.forecast.numeric.yearly import Yearly, year_index

PATTERN = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 0.0, 60.0])  # closed on the sixth day
ALL_WEEKLY: list[Model] = [
    WeekdayProfile(4, 13),
    WeekdayProfile(8, 26, robust=True),
    HoltWinters(multiplicative=False),
    HoltWinters(multiplicative=True),
    Yearly(WeekdayProfile(4, 52)),
]


def said(model: Model, values: Reals, horizon: int) -> Reals:
    ahead: Reals = model.forecast(Series(values), np.array([len(values)]), horizon)[0]
    return ahead


def test_a_series_begins_with_its_first_sale() -> None:
    assert begun(np.array([0.0, 0.0, 3.0, 0.0])).values.tolist() == [3.0, 0.0]
    assert len(begun(np.zeros(5))) == 0


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_what_is_no_sale_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        begun(np.array([1.0, value]))


def test_the_baseline_repeats_the_week_before_each_origin() -> None:
    series = Series(np.arange(1.0, 22.0, dtype=np.float64))
    ahead = seasonal_naive.forecast(series, np.array([14, 21]), 9)
    assert ahead[0].tolist() == [8, 9, 10, 11, 12, 13, 14, 8, 9]
    assert ahead[1].tolist() == [15, 16, 17, 18, 19, 20, 21, 15, 16]


@pytest.mark.parametrize("model", ALL_WEEKLY, ids=lambda model: model.name)
def test_a_pure_week_is_foretold_exactly_wherever_it_begins(model: Model) -> None:
    for shift in range(7):
        values = np.tile(np.roll(PATTERN, -shift), 115)  # more than two years
        assert said(model, values, 17) == pytest.approx(np.resize(np.roll(PATTERN, -shift), 17), abs=1e-6)


@pytest.mark.parametrize("model", [*ALL_WEEKLY, Intermittent(0.05)], ids=lambda model: model.name)
def test_the_same_every_day_stays_so(model: Model) -> None:
    assert said(model, np.full(800, 12.5), 10) == pytest.approx(np.full(10, 12.5))


@pytest.mark.parametrize("model", [*ALL_WEEKLY, Intermittent(0.05)], ids=lambda model: model.name)
@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(0.01, 1000.0))
@settings(max_examples=8, deadline=None)
def test_another_currency_gives_the_same_forecast(model: Model, seed: int, factor: float) -> None:
    values = np.random.default_rng(seed).gamma(2.0, 10.0, 90)
    assert said(model, values * factor, 14) == pytest.approx(said(model, values, 14) * factor, rel=1e-6)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_no_forecast_knows_what_comes_after_its_origin(seed: int) -> None:
    values = np.random.default_rng(seed).poisson(3.0, 900).astype(float) + 0.0
    values[0] = 1.0
    other = values.copy()
    other[800:] = other[800:] * 7 + 5
    origins = np.array([400, 760, 800])
    models = [*models_for(Series(values)), Intermittent(0.02)]
    for model in models:
        mine, theirs = (model.forecast(Series(each), origins, 30) for each in (values, other))
        assert mine == pytest.approx(theirs), model.name


def test_a_level_is_the_mean_of_the_last_weeks() -> None:
    weeks = np.array([[1.0] * 7, [2.0] * 7, [3.0] * 7, [40.0] * 7])
    # Two weeks: (21 + 280) / 2 a week; the median of all four: (14 + 21) / 2 a week.
    assert said(WeekdayProfile(2, 4), weeks.ravel(), 1) == pytest.approx([301 / 2 / 7])
    assert said(WeekdayProfile(4, 4, robust=True), weeks.ravel(), 1) == pytest.approx([35 / 2 / 7])


def test_the_shares_of_weekdays_add_up_and_great_weeks_count_by_the_root_of_their_size() -> None:
    # Totals 4 and 16, roots 2 and 4: (1/2 + 0/4, 3/2 + 16/4, ...) = 0.5, 5.5, of 6.
    weeks = np.array([[1.0, 3.0, 0, 0, 0, 0, 0], [0.0, 16.0, 0, 0, 0, 0, 0]])
    assert weekday_shares(weeks) == pytest.approx([0.5 / 6, 5.5 / 6, 0, 0, 0, 0, 0])
    assert weekday_shares(np.zeros((3, 7))).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("multiplicative", [False, True])
def test_smoothing_follows_a_new_level_and_damps_a_trend(multiplicative: bool) -> None:
    model = HoltWinters(multiplicative)
    risen = np.concatenate([np.tile(PATTERN + 5, 20), np.tile(PATTERN + 5, 20) * 2])
    assert said(model, risen, 7).sum() == pytest.approx(2 * (PATTERN + 5).sum(), rel=0.1)
    growing = np.arange(1.0, 141.0, dtype=np.float64)
    ahead = said(model, growing, 60)
    assert ahead[0] == pytest.approx(141, rel=0.06)
    assert ahead[59] < 200  # undamped it would say 200


@pytest.mark.parametrize("multiplicative", [False, True])
def test_one_great_order_is_no_new_level(multiplicative: bool) -> None:
    values = np.tile(PATTERN, 20)
    values[-3] = 5_000
    assert said(HoltWinters(multiplicative), values, 7).sum() < 2.5 * PATTERN.sum()


@pytest.mark.parametrize("multiplicative", [False, True])
def test_smoothing_stays_finite_where_hardly_anything_is_sold(multiplicative: bool) -> None:
    values = np.zeros(400)
    values[0] = values[150] = values[391] = 1.0
    ahead = said(HoltWinters(multiplicative), values, 60)
    assert np.all(np.isfinite(ahead))
    assert ahead.max() <= 1.0


def test_chance_and_size_are_smoothed_apart() -> None:
    # 14 days, sold on the first and the eighth: chance 2/14 to begin with, size 4, then each day 0.5 of the way.
    values = np.zeros(14)
    values[0], values[7] = 4.0, 14.0
    chance, size = 2 / 14, 4.0
    for value in values:
        chance = chance / 2 + (0.5 if value else 0.0)
        size += 0.1 * (value - size) if value else 0.0
    assert size == pytest.approx(5.0)
    assert said(Intermittent(0.5), values, 3) == pytest.approx([chance * size] * 3)


def test_what_no_longer_sells_fades() -> None:
    values = np.tile([2.0, 0.0, 0.0, 0.0], 30)
    gone = np.concatenate([values, np.zeros(100)])
    assert said(Intermittent(0.05), values, 1)[0] == pytest.approx(0.5, rel=0.15)
    assert said(Intermittent(0.05), gone, 1)[0] < 0.01
    assert sells_seldom(values)
    assert not sells_seldom(np.tile(PATTERN, 4))


def test_the_index_of_a_year_is_that_of_the_days_around() -> None:
    busy = np.ones(365)
    busy[100:160] = 3.0  # 60 days of three times as much; the mean day of the year is 485 / 365
    index = year_index(np.tile(busy, 4))
    assert index.mean() == pytest.approx(1.0)
    assert index[130] == pytest.approx(3 * 365 / 485, rel=0.01)
    assert index[300] == pytest.approx(365 / 485, rel=0.01)


def test_a_season_seen_twice_is_foretold() -> None:
    busy = np.ones(365)
    busy[100:160] = 3.0
    values = np.tile(busy, 4)[: 3 * 365 + 100]  # up to the evening before the season
    plain, yearly = (said(model, values, 60) for model in (WeekdayProfile(4, 52), Yearly(WeekdayProfile(4, 52))))
    actual = np.full(60, 3.0)
    assert np.abs(yearly - actual).mean() < 0.25 * np.abs(plain - actual).mean()
