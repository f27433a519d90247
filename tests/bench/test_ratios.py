"""Comparing two ways on a machine that is busy at times."""

from __future__ import annotations

import pytest

from bench import ratios
from bench.ratios import Timed, beside, compared
from bench.recommendations_build import power


def run(own: float, other: float) -> tuple[Timed, Timed]:
    return Timed(own, own / 2), Timed(other, other / 4)


def test_a_load_that_slows_both_does_not_move_the_ratio() -> None:
    found = compared([run(1.5, 1.0), run(15.0, 10.0), run(1.5, 1.0), run(4.5, 3.0), run(3.0, 2.0)])
    assert found.ratio == found.low == found.high == pytest.approx(1.5)
    assert found.cpu_ratio == pytest.approx(3.0)


def test_one_run_that_was_held_up_does_not_move_the_ratio() -> None:
    found = compared([run(1.0, 1.0), run(1.1, 1.0), run(90.0, 1.0), run(0.9, 1.0), run(1.0, 1.0)])
    assert found.ratio == pytest.approx(1.0)
    assert (found.low, found.high) == pytest.approx((1.0, 1.1))
    assert found.ratio_of_fastest == pytest.approx(0.9)
    assert found.turns == 5


def test_both_run_as_often_and_the_first_turn_is_not_counted() -> None:
    calls: list[str] = []
    found = beside(lambda: calls.append("own"), lambda: calls.append("other"), turns=3)
    assert calls == ["own", "other", "other", "own", "own", "other", "other", "own"]
    assert found.turns == 3


def test_short_runs_are_made_until_they_come_to_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratios, "timed", lambda _call: Timed(0.25, 0.25))
    assert beside(print, print, turns=3, at_least_s=5).turns == 10
    assert beside(print, print, turns=3, at_least_s=1e9).turns == 101


def test_growth_is_told_as_a_power() -> None:
    assert power(10, 3, 100, 30) == pytest.approx(1)
    assert power(10, 3, 100, 300) == pytest.approx(2)
    assert power(10, 3, 100, 3) == 0
