"""Orders over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, WithJsonSchema

from chalicelib.commerce import orders
from chalicelib.commerce.order_states import SPELLINGS, OrderStatus
from chalicelib.core.auth import STAFF_OR_OWNER
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import MAX_ID, Page, TimelineQuery
from chalicelib.core.routes import Routes

routes = Routes("Orders")

_STATUSES = [status.wire for status in OrderStatus]
_ANY_CASE = "^(" + "|".join("".join(f"[{c.upper()}{c}]" for c in word) for word in SPELLINGS) + ")$"


def _known_status(text: str) -> str:
    if text.lower() not in SPELLINGS:
        raise ValueError(f"must be one of {', '.join(_STATUSES)}, in any case")
    return text


AnyCaseStatus = Annotated[
    str,
    AfterValidator(_known_status),
    WithJsonSchema({"type": "string", "pattern": _ANY_CASE, "examples": ["Complete"]}),
]


class Order(BaseModel):
    """What somebody bought at once; `user_id` is null for a guest."""

    id: int
    user_id: int | None
    status: str = Field(json_schema_extra={"enum": [*_STATUSES]})
    gender: str | None
    created_at: AwareDatetime
    returned_at: AwareDatetime | None
    shipped_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    num_of_item: int
    updated_at: AwareDatetime


class OrderQuery(TimelineQuery):
    """Which orders to list."""

    user_id: int | None = Field(None, ge=1, le=MAX_ID, description="Only orders of this customer.")
    status: AnyCaseStatus | None = Field(None, description="Only orders of this status, in any case.")


def present(row: Any) -> dict[str, Any]:
    """Return an order row as it goes over the wire."""
    return {**as_dict(row), "status": OrderStatus(row.status).wire}


@routes.get("/orders", access=STAFF_OR_OWNER, response=list[Order])
def list_orders(connection: Connection, owner_id: int | None, query: OrderQuery) -> Page[dict[str, Any]]:
    """List orders, newest first; a customer sees its own alone."""
    page = orders.list_orders(
        connection,
        query.page(),
        user_id=query.user_id,
        status=query.status,
        owner_id=owner_id,
    )
    return page.with_items([present(row) for row in page.items])


@routes.get("/orders/{order_id}", access=STAFF_OR_OWNER, response=Order, errors=[NotFound])
def get_order(connection: Connection, owner_id: int | None, order_id: int) -> dict[str, Any]:
    """Read an order; a customer reads its own alone."""
    return present(orders.get_order(connection, order_id, owner_id=owner_id))
