"""Forgetting: what is deleted is gone from every table, the search, kept answers and the log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, func, inspect, select, text, update

from chalicelib.conversations.desk.desk_tables import conversation_notes
from chalicelib.conversations.figures.due_days import CONVERSATIONS
from chalicelib.conversations.figures.figure_tables import conversation_days
from chalicelib.conversations.history import messages, sessions
from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_profiles,
    conversation_sessions,
    conversation_templates,
)
from chalicelib.conversations.privacy import forgetting
from chalicelib.core import clock, idempotency
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.database import insert_row, run, transaction
from tests.client import Client
from tests.factories import (
    client_of,
    make_account_row,
    make_customer,
    make_message,
    make_session,
    make_token,
)

MARK = "Zebrafinch"
LONG = lambda: 900_000  # noqa: E731


class Talk:
    """A customer that said a marked word wherever text can be said."""

    def __init__(self) -> None:
        self.customer_id = make_customer()
        self.account_id = make_account_row(Role.CUSTOMER, customer_id=self.customer_id)
        self.client = Client(make_token(self.account_id))
        self.staff_id = make_account_row(Role.STAFF)
        self.staff = Client(make_token(self.staff_id))
        self.session = make_session(
            self.account_id,
            title=f"{MARK} title",
            description=f"{MARK} description",
            session_context={"about": MARK},
            tags=[MARK],
        ).public_id
        said = {"metadata": {"m": MARK}, "attachments": [{"type": "note", "name": MARK}]}
        self.message = make_message(self.session, f"I look for a {MARK}", **said).public_id
        self.answer = make_message(self.session, f"A {MARK}!", message_type="ai", origin="assistant").public_id
        for who in (self.client, self.staff):
            body = {"reaction_type": "like", "comment": MARK}
            assert who.post(f"/api/messages/{self.message}/react", body).status == 201
        said_again = idempotency.Answer(201, {}, f'"{MARK}"')
        for name in ("own", "staff"):
            claim = self.retry(name)
            assert isinstance(claim, idempotency.Claim)
            run(partial(idempotency.store, held=claim, answer=said_again), writes=True)
        with transaction() as connection:
            row = sessions.lock_session(connection, self.session, account_id=None)
            sessions.update_session(connection, row, {"assistant_state": {"asked": MARK}})
            note = {"session_id": row.id, "author_id": self.staff_id, "content": MARK, "created_at": clock.now()}
            insert_row(connection, conversation_notes, note)

    def retry(self, name: str) -> idempotency.Claim | idempotency.Answer:
        """Ask again what the owner asked, or a member of staff, under the key that it had."""
        about = {
            "own": idempotency.Asked(self.account_id, "/api/messages", None),
            "staff": idempotency.Asked(self.staff_id, "/conversations/{session_id}/notes", self.session),
        }
        return idempotency.claim(name, "asked", about[name])

    def found(self) -> int:
        """Return how many messages the search finds."""
        count: int = self.client.get(f"/api/messages/search?q={MARK}").json["count"]
        return count


@pytest.fixture
def log() -> Iterator[list[str]]:
    """All that is logged, with whatever a record holds."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record) + repr(vars(record)))

    handler, shop = Keep(), logging.getLogger("shop")
    shop.addHandler(handler)
    yield lines
    shop.removeHandler(handler)


@pytest.fixture
def talk(client: Client) -> Talk:
    return Talk()


def where_marked(engine: Engine) -> set[str]:
    """Return the columns of all tables, also those that no code knows, that hold the mark in any case.

    The text index of SQLite keeps coded words until it merges; that they are not found is looked at by searching.
    """
    found = set()
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            if "_full_text" in table:
                continue
            for row in connection.execute(text(f"SELECT * FROM {table}")).mappings():
                found |= {f"{table}.{name}" for name, value in row.items() if MARK.lower() in str(value).lower()}
    return found


def in_other_session(talk: Talk) -> str:
    """Return another conversation of the same person, which stays."""
    other = make_session(talk.account_id, title="Other").public_id
    make_message(other, "Something else")
    return str(other)


