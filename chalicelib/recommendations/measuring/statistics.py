"""How sure a difference is: intervals of rates and means, sample sizes, and tests. Pure, plain floats.

All of it holds for ONE look at numbers whose size was chosen before. Who looks twenty times and stops when it first
looks good finds a difference where there is none in a quarter of all cases instead of a twentieth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95

# Below these, an interval is told with a warning: the normal approximation behind it is not to be trusted.
LEAST_PEOPLE = 100
LEAST_SUCCESSES = 10
LEAST_BUYERS = 30  # revenue is skewed: most people spend nothing, few spend much

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What `n` people did: their mean, and the variance of one person (over n - 1)."""

    n: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Uplift:
    """By how much one mean is above another: as it is, and as a share of it (0.1: a tenth more).

    The shares are None where the other mean is 0, the intervals where there are too few people for a variance.
    """

    difference: float
    interval: Interval | None
    ratio: float | None
    ratio_interval: Interval | None


def sample_of(n: int, total: int, squares: int) -> Sample:
    """Return the sample of `n` whole numbers by their sum and the sum of their squares; exact until the last step."""
    if n == 0:
        return Sample(0, 0.0, 0.0)
    variance = (n * squares - total * total) / (n * (n - 1)) if n > 1 else 0.0
    return Sample(n, total / n, variance)


def wilson(successes: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of a rate; of nobody it is anything from 0 to 1.

    E. B. Wilson, Probable inference, 1927.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    z, rate = _z(confidence), successes / n
    middle = rate + z * z / (2 * n)
    reach = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At the ends the formula is exact, but for a last bit.
    low = 0.0 if successes == 0 else (middle - reach) / scale
    high = 1.0 if successes == n else (middle + reach) / scale
    return Interval(low, high)


def rate_uplift(treated: int, n_treated: int, control: int, n_control: int) -> Uplift:
    """Return by how much the rate `treated` / `n_treated` is above `control` / `n_control`.

    The difference: Newcombe's hybrid score interval (method 10), 1998. The ratio: see `_ratio`.
    """
    first, second = _rate(treated, n_treated), _rate(control, n_control)
    interval = None
    if n_treated and n_control:
        one, two = wilson(treated, n_treated), wilson(control, n_control)
        down = math.hypot(first.mean - one.low, two.high - second.mean)
        up = math.hypot(one.high - first.mean, second.mean - two.low)
        difference = first.mean - second.mean
        interval = Interval(difference - down, difference + up)
    return Uplift(first.mean - second.mean, interval, *_ratio(first, second))


def mean_uplift(treated: Sample, control: Sample) -> Uplift:
    """Return by how much one mean is above the other.

    The difference: Welch's interval, for variances that differ (1947). The ratio: see `_ratio`.
    """
    difference = treated.mean - control.mean
    interval = None
    if treated.n > 1 and control.n > 1:
        one, two = treated.variance / treated.n, control.variance / control.n
        reach = 0.0
        if one + two > 0:
            freedom = (one + two) ** 2 / (one * one / (treated.n - 1) + two * two / (control.n - 1))
            reach = student_quantile(0.5 + CONFIDENCE / 2, freedom) * math.sqrt(one + two)
        interval = Interval(difference - reach, difference + reach)
    return Uplift(difference, interval, *_ratio(treated, control))


def _rate(successes: int, n: int) -> Sample:
    rate = successes / n if n else 0.0
    return Sample(n, rate, rate * (1 - rate))


def _ratio(treated: Sample, control: Sample) -> tuple[float | None, Interval | None]:
    """Return treated / control - 1 with its interval: the delta method on the logarithm, which keeps it above -1."""
    if control.mean <= 0 or treated.n == 0:
        return None, None
    ratio = treated.mean / control.mean
    if ratio <= 0 or treated.n < 2 or control.n < 2:
        return ratio - 1, None
    spread = math.sqrt(sum(each.variance / (each.n * each.mean**2) for each in (treated, control)))
    # No interval reaches further than floats do.
    reach = math.exp(min(_z(CONFIDENCE) * spread, 700.0))
    return ratio - 1, Interval(ratio / reach - 1, ratio * reach - 1)


def _z(confidence: float) -> float:
    return _NORMAL.inv_cdf(0.5 + confidence / 2)


def student_quantile(share: float, freedom: float) -> float:
    """Return the quantile of Student's t: within 0.2 % from 3 degrees of freedom on, too narrow below.

    The expansion of Abramowitz & Stegun, 26.7.5.
    """
    z = _NORMAL.inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, 1))


