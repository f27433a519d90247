"""Messages: their numbers, what their session takes from them, and what may be changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from chalicelib.conversations.history import messages, sessions
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from chalicelib.core.errors import NotFound
from tests.conversations.history.recounts import check_counts
from tests.factories import make_account_row, make_message, make_session


@pytest.fixture
def account(shop: Engine) -> int:
    return make_account_row(Role.CUSTOMER)


def session_now(session: Any) -> Any:
    with read() as connection:
        return sessions.get_session(connection, session.public_id, account_id=None)


def change(message: Any, account_id: int, **changes: Any) -> Any:
    with transaction() as connection:
        return messages.change_message(connection, message.public_id, changes, account_id=account_id)


def delete(message: Any, account_id: int) -> None:
    with transaction() as connection:
        messages.delete_message(connection, message.public_id, account_id=account_id)


def test_messages_are_numbered_in_the_order_in_which_they_come(account: int) -> None:
    session = make_session(account)
    numbers = [make_message(session.public_id, f"number {at}").sequence_number for at in range(3)]
    assert numbers == [1, 2, 3]
    assert session_now(session).last_sequence == 3


def test_a_number_is_given_once_even_when_its_message_is_deleted(account: int) -> None:
    session = make_session(account)
    make_message(session.public_id)
    delete(make_message(session.public_id), account)
    assert make_message(session.public_id).sequence_number == 3
    assert session_now(session).message_count == 2


def test_what_is_added_reads_as_it_was_answered(account: int) -> None:
    session = make_session(account)
    given = {
        "message_type": "ai",
        "status": "delivered",
        "ai_model": "own-model",
        "response_time_ms": 420,
        "tokens_used": 7,
        "confidence_score": 0.875,
        "metadata": {"a": [1, "zwei"]},
        "attachments": [{"url": "x"}],
        "language": "de",
        "client_message_id": "mine-1",
        "reply_to": 1,
        "intent": "search",
        "outcome": "answered",
        "cost_micros": 12,
    }
    added = make_message(session.public_id, "Ja, für 20 €", **given)
    with read() as connection:
        kept = messages.get_message(connection, added.public_id, account_id=account)
    assert dict(zip(kept._fields, kept, strict=True)) == added._asdict()
    assert (kept.word_count, kept.character_count, kept.confidence_ppm) == (4, 12, 875_000)


def test_the_session_that_append_answers_is_the_one_that_is_kept(account: int) -> None:
    session = make_session(account)
    with transaction() as connection:
        locked = sessions.lock_session(connection, session.public_id, account_id=account)
        appended = messages.append(connection, locked, messages.NewMessage("Hello there"))
    now = session_now(session)
    assert dict(zip(now._fields, now, strict=True)) == appended.session._asdict()


def test_time_does_not_run_back_within_a_session(account: int, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session(account)
    first = make_message(session.public_id, "Yes", message_type="ai")
    monkeypatch.setattr(clock, "now", lambda: first.timestamp - timedelta(seconds=3))
    assert make_message(session.public_id).timestamp == first.timestamp
    assert session_now(session).user_response_ms == 0


def test_the_time_to_a_users_answer_is_counted_between_neighbours(
    account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session(account)
    start = session.created_at
    said = [("ai", 1), ("ai", 3), ("user", 7.5), ("user", 60), ("system", 61), ("user", 62), ("ai", 63), ("user", 64)]
    rows = []
    for kind, seconds in said:
        monkeypatch.setattr(clock, "now", lambda after=seconds: start + timedelta(seconds=after))
        rows.append(make_message(session.public_id, "word", message_type=kind))
    now = session_now(session)
    assert (now.user_responses, now.user_response_ms) == (2, 5500)
    delete(rows[4], account)  # the user's messages around it are no answers to the assistant
    assert session_now(session).user_responses == 2
    delete(rows[2], account)  # now the next one stands right behind the assistant's
    assert (session_now(session).user_responses, session_now(session).user_response_ms) == (2, 58_000)
    with read() as connection:
        check_counts(connection)


# --- what the session takes from them ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Where is my order?", "Where is my order?"),
        ("x" * 60, "x" * 50),
        ("Where is\n\n my   order?", "Where is my order?"),
        (
            "I would like to know whether the blue jeans are in stock",
            "I would like to know whether the blue jeans are in",
        ),
        ("a" * 49 + " b", "a" * 49),
    ],
)
def test_a_session_is_titled_after_its_first_user_message(account: int, content: str, title: str) -> None:
    session = make_session(account)
    make_message(session.public_id, "Welcome", message_type="ai")
    make_message(session.public_id, content)
    make_message(session.public_id, "Something else")
    assert session_now(session).title == title
    assert title.lower() in session_now(session).search_key


def test_a_title_that_was_given_stays(account: int) -> None:
    session = make_session(account, title="Mine")
    make_message(session.public_id)
    assert session_now(session).title == "Mine"


@pytest.mark.parametrize("status", ["paused", "completed"])
def test_a_message_makes_a_session_active_again(account: int, status: Any) -> None:
    session = make_session(account, status=status)
    make_message(session.public_id)
    assert session_now(session).status == "active"


def test_nothing_is_said_in_an_archived_session(account: int) -> None:
    session = make_session(account, status="archived")
    with pytest.raises(sessions.SessionArchived):
        make_message(session.public_id)
    assert session_now(session).message_count == 0


# --- twice the same ----------------------------------------------------------------------------------------------


def test_the_same_client_message_id_is_stored_once_in_its_session(account: int) -> None:
    session, other = make_session(account), make_session(account)
    first = make_message(session.public_id, client_message_id="one")
    assert make_message(session.public_id, client_message_id="one").public_id == first.public_id
    assert make_message(other.public_id, client_message_id="one").public_id != first.public_id
    assert session_now(session).message_count == 1
    with read() as connection:
        check_counts(connection)


def test_a_client_message_id_of_another_message_is_refused(account: int) -> None:
    session = make_session(account)
    make_message(session.public_id, "One", client_message_id="one")
    with pytest.raises(messages.ClientMessageIdReused):
        make_message(session.public_id, "Two", client_message_id="one")
    with pytest.raises(messages.ClientMessageIdReused):
        make_message(session.public_id, "One", client_message_id="one", message_type="ai")


# --- changing and deleting ---------------------------------------------------------------------------------------


def test_a_changed_message_is_counted_as_it_is_then(account: int) -> None:
    session = make_session(account)
    message = make_message(session.public_id, "one two", message_type="ai", confidence_score=0.5)
    changed = change(message, account, content="one two three", confidence_score=None, status="failed")
    assert (changed.word_count, changed.confidence_ppm, changed.status) == (3, None, "failed")
    now = session_now(session)
    assert (now.ai_words, now.confidences, now.failed_message_count) == (3, 0, 1)


@pytest.mark.parametrize("origin", ["assistant", "staff"])
def test_what_others_wrote_is_not_changed_but_may_be_deleted(account: int, origin: Any) -> None:
    session = make_session(account)
    message = make_message(session.public_id, message_type="ai", origin=origin)
    with pytest.raises(messages.NotYourWords):
        change(message, account, content="The shop promised me a discount")
    delete(message, account)
    assert session_now(session).message_count == 0


def test_nobody_changes_or_deletes_anothers_message(account: int) -> None:
    message = make_message(make_session(account).public_id)
    other = make_account_row(Role.CUSTOMER)
    with pytest.raises(NotFound):
        change(message, other, content="mine")
    with pytest.raises(NotFound):
        delete(message, other)


@pytest.mark.parametrize("name", ["", "1", "no-uuid", "0" * 36, "é" * 36, "0190aaaa-0000-7000-8000-00000000000g"])
def test_what_is_no_id_is_not_found(account: int, name: str) -> None:
    with read() as connection, pytest.raises(NotFound):
        messages.get_message(connection, name, account_id=account)
    with read() as connection, pytest.raises(NotFound):
        sessions.get_session(connection, name, account_id=account)


def test_the_latest_messages_come_oldest_first(account: int) -> None:
    session = make_session(account)
    for at in range(5):
        make_message(session.public_id, str(at))
    with read() as connection:
        assert [row.content for row in messages.list_recent(connection, session.id, 3)] == ["2", "3", "4"]
        assert messages.list_recent(connection, session.id, 3)[0].session == session.public_id


def test_a_session_forgets_the_words_of_a_message_with_it(account: int) -> None:
    session = make_session(account, description="about")
    first = make_message(session.public_id, "A Zebrafinch,\nplease")
    make_message(session.public_id, "And a cage")
    with transaction() as connection:
        locked = sessions.lock_session(connection, session.public_id, account_id=account)
        sessions.update_session(connection, locked, {"assistant_state": {"words": ["zebrafinch"]}})
    assert session_now(session).title == "A Zebrafinch, please"
    change(first, account, status="read")
    assert session_now(session).assistant_state is not None
    change(first, account, content="A canary")
    assert (session_now(session).title, session_now(session).assistant_state) == ("A canary", None)
    delete(first, account)
    after = session_now(session)
    assert (after.title, after.search_key) == ("", "about")


def test_a_title_that_was_given_stays_when_messages_go(account: int) -> None:
    session = make_session(account, title="Birds")
    delete(make_message(session.public_id, "A zebrafinch"), account)
    assert session_now(session).title == "Birds"
