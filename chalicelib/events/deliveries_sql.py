"""The SQL of deliveries: what is due, who sends it, how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update

from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.events.tables import event_deliveries, outbox_events

_columns = event_deliveries.c


def _due(target: str, now: datetime) -> ColumnElement[bool]:
    free = or_(_columns.lease_until.is_(None), _columns.lease_until < now)
    return and_(_columns.target == target, _columns.state == "waiting", _columns.due_at <= now, free)


def any_due(connection: Connection, target: str, now: datetime) -> bool:
    """Tell whether something may be waiting for `target`; what waits for an earlier event counts too."""
    return bool(connection.scalar(select(exists().where(_due(target, now)))))


def claim(
    connection: Connection, target: str, limit: int, holder: str, *, now: datetime, until: datetime
) -> Sequence[AnyRow]:
    """Take the right to send what is due to `target`, at most one event of an aggregate: its earliest.

    Returns the deliveries with their events, in the order in which they became due.
    """
    earlier = event_deliveries.alias("earlier")
    blocked = exists().where(
        earlier.c.target == _columns.target,
        earlier.c.aggregate == _columns.aggregate,
        earlier.c.state == "waiting",
        earlier.c.event_id < _columns.event_id,
    )
    heads = select(_columns.id).where(_due(target, now), ~blocked)
    ids = connection.scalars(heads.order_by(_columns.due_at, _columns.id).limit(limit)).all()
    if not ids:
        return []
    # Others may have been quicker since: only what is still due and free is taken.
    free = and_(_columns.id.in_(ids), _due(target, now))
    connection.execute(update(event_deliveries).where(free).values(lease_holder=holder, lease_until=until))
    events = outbox_events.c
    statement = (
        select(
            _columns.id,
            _columns.event_id,
            _columns.target,
            _columns.aggregate,
            _columns.attempts,
            _columns.lease_holder,
            events.uid,
            events.kind,
            events.payload,
            events.created_at,
        )
        .join_from(event_deliveries, outbox_events, _columns.event_id == events.id)
        .where(_columns.id.in_(ids), _columns.lease_holder == holder)
    )
    return connection.execute(statement.order_by(_columns.due_at, _columns.id)).all()


def end_attempt(connection: Connection, delivery_id: int, holder: str, values: Mapping[str, Any]) -> bool:
    """Set how an attempt went and let go of the delivery; False when it is no longer `holder`'s."""
    mine = and_(_columns.id == delivery_id, _columns.lease_holder == holder)
    ended = update(event_deliveries).where(mine).values(**values, lease_holder=None, lease_until=None)
    return connection.execute(ended).rowcount == 1


def release(connection: Connection, delivery_ids: Sequence[int], holder: str) -> None:
    """Let go of deliveries that were not sent."""
    mine = and_(_columns.id.in_(delivery_ids), _columns.lease_holder == holder)
    connection.execute(update(event_deliveries).where(mine).values(lease_holder=None, lease_until=None))


def move_later_ones(connection: Connection, target: str, aggregate: str, event_id: int, due_at: datetime) -> None:
    """Set when the events behind `event_id` are looked at next: they wait for it, and need no looking at before."""
    behind = and_(
        _columns.target == target,
        _columns.aggregate == aggregate,
        _columns.state == "waiting",
        _columns.event_id > event_id,
    )
    connection.execute(update(event_deliveries).where(behind).values(due_at=due_at))


def _with_event() -> Any:
    events = outbox_events.c
    joined = event_deliveries.join(outbox_events, _columns.event_id == events.id)
    return select(event_deliveries, events.uid, events.kind).select_from(joined)


def find_delivery(connection: Connection, delivery_id: int) -> AnyRow | None:
    """Return a delivery with id and kind of its event."""
    return connection.execute(_with_event().where(_columns.id == delivery_id)).first()


def lock_delivery(connection: Connection, delivery_id: int) -> AnyRow | None:
    """Return a delivery that nobody else changes until this transaction ends."""
    statement = select(event_deliveries).where(_columns.id == delivery_id)
    return connection.execute(statement.with_for_update()).first()


def list_deliveries(connection: Connection, target: str, state: str | None, page: PageRequest) -> Page[AnyRow]:
    """Return the deliveries to a target, newest event first."""
    statement = _with_event().where(_columns.target == target)
    if state is not None:
        statement = statement.where(_columns.state == state)
    return fetch_page(connection, statement, page, order=[_columns.event_id], descending=True)


def list_dead(connection: Connection, hidden: Sequence[str], page: PageRequest) -> Page[AnyRow]:
    """Return what could not be delivered to any target but the `hidden` ones, newest first."""
    statement = _with_event().where(_columns.state == "dead")
    if hidden:
        statement = statement.where(_columns.target.not_in(hidden))
    return fetch_page(connection, statement, page, order=[_columns.id], descending=True)


def list_dead_ids(connection: Connection, target: str, limit: int) -> Sequence[int]:
    """Return the ids of the earliest dead deliveries to a target."""
    dead = select(_columns.id).where(_columns.target == target, _columns.state == "dead")
    return connection.scalars(dead.order_by(_columns.id).limit(limit)).all()


def revive(connection: Connection, delivery_ids: Sequence[int], states: Sequence[str], now: datetime) -> int:
    """Make deliveries that are in one of `states` wait again as if they were new; return how many."""
    found = and_(_columns.id.in_(delivery_ids), _columns.state.in_(states))
    values = {"state": "waiting", "attempts": 0, "due_at": now, "delivered_at": None}
    return connection.execute(update(event_deliveries).where(found).values(**values)).rowcount


def delete_some(connection: Connection, target: str, limit: int) -> int:
    """Delete some of the deliveries to a target; return how many."""
    ids = connection.scalars(select(_columns.id).where(_columns.target == target).limit(limit)).all()
    return connection.execute(delete(event_deliveries).where(_columns.id.in_(ids))).rowcount if ids else 0
