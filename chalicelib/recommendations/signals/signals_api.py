"""What people do, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.core.auth import PUBLIC, STAFF_OR_OWNER, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import Forbidden, NotFound, Unauthenticated
from chalicelib.core.inputs import AS_WHOLE, Id
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Routes
from chalicelib.recommendations.signals import own_signals, signals
from chalicelib.recommendations.signals.bounds import TooManyEvents

routes = Routes("Recommendations")

VisitorId = Annotated[str, Field(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
EventId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
RequestId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Surface = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9._-]+$")]
Position = Annotated[int, Field(ge=0, le=10_000), AS_WHOLE]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: EventId = Field(description="Given by the sender: what it sends again under the same id is kept once.")
    product_id: Id
    at: AwareDatetime | None = Field(None, description="When it happened; now where it is left out.")
    position: Position | None = Field(None, description="The place in the list, from 0.")
    surface: Surface | None = Field(None, description="Where in the shop, such as `home` or `cart`.")


class Interest(_Sent):
    """Somebody looked at a product, or put it into the cart."""

    kind: Literal["view", "cart"]
    request_id: RequestId | None = Field(None, description="Of the recommendation that led there.")


class Shown(_Sent):
    """A recommendation was seen, or clicked."""

    kind: Literal["impression", "click"]
    request_id: RequestId = Field(description="Of the recommendation: answered with it.")


_EXAMPLE: Any = {
    "visitor_id": "0b9f3c6e-5d1a-4f0e-9d53-2f6f7c1f8a10",
    "events": [
        {"id": "e1", "kind": "view", "product_id": 1},
        {"id": "e2", "kind": "click", "product_id": 2, "request_id": "rec_1.-.0123456789abcdef", "position": 0},
    ],
}


class SentEvents(BaseModel):
    """What somebody did. `visitor_id` is needed where no customer is signed in."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    visitor_id: VisitorId | None = Field(
        None, description="Made by the browser or app at random, and kept there like a password."
    )
    events: list[Annotated[Interest | Shown, Field(discriminator="kind")]] = Field(min_length=1, max_length=100)


class RejectedEvent(BaseModel):
    """An event that was not kept, and why."""

    id: str
    reason: signals.Reason


class TakenEvents(BaseModel):
    """How many events are new, how many were known, and which were not kept."""

    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]


class Behaviour(BaseModel):
    """One thing that a customer did."""

    kind: Literal["view", "cart", "click", "impression"]
    product_id: int
    at: AwareDatetime
    received_at: AwareDatetime
    request_id: str | None
    position: int | None
    surface: str | None
    visitor_id: str | None


class Visitor(BaseModel):
    """A browser or app at which a customer was the first to sign in."""

    visitor_id: str
    created_at: AwareDatetime
    last_seen_at: AwareDatetime


def present_behaviour(row: Any) -> dict[str, Any]:
    """Return an event as it is answered."""
    names = ("kind", "product_id", "at", "received_at", "request_id", "position", "surface")
    return {**{name: getattr(row, name) for name in names}, "visitor_id": row.visitor}


def present_visitor(row: Any) -> dict[str, Any]:
    """Return a visitor as it is answered."""
    return {"visitor_id": row.public_id, "created_at": row.created_at, "last_seen_at": row.last_seen_at}


@routes.get("/users/{user_id}/behaviour", access=STAFF_OR_OWNER, response=list[Behaviour], errors=[NotFound])
def list_behaviour(
    connection: Connection, owner_id: int | None, user_id: int, query: PageQuery
) -> Page[dict[str, Any]]:
    """List what a customer did, newest first: views, cart additions, what it was shown and clicked."""
    page = own_signals.list_behaviour(connection, query.page(), user_id, owner_id=owner_id)
    return page.with_items([present_behaviour(row) for row in page.items])


@routes.post("/events", access=PUBLIC, response=TakenEvents, errors=[Forbidden, TooManyEvents])
def send_events(connection: Connection, caller: Caller | None, address: str, body: SentEvents) -> dict[str, Any]:
    """Tell what somebody does in the shop: views, cart additions, recommendations seen and clicked.

    Of the signed-in customer, of a visitor, or of both: then the visitor is linked with the customer. An event that
    cannot be kept (an unknown product, older than seven days, in the future) does not keep the others from it.
    """
    if caller is None and body.visitor_id is None:
        raise Unauthenticated("Send a visitor_id, or the token of a customer.")
    taken = signals.take_events(
        connection,
        [_as_sent(event) for event in body.events],
        customer_id=None if caller is None else caller.customer_id,
        visitor=body.visitor_id,
        # The shop's own programs pass on what many people do.
        address=None if caller is not None and caller.is_staff else address,
    )
    return {
        "accepted": taken.accepted,
        "duplicates": taken.duplicates,
        "rejected": [{"id": event_id, "reason": reason} for event_id, reason in taken.rejected],
    }


def _as_sent(event: Interest | Shown) -> signals.Sent:
    return signals.Sent(
        id=event.id,
        kind=event.kind,
        product_id=event.product_id,
        at=event.at,
        request_id=event.request_id,
        position=event.position,
        surface=event.surface,
    )
