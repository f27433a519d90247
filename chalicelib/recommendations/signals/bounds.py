"""How many events an hour may have, of one person and from one place: nobody fills the tables or bends figures."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta

from chalicelib.commerce.sales import holds
from chalicelib.core.database import Connection
from chalicelib.core.errors import TooManyRequests
from chalicelib.recommendations.signals import bounds_sql

WINDOW = timedelta(hours=1)
# A quick reader opens some hundred pages in an hour, each with some dozen things shown. Many share an address.
LIMITS = {"person": 3_000, "address": 30_000}


class TooManyEvents(TooManyRequests):
    """This person, or this place, has sent as many events as an hour may have."""

    code = "too-many-events"
    title = "Too many events"


def count(connection: Connection, events: int, now: datetime, *, person: str, address: str | None) -> None:
    """Count events of a person that come from an address (None: of a program of the shop itself).

    No other transaction counts for the same person before this one ends: it sees what those before it have kept.

    Raises:
        TooManyEvents: it would be more than an hour may have; then none is counted, as the transaction is undone.
    """
    subjects = {"person": _subject("person", person)}
    if address is not None:
        subjects["address"] = _subject("address", holds.client_key(address))
    # The person always first, then the place, of which a transaction counts one alone: no circle of waiting.
    for subject in subjects.values():
        bounds_sql.count_events(connection, subject, events, now, now + WINDOW)
    found = {row.subject: row for row in bounds_sql.list_counts(connection, list(subjects.values()))}
    over = [
        found[subject].window_ends_at for kind, subject in subjects.items() if found[subject].events > LIMITS[kind]
    ]
    if over:
        wait = math.ceil((max(over) - now).total_seconds())
        raise TooManyEvents("Too many events within an hour; send the rest later.", retry_after_s=max(1, wait))


def _subject(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}\0{value}".encode()).hexdigest()
