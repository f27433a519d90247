"""Days and moments that lists are narrowed by: `2026-03-01` or `2026-03-01T12:00:00Z`. Pure.

A moment without an offset is in UTC. What lies outside of what a database can compare with is as far out as it can.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", re.IGNORECASE)
_FIRST = datetime(1000, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)


def _beginning(value: object) -> object:
    """Return the moment from which on something is not before the day or moment."""
    given = _parse(value)
    return _within(given) if isinstance(given, datetime) else _within(datetime.combine(given, time.min, UTC))


def _end(value: object) -> object:
    """Return the moment before which something is not after the day or moment."""
    given = _parse(value)
    if isinstance(given, datetime):
        return _within(given) + timedelta(microseconds=1)
    return _within(datetime.combine(given, time.min, UTC)) + timedelta(days=1)


def _parse(value: object) -> date | datetime:
    text = value if isinstance(value, str) else ""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _MOMENT.fullmatch(text):
            # A `+` that was not encoded arrives as a space.
            moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        pass
    raise ValueError("must be a day such as 2026-03-01, or a moment such as 2026-03-01T12:00:00Z")


def _within(moment: datetime) -> datetime:
    try:
        return min(max(moment.astimezone(UTC), _FIRST), _LAST)
    except OverflowError:  # at the ends of what has a year
        return _FIRST if moment.year < 5000 else _LAST


_SCHEMA: dict[str, Any] = {
    "type": "string",
    "format": "date-time",
    "examples": ["2026-03-01", "2026-03-01T12:00:00Z"],
}

# Parameters of a query: what is found is at or behind the first, and before the second.
Since = Annotated[datetime, BeforeValidator(_beginning), WithJsonSchema(_SCHEMA)]
Before = Annotated[datetime, BeforeValidator(_end), WithJsonSchema(_SCHEMA)]
