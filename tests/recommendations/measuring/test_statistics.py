"""Intervals and tests: published values, values worked out by hand, and coverage in simulations."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.recommendations.measuring import statistics
from chalicelib.recommendations.measuring.statistics import Interval, Sample, Uplift

ROUNDS = 2000


def close(interval: Interval | None, low: float, high: float, within: float = 0.00006) -> bool:
    """Tell whether an interval is the published one, which has four decimals."""
    assert interval is not None
    return abs(interval.low - low) < within and abs(interval.high - high) < within


# Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 1998, table I.
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_rate_is_the_published_one(successes: int, n: int, low: float, high: float) -> None:
    assert close(statistics.wilson(successes, n), low, high)


# Newcombe, Interval estimation for the difference between independent proportions, same volume, table II, method 10.
@pytest.mark.parametrize(
    ("treated", "control", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(
    treated: tuple[int, int], control: tuple[int, int], low: float, high: float
) -> None:
    assert close(statistics.rate_uplift(*treated, *control).interval, low, high)


@pytest.mark.parametrize(
    ("value", "freedom", "tail"),
    [(3.841, 1, 0.05), (10.828, 1, 0.001), (5.991, 2, 0.05), (7.815, 3, 0.05), (18.467, 4, 0.001), (11.070, 5, 0.05)],
)
def test_the_tail_of_chi_square_is_that_of_the_tables(value: float, freedom: int, tail: float) -> None:
    assert statistics.chi_square_tail(value, freedom) == pytest.approx(tail, rel=0.002)


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (1e9, 1.960)]
)
def test_students_quantile_and_tail_are_those_of_the_tables(freedom: float, quantile: float) -> None:
    assert statistics.student_quantile(0.975, freedom) == pytest.approx(quantile, rel=0.002)
    assert statistics.student_tail(quantile, freedom) == pytest.approx(0.025, abs=0.001)


def test_a_sample_ratio_of_counts_is_compared_with_the_shares() -> None:
    # 1000 x 50 %: (520 - 500)^2 / 500 twice is 1.6, whose tail is erfc(sqrt 0.8).
    assert statistics.chi_square_p([520, 480], [50, 50]) == pytest.approx(math.erfc(math.sqrt(0.8)))
    assert statistics.chi_square_p([300, 600], [1, 2]) == 1.0
    assert statistics.chi_square_p([600, 400], [50, 50]) < 0.001
    assert statistics.chi_square_p([0, 0], [50, 50]) == 1.0
    assert statistics.chi_square_p([7], [100]) == 1.0


def test_a_sample_is_known_by_its_sums() -> None:
    # 1, 2, 3, 6: mean 3, squares of the differences 4 + 1 + 0 + 9 over 3.
    assert statistics.sample_of(4, 12, 50) == Sample(4, 3.0, 14 / 3)
    assert statistics.sample_of(0, 0, 0) == Sample(0, 0.0, 0.0)
    assert statistics.sample_of(1, 5, 25) == Sample(1, 5.0, 0.0)


def test_the_variance_of_large_sums_is_exact() -> None:
    """Sums of squares of cents are far beyond what a float holds exactly."""
    many, cents = 1_000_000, 123_456_789
    assert statistics.sample_of(many, many * cents, many * cents**2).variance == 0.0


def test_welchs_interval_worked_out_by_hand() -> None:
    # 1..5 and 2, 4, 6: variances 5/2 and 4, so 1/2 + 4/3 = 11/6 and (11/6)^2 / (1/16 + 8/9) = 3.5328 degrees.
    found = statistics.mean_uplift(Sample(5, 3.0, 2.5), Sample(3, 4.0, 4.0))
    reach = statistics.student_quantile(0.975, (11 / 6) ** 2 / (1 / 16 + 8 / 9)) * math.sqrt(11 / 6)
    assert found.difference == -1.0
    assert close(found.interval, -1 - reach, -1 + reach, 1e-9)
    assert found.ratio == pytest.approx(-0.25)


def test_the_interval_of_a_ratio_worked_out_by_hand() -> None:
    # 20 % and 10 % of 400: the variances of the logarithms are 0.8 / 80 and 0.9 / 40.
    found = statistics.rate_uplift(80, 400, 40, 400)
    reach = math.exp(1.959964 * math.sqrt(0.01 + 0.0225))
    assert found.ratio == pytest.approx(1.0)
    assert close(found.ratio_interval, 2 / reach - 1, 2 * reach - 1, 1e-6)


def test_nothing_is_said_that_is_not_known() -> None:
    nobody = statistics.rate_uplift(0, 0, 5, 100)
    assert (nobody.interval, nobody.ratio, nobody.ratio_interval) == (None, None, None)
    none_in_control = statistics.rate_uplift(5, 100, 0, 100)
    assert none_in_control.interval is not None
    assert none_in_control.ratio is None
    none_in_treated = statistics.rate_uplift(0, 100, 5, 100)
    assert (none_in_treated.ratio, none_in_treated.ratio_interval) == (-1.0, None)
    assert statistics.mean_uplift(Sample(1, 2.0, 0.0), Sample(1, 1.0, 0.0)) == Uplift(1.0, None, 1.0, None)
    assert statistics.mean_uplift(Sample(0, 0.0, 0.0), Sample(0, 0.0, 0.0)) == Uplift(0.0, None, None, None)
    same = statistics.mean_uplift(Sample(9, 2.0, 0.0), Sample(9, 2.0, 0.0))
    assert same == Uplift(0.0, Interval(0.0, 0.0), 0.0, Interval(0.0, 0.0))


# R: power.prop.test(p1=, p2=, power=) gives 3840.847, 98.9 and 5140.9 (0.9).
@pytest.mark.parametrize(
    ("rate", "uplift", "power", "people"), [(0.1, 0.2, 0.8, 3841), (0.1, 0.2, 0.9, 5142), (0.5, 0.4, 0.8, 93)]
)
def test_how_many_people_are_needed(rate: float, uplift: float, power: float, people: int) -> None:
    assert statistics.people_needed(rate, uplift, power) == pytest.approx(people, abs=1)


@pytest.mark.parametrize(("rate", "uplift"), [(0.0, 0.1), (1.0, 0.1), (0.9, 0.2), (0.1, 0.0), (0.1, -1.0)])
def test_where_no_number_of_people_is_enough_none_is_told(rate: float, uplift: float) -> None:
    assert statistics.people_needed(rate, uplift) is None


# --- simulations -------------------------------------------------------------------------------------------------


def coverage(found: Callable[[int], tuple[Interval | None, float]]) -> float:
    """Return in which share of rounds the interval holds the truth."""
    hits = 0
    for number in range(ROUNDS):
        interval, truth = found(number)
        assert interval is not None
        hits += interval.low <= truth <= interval.high
    return hits / ROUNDS


# Twice the standard error of a share of 0.95 in 2000 rounds is 0.01.
NEARLY_ALWAYS = pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize(
    ("treated", "control", "n_treated", "n_control"), [(0.06, 0.05, 2000, 2000), (0.3, 0.3, 200, 800)]
)
def test_intervals_of_rates_hold_the_truth_as_often_as_they_say(
    treated: float, control: float, n_treated: int, n_control: int
) -> None:
    random = np.random.default_rng(7)
    firsts = random.binomial(n_treated, treated, ROUNDS).tolist()
    seconds = random.binomial(n_control, control, ROUNDS).tolist()
    made = [
        statistics.rate_uplift(first, n_treated, second, n_control)
        for first, second in zip(firsts, seconds, strict=True)
    ]
    assert coverage(lambda number: (made[number].interval, treated - control)) == NEARLY_ALWAYS
    assert coverage(lambda number: (made[number].ratio_interval, treated / control - 1)) == NEARLY_ALWAYS


def test_intervals_of_skewed_revenue_hold_the_truth_as_often_as_they_say() -> None:
    """Nine in ten buy nothing, the others about 60.00, some much more."""
    random = np.random.default_rng(11)
    mean = 0.1 * math.exp(8.5 + 0.8**2 / 2)

    def arm(n: int, factor: float) -> Sample:
        spent = np.rint(random.lognormal(8.5, 0.8, n) * factor * (random.random(n) < 0.1)).astype(np.int64)
        return statistics.sample_of(n, int(spent.sum()), int((spent**2).sum()))

    made = [statistics.mean_uplift(arm(6000, 1.1), arm(5000, 1.0)) for _ in range(ROUNDS)]
    assert coverage(lambda number: (made[number].interval, 0.1 * mean)) == NEARLY_ALWAYS
    assert coverage(lambda number: (made[number].ratio_interval, 0.1)) == NEARLY_ALWAYS


def test_as_many_people_as_are_needed_find_the_uplift_as_often_as_they_should() -> None:
    needed = statistics.people_needed(0.05, 0.2)
    assert needed is not None
    random = np.random.default_rng(13)
    treated, control = random.binomial(needed, 0.06, ROUNDS).tolist(), random.binomial(needed, 0.05, ROUNDS).tolist()
    found = 0
    for first, second in zip(treated, control, strict=True):
        interval = statistics.rate_uplift(first, needed, second, needed).interval
        found += interval is not None and interval.low > 0
    assert found / ROUNDS == pytest.approx(0.8, abs=0.03)


def days_of(random: np.random.Generator, days: int, rate: float, noise: float = 0.0) -> list[tuple[int, int]]:
    trials = random.integers(800, 1200, days)
    rates = np.clip(rate * random.lognormal(0, noise, days), 0, 1) if noise else np.full(days, rate)
    counts = random.binomial(trials, rates)
    return list(zip(counts.tolist(), trials.tolist(), strict=True))


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_fall_is_rarely_seen_where_there_is_none(noise: float) -> None:
    """Also where days differ much more than chance alone would make them."""
    random = np.random.default_rng(17)
    seen = sum(
        statistics.fall_p(days_of(random, 7, 0.05, noise), days_of(random, 28, 0.05, noise)) < 0.05
        for _ in range(ROUNDS)
    )
    assert seen / ROUNDS < 0.07


def test_a_fall_by_a_third_is_seen() -> None:
    random = np.random.default_rng(19)
    seen = sum(
        statistics.fall_p(days_of(random, 7, 0.035, 0.1), days_of(random, 28, 0.05, 0.1)) < 0.01 for _ in range(200)
    )
    assert seen / 200 > 0.95


def test_a_fall_worked_out_by_hand() -> None:
    # Rates 0.1 (10, 10 of 100) and 0.2 (20, 20 of 100): days do not differ, so that counting alone is the variance:
    # 0.09 / 200 and 0.16 / 200, t = 0.1 / sqrt(0.00125) = 2.828, two days each: one degree of freedom each.
    freedom = 0.00125**2 / (0.00045**2 + 0.0008**2)
    expected = statistics.student_tail(2.8284271, freedom)
    assert statistics.fall_p([(10, 100)] * 2, [(20, 100)] * 2) == pytest.approx(expected)


def test_without_days_to_compare_or_without_a_fall_nothing_is_seen() -> None:
    assert statistics.fall_p([], [(5, 100)] * 28) == 1.0
    assert statistics.fall_p([(0, 100), (0, 0)], [(5, 100)] * 28) == 1.0
    assert statistics.fall_p([(6, 100)] * 7, [(5, 100)] * 28) == 1.0
    assert statistics.fall_p([(0, 100)] * 7, [(100, 100)] * 28) == 0.0


counts = st.integers(0, 500)


@given(counts, counts, counts, counts)
def test_intervals_hold_their_estimate_and_stay_within_what_can_be(a: int, b: int, c: int, d: int) -> None:
    treated, control = sorted((a, b)), sorted((c, d))
    found = statistics.rate_uplift(*treated, *control)
    if found.interval is not None:
        assert -1 - 1e-9 <= found.interval.low <= found.difference + 1e-9
        assert found.difference - 1e-9 <= found.interval.high <= 1 + 1e-9
    if found.ratio is not None and found.ratio_interval is not None:
        assert -1 <= found.ratio_interval.low <= found.ratio + 1e-9
        assert found.ratio <= found.ratio_interval.high + 1e-9


@given(counts, counts, counts, counts)
def test_the_other_way_round_a_difference_is_the_opposite(a: int, b: int, c: int, d: int) -> None:
    treated, control = sorted((a, b)), sorted((c, d))
    one, two = statistics.rate_uplift(*treated, *control), statistics.rate_uplift(*control, *treated)
    assert one.difference == pytest.approx(-two.difference)
    if one.interval is not None and two.interval is not None:
        assert (one.interval.low, one.interval.high) == pytest.approx((-two.interval.high, -two.interval.low))
