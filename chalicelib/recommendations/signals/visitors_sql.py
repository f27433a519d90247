"""The SQL of visitors: who they are, who signed in there, and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select, update

from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import upsert
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.recommendations.signals.signal_tables import behaviour_events, visitors

_events = behaviour_events.c


def upsert_visitor(connection: Connection, public_id: str, now: datetime) -> AnyRow:
    """Note that a visitor is here, and return its id and customer_id; it stays locked until the transaction ends."""
    values = {"public_id": public_id, "created_at": now, "last_seen_at": now}
    upsert(connection, visitors, values, keys=["public_id"], update={"last_seen_at": now})
    return connection.execute(
        select(visitors.c.id, visitors.c.customer_id).where(visitors.c.public_id == public_id)
    ).one()


def update_customer(connection: Connection, visitor_id: int, customer_id: int) -> None:
    """Note who signed in at a visitor."""
    connection.execute(update(visitors).where(visitors.c.id == visitor_id).values(customer_id=customer_id))


def claim_events(connection: Connection, visitor_id: int, customer_id: int, most: int) -> None:
    """Make the latest `most` events that a visitor sent while nobody had signed in those of a customer."""
    nobodys = (_events.visitor_id == visitor_id) & _events.customer_id.is_(None)
    newest = select(_events.id).where(nobodys).order_by(_events.id.desc()).offset(most - 1).limit(1)
    first = connection.scalar(newest) or 0
    connection.execute(update(behaviour_events).where(nobodys, _events.id >= first).values(customer_id=customer_id))


def lock_visitors_of(connection: Connection, customer_id: int) -> Sequence[int]:
    """Return the visitors at which a customer signed in, and keep them from sending until the transaction ends."""
    mine = select(visitors.c.id).where(visitors.c.customer_id == customer_id).order_by(visitors.c.id)
    return connection.scalars(mine.with_for_update()).all()


def list_visitors_of(connection: Connection, customer_id: int, limit: int) -> Sequence[AnyRow]:
    """Return the visitors at which a customer signed in, newest first."""
    mine = select(visitors).where(visitors.c.customer_id == customer_id)
    return connection.execute(mine.order_by(visitors.c.id.desc()).limit(limit)).all()


def list_events_of(connection: Connection, page: PageRequest, customer_id: int) -> Page[AnyRow]:
    """Return the events of a customer, newest first, with the `visitor` that sent them."""
    columns = (_events.id, _events.kind, _events.product_id, _events.request_id, _events.position, _events.surface)
    shown = select(*columns, _events.at, _events.received_at, visitors.c.public_id.label("visitor"))
    mine = shown.join_from(behaviour_events, visitors, isouter=True).where(_events.customer_id == customer_id)
    return fetch_page(connection, mine, page, order=[_events.id], descending=True)


def delete_of_customer(connection: Connection, customer_id: int, visitor_ids: Sequence[int]) -> None:
    """Delete the events of a customer and those of its visitors, and the visitors."""
    connection.execute(delete(behaviour_events).where(_events.customer_id == customer_id))
    if visitor_ids:
        connection.execute(delete(behaviour_events).where(_events.visitor_id.in_(visitor_ids)))
        connection.execute(delete(visitors).where(visitors.c.id.in_(visitor_ids)))


def list_old_events(connection: Connection, before: datetime, limit: int) -> Sequence[int]:
    """Return the ids of events that were received before a moment, oldest first."""
    old = select(_events.id).where(_events.received_at < before)
    return connection.scalars(old.order_by(_events.received_at, _events.id).limit(limit)).all()


def delete_events(connection: Connection, ids: Sequence[int]) -> int:
    """Delete events and return how many."""
    return connection.execute(delete(behaviour_events).where(_events.id.in_(ids))).rowcount


def list_unseen(connection: Connection, before: datetime, limit: int) -> Sequence[int]:
    """Return visitors without an event that nobody saw since."""
    silent = ~exists().where(_events.visitor_id == visitors.c.id)
    unseen = select(visitors.c.id).where(visitors.c.last_seen_at < before, silent)
    return connection.scalars(unseen.order_by(visitors.c.last_seen_at).limit(limit)).all()


def delete_unseen(connection: Connection, ids: Sequence[int], before: datetime) -> int:
    """Delete those of the visitors that are still unseen, and return how many: one may have come back meanwhile."""
    gone = delete(visitors).where(visitors.c.id.in_(ids), visitors.c.last_seen_at < before)
    return connection.execute(gone).rowcount
