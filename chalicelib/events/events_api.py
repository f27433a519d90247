"""Events and their deliveries over HTTP."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.core.auth import ADMIN, STAFF
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, PageQuery, TimelineQuery
from chalicelib.core.routes import Routes
from chalicelib.events import deliveries, outbox_sql
from chalicelib.events.envelope import envelope

routes = Routes("Events")

State = Literal["waiting", "delivered", "dead"]


class Event(BaseModel):
    """What happened, as its receivers are told."""

    type: str = Field(examples=["order.paid"])
    timestamp: AwareDatetime
    data: dict[str, Any]
    id: str
    aggregate: str = Field(examples=["order:17"])


class Delivery(BaseModel):
    """One event for one target: how often it was tried, and how the last attempt went."""

    id: int
    event_id: str
    type: str
    aggregate: str
    target: str = Field(description="`webhook:7`, `sns` or `bus`.")
    webhook_id: int | None
    state: State
    attempts: int
    next_attempt_at: AwareDatetime | None = Field(description="When it is tried at the earliest, while it waits.")
    last_attempt_at: AwareDatetime | None
    last_status: int | None = Field(description="The status of the last answer; null when none came.")
    last_error: str | None
    last_response: str | None = Field(description="The first 500 characters of the last answer.")
    duration_ms: int | None
    delivered_at: AwareDatetime | None


class Redelivered(BaseModel):
    """How many deliveries wait again."""

    redelivered: int


class EventQuery(TimelineQuery):
    """Which events to list."""

    kind: str | None = Field(None, max_length=64, description="Only of this kind, such as `order.paid`.")
    aggregate: str | None = Field(None, max_length=64, description="Only of this, such as `order:17`.")


class DeliveryQuery(PageQuery):
    """Which deliveries to list."""

    state: State | None = Field(None, description="Only those in this state.")


def _present(row: Any) -> dict[str, Any]:
    waiting = row.state == "waiting"
    return {
        "id": row.id,
        "event_id": row.uid,
        "type": row.kind,
        "aggregate": row.aggregate,
        "target": row.target,
        "webhook_id": deliveries.webhook_id_of(row.target),
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": row.due_at if waiting else None,
        "last_attempt_at": row.last_attempt_at,
        "last_status": row.last_status,
        "last_error": row.last_error,
        "last_response": row.last_response,
        "duration_ms": row.duration_ms,
        "delivered_at": row.delivered_at,
    }


@routes.get("/events", access=STAFF, response=list[Event])
def list_events(connection: Connection, query: EventQuery) -> Page[dict[str, Any]]:
    """List what happened in the shop, newest first."""
    page = outbox_sql.list_events(connection, query.page(), kind=query.kind, aggregate=query.aggregate)
    return page.with_items(
        [envelope(row.uid, row.kind, row.aggregate, row.payload, row.created_at) for row in page.items]
    )


@routes.get("/webhooks/{webhook_id}/deliveries", access=STAFF, response=list[Delivery], errors=[NotFound])
def list_webhook_deliveries(connection: Connection, webhook_id: int, query: DeliveryQuery) -> Page[dict[str, Any]]:
    """List the deliveries to a webhook, newest event first."""
    page = deliveries.list_deliveries(connection, webhook_id, query.state, query.page())
    return page.with_items([_present(row) for row in page.items])


@routes.get("/webhooks/dead-letters", access=STAFF, response=list[Delivery])
def list_dead_letters(connection: Connection, query: PageQuery) -> Page[dict[str, Any]]:
    """List what could not be delivered to any target, newest first."""
    page = deliveries.list_dead(connection, query.page())
    return page.with_items([_present(row) for row in page.items])


@routes.post("/deliveries/{delivery_id}/redeliver", access=ADMIN, response=Delivery, status=202, errors=[NotFound])
def redeliver(connection: Connection, delivery_id: int) -> dict[str, Any]:
    """Deliver an event to its target again, whatever became of it before.

    It is sent with the next run, under the same `webhook-id`, and tried as often as a new one.
    """
    return _present(deliveries.redeliver(connection, delivery_id))


@routes.post("/webhooks/{webhook_id}/redeliver", access=ADMIN, response=Redelivered, status=202, errors=[NotFound])
def redeliver_dead_letters(connection: Connection, webhook_id: int) -> dict[str, int]:
    """Deliver the dead letters of a webhook again, the earliest thousand; call it again until it answers 0."""
    return {"redelivered": deliveries.redeliver_dead(connection, webhook_id)}
