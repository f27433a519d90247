"""Whether a day's figure is outside its usual range: that of the same weekday in the weeks before. Pure, no numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Literal

Kind = Literal["count", "amount", "rate"]
Direction = Literal["low", "high"]
Severity = Literal["warning", "critical"]

WEEKS = 8
LEAST_WEEKS = 5
# From so many times the threshold on an unusual day is critical.
_CRITICAL = 1.6
# No figure is kept to less than this share of what is usual: nobody is to be called for 1 %.
_LEAST_SHARE = 0.03
# The median of the distances from the median of normal values, as a standard deviation.
_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Day:
    """A figure's value of a day and how many single things it is made of.

    A count is made of itself, an amount of orders, a rate of trials: its value is the number of hits among them.
    """

    value: float
    of: float


@dataclass(frozen=True, slots=True)
class Rule:
    """What kind of figure it is, of how many things a usual day must be made, and which directions matter."""

    kind: Kind
    least: float
    directions: tuple[Direction, ...] = ("low", "high")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A day's figure, what is usual, and how many spreads apart they are; no direction where that is not too many."""

    value: float
    expected: float
    low: float
    high: float
    distance: float
    direction: Direction | None = None
    severity: Severity | None = None


def judge(days: Mapping[date, Day], day: date, rule: Rule, threshold: float) -> Verdict | None:
    """Compare a day with the same weekday of the eight weeks before; None where too little is known to tell.

    What is usual is the median of the weekday. The spread is what chance alone makes (Poisson, binomial), widened by
    how much more all days of the weeks before strayed from their weekdays' medians (by the median absolute deviation,
    so that single odd days do not count), and by what a median of few values is off. A range reaches `threshold`
    spreads to both sides.
    """
    usual = _usual(days, day, rule)
    today = days.get(day)
    if usual is None or today is None or usual.of < rule.least or (rule.kind == "rate" and today.of < rule.least):
        return None
    value = _value(today, rule)
    expected = usual.value
    spread = _stray(days, day, rule) * _noise(usual, today, rule) * _widened(usual.weeks)
    spread = max(spread, _LEAST_SHARE * expected)
    if spread <= 0:
        return None
    distance = (value - expected) / spread
    top = 1.0 if rule.kind == "rate" else math.inf
    low, high = max(expected - threshold * spread, 0.0), min(expected + threshold * spread, top)
    direction: Direction | None = None
    if abs(distance) > threshold:
        direction = "low" if distance < 0 else "high"
    if direction not in rule.directions:
        return Verdict(value, expected, low, high, distance)
    all_gone = rule.kind != "rate" and value <= 0
    severity: Severity = "critical" if all_gone or abs(distance) >= _CRITICAL * threshold else "warning"
    return Verdict(value, expected, low, high, distance, direction, severity)


@dataclass(frozen=True, slots=True)
class _Usual:
    value: float
    of: float
    weeks: int


def _usual(days: Mapping[date, Day], day: date, rule: Rule) -> _Usual | None:
    """Return the medians of the same weekday in the weeks before."""
    before = [days[at] for week in range(1, WEEKS + 1) if (at := day - timedelta(weeks=week)) in days]
    if rule.kind == "rate":
        before = [each for each in before if each.of > 0]
    if len(before) < LEAST_WEEKS:
        return None
    return _Usual(median(_value(each, rule) for each in before), median(each.of for each in before), len(before))


def _value(day: Day, rule: Rule) -> float:
    if rule.kind != "rate":
        return day.value
    return day.value / day.of if day.of else 0.0


def _noise(usual: _Usual, day: Day, rule: Rule) -> float:
    """Return the standard deviation that chance alone makes."""
    if rule.kind == "rate":
        # Where nothing ever happened yet, as if it had once in two days.
        share = min(max(usual.value, 0.5 / max(usual.of, 1.0)), 1 - 0.5 / max(usual.of, 1.0))
        return math.sqrt(max(share * (1 - share), 0.0) / max(day.of, 1.0))
    # An amount varies at least by how many things it is made of; a count is one that is made of itself.
    return usual.value / math.sqrt(max(usual.of, 1.0)) if rule.kind == "amount" else math.sqrt(max(usual.value, 1.0))


def _stray(days: Mapping[date, Day], day: date, rule: Rule) -> float:
    """Return how many times as much as by chance the days before strayed from their weekdays' medians; at least 1.

    Over all weekdays: of one there are eight values, whose own deviation says little.
    """
    found: list[float] = []
    for weekday in range(7):
        last = day - timedelta(days=weekday)
        usual = _usual(days, last, rule) if weekday == 0 else _usual(days, last + timedelta(weeks=1), rule)
        if usual is None:
            continue
        first_week = 1 if weekday == 0 else 0
        before = (days.get(last - timedelta(weeks=week)) for week in range(first_week, first_week + WEEKS))
        for each in before:
            if each is None or (rule.kind == "rate" and each.of <= 0):
                continue
            noise = _noise(usual, each, rule)
            if noise > 0:
                found.append(abs(_value(each, rule) - usual.value) / noise)
    return max(_MAD * median(found), 1.0) if found else 1.0


def _widened(weeks: int) -> float:
    # The medians are of the same values from which the strays are taken, and are off themselves (pi / 2 n).
    return math.sqrt((1 + math.pi / (2 * weeks)) * weeks / (weeks - 1))
