"""The SQL of the queue of mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.mails.tables import mails


def insert_mail(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a mail and return its id."""
    return insert_row(connection, mails, values)


def list_due(connection: Connection, now: datetime, limit: int) -> Sequence[int]:
    """Return the ids of mails that wait and may be tried, the longest waiting first."""
    due = select(mails.c.id).where(mails.c.state == "waiting", mails.c.next_try_at <= now)
    return connection.scalars(due.order_by(mails.c.next_try_at, mails.c.id).limit(limit)).all()


def find_mail(connection: Connection, mail_id: int) -> AnyRow | None:
    """Return a mail."""
    return connection.execute(select(mails).where(mails.c.id == mail_id)).first()


def claim(connection: Connection, mail_id: int, *, tried: int, now: datetime, until: datetime) -> bool:
    """Count one more try of a mail that was `tried` so often, and hide it from others `until` then."""
    mine = (mails.c.id == mail_id) & (mails.c.state == "waiting")
    due = (mails.c.attempts == tried) & (mails.c.next_try_at <= now)
    moved = update(mails).where(mine & due).values(attempts=tried + 1, next_try_at=until)
    return connection.execute(moved).rowcount == 1


def update_tried(connection: Connection, mail_id: int, attempts: int, values: Mapping[str, Any]) -> None:
    """Note what came of a try, unless another has begun since."""
    mine = (mails.c.id == mail_id) & (mails.c.state == "waiting") & (mails.c.attempts == attempts)
    connection.execute(update(mails).where(mine).values(**values))


def delete_old(connection: Connection, before: datetime) -> None:
    """Forget mails that were done with `before` then."""
    connection.execute(delete(mails).where(mails.c.state != "waiting", mails.c.finished_at < before))


def delete_to(connection: Connection, recipient: str) -> None:
    """Forget all mails to an address."""
    connection.execute(delete(mails).where(mails.c.recipient == recipient))
