"""Delivering events: at least once, in order of each aggregate, whatever fails, dies, or runs at the same time."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, text, update

from chalicelib.core.database import read, transaction
from chalicelib.core.database.engine import begun
from chalicelib.events import deliveries_sql, dispatch, outbox, outbox_sql, retries
from chalicelib.events.sender import Outcome
from chalicelib.events.tables import event_deliveries, outbox_events, webhooks
from tests.conftest import empty
from tests.events.doubles import BROKEN, GONE, OK, SILENT, Message, Receiver, Time, deliver, hold_time, receive
from tests.factories import NOON, make_event, make_webhook


@pytest.fixture
def time(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> Time:
    return hold_time(monkeypatch)


@pytest.fixture
def receiver(time: Time, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    return receive(monkeypatch)


@pytest.fixture
def _even(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without jitter."""
    monkeypatch.setattr("random.random", lambda: 0.5)


def states(target: str | None = None) -> list[str]:
    with read() as connection:
        statement = select(event_deliveries.c.state).order_by(event_deliveries.c.event_id)
        if target:
            statement = statement.where(event_deliveries.c.target == target)
        return list(connection.scalars(statement))


def hook_row(webhook_id: int) -> Any:
    with read() as connection:
        return connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).one()


def failing(*ids: str, outcome: Outcome = BROKEN) -> Callable[[Message], Outcome]:
    return lambda message: outcome if message.id in ids else OK


# --- who is told what --------------------------------------------------------------------------------------------


def test_a_webhook_is_sent_what_its_patterns_choose_in_the_documented_form(receiver: Receiver) -> None:
    make_webhook(url="https://all.example/", kinds=["*"])
    make_webhook(url="https://orders.example/", kinds=["order.*"])
    make_webhook(url="https://off.example/", active=False)
    paid = make_event("order.paid", "order:17", total=49.5, lines=[{"sku": "A1"}])
    out = make_event("stock.out", "product:3", product_id=3)
    deliver()
    assert sorted((message.url, message.id) for message in receiver.sent) == sorted(
        [("https://all.example/", paid), ("https://all.example/", out), ("https://orders.example/", paid)]
    )
    bodies = {message.id: message.body for message in receiver.sent}
    assert bodies[paid] == {
        "type": "order.paid",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {"total": 49.5, "lines": [{"sku": "A1"}]},
        "id": paid,
        "aggregate": "order:17",
    }


def test_what_was_delivered_is_not_sent_again(receiver: Receiver, time: Time) -> None:
    make_webhook()
    make_event()
    for _ in range(3):
        deliver()
        time.pass_(days=1)
    assert len(receiver.sent) == 1
    assert states() == ["delivered"]


def test_a_webhook_hears_nothing_of_the_time_before_it_was(receiver: Receiver) -> None:
    make_event()
    deliver()
    make_webhook()
    make_event("order.shipped")
    deliver()
    assert [message.body["type"] for message in receiver.sent] == ["order.shipped"]


def test_nothing_is_sent_while_a_transaction_is_open(shop: Engine, receiver: Receiver) -> None:
    open_ones: list[int] = []

    def answer(_message: Message) -> Outcome:
        open_ones.append(shop.pool.checkedout())  # type: ignore[attr-defined]
        return OK

    receiver.answer = answer
    make_webhook()
    for number in range(7):
        make_event(aggregate=f"order:{number}")
    deliver()
    assert open_ones == [0] * 7


def test_an_event_that_commits_late_is_not_passed_over(shop: Engine, receiver: Receiver) -> None:
    """Its id is smaller than that of one which was delivered before."""
    make_webhook()
    late = {"uid": "evt_late", "kind": "order.paid", "aggregate": "order:1", "payload": "{}", "created_at": NOON}
    if shop.dialect.name == "sqlite":  # where writers wait for one another, the order of ids is that of commits
        with transaction() as connection:
            connection.execute(insert(outbox_events).values(id=1000, **{**late, "uid": "evt_soon"}))
        deliver()
        with transaction() as connection:
            connection.execute(insert(outbox_events).values(id=7, **late))
    else:
        with shop.connect() as slow, begun(slow):
            slow.execute(insert(outbox_events).values(late))
            soon = make_event(aggregate="order:2")
            deliver()
            assert receiver.ids == [soon]
    deliver()
    assert receiver.ids[-1] == "evt_late"
    assert len(receiver.ids) == 2


