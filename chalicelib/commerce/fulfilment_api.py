"""What is done with orders over HTTP: paid by hand, shipped, delivered, cancelled, returned, refunded, noted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.commerce import fulfilment, orders, refunds, returns, timeline
from chalicelib.commerce.distribution_centers import DistributionCenterUnavailable
from chalicelib.commerce.fulfilment import IllegalMove, NoSuchItem
from chalicelib.commerce.order_answers import (
    OrderDetail,
    OrderRefund,
    Return,
    name_for,
    present_detail,
    present_refund,
    present_return,
)
from chalicelib.commerce.orders_api import Note
from chalicelib.commerce.refunds import TooMuch
from chalicelib.commerce.returns import ReturnClosed, ReturnReason, TooLate
from chalicelib.commerce.stock import Contended
from chalicelib.core.auth import STAFF, STAFF_OR_OWNER, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.inputs import BodyMoneyAboveZero, Id, Line, Prose
from chalicelib.core.money import floor_cents
from chalicelib.core.paging import Page, PageQuery, TimelineQuery
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Orders")

ItemIds = Annotated[list[Id], Field(min_length=1, max_length=500)]
Words = Annotated[Line, Field(max_length=100)]
Reason = Annotated[Prose, Field(min_length=1, max_length=400)]
_MOVE_ERRORS = [NotFound, IllegalMove, NoSuchItem, Contended]


def _strict(*examples: JsonDict) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})


class ManualPayment(BaseModel):
    """Money that came beside any provider."""

    model_config = _strict({"method": "bank transfer"})

    method: Words


class NewShipment(BaseModel):
    """Items to send in one parcel; all that wait when none is named."""

    model_config = _strict({"carrier": "DHL", "tracking_number": "JD0001"})

    item_ids: ItemIds | None = None
    carrier: Words | None = None
    tracking_number: Words | None = None


class Delivery(BaseModel):
    """Items that arrived: those of a shipment, the named ones (of it), or all that are on their way."""

    model_config = _strict({"shipment_id": 1})

    item_ids: ItemIds | None = None
    shipment_id: Id | None = None


class Cancellation(BaseModel):
    """Items to cancel; all of them when none is named."""

    model_config = _strict({"reason": "no longer wanted"})

    item_ids: ItemIds | None = None
    reason: Reason = Field("no longer wanted")


class NewReturn(BaseModel):
    """Items to send back; all that can be when none is named."""

    model_config = _strict({"item_ids": [1], "reason": "wrong_size"})

    item_ids: ItemIds | None = None
    # Lax: an enum comes as a string in JSON.
    reason: ReturnReason = Field(strict=False)
    comment: Annotated[Prose, Field(max_length=1000)] | None = None


class Receipt(BaseModel):
    """How returned goods are taken in: which items are written off, to which center the others go."""

    model_config = _strict({"written_off": [1]})

    written_off: list[Id] = Field(default_factory=list, max_length=500, description="Items that cannot be sold.")
    distribution_center_id: Id | None = Field(None, description="Where the units lie now; where they came from else.")
    refund: bool = True


class Refusal(BaseModel):
    """Why a return is refused."""

    model_config = _strict({"reason": "worn"})

    reason: Reason


class NewRefund(BaseModel):
    """Money to give back, as a goodwill say."""

    model_config = _strict({"amount": 5, "reason": "it came late"})

    amount: BodyMoneyAboveZero
    reason: Reason


class NewNote(BaseModel):
    """A note to an order; the customer sees it unless it is internal."""

    model_config = _strict({"text": "Called the customer."})

    text: Note
    internal: bool = True


class TimelineEntry(BaseModel):
    """Something that happened to an order."""

    id: int
    kind: str
    text: str
    actor: str
    internal: bool
    created_at: AwareDatetime


class ReturnQuery(TimelineQuery):
    """Which returns to list."""

    state: Literal["requested", "received", "refused"] | None = Field(None, description="Only returns of this state.")


def _detail(connection: Connection, order_id: int, caller: Caller) -> Reply:
    order = orders.get_order(connection, order_id, owner_id=None)
    return versioned(present_detail(connection, order, caller), order.version)


@routes.post(
    "/orders/{order_id}/pay", access=STAFF, response=OrderDetail, errors=_MOVE_ERRORS, idempotency="required"
)
def pay_order(connection: Connection, caller: Caller, order_id: int, body: ManualPayment) -> Reply:
    """Note that a pending order was paid, by bank transfer say: it is processed from now on."""
    fulfilment.mark_paid(connection, order_id, body.method, caller.username)
    return _detail(connection, order_id, caller)


@routes.post("/orders/{order_id}/shipments", access=STAFF, response=OrderDetail, status=201, errors=_MOVE_ERRORS)
def ship_order(connection: Connection, caller: Caller, order_id: int, body: NewShipment) -> Reply:
    """Send items in one parcel: all that wait, or the named ones."""
    fulfilment.ship(
        connection,
        order_id,
        body.item_ids,
        carrier=body.carrier,
        tracking_number=body.tracking_number,
        actor=caller.username,
    )
    return _detail(connection, order_id, caller)


@routes.post("/orders/{order_id}/deliveries", access=STAFF, response=OrderDetail, errors=_MOVE_ERRORS)
def deliver_order(connection: Connection, caller: Caller, order_id: int, body: Delivery) -> Reply:
    """Note that items arrived."""
    fulfilment.deliver(connection, order_id, body.item_ids, body.shipment_id, caller.username)
    return _detail(connection, order_id, caller)


@routes.post(
    "/orders/{order_id}/cancel", access=STAFF_OR_OWNER, response=OrderDetail, errors=[*_MOVE_ERRORS, TooMuch]
)
def cancel_order(
    connection: Connection, caller: Caller, owner_id: int | None, order_id: int, body: Cancellation
) -> Reply:
    """Cancel items that have not left: their units are free again and what was paid for them goes back.

    A customer cancels its own order.
    """
    fulfilment.cancel(connection, order_id, body.item_ids, reason=body.reason, actor=caller.actor, owner_id=owner_id)
    return _detail(connection, order_id, caller)


@routes.post(
    "/orders/{order_id}/returns",
    access=STAFF_OR_OWNER,
    response=OrderDetail,
    status=201,
    errors=[*_MOVE_ERRORS, TooLate],
)
def request_return(
    connection: Connection, caller: Caller, owner_id: int | None, order_id: int, body: NewReturn
) -> Reply:
    """Ask to send items back; a customer for its own order, up to RETURN_DAYS after it arrived."""
    returns.request(
        connection,
        order_id,
        body.item_ids,
        reason=body.reason,
        comment=body.comment,
        actor=caller.actor,
        owner_id=owner_id,
    )
    return _detail(connection, order_id, caller)


@routes.post(
    "/orders/{order_id}/returns/{return_id}/receive",
    access=STAFF,
    response=OrderDetail,
    errors=[NotFound, ReturnClosed, NoSuchItem, TooMuch, Contended, DistributionCenterUnavailable],
)
def receive_return(connection: Connection, caller: Caller, order_id: int, return_id: int, body: Receipt) -> Reply:
    """Take returned goods in: back on the shelf or written off, and what was paid for them goes back."""
    returns.receive(
        connection,
        order_id,
        return_id,
        written_off=body.written_off,
        center_id=body.distribution_center_id,
        refund=body.refund,
        actor=caller.username,
    )
    return _detail(connection, order_id, caller)


@routes.post(
    "/orders/{order_id}/returns/{return_id}/refuse",
    access=STAFF,
    response=OrderDetail,
    errors=[NotFound, ReturnClosed],
)
def refuse_return(connection: Connection, caller: Caller, order_id: int, return_id: int, body: Refusal) -> Reply:
    """Refuse a return: the customer keeps the goods."""
    returns.refuse(connection, order_id, return_id, reason=body.reason, actor=caller.username)
    return _detail(connection, order_id, caller)


@routes.get("/returns", access=STAFF, response=list[Return])
def list_returns(connection: Connection, caller: Caller, query: ReturnQuery) -> Page[dict[str, Any]]:
    """List returns of all orders, newest first."""
    page = returns.list_returns(connection, query.page(), state=query.state)
    return page.with_items([present_return(row, caller) for row in page.items])


@routes.post(
    "/orders/{order_id}/refunds",
    access=STAFF,
    response=list[OrderRefund],
    status=201,
    errors=[NotFound, TooMuch],
    idempotency="required",
)
def refund_order(connection: Connection, caller: Caller, order_id: int, body: NewRefund) -> list[dict[str, Any]]:
    """Give money back beside any return, at most what is left of what was paid."""
    orders.lock_order(connection, order_id, owner_id=None)
    made = refunds.refund_order(
        connection, order_id, floor_cents(body.amount), reason=body.reason, actor=caller.username
    )
    return [present_refund(refunds.get_refund(connection, refund_id), staff=True) for refund_id in made]


@routes.get("/orders/{order_id}/timeline", access=STAFF_OR_OWNER, response=list[TimelineEntry], errors=[NotFound])
def get_timeline(
    connection: Connection, caller: Caller, owner_id: int | None, order_id: int, query: PageQuery
) -> Page[dict[str, Any]]:
    """Read who did what with an order, oldest first; a customer sees no internal entries, nor names of staff."""
    orders.get_order(connection, order_id, owner_id=owner_id)
    page = timeline.read(connection, order_id, query.page(), with_internal=owner_id is None)
    return page.with_items([_present_entry(row, caller) for row in page.items])


def _present_entry(row: Any, caller: Caller) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in TimelineEntry.model_fields}
    return {**shown, "internal": bool(row.internal), "actor": name_for(caller, row.actor)}


@routes.post("/orders/{order_id}/notes", access=STAFF, response=None, status=204, errors=[NotFound])
def add_note(connection: Connection, caller: Caller, order_id: int, body: NewNote) -> None:
    """Add a note to the timeline of an order."""
    orders.lock_order(connection, order_id, owner_id=None)
    timeline.write(connection, order_id, "note", body.text, caller.username, internal=body.internal)
