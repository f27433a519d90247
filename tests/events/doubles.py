"""A clock that is set by hand, and receivers of webhooks that do as they are told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core import clock
from chalicelib.events import dispatch, sender
from chalicelib.events.sender import Outcome
from tests.factories import NOON

OK = Outcome(200, None, "thanks", 3)
BROKEN = Outcome(500, "The answer was 500.", "oh no", 4)
SILENT = Outcome(None, "No answer within 10 seconds.", "", 10_000)
GONE = Outcome(410, "The answer was 410.", "", 2)


class Time:
    """The present moment, until it is moved on."""

    def __init__(self) -> None:
        self.now = NOON

    def pass_(self, **amount: float) -> None:
        """Move on."""
        self.now += timedelta(**amount)


def hold_time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Make the clock stand still."""
    made = Time()
    monkeypatch.setattr(clock, "now", lambda: made.now)
    return made


@dataclass(frozen=True)
class Message:
    """What a receiver was sent, and when."""

    url: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    at: datetime

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Stands in for the network: keeps what is sent, and answers what `answer` says of it."""

    answer: Callable[[Message], Outcome] = lambda _message: OK
    sent: list[Message] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        message = Message(url, headers, json.loads(body), clock.now())
        with self.lock:
            self.sent.append(message)
        return self.answer(message)

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.sent]


def receive(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """Let a receiver take whatever is sent."""
    made = Receiver()
    monkeypatch.setattr(sender, "post", made.post)
    return made


def deliver() -> None:
    """Run the scheduled function with time enough."""
    dispatch.deliver_events(time_left_ms=lambda: 300_000)
