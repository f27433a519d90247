"""Counters, totals and numbers: after random deeds of several people, and after many threads at once, they are what
counting gives.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from chalicelib.conversations.history import messages, profiles, sessions
from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_profiles,
    conversation_sessions,
)
from chalicelib.conversations.history.messages import NewMessage
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection, read
from chalicelib.core.errors import AppError
from tests.client import Client
from tests.conversations.history.recounts import check_counts
from tests.factories import make_account_row, make_session, make_token, rolled_back

_TYPES = st.sampled_from(["user", "ai", "system"])
_STATUSES = st.sampled_from(["sent", "delivered", "read", "processing", "failed"])
_FIGURES = {
    "response_time_ms": st.none() | st.integers(0, 10_000),
    "tokens_used": st.none() | st.integers(0, 500),
    "confidence_score": st.none() | st.floats(0, 1),
}
_TEXT = st.text("ab é\n漢", min_size=1, max_size=40).filter(str.strip)
_NEW = st.builds(NewMessage, _TEXT, _TYPES, status=_STATUSES, **_FIGURES)
_CHANGES = st.fixed_dictionaries({}, optional={"content": _TEXT, "status": _STATUSES, **_FIGURES}).filter(bool)
_WHICH = st.integers(0, 1_000)
_DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.integers(0, 1)),
        st.tuples(st.just("say"), _WHICH, _NEW),
        st.tuples(st.just("say"), _WHICH, _NEW),
        st.tuples(st.just("change"), _WHICH, _CHANGES),
        st.tuples(st.just("take back"), _WHICH),
        st.tuples(st.just("end"), _WHICH),
        st.tuples(st.just("forget profile"), st.integers(0, 1)),
    ),
    min_size=1,
    max_size=25,
)


class _Talk:
    """Two people and what they do, in one transaction."""

    def __init__(self, connection: Connection, people: list[int]) -> None:
        self.connection, self.people = connection, people

    def do(self, deed: tuple[Any, ...]) -> None:
        kind, which, *more = deed
        if kind == "begin":
            sessions.create_session(self.connection, self.people[which], sessions.NewSession())
        elif kind == "forget profile":
            profile = profiles.open_profile(self.connection, self.people[which])[0]
            profiles.delete_profile(self.connection, profile.id, account_id=None)
        elif kind in ("say", "end"):
            if session := self._one_of(conversation_sessions, which):
                locked = sessions.lock_session(self.connection, session.public_id, account_id=None)
                if kind == "say":
                    messages.append(self.connection, locked, *more)
                else:
                    sessions.delete_session(self.connection, locked)
        elif message := self._one_of(conversation_messages, which):
            if kind == "change":
                messages.change_message(self.connection, message.public_id, *more, account_id=message.account_id)
            else:
                messages.delete_message(self.connection, message.public_id, account_id=message.account_id)

    def _one_of(self, table: Any, which: int) -> Any | None:
        rows = self.connection.execute(select(table).order_by(table.c.id)).all()
        return rows[which % len(rows)] if rows else None


@pytest.fixture
def people(shop: Engine) -> list[int]:
    return [make_account_row(Role.CUSTOMER), make_account_row(Role.CUSTOMER)]


@pytest.fixture
def uneven_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock whose steps are no whole milliseconds."""
    start, steps = clock.now(), count()
    monkeypatch.setattr(clock, "now", lambda: start + next(steps) * timedelta(microseconds=333_777))


@settings(max_examples=40)
@given(deeds=_DEEDS)
def test_counters_and_totals_are_what_counting_gives(
    people: list[int], uneven_clock: None, deeds: list[tuple[Any, ...]]
) -> None:
    with rolled_back() as connection:
        talk = _Talk(connection, people)
        talk.do(("begin", 0))
        for deed in deeds:
            talk.do(deed)
            check_counts(connection)


# --- many at once ------------------------------------------------------------------------------------------------


def _in_parallel(tasks: list[Any]) -> list[Any]:
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


def _say(client: Client, session: Any, body: dict[str, Any], tries: int = 40) -> Any:
    """Add a message as a client does that tries again when it is told to."""
    for _ in range(tries):
        answer = client.post(f"/api/sessions/{session.public_id}/add_message/", body)
        if answer.status != 409 or "Retry-After" not in answer.headers:
            return answer
    return answer


def test_32_threads_give_one_session_numbers_without_gap_or_double(client: Client) -> None:
    account = make_account_row(Role.CUSTOMER)
    mine, session = client.as_token(make_token(account)), make_session(account)

    def talk(thread: int) -> list[int]:
        said = [{"content": f"{thread} {at}", "message_type": ("user", "ai", "system")[at % 3]} for at in range(3)]
        answers = [_say(mine, session, body) for body in said]
        assert {answer.status for answer in answers} == {201}
        return [answer.json["sequence_number"] for answer in answers]

    numbers = _in_parallel([lambda thread=thread: talk(thread) for thread in range(32)])
    assert sorted(number for own in numbers for number in own) == list(range(1, 97))
    assert all(own == sorted(own) for own in numbers)
    with read() as connection:
        check_counts(connection)
        assert connection.scalars(select(conversation_profiles.c.total_messages)).all() == [96]


def test_a_message_that_many_send_at_once_under_one_name_is_stored_once(client: Client) -> None:
    account = make_account_row(Role.CUSTOMER)
    mine, session = client.as_token(make_token(account)), make_session(account)
    body = {"content": "Hello", "client_message_id": "one"}
    answers = _in_parallel([lambda: _say(mine, session, body)] * 6)
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1
    with read() as connection:
        check_counts(connection)


def test_totals_are_exact_when_many_sessions_of_one_person_change_at_once(client: Client) -> None:
    account = make_account_row(Role.CUSTOMER)
    mine = client.as_token(make_token(account))
    kept = [make_session(account) for _ in range(8)]

    def work(thread: int) -> None:
        session = kept[thread % len(kept)]
        for at in range(4):
            answer = _say(mine, session, {"content": str(at)})
            assert answer.status == 201
        changed = [
            mine.delete(f"/api/messages/{answer.json['id']}"),
            mine.delete(f"/api/profiles/{mine.get('/api/profiles/me').json['id']}") if thread == 3 else None,
            mine.post("/api/sessions", {"title": str(thread)}),
        ]
        assert all(each is None or each.status in (201, 204, 404, 409) for each in changed)

    _in_parallel([lambda thread=thread: work(thread) for thread in range(16)])
    mine.get("/api/profiles/me")
    with read() as connection:
        check_counts(connection)


def test_what_is_refused_leaves_the_counts_as_they_are(people: list[int]) -> None:
    with rolled_back() as connection:
        session = sessions.create_session(connection, people[0], sessions.NewSession(status="archived"))
        with pytest.raises(AppError):
            messages.append(connection, session, NewMessage("Hello"))
        check_counts(connection)
