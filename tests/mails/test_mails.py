"""The queue of mails: none lost, none sent twice while somebody is at it, given up where it is seen."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app import app
from chalicelib.core import clock, mail
from chalicelib.core.database import transaction
from chalicelib.core.logging import JsonFormatter, logger
from chalicelib.core.mail import Mail
from chalicelib.mails import mails, templates
from chalicelib.mails.tables import mails as table
from tests.mailbox import Mailbox

LINK = "https://shop.example/verify-email?token=shk_secret"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "now", lambda: made.time)
    return made


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


class Refusing:
    """A way out that takes nothing, and counts how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self._patch = monkeypatch
        monkeypatch.setattr(mail, "send", self._send)

    def _send(self, message: Mail) -> None:
        self.asked += 1
        raise ConnectionError(f"refused {message.to} {message.text}")


def queue(to: str = "robin@example.com", *, hours: float = 24) -> int:
    with transaction() as connection:
        message = templates.verify_email(LINK, hours=24)
        return mails.queue(connection, message, to=to, expires_at=clock.now() + timedelta(hours=hours))


def send_mails() -> int:
    return mails.send_mails(time_left_ms=lambda: 300_000)


def row(engine: Engine, mail_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(table).where(table.c.id == mail_id)).one()


def test_a_mail_goes_out_once_and_its_text_is_forgotten(shop: Engine, mailbox: Mailbox) -> None:
    mail_id = queue()
    assert mailbox.all() == []
    mails.send_now(mail_id)
    mails.send_now(mail_id)
    assert send_mails() == 0
    [sent] = mailbox.all()
    assert (sent.to, sent.link) == ("robin@example.com", LINK)
    kept = row(shop, mail_id)
    assert (kept.state, kept.content, kept.attempts, kept.finished_at) == ("sent", None, 1, START)


def test_a_mail_of_a_transaction_that_fails_is_none(shop: Engine, mailbox: Mailbox) -> None:
    def fail() -> None:
        with transaction() as connection:
            mails.queue(connection, templates.not_open("x"), to="robin@example.com", expires_at=START)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert send_mails() == 0
    assert mailbox.all() == []


def test_a_refusal_right_away_is_no_error_of_the_request_and_is_made_good_later(
    shop: Engine, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, still: Clock
) -> None:
    mail_id = queue()
    with monkeypatch.context() as patch:
        Refusing(patch)
        mails.send_now(mail_id)
    assert send_mails() == 0, "not before the pause is over"
    still.forward(minutes=1)
    assert send_mails() == 1
    assert len(mailbox.all()) == 1


def test_pauses_grow_until_a_mail_is_given_up_where_it_is_seen(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, still: Clock, logs: io.StringIO
) -> None:
    way_out = Refusing(monkeypatch)
    mail_id = queue()
    asked_at = []
    for _ in range(4 * 60):
        before = way_out.asked
        send_mails()
        if way_out.asked > before:
            asked_at.append(int((still.time - START).total_seconds()) // 60)
        still.forward(minutes=1)
    # Pauses of 1, 2, 4, 8, 16, 32 and 64 minutes.
    assert asked_at == [0, 1, 3, 7, 15, 31, 63, 127]
    kept = row(shop, mail_id)
    assert (kept.state, kept.content, kept.error) == ("given_up", None, "ConnectionError")
    assert "a mail was given up" in logs.getvalue()
    assert "shk_secret" not in logs.getvalue()
    assert "robin@example.com" not in logs.getvalue()


def test_an_address_that_is_none_is_given_up_at_once_and_holds_nobody_up(shop: Engine, mailbox: Mailbox) -> None:
    bad = queue("robin@example.com\r\nBcc: eve@example.com")
    queue("sam@example.com")
    assert send_mails() == 1
    assert row(shop, bad).state == "given_up"
    assert [each.to for each in mailbox.all()] == ["sam@example.com"]


def test_a_mail_that_nobody_wants_any_more_is_not_sent(shop: Engine, mailbox: Mailbox, still: Clock) -> None:
    mail_id = queue(hours=1)
    still.forward(hours=1)
    assert send_mails() == 0
    assert (row(shop, mail_id).state, mailbox.all()) == ("given_up", [])


def test_who_dies_while_sending_holds_a_mail_for_two_minutes(
    shop: Engine, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, still: Clock
) -> None:
    class Killed(BaseException):
        pass

    def die(_mail: Mail) -> None:
        raise Killed

    mail_id = queue()
    with monkeypatch.context() as patch:
        patch.setattr(mail, "send", die)
        with pytest.raises(Killed):
            mails.send_now(mail_id)
    still.forward(seconds=119)
    assert send_mails() == 0
    still.forward(seconds=1)
    assert send_mails() == 1
    assert len(mailbox.all()) == 1


def test_many_who_send_at_once_send_each_mail_once(shop: Engine, mailbox: Mailbox) -> None:
    ids = [queue(f"robin{at}@example.com") for at in range(20)]
    gate = threading.Barrier(6)

    def work(at: int) -> None:
        gate.wait(10)
        if at % 2:
            mails.send_now(*ids)
        else:
            send_mails()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert sorted(each.to for each in mailbox.all()) == sorted(f"robin{at}@example.com" for at in range(20))


def test_who_comes_back_late_does_not_undo_what_another_did(
    shop: Engine, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, still: Clock
) -> None:
    real, mail_id = mail.send, queue()

    def slow(message: Mail) -> None:
        monkeypatch.setattr(mail, "send", real)
        still.forward(minutes=2)
        assert send_mails() == 1
        raise TimeoutError

    monkeypatch.setattr(mail, "send", slow)
    mails.send_now(mail_id)
    assert row(shop, mail_id).state == "sent"


def test_the_schedule_stops_in_time_and_goes_on_next_time(shop: Engine, mailbox: Mailbox) -> None:
    for _ in range(3):
        queue()
    left = iter([300_000, 20_000, 19_999])
    assert mails.send_mails(time_left_ms=lambda: next(left)) == 2
    assert send_mails() == 1


def test_what_was_sent_is_forgotten_after_thirty_days(shop: Engine, still: Clock) -> None:
    mails.send_now(queue())
    still.forward(days=30)
    send_mails()
    with shop.connect() as connection:
        assert len(connection.execute(select(table)).all()) == 1
    still.forward(seconds=1)
    send_mails()
    with shop.connect() as connection:
        assert connection.execute(select(table)).all() == []


def test_the_function_of_the_schedule_sends(shop: Engine, mailbox: Mailbox) -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 300_000

    queue()
    names = ("version", "id", "account", "time", "region", "source", "detail-type")
    event = {**dict.fromkeys(names, "x"), "resources": [], "detail": {}}
    app.handler_map["send_mails"](event, Context())
    assert len(mailbox.all()) == 1