# --- order and failures ------------------------------------------------------------------------------------------


def test_a_failure_holds_up_its_aggregate_at_its_target_and_nothing_else(receiver: Receiver, time: Time) -> None:
    make_webhook(url="https://a.example/")
    make_webhook(url="https://b.example/")
    first, second = make_event("order.placed", "order:1"), make_event("order.paid", "order:1")
    other = make_event("order.placed", "order:2")
    receiver.answer = lambda message: BROKEN if (message.url, message.id) == ("https://a.example/", first) else OK
    deliver()

    def sent_to(host: str) -> list[str]:
        return [message.id for message in receiver.sent if host in message.url]

    assert sorted(sent_to("a.example")) == sorted([first, other])
    assert sorted(sent_to("b.example")) == sorted([first, second, other])
    assert sent_to("b.example").index(first) < sent_to("b.example").index(second)
    receiver.answer = lambda _message: OK
    third = make_event("order.shipped", "order:1")
    deliver()
    assert second not in sent_to("a.example"), "the pause is not over"
    time.pass_(seconds=6.1)
    deliver()
    of_the_order = [each for each in sent_to("a.example") if each != other]
    assert of_the_order == [first, first, second, third]


AGGREGATES = st.lists(st.sampled_from(["order:1", "order:2", "product:1"]), min_size=1, max_size=8)


@hypothesis_settings(max_examples=15)
@given(aggregates=AGGREGATES, failures=st.lists(st.integers(0, 3), min_size=16, max_size=16), hooks=st.integers(1, 2))
def test_whatever_fails_each_event_arrives_and_first_arrivals_are_in_order(
    shop: Engine, aggregates: list[str], failures: list[int], hooks: int
) -> None:
    with pytest.MonkeyPatch.context() as patches:
        empty(shop)
        time, receiver = hold_time(patches), receive(patches)
        for number in range(hooks):
            make_webhook(url=f"https://hook{number}.example/")
        uids = [make_event(aggregate=aggregate) for aggregate in aggregates]
        left = {
            (f"https://hook{number}.example/", uid): failures[(number * 8 + at) % len(failures)]
            for number in range(hooks)
            for at, uid in enumerate(uids)
        }
        arrived: dict[str, list[str]] = defaultdict(list)

        def answer(message: Message) -> Outcome:
            with receiver.lock:
                if left[(message.url, message.id)]:
                    left[(message.url, message.id)] -= 1
                    return BROKEN
                arrived[message.url].append(message.id)
                return OK

        receiver.answer = answer
        for _ in range(60):
            deliver()
            if set(states()) == {"delivered"}:
                break
            time.pass_(minutes=11)
        for number in range(hooks):
            ids = arrived[f"https://hook{number}.example/"]
            assert sorted(ids) == sorted(uids), "each arrives, and once, since nobody was killed"
            for aggregate in set(aggregates):
                recorded = [uid for uid, each in zip(uids, aggregates, strict=True) if each == aggregate]
                assert [uid for uid in ids if uid in recorded] == recorded


@pytest.mark.usefixtures("_even")
def test_attempts_come_after_growing_pauses_until_the_event_is_dead(
    receiver: Receiver, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "FAILING_FOR", timedelta(days=30))
    make_webhook()
    make_event()
    receiver.answer = lambda _message: BROKEN
    at = [0]
    for pause in (5, 30, 120, 600, 3_600, 21_600, 86_400, 86_400, 86_400):
        deliver()
        time.pass_(seconds=pause - 1)
        deliver()
        assert len(receiver.sent) == len(at), "too early"
        time.pass_(seconds=1)
        at.append(at[-1] + pause)
    deliver()
    assert [(message.at - NOON).total_seconds() for message in receiver.sent] == at
    assert len(set(receiver.ids)) == 1
    assert states() == ["dead"]
    time.pass_(days=30)
    deliver()
    assert len(receiver.sent) == 10


