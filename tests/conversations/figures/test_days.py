"""The daily figures: counted again where something changed, and always what counting everything anew would give."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update

from chalicelib.commerce.tables import order_items, orders
from chalicelib.conversations.assistant.assistant_tables import shown_products
from chalicelib.conversations.desk import handoffs
from chalicelib.conversations.figures import days, days_sql, due_days, measure
from chalicelib.conversations.figures.due_days import CONVERSATIONS
from chalicelib.conversations.history.history_tables import (
    conversation_messages,
    conversation_sessions,
    message_reactions,
)
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import insert_row, read, run, transaction
from chalicelib.core.due_days import Subject
from tests.conftest import empty
from tests.conversations.figures.raw_count import counted_anew, kept_figures
from tests.conversations.makers import make_answer, make_reaction, make_said, put_session, session_row
from tests.factories import (
    NOON,
    counted_statements,
    make_account_row,
    make_customer,
    make_event,
    make_order,
    make_product,
)

WINDOW = timedelta(days=7)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TODAY = NOON.date()


@pytest.fixture(autouse=True)
def six_hours_later(monkeypatch: pytest.MonkeyPatch) -> None:
    set_now(monkeypatch, NOON + 6 * HOUR)


def set_now(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def run_job(time_left_ms: int = 900_000) -> int:
    return measure.measure_conversations(lambda: time_left_ms).left


def show(session: Any, product_id: int, at: datetime = NOON) -> None:
    values = {"session_id": session.id, "product_id": product_id, "shown_at": at, "in_cart": False}
    with transaction() as connection:
        insert_row(connection, shown_products, values)


def due() -> list[date]:
    with read() as connection:
        return sorted(each.day for each in CONVERSATIONS.list_due(connection))


def as_of() -> datetime | None:
    with read() as connection:
        return CONVERSATIONS.watermark(connection).as_of


def change(table: Any, row_id: int, **values: Any) -> None:
    with transaction() as connection:
        connection.execute(update(table).where(table.c.id == row_id).values(**values))


def test_a_day_is_counted(shop: Engine) -> None:
    customer, jeans, socks = make_customer(), make_product(), make_product()
    owner, staff = make_account_row(Role.CUSTOMER, customer_id=customer), make_account_row(Role.STAFF)
    good, bad, empty_one = put_session(owner), put_session(owner), put_session(owner)
    make_said(good)
    answer = make_answer(good, response_time_ms=120, tokens_used=50, cost_micros=900)
    make_reaction(answer, "helpful", owner)
    make_reaction(answer, "like", owner)
    make_said(bad)
    make_answer(bad, "answered", "order_status")
    make_said(bad)
    make_answer(bad, "unanswered", "unclear", response_time_ms=30)
    make_said(bad, "ai", tokens_used=1_000_000)  # a client's own model
    change(conversation_sessions, empty_one.id, session_rating=2)
    with transaction() as connection:
        handoffs.request(connection, session_row(bad.id), requested_by="customer", reason="asked")
    set_later = NOON + 6 * HOUR + timedelta(seconds=90)
    with pytest.MonkeyPatch.context() as patch, transaction() as connection:
        set_now(patch, set_later)
        handoffs.take_over(connection, session_row(bad.id), assignee_id=staff)
        handoffs.take_over(connection, session_row(empty_one.id), assignee_id=staff)
    show(good, jeans)
    show(good, socks)
    later = NOON + 2 * HOUR
    make_order(customer, (jeans, 2000), (socks, 300), (make_product(), 1), created_at=later, updated_at=later)
    make_order(customer, (jeans, 5000), created_at=later, updated_at=later, status="returned")
    make_order(make_customer(), (jeans, 7000), created_at=later, updated_at=later)
    assert run_job() == 0
    figures, intents = kept_figures()
    assert figures == {
        TODAY: {
            "conversations": 3,
            "people": 1,
            "messages": 7,
            "questions": 3,
            "answered": 2,
            "asked_back": 0,
            "refused": 0,
            "unanswered": 1,
            "failed": 0,
            "resolved": 1,
            "handoffs": 1,
            "taken_over": 2,
            "waited": 1,
            "wait_s": 90,
            "ratings": 1,
            "rating_sum": 2,
            "helpful": 1,
            "not_helpful": 0,
            "converted": 1,
            "orders": 1,
            "revenue_cents": 2300,
            "response_ms": 150,
            "tokens": 50,
            "cost_micros": 900,
        }
    }
    assert intents == {
        (TODAY, "search"): (1, 0),
        (TODAY, "order_status"): (1, 0),
        (TODAY, "unclear"): (1, 1),
    }
    assert (figures, intents) == counted_anew(WINDOW)


@pytest.mark.parametrize(
    ("spoil", "resolved"),
    [
        (lambda session, _answers, owner: None, 1),
        (lambda session, answers, owner: make_reaction(answers[0], "dislike", owner), 1),
        (lambda session, answers, owner: make_reaction(answers[1], "helpful", owner), 1),
        (lambda session, answers, owner: make_reaction(answers[1], "dislike", owner), 0),
        (lambda session, answers, owner: make_reaction(answers[1], "inaccurate", owner), 0),
        (lambda session, _answers, owner: change(conversation_sessions, session.id, session_rating=3), 1),
        (lambda session, _answers, owner: change(conversation_sessions, session.id, session_rating=2), 0),
    ],
)
def test_a_conversation_is_resolved_that_was_answered_and_not_complained_of(
    shop: Engine, spoil: Any, resolved: int
) -> None:
    owner = make_account_row(Role.CUSTOMER)
    session = put_session(owner)
    answers = [make_answer(session), make_answer(session, "asked_back")]
    spoil(session, answers, owner)
    with read() as connection:
        assert days_sql.count_sessions(connection, days.start_of(TODAY), NOON + DAY)["resolved"] == resolved


def test_of_several_conversations_the_last_that_showed_it_leads_to_an_order_within_its_window(shop: Engine) -> None:
    customer, jeans = make_customer(), make_product()
    owner = make_account_row(Role.CUSTOMER, customer_id=customer)
    for at in (NOON - WINDOW, NOON - WINDOW - HOUR, NOON - HOUR, NOON + HOUR):
        show(put_session(owner, created_at=at), jeans, at)
    make_order(customer, (jeans, 1000))
    make_order(customer, (jeans, 500), created_at=NOON - 2 * HOUR, updated_at=NOON)
    before_it = NOON - WINDOW - 2 * HOUR
    make_order(customer, (jeans, 100), created_at=before_it, updated_at=NOON)
    run_job()
    figures, _ = kept_figures()
    found = figures[TODAY]
    assert (found["orders"], found["converted"], found["revenue_cents"]) == (2, 2, 1500)
    assert figures == counted_anew(WINDOW)[0]


def test_counting_twice_gives_the_same(shop: Engine) -> None:
    make_answer(put_session(make_account_row(Role.CUSTOMER)))
    run_job()
    before = kept_figures()
    assert due() == []
    assert as_of() == NOON + 6 * HOUR
    run_job()
    assert kept_figures() == before


def test_what_is_not_counted_for_want_of_time_is_counted_the_next_time(shop: Engine) -> None:
    make_answer(put_session(make_account_row(Role.CUSTOMER)))
    assert run_job(time_left_ms=10) > 0
    assert (kept_figures()[0], as_of()) == ({}, None)
    assert run_job() == 0
    assert kept_figures() == counted_anew(WINDOW)


def test_a_day_is_put_in_place_as_a_whole(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    session = put_session(make_account_row(Role.CUSTOMER))
    make_answer(session)
    run_job()
    before = kept_figures()
    make_answer(session, timestamp=NOON + 6 * HOUR)
    with monkeypatch.context() as broken:
        broken.setattr(Subject, "strike_off", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_job()
    assert kept_figures() == before
    assert due() != []
    run_job()
    assert kept_figures() == counted_anew(WINDOW)


def test_a_day_that_changes_while_it_is_counted_stays_due(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    session = put_session(make_account_row(Role.CUSTOMER))
    make_answer(session)
    count_day = days.count_day

    def and_then_rated(connection: Any, day: date) -> days.Counted:
        found = count_day(connection, day)
        if day == TODAY:
            change(conversation_sessions, session.id, session_rating=1)
            run(lambda other: due_days.mark(other, session.created_at), writes=True)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(days, "count_day", and_then_rated)
        run_job()
    assert due() == [TODAY]
    run_job()
    assert (due(), kept_figures()) == ([], counted_anew(WINDOW))


def test_days_of_which_not_all_is_kept_any_more_stay_as_they_were_counted(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = NOON - 300 * DAY
    session = put_session(make_account_row(Role.CUSTOMER), created_at=old)
    make_answer(session, timestamp=old)
    run_job()
    before = kept_figures()
    assert before == counted_anew(WINDOW)
    set_now(monkeypatch, old + 365 * DAY)
    with transaction() as connection:
        connection.execute(delete(conversation_sessions))
        due_days.mark(connection, old)
    run_job()
    assert (due(), kept_figures()) == ([], before)


def test_an_import_lets_all_days_with_orders_be_counted(shop: Engine) -> None:
    customer, jeans = make_customer(), make_product()
    long_ago = NOON - 50 * DAY
    show(put_session(make_account_row(Role.CUSTOMER, customer_id=customer), created_at=long_ago), jeans, long_ago)
    run_job()
    make_order(customer, (jeans, 1000), created_at=long_ago + HOUR, updated_at=long_ago + HOUR)
    run_job()
    assert long_ago.date() in kept_figures()[0]
    assert kept_figures()[0][long_ago.date()]["orders"] == 0
    make_event("import.finished", "import:1")
    run_job()
    assert kept_figures()[0][long_ago.date()]["orders"] == 1


def test_counting_a_day_takes_as_many_statements_however_much_was_said(shop: Engine) -> None:
    customer, jeans = make_customer(), make_product()
    owner = make_account_row(Role.CUSTOMER, customer_id=customer)
    counts = []
    for more in (1, 5):
        for _ in range(more):
            session = put_session(owner)
            make_answer(session)
            show(session, jeans)
            make_order(customer, (jeans, 1000))
        with counted_statements(shop) as statements, read() as connection:
            days.count_day(connection, TODAY)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 10


# --- whatever happens --------------------------------------------------------------------------------------------

KINDS = (
    "session", "ask", "answer", "react", "unreact", "rate", "request", "take", "back", "show", "order", "return",
    "delete message", "delete session", "count", "count",
)  # fmt: skip
Happening = tuple[str, int, int]
happenings = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 7), st.integers(0, 40)), min_size=8, max_size=30
)


class World:
    """A shop in which things happen, an hour or so after each other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        self.now = NOON - 4 * DAY
        self.customers = [make_customer() for _ in range(2)]
        self.owners = [make_account_row(Role.CUSTOMER, customer_id=each) for each in self.customers]
        self.owners.append(make_account_row(Role.CUSTOMER))
        self.staff = make_account_row(Role.STAFF)
        self.products = [make_product() for _ in range(2)]

    def happen(self, kind: str, which: int, hours: int) -> None:
        self.now += timedelta(minutes=17 * hours)
        set_now(self.patch, self.now)
        if kind == "session":
            put_session(self.owners[which % 3], created_at=self.now)
        elif kind == "count":
            self.count()
        elif kind == "order":
            item = (self.products[which % 2], 100 * (1 + which))
            make_order(self.customers[which // 2 % 2], item, created_at=self.now, updated_at=self.now)
        elif kind == "return":
            self._return(which)
        else:
            self._to_session(kind, which)

    def count(self) -> None:
        # Without the look back of each day, which would make up for what is not marked.
        with transaction() as connection:
            CONVERSATIONS.note(connection, looked_back_on=self.now.date())
        run_job()

    def _return(self, which: int) -> None:
        with transaction() as connection:
            found = connection.scalars(select(orders.c.id).order_by(orders.c.id)).all()
            if found:
                order = found[which % len(found)]
                connection.execute(update(orders).where(orders.c.id == order).values(updated_at=self.now))
                connection.execute(
                    update(order_items).where(order_items.c.order_id == order).values(status="returned")
                )

    def _to_session(self, kind: str, which: int) -> None:
        with transaction() as connection:
            found = connection.execute(select(conversation_sessions).order_by(conversation_sessions.c.id)).all()
            if not found:
                return
            session = found[which % len(found)]
            of_it = conversation_messages.c.session_id == session.id
            messages = connection.execute(select(conversation_messages).where(of_it)).all()
            message = messages[which % len(messages)] if messages else None
            if kind == "rate":
                rated = update(conversation_sessions).where(conversation_sessions.c.id == session.id)
                connection.execute(rated.values(session_rating=1 + which % 5))
                due_days.mark(connection, session.created_at)
            elif kind == "request":
                handoffs.request(connection, session, requested_by="customer", reason="asked")
            elif kind == "take":
                handoffs.take_over(connection, session, assignee_id=self.staff, force=True)
            elif kind == "back":
                handoffs.hand_back(connection, session, by=self.staff)
            elif kind == "delete session":
                due_days.mark_deleted(connection, [(session.created_at, session.last_activity_at)])
                connection.execute(delete(conversation_sessions).where(conversation_sessions.c.id == session.id))
            elif kind == "delete message" and message is not None:
                due_days.mark(connection, message.timestamp, session.created_at)
                connection.execute(delete(conversation_messages).where(conversation_messages.c.id == message.id))
            elif kind == "unreact" and message is not None:
                due_days.mark(connection, message.timestamp, session.created_at)
                connection.execute(delete(message_reactions).where(message_reactions.c.message_id == message.id))
            elif kind == "react" and message is not None:
                self._react(connection, session, message, which)
        if kind == "ask":
            make_said(session, timestamp=self.now)
        elif kind == "answer":
            outcome = ("answered", "asked_back", "refused", "unanswered", "failed")[which % 5]
            intent = ("search", "policy")[which % 2]
            numbers = {"response_time_ms": which, "tokens_used": which or None, "cost_micros": which}
            make_answer(session, outcome, intent, timestamp=self.now, **numbers)
        elif kind == "show":
            self._show(session, self.products[which % 2])

    def _show(self, session: Any, product: int) -> None:
        of_it = (shown_products.c.session_id == session.id) & (shown_products.c.product_id == product)
        with read() as connection:
            if connection.execute(select(shown_products).where(of_it)).first():
                return
        make_answer(session, timestamp=self.now)
        show(session, product, self.now)

    def _react(self, connection: Any, session: Any, message: Any, which: int) -> None:
        kind = ("like", "dislike", "helpful", "not_helpful")[which % 4]
        mine = (message_reactions.c.message_id == message.id) & (message_reactions.c.reaction_type == kind)
        if connection.execute(select(message_reactions).where(mine)).first() is None:
            values = {"message_id": message.id, "account_id": session.account_id, "reaction_type": kind}
            insert_row(connection, message_reactions, {**values, "created_at": self.now, "updated_at": self.now})
            due_days.mark(connection, message.timestamp, session.created_at)


def counted_before(kind: str) -> list[Happening]:
    """Return what happens when a conversation that is counted already is changed days later."""
    before = ("session", "answer", "show", "react", "request", "take", "count")
    return [*((each, 0, 3) for each in before), ("order", 0, 3), ("count", 0, 40), ("count", 0, 40), (kind, 1, 40)]


@settings(max_examples=12)
@given(happened=happenings)
@example(counted_before("delete session"))
@example(counted_before("delete message"))
@example(counted_before("react"))
@example(counted_before("unreact"))
@example(counted_before("rate"))
@example(counted_before("take"))
@example(counted_before("return"))
def test_the_figures_are_what_counting_everything_anew_gives(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, happened: list[Happening]
) -> None:
    empty(shop)
    world = World(monkeypatch)
    for each in happened:
        world.happen(*each)
    world.count()
    assert due() == []
    assert kept_figures() == counted_anew(WINDOW)
    # And so does counting all of them again.
    before = kept_figures()
    every_day = [NOON - n * DAY for n in range(-40, 6)]
    run(lambda connection: due_days.mark(connection, *every_day), writes=True)
    run_job()
    assert kept_figures() == before
