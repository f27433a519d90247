"""Whether a day is unusual: by hand, and how often chance alone makes an alert."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest

from chalicelib.analytics.alerts.unusual import Day, Rule, judge

FIRST = date(2026, 1, 1)
DAY = FIRST + timedelta(days=56)
SHAPE = (1, 0.9, 0.9, 1, 1.2, 1.5, 1.3)
COUNT = Rule("count", 20)


def even(value: float, last: float) -> dict[date, Day]:
    """Eight weeks of the same value, and the day."""
    return {FIRST + timedelta(days=n): Day(value, value) for n in range(56)} | {DAY: Day(last, last)}


def test_by_hand() -> None:
    # Nothing strayed: the spread is chance's, 10 of 100, widened by sqrt((1 + pi / 16) * 8 / 7).
    spread = 10 * math.sqrt((1 + math.pi / 16) * 8 / 7)
    found = judge(even(100, 40), DAY, COUNT, 3.5)
    assert found is not None
    assert (found.value, found.expected, found.direction, found.severity) == (40, 100, "low", "warning")
    assert (found.low, found.high) == pytest.approx((100 - 3.5 * spread, 100 + 3.5 * spread))
    gone = judge(even(100, 0), DAY, COUNT, 3.5)
    assert gone is not None
    assert gone.severity == "critical"
    assert judge(even(19, 0), DAY, COUNT, 3.5) is None  # too few to tell
    young = {day: value for day, value in even(100, 0).items() if day >= DAY - timedelta(weeks=4)}
    assert judge(young, DAY, COUNT, 3.5) is None


@pytest.mark.parametrize("kind", ["count", "amount", "rate"])
@pytest.mark.parametrize(("mean", "unrest"), [(60, 0.0), (300, 0.1)])
def test_chance_alone_makes_an_alert_in_at_most_one_of_a_hundred(kind: str, mean: int, unrest: float) -> None:
    rng, told, judged = np.random.default_rng(1), 0, 0
    for _ in range(1000):  # of 300, a true share of half a percent is above one now and then
        days = {}
        for n in range(57):
            count = int(rng.poisson(mean * SHAPE[n % 7] * rng.lognormal(0, unrest)))
            value = float(count)
            if kind == "amount":
                value = float(rng.lognormal(4, 0.7, count).sum())
            elif kind == "rate":
                value = float(rng.binomial(count, 0.1))
            days[FIRST + timedelta(days=n)] = Day(value, count)
        found = judge(days, DAY, Rule(kind, 20, ("high",) if kind == "rate" else ("low", "high")), 3.5)  # type: ignore[arg-type]
        judged += found is not None
        told += found is not None and found.direction is not None
    assert judged > 990
    assert told <= 0.01 * judged


def test_a_halved_day_is_found() -> None:
    rng, told = np.random.default_rng(3), 0
    for _ in range(100):
        counts = [int(rng.poisson(300 * SHAPE[n % 7] * (0.5 if n == 56 else 1))) for n in range(57)]
        found = judge({FIRST + timedelta(days=n): Day(c, c) for n, c in enumerate(counts)}, DAY, COUNT, 3.5)
        told += found is not None and found.direction == "low"
    assert told == 100


def test_amounts_are_judged_alike_in_any_currency() -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(100, 57)
    values = [float(rng.lognormal(4, 0.7, n).sum()) for n in counts]
    found = []
    for scale in (1.0, 1000.0):
        days = {FIRST + timedelta(days=n): Day(values[n] * scale, int(counts[n])) for n in range(57)}
        found.append(judge(days, DAY, Rule("amount", 20), 3.5))
    assert found[0] is not None
    assert found[1] is not None
    assert found[1].distance == pytest.approx(found[0].distance)
    assert found[1].low == pytest.approx(1000 * found[0].low)
