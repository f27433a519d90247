"""The SQL of the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from chalicelib.core.database import Connection
from chalicelib.events.tables import outbox_events


def insert_event(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an event."""
    connection.execute(insert(outbox_events).values(**values))
