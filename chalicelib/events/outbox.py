"""The outbox: what happened is written down in the transaction in which it happens, and delivered afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.responses import to_json
from chalicelib.events import outbox_sql


def record(connection: Connection, kind: str, aggregate: str, payload: Mapping[str, Any]) -> None:
    """Write down that `kind` (order.placed) happened to `aggregate` (order:17), in the caller's transaction.

    `payload` is what others are told: plain values, no secrets, no more personal data than they need. Events of one
    aggregate are delivered in the order in which they were recorded: the caller holds the lock of its row.
    """
    values = {"kind": kind, "aggregate": aggregate, "payload": to_json(payload), "created_at": clock.now()}
    outbox_sql.insert_event(connection, values)
