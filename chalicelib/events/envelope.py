"""What a target is told of an event: one form for webhooks, the topic, the bus and the timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from chalicelib.core.responses import to_json


def envelope(uid: str, kind: str, aggregate: str, payload: str, created_at: datetime) -> dict[str, Any]:
    """Return an event in the form of the Standard Webhooks specification, with its id and what it happened to.

    `payload` is JSON and stays as it was written: numbers keep their digits.
    """
    data = msgspec.Raw(payload.encode())
    return {"type": kind, "timestamp": created_at, "data": data, "id": uid, "aggregate": aggregate}


def body_of(uid: str, kind: str, aggregate: str, payload: str, created_at: datetime) -> str:
    """Return the body of a message: the same at every attempt."""
    return to_json(envelope(uid, kind, aggregate, payload, created_at))
