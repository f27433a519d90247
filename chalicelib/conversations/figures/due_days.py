"""Days whose figures have to be counted again: marked by whoever deletes, rates, reacts or hands over.

What is merely added (messages, conversations) is not marked, for that would make all writers meet at one row; the
counting finds it by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.due_days import Subject

DAY = timedelta(days=1)
CONVERSATIONS = Subject("conversations")


def mark(connection: Connection, *moments: datetime) -> None:
    """Mark the days (UTC) of some moments.

    Of a rating the moment is that at which its conversation began; of a reaction, or of a message that is deleted,
    those of the message and of the beginning of its conversation.
    """
    CONVERSATIONS.mark(connection, {moment.astimezone(UTC).date() for moment in moments})


def mark_deleted(connection: Connection, sessions: Iterable[tuple[datetime, datetime]]) -> None:
    """Mark the days of conversations that are deleted by their people: each by (created_at, last_activity_at).

    That is every day on which something may have been said, and those on which an order may have come of it. What is
    deleted because it has been kept for its time is not marked: its figures stay.
    """
    today, window = clock.now().date(), timedelta(days=settings().attribution_days)
    found: set[date] = set()
    for began, ended in sessions:
        first, last = began.astimezone(UTC).date(), min(ended.astimezone(UTC).date() + window, today)
        found.update(first + n * DAY for n in range((last - first).days + 1))
    CONVERSATIONS.mark(connection, found)
