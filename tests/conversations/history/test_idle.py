"""Idle conversations: paused, then completed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from chalicelib.conversations.history import idle
from chalicelib.conversations.history.history_tables import conversation_sessions
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from tests.factories import make_account_row, make_message, make_session


@pytest.fixture
def account(shop: Engine) -> int:
    return make_account_row(Role.CUSTOMER)


def later(monkeypatch: pytest.MonkeyPatch, **passed: int) -> None:
    then = clock.now() + timedelta(**passed)
    monkeypatch.setattr(clock, "now", lambda: then)


def close(time_left_ms: int = 60_000) -> int:
    return idle.close_idle_sessions(time_left_ms=lambda: time_left_ms)


def statuses() -> list[str]:
    with read() as connection:
        shown = select(conversation_sessions.c.status).order_by(conversation_sessions.c.id)
        return list(connection.scalars(shown))


def test_an_idle_session_is_paused_and_a_week_later_completed(account: int, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session(account)
    assert (close(), statuses()) == (0, ["active"])
    later(monkeypatch, minutes=61)
    assert (close(), close(), statuses()) == (1, 0, ["paused"])
    later(monkeypatch, days=7)
    assert (close(), close(), statuses()) == (1, 0, ["completed"])
    make_message(session.public_id)
    assert (close(), statuses()) == (0, ["active"])


def test_what_was_idle_for_long_is_paused_first(account: int, monkeypatch: pytest.MonkeyPatch) -> None:
    make_session(account)
    later(monkeypatch, days=30)
    assert (close(), statuses()) == (1, ["paused"])
    assert (close(), statuses()) == (1, ["completed"])


@pytest.mark.parametrize("handoff", ["requested", "taken"])
def test_who_waits_for_a_person_is_not_timed_out(account: int, monkeypatch: pytest.MonkeyPatch, handoff: Any) -> None:
    make_session(account)
    with transaction() as connection:
        connection.execute(update(conversation_sessions).values(handoff=handoff))
    later(monkeypatch, days=30)
    assert (close(), statuses()) == (0, ["active"])


def test_others_stay_as_they_are(account: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for status in ("completed", "archived"):
        make_session(account, status=status)
    later(monkeypatch, days=30)
    make_session(account)
    assert (close(), statuses()) == (0, ["completed", "archived", "active"])


def test_it_goes_on_in_batches_and_ends_when_the_time_does(account: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "_BATCH", 2)
    for _ in range(5):
        make_session(account)
    later(monkeypatch, minutes=61)
    assert close(time_left_ms=9_000) == 0
    left = iter([60_000, 60_000, 60_000, 9_000])
    assert idle.close_idle_sessions(time_left_ms=lambda: next(left)) == 4
    assert close() == 1