@pytest.mark.usefixtures("_even")
def test_what_the_receiver_asks_for_is_heard(receiver: Receiver, time: Time) -> None:
    make_webhook()
    make_event()
    receiver.answer = lambda _message: Outcome(429, "The answer was 429.", "", 1, retry_after_s=100)
    deliver()
    time.pass_(seconds=99)
    deliver()
    assert len(receiver.sent) == 1
    time.pass_(seconds=1)
    deliver()
    assert len(receiver.sent) == 2


def test_behind_a_dead_event_the_later_ones_go_on(receiver: Receiver, time: Time) -> None:
    make_webhook()
    poison, later = make_event("order.placed"), make_event("order.paid")
    receiver.answer = failing(poison)
    for _ in range(retries.MOST_ATTEMPTS):
        assert later not in receiver.ids
        deliver()
        time.pass_(hours=6)  # shorter than the last pauses, which are passed over below
        with transaction() as connection:
            connection.execute(update(event_deliveries).values(due_at=time.now))
            connection.execute(update(webhooks).values(failing_since=None))
    deliver()
    assert receiver.ids == [poison] * 10 + [later]
    assert states() == ["dead", "delivered"]


def test_the_last_attempt_is_told_in_full(receiver: Receiver) -> None:
    webhook_id = make_webhook()
    make_event()
    receiver.answer = lambda _message: BROKEN
    deliver()
    with read() as connection:
        row = connection.execute(select(event_deliveries)).one()
    assert (row.target, row.state, row.attempts) == (f"webhook:{webhook_id}", "waiting", 1)
    assert (row.last_status, row.last_error, row.last_response) == (500, "The answer was 500.", "oh no")
    assert (row.duration_ms, row.last_attempt_at, row.delivered_at) == (4, NOON, None)
    assert (row.lease_holder, row.lease_until) == (None, None)


# --- webhooks that are not well ----------------------------------------------------------------------------------


def test_a_webhook_that_answers_nobody_rests_and_costs_little(receiver: Receiver, time: Time) -> None:
    webhook_id = make_webhook()
    for number in range(40):
        make_event(aggregate=f"order:{number}")
    receiver.answer = lambda _message: SILENT
    deliver()
    assert len(receiver.sent) == 5
    assert hook_row(webhook_id).rest_until == NOON + timedelta(seconds=5)
    deliver()
    assert len(receiver.sent) == 5, "it rests"
    time.pass_(seconds=5)
    deliver()
    assert len(receiver.sent) == 6, "one more failure, a longer rest"
    assert hook_row(webhook_id).rest_until == time.now + timedelta(seconds=10)
    time.pass_(seconds=10)
    receiver.answer = lambda _message: OK
    deliver()
    time.pass_(minutes=5)
    deliver()
    assert set(states()) == {"delivered"}
    well = hook_row(webhook_id)
    assert (well.failures, well.failing_since, well.rest_until) == (0, None, None)


def test_a_webhook_that_rests_holds_no_other_up(receiver: Receiver) -> None:
    make_webhook(url="https://down.example/")
    make_webhook(url="https://up.example/")
    for number in range(12):
        make_event(aggregate=f"order:{number}")
    receiver.answer = lambda message: SILENT if "down" in message.url else OK
    deliver()
    assert len([message for message in receiver.sent if "up" in message.url]) == 12


def test_a_webhook_that_is_gone_is_switched_off_and_keeps_what_waits(receiver: Receiver, time: Time) -> None:
    webhook_id = make_webhook()
    make_event()
    receiver.answer = lambda _message: GONE
    deliver()
    row = hook_row(webhook_id)
    assert (bool(row.active), row.version) == (False, 2)
    assert "410" in row.paused_reason
    time.pass_(days=2)
    make_event(aggregate="order:2")
    deliver()
    assert len(receiver.sent) == 1
    assert states() == ["waiting"]