def people_needed(rate: float, uplift: float, power: float = 0.8, confidence: float = CONFIDENCE) -> int | None:
    """Return how many people EACH arm needs, so that a rate that rises by the share `uplift` is seen.

    Seen: in a share `power` of experiments the two-sided test finds it. None where no number does: a rate of 0, or
    one that would be above 1. Fleiss, Statistical methods for rates and proportions, 1981, without correction.
    """
    raised = rate * (1 + uplift)
    if not 0 < rate < 1 or not 0 < raised <= 1 or uplift == 0:
        return None
    middle = (rate + raised) / 2
    chance = _z(confidence) * math.sqrt(2 * middle * (1 - middle))
    missed = _NORMAL.inv_cdf(power) * math.sqrt(rate * (1 - rate) + raised * (1 - raised))
    return math.ceil(((chance + missed) / (raised - rate)) ** 2)


def chi_square_p(observed: Sequence[int], shares: Sequence[float]) -> float:
    """Return how likely counts are at least as far from `shares` (above 0, in any scale) as `observed`, by chance."""
    total, whole = sum(observed), sum(shares)
    if total == 0 or len(observed) < 2:
        return 1.0
    expected = [total * share / whole for share in shares]
    found = sum((count - each) ** 2 / each for count, each in zip(observed, expected, strict=True))
    return chi_square_tail(found, len(observed) - 1)


def chi_square_tail(value: float, freedom: int) -> float:
    """Return the probability that a chi-square of whole `freedom` is above `value`.

    By Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1), from Q(1/2, x) = erfc(sqrt x) and Q(1, x) = e^-x.
    """
    half = value / 2
    if half <= 0:
        return 1.0
    order = 0.5 if freedom % 2 else 1.0
    tail = math.erfc(math.sqrt(half)) if freedom % 2 else math.exp(-half)
    while order < freedom / 2:
        tail += math.exp(order * math.log(half) - half - math.lgamma(order + 1))
        order += 1
    return min(tail, 1.0)


# (what it came to, of how many) of each day.
Days = Sequence[tuple[int, int]]


def rate_of_days(days: Days) -> float:
    """Return the rate over all days together; 0 of nothing."""
    trials = sum(each for _, each in days)
    return sum(count for count, _ in days) / trials if trials else 0.0


def fall_p(now: Days, before: Days) -> float:
    """Return how likely the rate of `now` is at least as far below that of `before`, if nothing had changed.

    One-sided. Days are clusters: what one person is shown in a row is no independent trial, and days differ among
    each other. So the variance is that of the ratio of sums over days (Cochran, Sampling techniques, 1977, 6.3), but
    never below what counting alone gives. Student's t with as many degrees of freedom as Welch counts.
    """
    first, second = _variance_of_rate(now), _variance_of_rate(before)
    if first is None or second is None:
        return 1.0
    difference = rate_of_days(now) - rate_of_days(before)
    if difference >= 0:
        return 1.0
    (one, free_one), (two, free_two) = first, second
    spread = one + two
    if spread == 0:
        return 0.0
    freedom = spread**2 / (one * one / free_one + two * two / free_two)
    return student_tail(-difference / math.sqrt(spread), freedom)


def _variance_of_rate(days: Days) -> tuple[float, int] | None:
    """Return the variance of the rate of all days, and its degrees of freedom; None of fewer than two days."""
    used = [day for day in days if day[1] > 0]
    if len(used) < 2:
        return None
    trials, rate = sum(each for _, each in used), rate_of_days(used)
    left = sum((count - rate * each) ** 2 for count, each in used)
    clustered = left * len(used) / (len(used) - 1) / trials**2
    return max(clustered, max(rate * (1 - rate), 0.0) / trials), len(used) - 1


def student_tail(value: float, freedom: float) -> float:
    """Return the probability that Student's t is above `value` (0 or more).

    By the normal distribution at the place of Wallace, 1959: off by less than 0.001 from 3 degrees of freedom on.
    """
    place = math.sqrt(freedom * math.log1p(value * value / freedom))
    return 1 - _NORMAL.cdf(place * (8 * freedom + 1) / (8 * freedom + 3))
