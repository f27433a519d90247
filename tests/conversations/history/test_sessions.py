"""Sessions: made, changed, rated and deleted, and the totals of whose they are."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.conversations.history import sessions
from chalicelib.conversations.history.history_tables import conversation_messages, conversation_profiles
from chalicelib.conversations.history.public_ids import new_id, parse_id
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from chalicelib.core.errors import NotFound
from tests.conversations.history.recounts import check_counts
from tests.factories import NOON, make_account_row, make_message, make_session


@pytest.fixture
def account(shop: Engine) -> int:
    return make_account_row(Role.CUSTOMER)


def update(session: Any, **changes: Any) -> Any:
    with transaction() as connection:
        locked = sessions.lock_session(connection, session.public_id, account_id=session.account_id)
        return sessions.update_session(connection, locked, changes)


def test_ids_sort_by_time_and_are_uuids_of_version_7() -> None:
    made = [new_id(NOON + timedelta(milliseconds=at)) for at in range(50)]
    assert made == sorted(made)
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in made} == {(7, uuid.RFC_4122)}
    assert parse_id(made[0].upper()) == made[0]
    assert parse_id(made[0].replace("-", "")) is None


def test_a_new_session_reads_as_it_was_answered(account: int) -> None:
    made = make_session(account, title="Jeans", tags=["a, b", "ü"], session_context={"x": {"y": 1.5}})
    with read() as connection:
        kept = sessions.get_session(connection, made.public_id, account_id=account)
    assert dict(zip(kept._fields, kept, strict=True)) == made._asdict()


def test_a_session_is_its_owners_alone(account: int) -> None:
    made, other = make_session(account), make_account_row(Role.CUSTOMER)
    with read() as connection:
        assert sessions.get_session(connection, made.public_id.upper(), account_id=None).id == made.id
        with pytest.raises(NotFound):
            sessions.get_session(connection, made.public_id, account_id=other)
    with transaction() as connection, pytest.raises(NotFound):
        sessions.lock_session(connection, made.public_id, account_id=other)


def test_changes_are_kept_and_searched_by(account: int) -> None:
    made = make_session(account, title="Jeans", description="BLUE ones")
    changed = update(made, title="Röcke", tags=["x"], session_context={"a": 1}, assistant_state={"b": 2})
    assert changed.search_key == "röcke\nblue ones"
    with read() as connection:
        kept = sessions.get_session(connection, made.public_id, account_id=account)
    assert dict(zip(kept._fields, kept, strict=True)) == changed._asdict()
    assert (kept.assistant_state, kept.session_context) == ('{"b":2}', '{"a":1}')


def test_what_is_made_active_counts_as_active_now(account: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_session(account, status="archived")
    later = made.created_at + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert update(made, title="still away").last_activity_at == made.created_at
    assert update(made, status="active").last_activity_at == later


@pytest.mark.parametrize(("status", "after"), [("active", "completed"), ("archived", "archived")])
def test_a_rating_completes_a_session_that_is_not_put_away(account: int, status: Any, after: str) -> None:
    made = make_session(account, status=status)
    with transaction() as connection:
        locked = sessions.lock_session(connection, made.public_id, account_id=account)
        rated = sessions.rate(connection, locked, 4, "satisfied")
    assert (rated.session_rating, rated.user_satisfaction, rated.status) == (4, "satisfied", after)


def test_a_deleted_session_is_gone_with_its_messages_and_out_of_the_totals(account: int) -> None:
    kept, gone = make_session(account), make_session(account)
    for session in (kept, gone, gone):
        make_message(session.public_id)
    with transaction() as connection:
        sessions.delete_session(connection, sessions.lock_session(connection, gone.public_id, account_id=account))
    with read() as connection:
        assert connection.scalars(select(conversation_messages.c.session_id)).all() == [kept.id]
        profile = connection.execute(select(conversation_profiles)).one()
        assert (profile.total_conversations, profile.total_messages) == (1, 1)
        check_counts(connection)


def test_a_profile_that_is_made_late_counts_what_is_there(account: int) -> None:
    session = make_session(account)
    make_message(session.public_id)
    with transaction() as connection:
        connection.execute(conversation_profiles.delete())
    make_message(session.public_id)
    with read() as connection:
        profile = connection.execute(select(conversation_profiles)).one()
        assert (profile.account_id, profile.total_conversations, profile.total_messages) == (account, 1, 2)
