"""The ids that sessions and messages are known by outside: UUIDs of version 7, which sort by time. Pure."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta

_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def new_id(now: datetime) -> str:
    """Return a new id of that moment: 48 bits of milliseconds, then 74 random ones (RFC 9562 5.7)."""
    milliseconds = (now - _EPOCH) // _MILLISECOND
    head = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return str(uuid.UUID(int=head | 0b10 << 62 | secrets.randbits(62)))


def parse_id(text: str) -> str | None:
    """Return an id as it is kept, in lower case; None where the text is no UUID of 36 characters."""
    lowered = text.lower()
    return lowered if _FORM.fullmatch(lowered) else None