def test_a_webhook_that_fails_for_days_is_paused_with_a_reason(receiver: Receiver, time: Time) -> None:
    webhook_id = make_webhook()
    make_event()
    receiver.answer = lambda _message: BROKEN
    deliver()
    time.pass_(days=3, seconds=-1)
    deliver()
    assert bool(hook_row(webhook_id).active)
    time.pass_(minutes=1)
    deliver()
    row = hook_row(webhook_id)
    assert not row.active
    assert row.paused_reason == (
        "Nothing could be delivered since 2026-03-01 12:00 UTC. The last error: The answer was 500."
    )


def test_one_success_makes_good_for_the_days_before(receiver: Receiver, time: Time) -> None:
    webhook_id = make_webhook()
    make_event()
    receiver.answer = lambda _message: BROKEN
    deliver()
    time.pass_(days=2)
    receiver.answer = lambda _message: OK
    deliver()
    make_event()
    receiver.answer = lambda _message: BROKEN
    time.pass_(days=2)
    deliver()
    row = hook_row(webhook_id)
    assert (bool(row.active), row.failures, row.failing_since) == (True, 1, time.now)


# --- several at once, killed at any moment -----------------------------------------------------------------------


def test_dispatchers_at_once_send_each_message_once_and_in_order(shop: Engine, receiver: Receiver) -> None:
    make_webhook(url="https://a.example/")
    make_webhook(url="https://b.example/")
    uids = {aggregate: [make_event(aggregate=aggregate) for _ in range(5)] for aggregate in ("order:1", "order:2")}
    under_way: set[tuple[str, str]] = set()
    overlaps: list[str] = []

    def answer(message: Message) -> Outcome:
        key = (message.url, message.body["aggregate"])
        with receiver.lock:
            if key in under_way:
                overlaps.append(message.id)
            under_way.add(key)
        barrier.wait()
        with receiver.lock:
            under_way.discard(key)
        return OK

    class Barrier:
        """Lets others run."""

        def __init__(self) -> None:
            self.event = threading.Event()

        def wait(self) -> None:
            self.event.wait(0.002)

    barrier = Barrier()
    receiver.answer = answer
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(deliver) for _ in range(4)]:
            future.result()
    deliver()
    assert overlaps == []
    for host in ("https://a.example/", "https://b.example/"):
        for aggregate, recorded in uids.items():
            found = [m.id for m in receiver.sent if (m.url, m.body["aggregate"]) == (host, aggregate)]
            assert found == recorded


class Killed(BaseException):
    """The process is gone."""


