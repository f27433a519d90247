"""The circuit breaker."""

from __future__ import annotations

from chalicelib.conversations.assistant.bedrock.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(Clock(), failures=3, pause_s=60)
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        breaker.succeeded()
    assert breaker.allows()
    for _ in range(3):
        breaker.failed()
    assert not breaker.allows()


def test_when_its_pause_is_over_one_tries_and_decides_for_all() -> None:
    clock = Clock()
    breaker = Breaker(clock, failures=2, pause_s=60)
    breaker.failed()
    breaker.failed()
    clock.now = 59.9
    assert not breaker.allows()
    clock.now = 60
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.failed()
    clock.now = 119.9
    assert not breaker.allows()
    clock.now = 120
    assert breaker.allows()
    breaker.succeeded()
    assert [breaker.allows() for _ in range(3)] == [True] * 3


def test_one_who_tried_and_never_told_does_not_hold_all_up_for_ever() -> None:
    clock = Clock()
    breaker = Breaker(clock, failures=1, pause_s=60)
    breaker.failed()
    clock.now = 60
    assert breaker.allows()
    clock.now = 120
    assert breaker.allows()