def delete_message(talk: Talk) -> None:
    with transaction() as connection:
        for message in (talk.message, talk.answer):
            messages.delete_message(connection, message, account_id=talk.account_id)


def delete_session(talk: Talk) -> None:
    with transaction() as connection:
        row = sessions.lock_session(connection, talk.session, account_id=talk.account_id)
        sessions.delete_session(connection, row)


def delete_history(talk: Talk) -> None:
    answer = talk.client.delete("/api/profiles/me/history")
    assert (answer.status, answer.json) == (200, {"sessions": 2, "messages": 3, "is_all": True})


def erase_person(talk: Talk) -> None:
    assert client_of(Role.ADMIN).post(f"/users/{talk.customer_id}/erase", if_match="*").status == 200


def retain(talk: Talk) -> None:
    with transaction() as connection:
        old = clock.now() - timedelta(days=366)
        mine = conversation_sessions.c.public_id == talk.session
        connection.execute(update(conversation_sessions).where(mine).values(last_activity_at=old))
    assert forgetting.purge_conversations(time_left_ms=LONG) == 1


OF_SESSION = {
    "conversation_sessions." + name
    for name in ("title", "description", "search_key", "session_context", "tags", "assistant_state")
} | {"conversation_notes.content"}
AFTER_MESSAGES = OF_SESSION - {"conversation_sessions.assistant_state"}


def test_the_mark_is_in_every_place_that_text_has(talk: Talk, shop: Engine) -> None:
    places = {f"conversation_messages.{name}" for name in ("content", "words", "metadata", "attachments")}
    assert where_marked(shop) == {*OF_SESSION, *places, "message_reactions.comment", "idempotency_keys.body"}
    assert talk.found() == 2
    assert isinstance(talk.retry("own"), idempotency.Answer)


@pytest.mark.parametrize(
    ("forget", "left"),
    [
        (delete_message, AFTER_MESSAGES),
        (delete_session, set()),
        (delete_history, set()),
        (erase_person, set()),
        (retain, set()),
    ],
)
def test_what_is_deleted_is_gone_from_tables_search_kept_answers_and_log(
    shop: Engine, talk: Talk, log: list[str], forget: Callable[[Talk], None], left: set[str]
) -> None:
    in_other_session(talk)
    forget(talk)
    assert where_marked(shop) == left
    for name in ("own", "staff"):
        with pytest.raises(idempotency.AnswerForgotten):
            talk.retry(name)
    if forget is not erase_person:
        assert talk.found() == 0
    assert where_marked(shop) == left, "a retry brings nothing back"
    assert log
    assert not [line for line in log if MARK.lower() in line.lower()]


