"""The SQL of the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, insert, select, update

from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.events.tables import event_deliveries, outbox_events


def insert_event(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an event."""
    connection.execute(insert(outbox_events).values(**values))


def list_undispatched(connection: Connection, limit: int) -> Sequence[AnyRow]:
    """Return the earliest events whose deliveries are not written down yet: those that are committed, by id."""
    columns = outbox_events.c
    statement = select(columns.id, columns.kind, columns.aggregate).where(columns.dispatched_at.is_(None))
    return connection.execute(statement.order_by(columns.id).limit(limit)).all()


def take_undispatched(connection: Connection, event_ids: Sequence[int], now: datetime) -> bool:
    """Mark events as dispatched; False when another was quicker with any of them, and all must be undone."""
    untaken = outbox_events.c.id.in_(event_ids) & outbox_events.c.dispatched_at.is_(None)
    return connection.execute(update(outbox_events).where(untaken).values(dispatched_at=now)).rowcount == len(
        event_ids
    )


def insert_deliveries(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert deliveries."""
    if rows:
        connection.execute(insert(event_deliveries), [dict(row) for row in rows])


def list_events(
    connection: Connection, page: PageRequest, *, kind: str | None, aggregate: str | None
) -> Page[AnyRow]:
    """Return events, newest first, of a kind or of an aggregate when given."""
    statement = select(outbox_events)
    if kind is not None:
        statement = statement.where(outbox_events.c.kind == kind)
    if aggregate is not None:
        statement = statement.where(outbox_events.c.aggregate == aggregate)
    order = [outbox_events.c.created_at, outbox_events.c.id]
    return fetch_page(connection, statement, page, order=order, descending=True)


def find_newest_moment(connection: Connection, kind: str) -> datetime | None:
    """Return when the newest event of a kind happened."""
    columns = outbox_events.c
    newest = select(columns.created_at).where(columns.kind == kind)
    return connection.scalar(newest.order_by(columns.created_at.desc(), columns.id.desc()).limit(1))


def find_last_id_before(connection: Connection, moment: datetime) -> int:
    """Return the id of the newest event from before `moment`; 0 when there is none."""
    columns = outbox_events.c
    older = select(columns.id).where(columns.created_at < moment)
    return connection.scalar(older.order_by(columns.created_at.desc(), columns.id.desc()).limit(1)) or 0


def list_purgeable(
    connection: Connection, *, before: datetime, after_id: int, up_to_id: int, limit: int
) -> Sequence[int]:
    """Return the ids of dispatched events from `before` a moment that no target is still to be told, ascending."""
    events, deliveries = outbox_events.c, event_deliveries.c
    unfinished = exists().where((deliveries.event_id == events.id) & (deliveries.state != "delivered"))
    statement = select(events.id).where(
        events.id > after_id,
        events.id <= up_to_id,
        events.created_at < before,
        events.dispatched_at.is_not(None),
        ~unfinished,
    )
    return connection.scalars(statement.order_by(events.id).limit(limit)).all()


def delete_events(connection: Connection, event_ids: Sequence[int]) -> int:
    """Delete events with their deliveries, but for those that are to be delivered again meanwhile; count events."""
    deliveries = event_deliveries.c
    done = deliveries.event_id.in_(event_ids) & (deliveries.state == "delivered")
    connection.execute(delete(event_deliveries).where(done))
    left = exists().where(deliveries.event_id == outbox_events.c.id)
    statement = delete(outbox_events).where(outbox_events.c.id.in_(event_ids), ~left)
    return connection.execute(statement).rowcount