def test_who_is_killed_between_sending_and_marking_sends_again_under_the_same_id(
    receiver: Receiver, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_webhook()
    uid, later = make_event("order.placed"), make_event("order.paid")
    with monkeypatch.context() as patches:

        def kill(*_arguments: Any) -> bool:
            raise Killed

        patches.setattr(dispatch, "end_delivery", kill)
        with pytest.raises(Killed):
            deliver()
    assert receiver.ids == [uid]
    time.pass_(seconds=119)
    deliver()
    assert receiver.ids == [uid], "its lease is not over, and the later one waits for it"
    time.pass_(seconds=2)
    deliver()
    assert receiver.ids == [uid, uid, later]
    assert receiver.sent[0].body == receiver.sent[1].body


def test_who_is_killed_while_writing_down_deliveries_leaves_none(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_webhook()
    uids = [make_event(aggregate=f"order:{number}") for number in range(3)]
    with monkeypatch.context() as patches:

        def kill(*_arguments: Any) -> None:
            raise Killed

        patches.setattr(outbox_sql, "insert_deliveries", kill)
        with pytest.raises(Killed):
            deliver()
    assert states() == []
    deliver()
    assert sorted(receiver.ids) == sorted(uids)


def test_who_lost_its_lease_does_not_undo_what_the_other_one_marked(receiver: Receiver, time: Time) -> None:
    """The first dispatcher sleeps over its lease; the second one delivers; then the first one fails."""
    make_webhook()
    make_event()

    def answer(_message: Message) -> Outcome:
        if len(receiver.sent) > 1:
            return OK
        time.pass_(minutes=3)
        deliver()
        return BROKEN

    receiver.answer = answer
    deliver()
    assert len(receiver.sent) == 2
    assert states() == ["delivered"]


def test_what_is_unexpected_is_raised_after_the_other_targets_were_served(receiver: Receiver, time: Time) -> None:
    make_webhook(url="https://bad.example/")
    make_webhook(url="https://good.example/")
    make_event()

    def answer(message: Message) -> Outcome:
        if "bad" in message.url:
            raise RuntimeError("a bug")
        return OK

    receiver.answer = answer
    with pytest.raises(RuntimeError, match="a bug"):
        deliver()
    assert sorted(states()) == ["delivered", "waiting"]
    receiver.answer = lambda _message: OK
    time.pass_(minutes=3)
    deliver()
    assert states() == ["delivered", "delivered"]


# --- bounded work ------------------------------------------------------------------------------------------------


def test_no_message_is_begun_when_time_runs_short(receiver: Receiver) -> None:
    make_webhook()
    for number in range(30):
        make_event(aggregate=f"order:{number}")
    left = iter([100_000, *[59_999] * 100])
    dispatch.deliver_events(time_left_ms=lambda: next(left))
    assert 0 < len(receiver.sent) <= 5
    dispatch.deliver_events(time_left_ms=lambda: 59_999)
    assert len(receiver.sent) <= 5
    deliver()
    assert set(states()) == {"delivered"}
    assert len(receiver.sent) == 30


def test_a_claim_that_grew_old_is_let_go(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    make_webhook()
    for number in range(5):
        make_event(aggregate=f"order:{number}")
    moments = iter(range(0, 10_000, 20))
    monkeypatch.setattr("chalicelib.events.dispatch.time.monotonic", lambda: next(moments))
    with monkeypatch.context() as patches:
        patches.setattr(dispatch, "_SAFETY_MS", 0)
        deliver()
    assert len(receiver.sent) == 5
    with read() as connection:
        assert set(connection.scalars(select(event_deliveries.c.lease_until))) == {None}


def test_many_events_of_one_aggregate_and_many_aggregates_are_worked_through(receiver: Receiver) -> None:
    make_webhook()
    with transaction() as connection:
        for number in range(130):
            outbox.record(connection, "order.paid", f"order:{number % 100}", {"number": number})
        for number in range(20):
            outbox.record(connection, "product.changed", "product:1", {"number": number})
    deliver()
    of_the_product = [m.body["data"]["number"] for m in receiver.sent if m.body["aggregate"] == "product:1"]
    assert of_the_product == list(range(20))
    assert len(receiver.sent) == 150


def test_what_waits_behind_a_failure_is_not_looked_at_before_its_time(receiver: Receiver, shop: Engine) -> None:
    make_webhook()
    for _ in range(10):
        make_event()
    receiver.answer = lambda _message: BROKEN
    deliver()
    with read() as connection:
        due = connection.execute(text("SELECT COUNT(DISTINCT due_at), COUNT(*) FROM event_deliveries")).one()
        target = str(connection.scalar(select(event_deliveries.c.target).limit(1)))
        assert tuple(due) == (1, 10)
        assert not deliveries_sql.any_due(connection, target, NOON + timedelta(seconds=3))


def test_a_payload_that_no_target_would_take_is_refused_where_it_is_recorded(shop: Engine) -> None:
    with pytest.raises(ValueError, match="60000"):
        make_event(note="x" * 60_000)
    assert states() == []


def test_numbers_arrive_with_the_digits_that_were_recorded(receiver: Receiver) -> None:
    """A price is an exact decimal: 49.50 must not become 49.5 on its way."""
    from decimal import Decimal

    from chalicelib.events.envelope import body_of

    with transaction() as connection:
        outbox.record(connection, "order.paid", "order:1", {"total": Decimal("49.50")})
        row = connection.execute(select(outbox_events)).one()
    assert '"total":49.50' in body_of(row.uid, row.kind, row.aggregate, row.payload, row.created_at)
