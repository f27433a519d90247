"""When what failed is tried again."""

from __future__ import annotations

import pytest

from chalicelib.events.retries import MOST_ATTEMPTS, pause_s, rest_s

MINUTE, HOUR, DAY = 60, 3600, 86_400
PAUSES = [5, 30, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, DAY, DAY]


def test_pauses_grow_from_seconds_to_a_day() -> None:
    assert [pause_s(attempts, 0.5) for attempts in range(1, MOST_ATTEMPTS)] == pytest.approx(PAUSES)


@pytest.mark.parametrize("attempts", range(1, MOST_ATTEMPTS))
def test_a_pause_is_a_fifth_longer_or_shorter_by_chance(attempts: int) -> None:
    pause = PAUSES[attempts - 1]
    assert pause_s(attempts, 0) == pytest.approx(pause * 0.8)
    assert pause_s(attempts, 1) == pytest.approx(pause * 1.2)


def test_the_receiver_may_ask_for_longer_but_not_for_ever_and_not_for_less() -> None:
    assert pause_s(1, 0.5, 90) == 90
    assert pause_s(4, 0.5, 90) == pytest.approx(600)
    assert pause_s(1, 0.5, 10**8) == DAY
    assert pause_s(1, 0.5, 0) == pytest.approx(5)


def test_a_target_rests_after_five_failures_in_a_row_and_five_minutes_at_most() -> None:
    assert [rest_s(failures) for failures in range(12)] == [0] * 5 + [5, 10, 20, 40, 80, 160, 300]
    assert rest_s(10_000) == 300
