"""The assistant's tools for orders: a customer's own, and sending things back."""

from __future__ import annotations

from typing import Any

from chalicelib.commerce.sales import orders, own_orders, returns
from chalicelib.commerce.sales.returns import ReturnReason
from chalicelib.conversations.assistant.tool_arguments import GetOrder, ListOrders, StartReturn
from chalicelib.conversations.assistant.turns import OrderFact, OrderLineFact, ToolCall, ToolResult
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.paging import PageRequest


def list_orders(connection: Connection, call: ToolCall, wanted: ListOrders, customer_id: int) -> ToolResult:
    """List the customer's latest orders."""
    page = orders.list_orders(connection, PageRequest(wanted.limit, after=()), owner_id=customer_id)
    return ToolResult(call, orders=[_order_fact(row) for row in page.items], more=page.next_key is not None)


def get_order(connection: Connection, call: ToolCall, wanted: GetOrder, customer_id: int) -> ToolResult:
    """Look an order of the customer up, with its items and the parcel that left last."""
    return ToolResult(call, orders=[read_order(connection, wanted.order_id, customer_id)])


def read_order(connection: Connection, order_id: int, customer_id: int) -> OrderFact:
    """Return an order of the customer with its lines.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    whole = own_orders.read_order(connection, order_id, owner_id=customer_id)
    now = clock.now()
    lines = [
        OrderLineFact(
            id=item.id,
            product_id=item.product_id,
            name=item.product_name,
            price_cents=item.sale_price_cents,
            status=item.status,
            can_return=returns.may_send_back(item, now),
        )
        for item in whole.items
    ]
    return _order_fact(whole.order, lines=lines, parcel=whole.shipments[-1] if whole.shipments else None)


def _order_fact(row: Any, *, lines: list[OrderLineFact] | None = None, parcel: Any = None) -> OrderFact:
    return OrderFact(
        id=row.id,
        status=row.status,
        created_at=row.created_at,
        units=row.num_of_item,
        total_cents=row.total_cents,
        shipped_at=row.shipped_at,
        delivered_at=row.delivered_at,
        returned_at=row.returned_at,
        carrier=None if parcel is None else parcel.carrier,
        tracking_number=None if parcel is None else parcel.tracking_number,
        lines=lines or (),
    )


def check_return(connection: Connection, call: ToolCall, wanted: StartReturn, customer_id: int) -> ToolResult:
    """Return the order of which items could be sent back.

    Raises:
        AppError: they cannot; see `returns.request`.
    """
    returns.check(connection, wanted.order_id, wanted.item_ids, owner_id=customer_id)
    return ToolResult(call, orders=[read_order(connection, wanted.order_id, customer_id)], needs_yes=True)


def start_return(connection: Connection, wanted: StartReturn, customer_id: int, actor: str) -> int:
    """Ask to send items back and return the return's id; raises as `returns.request`."""
    return returns.request(
        connection,
        wanted.order_id,
        wanted.item_ids,
        reason=ReturnReason(wanted.reason),
        comment=None,
        actor=actor,
        owner_id=customer_id,
    )
