"""The SQL of webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update

from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.events.tables import webhooks

_present = webhooks.c.deleted_at.is_(None)


def insert_webhook(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a webhook and return its id."""
    return insert_row(connection, webhooks, values)


def find_webhook(connection: Connection, webhook_id: int) -> AnyRow | None:
    """Return a webhook."""
    return connection.execute(select(webhooks).where(webhooks.c.id == webhook_id, _present)).first()


def lock_webhook(connection: Connection, webhook_id: int) -> AnyRow | None:
    """Return a webhook that nobody else changes until this transaction ends."""
    found = select(webhooks).where(webhooks.c.id == webhook_id, _present)
    return connection.execute(found.with_for_update()).first()


def list_webhooks(connection: Connection, page: PageRequest) -> Page[AnyRow]:
    """Return webhooks by id."""
    return fetch_page(connection, select(webhooks).where(_present), page, order=[webhooks.c.id])


def count_webhooks(connection: Connection) -> int:
    """Return how many webhooks there are."""
    return int(connection.execute(select(func.count()).select_from(webhooks).where(_present)).scalar_one())


def list_active(connection: Connection, *, rested_at: datetime | None = None) -> Sequence[AnyRow]:
    """Return the webhooks that are to be told; with `rested_at` only those that do not rest at that moment."""
    statement = select(webhooks).where(_present, webhooks.c.active.is_(True)).order_by(webhooks.c.id)
    if rested_at is not None:
        statement = statement.where(or_(webhooks.c.rest_until.is_(None), webhooks.c.rest_until <= rested_at))
    return connection.execute(statement).all()


def update_webhook(
    connection: Connection, webhook_id: int, values: Mapping[str, Any], *, expected_version: int | None = None
) -> bool:
    """Change columns of a webhook, of the expected version when one is given; False when there is none such."""
    statement = update(webhooks).where(webhooks.c.id == webhook_id, _present)
    if expected_version is not None:
        statement = statement.where(webhooks.c.version == expected_version)
    return connection.execute(statement.values(**values)).rowcount == 1


def list_deleted_ids(connection: Connection) -> Sequence[int]:
    """Return the ids of the webhooks that were deleted but for their rows."""
    deleted = select(webhooks.c.id).where(webhooks.c.deleted_at.is_not(None))
    return connection.scalars(deleted.order_by(webhooks.c.id)).all()


def delete_webhook(connection: Connection, webhook_id: int) -> None:
    """Delete the row of a webhook."""
    connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
