"""The outbox: what happened is written down in the transaction in which it happens, and delivered afterwards."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.responses import to_json
from chalicelib.events import outbox_sql, webhooks_sql
from chalicelib.events.kinds import chosen

SNS = "sns"
BUS = "bus"

_MOST_BYTES = 60_000  # of a payload: with its envelope it stays below what the column and AWS take
_BATCH = 100


def new_uid() -> str:
    """Return a new id of an event, as the world sees it."""
    return f"evt_{uuid.uuid4().hex}"


def record(connection: Connection, kind: str, aggregate: str, payload: Mapping[str, Any]) -> None:
    """Write down that `kind` (order.placed) happened to `aggregate` (order:17), in the caller's transaction.

    `payload` is what others are told: plain values, no secrets, no more personal data than they need. Events of one
    aggregate are delivered in the order in which they were recorded: the caller holds the lock of its row.

    Raises:
        ValueError: the payload has more than 60,000 bytes.
    """
    data = to_json(payload)
    if len(data.encode()) > _MOST_BYTES:
        raise ValueError(f"the payload of {kind} has more than {_MOST_BYTES} bytes")
    values = {"uid": new_uid(), "kind": kind, "aggregate": aggregate, "payload": data, "created_at": clock.now()}
    outbox_sql.insert_event(connection, values)


def last_recorded(connection: Connection, kind: str) -> datetime | None:
    """Return when `kind` happened for the last time, as far back as events are kept."""
    return outbox_sql.find_newest_moment(connection, kind)


def webhook_target(webhook_id: int) -> str:
    """Return the name under which deliveries know a webhook."""
    return f"webhook:{webhook_id}"


def aws_targets() -> list[str]:
    """Return the targets at AWS that the settings name."""
    config = settings()
    return [name for name, value in ((SNS, config.events_topic_arn), (BUS, config.events_bus)) if value]


def dispatch_some() -> bool:
    """Write down who is to be told of the next events; False when none is left.

    Whatever is committed and not marked is taken, by id: an event that commits late is not passed over, and of one
    aggregate none is taken before an earlier one. The mark and the deliveries are one transaction.
    """
    if not run(lambda connection: outbox_sql.list_undispatched(connection, 1), writes=False):
        return False
    with suppress(_Overtaken):  # by another dispatcher: what is left is looked at anew
        run(_dispatch, writes=True)
    return True


class _Overtaken(Exception):
    """Another dispatcher has taken some of the same events: nothing of this transaction is kept."""


def _dispatch(connection: Connection) -> None:
    events = outbox_sql.list_undispatched(connection, _BATCH)
    now = clock.now()
    # All or none: with a part, a later event of an aggregate could overtake one that is still being written down.
    if events and not outbox_sql.take_undispatched(connection, [event.id for event in events], now):
        raise _Overtaken
    outbox_sql.insert_deliveries(connection, _deliveries(connection, events, now))


def _deliveries(connection: Connection, events: Sequence[Any], now: datetime) -> list[dict[str, Any]]:
    always = [(target, ["*"]) for target in aws_targets()]
    hooks = [(webhook_target(row.id), json.loads(row.kinds)) for row in webhooks_sql.list_active(connection)]
    return [
        {
            "event_id": event.id,
            "target": target,
            "aggregate": event.aggregate,
            "state": "waiting",
            "attempts": 0,
            "due_at": now,
        }
        for event in events
        for target, patterns in always + hooks
        if chosen(patterns, event.kind)
    ]
