"""Taking away old events: those that all were told of, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from chalicelib.core.config import Settings
from chalicelib.core.database import read, transaction
from chalicelib.events import deliveries, outbox, outbox_sql, purge
from chalicelib.events.tables import event_deliveries, outbox_events, webhooks
from tests.conftest import set_settings
from tests.events.doubles import BROKEN, OK, Receiver, Time, deliver, hold_time, receive
from tests.factories import NOON, make_event, make_webhook


@pytest.fixture
def time(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> Time:
    return hold_time(monkeypatch)


@pytest.fixture
def receiver(time: Time, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    return receive(monkeypatch)


def run_purge(time_left_ms: Callable[[], int] = lambda: 300_000) -> int:
    return purge.purge_events(time_left_ms=time_left_ms)


def uids() -> list[str]:
    with read() as connection:
        return list(connection.scalars(select(outbox_events.c.uid).order_by(outbox_events.c.id)))


def count_deliveries() -> int:
    with read() as connection:
        return int(connection.execute(select(func.count()).select_from(event_deliveries)).scalar_one())


def test_what_was_delivered_goes_after_thirty_days_and_not_before(receiver: Receiver, time: Time) -> None:
    make_webhook()
    make_event()
    deliver()
    time.pass_(days=30)
    assert run_purge() == 0
    young = make_event()
    deliver()
    time.pass_(seconds=1)
    assert run_purge() == 1
    assert uids() == [young]
    assert count_deliveries() == 1
    assert run_purge() == 0


def test_what_is_undelivered_stays_whatever_its_age(receiver: Receiver, time: Time) -> None:
    make_webhook(url="https://a.example/")
    make_webhook(url="https://b.example/")
    receiver.answer = lambda message: BROKEN if "a.example" in message.url else OK
    waiting, dead, delivered = (make_event(aggregate=f"order:{number}") for number in range(3))
    deliver()
    with transaction() as connection:
        for uid, state in ((dead, "dead"), (delivered, "delivered")):
            event_id = select(outbox_events.c.id).where(outbox_events.c.uid == uid).scalar_subquery()
            found = (event_deliveries.c.event_id == event_id) & (event_deliveries.c.state == "waiting")
            connection.execute(update(event_deliveries).where(found).values(state=state))
    time.pass_(days=365)
    undispatched = make_event()
    with transaction() as connection:
        connection.execute(update(outbox_events).values(created_at=NOON))
    assert run_purge() == 1
    assert uids() == [waiting, dead, undispatched]


def test_events_that_nobody_wanted_go_too(time: Time) -> None:
    make_event()
    deliver()
    time.pass_(days=31)
    assert run_purge() == 1
    assert uids() == []


def test_how_long_they_are_kept_is_a_setting(time: Time, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, replace(settings, events_keep_days=2))
    make_event()
    deliver()
    time.pass_(days=2, seconds=1)
    assert run_purge() == 1


def test_batches_are_small_and_the_work_ends_with_the_time(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "_BATCH", 2)
    kept = [make_event(aggregate=f"order:{number}") for number in range(7)]
    deliver()
    time.pass_(days=31)
    left = iter([60_000, 60_000, 9_999])
    assert run_purge(lambda: next(left)) == 4
    assert uids() == kept[4:]
    assert run_purge() == 3


def test_an_event_that_is_to_be_delivered_again_meanwhile_is_kept(receiver: Receiver, time: Time) -> None:
    make_webhook()
    uid = make_event()
    deliver()
    time.pass_(days=31)
    with transaction() as connection:
        ids = list(connection.scalars(select(outbox_events.c.id)))
        delivery_id = connection.scalar(select(event_deliveries.c.id)) or 0
        deliveries.redeliver(connection, delivery_id)
        assert outbox_sql.delete_events(connection, ids) == 0
    assert uids() == [uid]
    deliver()
    assert receiver.ids == [uid, uid]


def test_of_a_deleted_webhook_nothing_is_left_and_of_others_all(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "_BATCH", 2)
    gone, there = make_webhook(url="https://a.example/"), make_webhook(url="https://b.example/")
    for number in range(5):
        make_event(aggregate=f"order:{number}")
    deliver()
    with transaction() as connection:
        connection.execute(update(webhooks).where(webhooks.c.id == gone).values(deleted_at=NOON))
    run_purge()
    with read() as connection:
        assert list(connection.scalars(select(webhooks.c.id))) == [there]
        targets = list(connection.scalars(select(event_deliveries.c.target)))
    assert targets == [outbox.webhook_target(there)] * 5


def test_ids_that_the_world_sees_never_come_again_though_row_ids_may(receiver: Receiver, time: Time) -> None:
    """SQLite hands out the id of the last row again once that is deleted."""
    make_webhook()
    first = make_event()
    deliver()
    time.pass_(days=31)
    run_purge()
    second = make_event()
    deliver()
    assert receiver.ids == [first, second]
    assert first != second
    assert timedelta(0) < receiver.sent[1].at - receiver.sent[0].at
