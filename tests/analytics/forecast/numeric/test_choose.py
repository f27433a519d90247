"""Choosing by backtest: what is told, when the baseline is used, and whether intervals hold their share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.analytics.forecast.numeric.backtest import BASELINE, blocks, errors_of, losses, origins_of
from chalicelib.analytics.forecast.numeric.choose import (
    NOT_BEATEN,
    NOT_TRIED,
    TOO_YOUNG,
    Forecast,
    TooYoung,
    forecast,
)
from chalicelib.analytics.forecast.numeric.intervals import around, quantiles
from chalicelib.analytics.forecast.numeric.series import Reals, Series

PATTERN = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 0.0, 60.0])


def made(values: Reals, horizon: int, judged_days: int | None = None) -> Forecast:
    found = forecast(values, horizon, judged_days=judged_days)
    assert isinstance(found, Forecast)
    return found


def noisy(n_days: int, seed: int) -> Reals:
    rng = np.random.default_rng(seed)
    return np.resize(PATTERN, n_days) * rng.gamma(9.0, 1 / 9.0, n_days)


@pytest.mark.parametrize("values", [[], [0.0] * 50, [0.0] * 50 + [1.0] * 13])
def test_no_forecast_is_made_of_less_than_two_weeks_of_sales(values: list[float]) -> None:
    assert forecast(np.array(values), 7) == TooYoung(TOO_YOUNG)


@pytest.mark.parametrize(("horizon", "judged_days"), [(0, 1), (-1, 1), (10, 3), (7, 0)])
def test_a_horizon_is_whole_days(horizon: int, judged_days: int) -> None:
    with pytest.raises(ValueError, match="horizon"):
        forecast(np.ones(50), horizon, judged_days=judged_days)


def test_too_few_days_for_a_backtest_give_the_last_week_and_say_so() -> None:
    values = np.concatenate([PATTERN + 7.0, PATTERN])
    found = made(values, 9)
    assert (found.model, found.beats_baseline, found.reason, found.errors) == (BASELINE, False, NOT_TRIED, None)
    assert found.expected.tolist() == [*PATTERN, 10.0, 20.0]
    for bounds in found.bounds:  # each day changed by 7 from week to week; nothing is below 0
        assert bounds.low.tolist() == np.maximum(found.expected - 7, 0).tolist()
        assert bounds.high == pytest.approx(found.expected + 7)
        assert bounds.coverage is None
    assert found.total.expected == PATTERN.sum() + 30
    assert found.total.bounds[0].high[0] > found.total.expected


def test_what_the_baseline_foretells_exactly_is_left_to_it() -> None:
    found = made(np.tile(PATTERN, 30), 14)
    assert (found.model, found.beats_baseline, found.reason) == (BASELINE, False, NOT_BEATEN)
    assert found.expected == pytest.approx(np.tile(PATTERN, 2))
    assert found.errors is not None
    assert (found.errors.mae, found.errors.wape, found.errors.bias) == (0.0, 0.0, 0.0)
    for bounds in found.bounds:
        assert bounds.low == pytest.approx(found.expected)
        assert bounds.high == pytest.approx(found.expected)
        assert bounds.coverage == 1.0


def test_where_each_week_says_most_of_the_next_the_answer_says_that_nothing_was_better() -> None:
    # The sales of each weekday wander by themselves: the best guess is the last week.
    weeks = np.cumsum(np.random.default_rng(5).normal(0, 10, (60, 7)), axis=0)
    found = made((weeks - weeks.min() + 1).ravel(), 7)
    assert (found.model, found.beats_baseline, found.reason) == (BASELINE, False, NOT_BEATEN)
    assert found.errors == found.baseline_errors


def test_noise_around_a_week_is_foretold_better_than_by_the_last_week() -> None:
    found = made(noisy(399, 1), 28)
    assert found.beats_baseline
    assert found.reason is None
    assert found.errors is not None
    assert found.baseline_errors is not None
    # Two weeks' noise against one: the best that can be done is about 1 / sqrt(2) of the baseline's error.
    assert 0.6 < found.errors.mae / found.baseline_errors.mae < 0.85
    assert found.expected[5] == pytest.approx(0.0, abs=0.5)
    assert found.tried[found.model] == min(found.tried.values())


@given(seed=st.integers(0, 2**32 - 1), horizon=st.sampled_from([7, 14, 28]))
@settings(max_examples=12, deadline=None)
def test_intervals_hold_about_their_share_of_what_comes(seed: int, horizon: int) -> None:
    values = noisy(1000, seed)
    found = made(values[:-horizon], horizon)
    open_days = [day for day in range(horizon) if values[len(values) - horizon + day] > 0]
    wide, wider = found.bounds
    for bounds in found.bounds:
        assert np.all((bounds.low >= 0) & (bounds.low <= found.expected) & (found.expected <= bounds.high))
        assert bounds.coverage is not None
        # One day of seven is closed, and always as expected.
        assert abs(bounds.coverage - (6 * bounds.share + 1) / 7) < 0.1
    assert np.all(wider.high[open_days] >= wide.high[open_days])
    assert np.all(wider.low[open_days] <= wide.low[open_days])


def test_the_interval_for_unseen_days_is_near_its_share_over_many_shops() -> None:
    held = {0.8: [], 0.95: []}  # type: dict[float, list[float]]
    for seed in range(30):
        values = noisy(500, seed)
        found = made(values[:-14], 14)
        for bounds in found.bounds:
            inside = (values[-14:] >= bounds.low - 1e-9) & (values[-14:] <= bounds.high + 1e-9)
            held[bounds.share].append(float(inside[values[-14:] > 0].mean()))
    assert np.mean(held[0.8]) == pytest.approx(0.8, abs=0.08)
    assert np.mean(held[0.95]) == pytest.approx(0.95, abs=0.04)


@given(factor=st.floats(0.01, 1e6))
@settings(max_examples=10, deadline=None)
def test_cents_or_dollars_give_the_same_forecast(factor: float) -> None:
    values = noisy(300, 3)
    one, other = made(values, 14), made(values * factor, 14)
    assert one.model == other.model
    assert other.expected == pytest.approx(one.expected * factor)
    for mine, theirs in zip(one.bounds, other.bounds, strict=True):
        assert theirs.high == pytest.approx(mine.high * factor)
    assert one.errors is not None
    assert other.errors is not None
    assert (one.errors.wape, one.errors.mase) == pytest.approx((other.errors.wape, other.errors.mase))


def test_the_same_series_gives_the_same_forecast() -> None:
    one, other = made(noisy(900, 8), 28), made(noisy(900, 8), 28)
    assert one.expected.tolist() == other.expected.tolist()
    assert one.tried == other.tried


def test_origins_leave_the_horizon_and_reach_each_weekday() -> None:
    for n_days in (100, 374, 800, 1826):
        for horizon in (7, 28, 44, 90):
            origins = origins_of(n_days, horizon)
            if not len(origins):
                continue
            assert 8 <= len(origins) <= 41
            assert origins.min() >= 28
            assert origins.max() == n_days - horizon
            assert origins.min() >= n_days - horizon - 364
            assert len(set((origins % 7).tolist())) == 7
    assert not len(origins_of(35 + 6, 7))
    assert len(origins_of(35 + 7, 7)) == 8


def test_errors_by_hand() -> None:
    series = Series(np.array([2.0, 4.0] * 7 + [3.0, 5.0]))
    said = np.array([[4.0, 4.0], [3.0, 3.0]])
    origins = np.array([12, 14])  # came: 2, 4 and 3, 5: off by 2, 0, 0, 2
    errors = errors_of(series, origins, said, 1)
    assert errors.mae == 1.0
    assert errors.wape == pytest.approx(1.0 / 3.5)
    assert errors.bias == pytest.approx(0.0)
    # Repeating the week: |4 - 2| or |2 - 4| for days 7 to 13; then |3 - 4|, |5 - 2|.
    assert errors.mase == pytest.approx(1.0 / ((7 * 2 + 1 + 3) / 9))
    sums = errors_of(series, origins, said, 2)  # 8 for 6, 6 for 8
    assert (sums.mae, sums.bias) == (2.0, 0.0)
    assert losses(series, origins, {"a": said}, 2)["a"].tolist() == [2.0, 2.0]
    assert blocks(np.arange(5.0, dtype=np.float64)[np.newaxis], 2).tolist() == [[1.0, 5.0]]


def test_errors_have_no_share_of_nothing() -> None:
    errors = errors_of(Series(np.zeros(30)), np.array([20]), np.ones((1, 7)), 1)
    assert (errors.mae, errors.wape, errors.mase, errors.bias) == (1.0, None, None, None)


def test_ranks_are_those_of_the_errors_and_the_new_one() -> None:
    errors = np.arange(-10.0, 10.0, dtype=np.float64)[::-1]  # 20 of them: ranks ceil(21 x 0.9) = 19 and its mirror 2
    assert quantiles(errors, 0.8) == (-9.0, 8.0)
    assert quantiles(errors, 0.95) == (-10.0, 9.0)  # rank 21 of 20: the last one
    assert quantiles(np.zeros(0), 0.8) == (0.0, 0.0)


def test_intervals_widen_with_the_level_and_the_days_ahead() -> None:
    rng = np.random.default_rng(2)
    known = np.full((40, 28), 10.0)
    off = rng.normal(0, 1, (40, 28)) * np.linspace(1, 3, 28)
    small = around(np.full((1, 28), 10.0), known, off, 10.0)[0.8].high[0]
    great = around(np.full((1, 28), 20.0), known, off, 10.0)[0.8].high[0]
    assert great - 20 == pytest.approx(2 * (small - 10))
    assert np.all(np.diff(small) >= 0)
    assert small[27] > small[0]


def test_goods_that_sell_seldom_are_judged_by_what_is_sold_over_the_time() -> None:
    rng = np.random.default_rng(4)
    values = (rng.random(500) < 0.08) * rng.integers(1, 4, 500).astype(float)
    found = made(values, 44, judged_days=44)
    assert found.beats_baseline
    assert found.total.expected == pytest.approx(44 * 0.08 * 2, rel=0.5)
    low, high = found.total.bounds[1].low[0], found.total.bounds[1].high[0]
    assert low < found.total.expected < high
