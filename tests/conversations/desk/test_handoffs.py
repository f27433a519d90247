"""Who answers in a conversation: asked for, taken over, handed back; and two who want the same one."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.conversations.desk import handoffs
from chalicelib.conversations.desk.desk_tables import conversation_handoffs
from chalicelib.conversations.figures.due_days import CONVERSATIONS
from chalicelib.conversations.history.history_tables import conversation_sessions
from chalicelib.conversations.history.sessions import SessionArchived
from chalicelib.core.auth import Role
from chalicelib.core.database import read, run, transaction
from chalicelib.core.errors import InvalidInput
from chalicelib.events.tables import outbox_events
from tests.conversations.makers import put_session, session_row
from tests.factories import make_account_row


@pytest.fixture
def session(shop: Engine) -> Any:
    return put_session(make_account_row(Role.CUSTOMER))


@pytest.fixture
def staff(shop: Engine) -> int:
    return make_account_row(Role.STAFF)


def all_handoffs() -> list[Any]:
    with read() as connection:
        return list(connection.execute(select(conversation_handoffs).order_by(conversation_handoffs.c.id)))


def told() -> list[tuple[str, dict[str, Any]]]:
    with read() as connection:
        rows = connection.execute(select(outbox_events).order_by(outbox_events.c.id)).all()
    return [(row.kind, json.loads(row.payload)) for row in rows]


def ask(session: Any, **given: Any) -> Any:
    with transaction() as connection:
        return handoffs.request(
            connection, session_row(session.id), **{"requested_by": "customer", "reason": "asked", **given}
        )


def take(session: Any, assignee_id: int, **given: Any) -> Any:
    with transaction() as connection:
        return handoffs.take_over(connection, session_row(session.id), assignee_id=assignee_id, **given)


def give_back(session: Any, by: int, **given: Any) -> Any:
    with transaction() as connection:
        return handoffs.hand_back(connection, session_row(session.id), by=by, **given)


def test_who_asks_for_a_person_waits_until_one_takes_over_and_hands_back(session: Any, staff: int) -> None:
    waiting = ask(session)
    assert (waiting.handoff, waiting.assignee_id, waiting.handoff_at is None) == ("requested", None, False)
    taken = take(session, staff)
    assert (taken.handoff, taken.assignee_id, handoffs.is_taken(taken)) == ("taken", staff, True)
    back = give_back(session, staff)
    assert (back.handoff, back.handoff_at, back.assignee_id) == (None, None, None)
    [only] = all_handoffs()
    assert (only.requested_by, only.reason, only.assignee_id) == ("customer", "asked", staff)
    assert only.requested_at <= only.taken_at <= only.closed_at


def test_asking_twice_or_while_a_person_answers_changes_nothing(session: Any, staff: int) -> None:
    first = ask(session)
    assert ask(session, requested_by="assistant", reason="failed").handoff_at == first.handoff_at
    take(session, staff)
    assert ask(session).handoff == "taken"
    assert len(all_handoffs()) == 1


def test_a_person_may_take_over_unasked(session: Any, staff: int) -> None:
    take(session, staff)
    [only] = all_handoffs()
    assert (only.requested_by, only.reason, only.taken_at) == ("staff", "unasked", only.requested_at)


def test_what_another_has_is_taken_by_force_alone_and_the_wait_stays_as_it_was(session: Any, staff: int) -> None:
    other = make_account_row(Role.ADMIN)
    ask(session)
    take(session, staff)
    [before] = all_handoffs()
    with pytest.raises(handoffs.TakenByAnother):
        take(session, other)
    with pytest.raises(handoffs.TakenByAnother):
        give_back(session, other)
    assert take(session, other, force=True).assignee_id == other
    [after] = all_handoffs()
    assert (after.assignee_id, after.taken_at) == (other, before.taken_at)
    assert give_back(session, staff, force=True).handoff is None


@pytest.mark.parametrize(("role", "given"), [(Role.CUSTOMER, {}), (Role.STAFF, {"is_active": False})])
def test_only_active_staff_takes_over(session: Any, role: Role, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        take(session, make_account_row(role, **given))
    with pytest.raises(InvalidInput):
        take(session, 999_999)
    assert session_row(session.id).handoff is None


def test_an_archived_conversation_is_made_active_first_and_a_completed_one_is_so_again(staff: int) -> None:
    owner = make_account_row(Role.CUSTOMER)
    archived = put_session(owner, status="archived")
    with pytest.raises(SessionArchived):
        ask(archived)
    with pytest.raises(SessionArchived):
        take(archived, staff)
    completed = put_session(owner, status="completed")
    after = ask(completed)
    assert after.status == "active"
    assert after.last_activity_at > completed.last_activity_at


def test_nobody_answers_who_has_not_taken_over(session: Any, staff: int) -> None:
    for row in (session, ask(session), take(session, make_account_row(Role.STAFF))):
        with pytest.raises(handoffs.NotTaken):
            handoffs.check_taken_by(row, staff)
    handoffs.check_taken_by(take(session, staff, force=True), staff)


def test_others_are_told_by_ids_and_words_alone(session: Any, staff: int) -> None:
    ask(session)
    take(session, staff)
    take(session, staff)  # has it already
    ids = {"conversation_id": session.public_id, "account_id": session.account_id}
    assert told() == [
        ("conversation.handoff_requested", {**ids, "requested_by": "customer", "reason": "asked"}),
        ("conversation.taken_over", {**ids, "assignee_id": staff}),
    ]


def test_the_days_that_a_handoff_counts_for_are_due(session: Any) -> None:
    after = ask(session)
    with read() as connection:
        due = {each.day for each in CONVERSATIONS.list_due(connection)}
    assert due == {session.created_at.date(), after.handoff_at.date()}


def test_of_many_who_take_the_same_one_at_once_exactly_one_gets_it(session: Any) -> None:
    people = [make_account_row(Role.STAFF) for _ in range(12)]
    ask(session)
    got: list[int] = []
    refused: list[int] = []
    together = threading.Barrier(len(people))

    def grab(person: int) -> None:
        together.wait()

        def work(connection: Any) -> None:
            locked = select(conversation_sessions).where(conversation_sessions.c.id == session.id).with_for_update()
            handoffs.take_over(connection, connection.execute(locked).one(), assignee_id=person)

        try:
            run(work, writes=True)
            got.append(person)
        except handoffs.TakenByAnother:
            refused.append(person)

    threads = [threading.Thread(target=grab, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    assert len(refused) == len(people) - 1
    assert session_row(session.id).assignee_id == got[0]
    [only] = all_handoffs()
    assert only.assignee_id == got[0]
