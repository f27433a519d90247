"""The SQL of registrations that wait for their address to be proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from chalicelib.accounts.tables import registrations
from chalicelib.core.database import AnyRow, Connection, insert_row


def insert_registration(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a registration and return its id."""
    return insert_row(connection, registrations, values)


def list_registrations(connection: Connection, email_key: str, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Return the registrations of an address that are not too old, newest first."""
    theirs = (registrations.c.email_key == email_key) & (registrations.c.expires_at > now)
    newest = select(registrations).where(theirs).order_by(registrations.c.id.desc())
    return connection.execute(newest.limit(limit)).all()


def delete_registrations(connection: Connection, email_key: str) -> None:
    """Forget all registrations of an address."""
    connection.execute(delete(registrations).where(registrations.c.email_key == email_key))


def delete_expired(connection: Connection, now: datetime) -> None:
    """Forget registrations that are too old."""
    connection.execute(delete(registrations).where(registrations.c.expires_at <= now))