def test_nothing_that_is_said_is_logged_not_even_when_it_fails(
    talk: Talk, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.client.get(f"/api/messages/search?q={MARK}")
    talk.client.get(f"/api/sessions/{talk.session}/export?format=markdown")
    talk.client.post("/api/templates", {"name": MARK, "template_data": {"a": MARK}})
    talk.client.post("/api/templates", {"name": MARK})
    talk.client.post(f"/api/messages/{talk.message}/react", {"reaction_type": MARK})
    monkeypatch.setattr(forgetting, "_BATCH", "no number")
    assert talk.client.request("DELETE", "/api/profiles/me/history", check=False).status == 500
    assert len(log) > 5
    assert not [line for line in log if MARK in line]


def totals(engine: Engine, account_id: int) -> tuple[int, ...]:
    with engine.connect() as connection:
        profile = conversation_profiles.c
        row = connection.execute(select(conversation_profiles).where(profile.account_id == account_id)).one()
        own = conversation_sessions.c.account_id == account_id
        of_messages = conversation_messages.c.account_id == account_id
        counted = tuple(
            connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
            for table, condition in ((conversation_sessions, own), (conversation_messages, of_messages))
        )
    assert counted == (row.total_conversations, row.total_messages)
    return counted


def test_totals_follow_what_is_deleted(shop: Engine, talk: Talk) -> None:
    in_other_session(talk)
    assert totals(shop, talk.account_id) == (2, 3)
    retain(talk)
    assert totals(shop, talk.account_id) == (1, 1)
    assert talk.client.delete("/api/conversations/profiles/me/history").json["sessions"] == 1
    assert totals(shop, talk.account_id) == (0, 0)
    assert talk.client.delete("/api/profiles/me/history").json == {"sessions": 0, "messages": 0, "is_all": True}


def test_very_much_is_deleted_in_batches_and_the_rest_by_another_request(
    shop: Engine, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        make_message(make_session(talk.account_id).public_id)
    stranger = make_session(make_account_row(Role.CUSTOMER))
    monkeypatch.setattr(forgetting, "_BATCH", 2)
    monkeypatch.setattr(forgetting, "_MOST_BATCHES", 2)
    answers = [talk.client.delete("/api/profiles/me/history").json for _ in range(2)]
    assert [(each["sessions"], each["is_all"]) for each in answers] == [(4, False), (3, True)]
    with shop.connect() as connection:
        assert connection.scalars(select(conversation_sessions.c.id)).all() == [stranger.id]


def test_old_conversations_go_in_batches_as_long_as_there_is_time(
    shop: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id, now = make_account_row(Role.CUSTOMER), clock.now()
    for days in (300, 364, 366, 367, 400):
        row = make_session(account_id)
        with transaction() as connection:
            mine = conversation_sessions.c.id == row.id
            at = now - timedelta(days=days)
            connection.execute(update(conversation_sessions).where(mine).values(last_activity_at=at))
            day = {each.name: 1 for each in conversation_days.c} | {"day": at.date()}
            connection.execute(conversation_days.insert().values(**day))
    monkeypatch.setattr(forgetting, "_BATCH", 1)
    times = iter([900_000, 9_999])
    assert forgetting.purge_conversations(time_left_ms=lambda: next(times)) == 1
    assert forgetting.purge_conversations(time_left_ms=LONG) == 2
    assert forgetting.purge_conversations(time_left_ms=LONG) == 0
    assert totals(shop, account_id) == (2, 0)
    with shop.connect() as connection:
        assert len(connection.execute(select(conversation_days)).all()) == 5, "figures stay"
        assert CONVERSATIONS.list_due(connection) == []


def test_days_are_counted_again_where_people_delete(shop: Engine, talk: Talk) -> None:
    assert talk.client.delete("/api/profiles/me/history").status == 200
    with shop.connect() as connection:
        assert CONVERSATIONS.list_due(connection)


def test_templates_of_who_is_erased_are_nobodys(shop: Engine, talk: Talk) -> None:
    made = talk.client.post("/api/templates", {"name": "Of mine"}).json["id"]
    erase_person(talk)
    with shop.connect() as connection:
        row = connection.execute(select(conversation_templates)).one()
        assert connection.execute(select(conversation_profiles)).all() == []
    assert (row.id, row.created_by) == (made, None)
    assert talk.staff.get(f"/api/templates/{made}").json["created_by"] is None


def test_who_goes_on_talking_while_old_conversations_go_loses_nothing(shop: Engine) -> None:
    account_id = make_account_row(Role.CUSTOMER)
    old = [make_session(account_id).public_id for _ in range(4)]
    with transaction() as connection:
        at = clock.now() - timedelta(days=400)
        connection.execute(update(conversation_sessions).values(last_activity_at=at))
    begun = threading.Barrier(3)

    def talk_on(public_id: str) -> str | None:
        begun.wait()
        try:
            return str(make_message(public_id).public_id)
        except Exception:  # it is gone already
            return None

    def purge() -> None:
        begun.wait()
        forgetting.purge_conversations(time_left_ms=LONG)

    with ThreadPoolExecutor(3) as pool:
        said = [pool.submit(talk_on, each) for each in old[:2]]
        pool.submit(purge).result()
        kept = {each.result() for each in said} - {None}
    with shop.connect() as connection:
        assert set(connection.scalars(select(conversation_messages.c.public_id))) == kept
    assert totals(shop, account_id) == (len(kept), len(kept))
