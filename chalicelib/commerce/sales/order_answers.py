"""What orders look like over HTTP. Who bought sees neither the names of staff nor the reasons of refunds."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.commerce.sales import fulfilment_sql, orders_sql, payments_sql
from chalicelib.commerce.sales.fulfilment import moves_of
from chalicelib.commerce.sales.order_states import OrderStatus
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.money import Money, from_cents

Status = Annotated[str, Field(json_schema_extra={"enum": [status.wire for status in OrderStatus]})]

# Who did what, where whoever bought looks on.
THE_SHOP = "the shop"


class Order(BaseModel):
    """What somebody bought at once; `user_id` is null for a guest, the total is null for imported orders."""

    id: int
    user_id: int | None
    status: Status
    gender: str | None
    created_at: AwareDatetime
    returned_at: AwareDatetime | None
    shipped_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    num_of_item: int
    updated_at: AwareDatetime
    currency: str | None
    total: Money | None


class OrderItem(BaseModel):
    """One unit of an order. `sale_price` is what it was sold at, `list_price` what it cost before the discount."""

    id: int
    product_id: int
    product_name: str
    product_sku: str
    inventory_item_id: int | None
    distribution_center_id: int | None
    status: Status
    sale_price: Money
    list_price: Money | None
    discount: Money
    tax: Money
    refunded: Money
    shipment_id: int | None
    return_id: int | None
    created_at: AwareDatetime
    shipped_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    returned_at: AwareDatetime | None


class Shipment(BaseModel):
    """Items that left in one parcel."""

    id: int
    carrier: str | None
    tracking_number: str | None
    shipped_at: AwareDatetime
    delivered_at: AwareDatetime | None


class Return(BaseModel):
    """Items that come back."""

    id: int
    order_id: int
    state: str = Field(json_schema_extra={"enum": ["requested", "received", "refused"]})
    reason: str
    comment: str | None
    requested_by: str
    created_at: AwareDatetime
    closed_at: AwareDatetime | None


class OrderPayment(BaseModel):
    """Money that came for an order."""

    id: int
    provider: str | None = Field(description="Null for the customer.")
    state: str
    amount: Money
    created_at: AwareDatetime


class OrderRefund(BaseModel):
    """Money that goes back: `started` until the provider has answered; after `failed` it is still owed."""

    id: int
    state: str = Field(json_schema_extra={"enum": ["started", "succeeded", "failed"]})
    amount: Money
    reason: str | None = Field(description="Null for the customer.")
    created_at: AwareDatetime


class OrderDetail(Order):
    """An order with all that belongs to it. `moves` names what can be done to at least one of its items."""

    email: str | None
    items_total: Money | None
    discount: Money | None
    shipping: Money | None
    tax: Money | None
    address: dict[str, Any] | None
    paid_at: AwareDatetime | None
    moves: list[str]
    items: list[OrderItem]
    shipments: list[Shipment]
    returns: list[Return]
    payments: list[OrderPayment]
    refunds: list[OrderRefund]
    version: int


def _money(cents: int | None) -> Any:
    return None if cents is None else from_cents(cents)


def present(row: Any) -> dict[str, Any]:
    """Return an order row as it goes over the wire."""
    shown = as_dict(row)
    total_cents = shown.pop("total_cents")
    return {**shown, "status": OrderStatus(row.status).wire, "total": _money(total_cents)}


def _present_item(item: Any) -> dict[str, Any]:
    return {
        "id": item.id,
        "product_id": item.product_id,
        "product_name": item.product_name,
        "product_sku": item.product_sku,
        "inventory_item_id": item.inventory_item_id,
        "distribution_center_id": item.distribution_center_id,
        "status": OrderStatus(item.status).wire,
        "sale_price": from_cents(item.sale_price_cents),
        "list_price": _money(item.list_price_cents),
        "discount": from_cents(item.discount_cents),
        "tax": from_cents(item.tax_cents),
        "refunded": from_cents(item.refunded_cents),
        "shipment_id": item.shipment_id,
        "return_id": item.return_id,
        "created_at": item.created_at,
        "shipped_at": item.shipped_at,
        "delivered_at": item.delivered_at,
        "returned_at": item.returned_at,
    }


def present_detail(connection: Connection, order: Any, caller: Caller | None) -> dict[str, Any]:
    """Return an order with all that belongs to it as it goes over the wire to `caller`."""
    items = orders_sql.list_items(connection, order.id)
    staff = caller is not None and caller.is_staff
    payments = payments_sql.list_payments_of(connection, order.id)
    refunds = payments_sql.list_refunds_of(connection, order.id)
    return {
        **{name: getattr(order, name) for name in Order.model_fields if name not in ("status", "total")},
        "status": OrderStatus(order.status).wire,
        "total": _money(order.total_cents),
        "email": order.email,
        "items_total": _money(order.items_cents),
        "discount": _money(order.discount_cents),
        "shipping": _money(order.shipping_cents),
        "tax": _money(order.tax_cents),
        "address": None if order.address is None else json.loads(order.address),
        "paid_at": order.paid_at,
        "moves": moves_of(items),
        "items": [_present_item(item) for item in items],
        "shipments": [_present_shipment(row) for row in fulfilment_sql.list_shipments(connection, order.id)],
        "returns": [present_return(row, caller) for row in fulfilment_sql.list_returns_of(connection, order.id)],
        "payments": [_present_payment(row, staff=staff) for row in payments],
        "refunds": [present_refund(row, staff=staff) for row in refunds],
        "version": order.version,
    }


def _present_shipment(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Shipment.model_fields}


def present_return(row: Any, caller: Caller | None) -> dict[str, Any]:
    """Return a return row as it goes over the wire to `caller`."""
    return {**as_dict(row), "requested_by": name_for(caller, row.requested_by)}


def name_for(caller: Caller | None, actor: str) -> str:
    """Return whoever did something as `caller` may know: staff knows all, others nobody but themselves."""
    if caller is not None and (caller.is_staff or actor in (caller.username, f"customer {caller.customer_id}")):
        return actor
    return THE_SHOP


def _present_payment(row: Any, *, staff: bool) -> dict[str, Any]:
    return {
        "id": row.id,
        "provider": row.provider if staff else None,
        "state": row.state,
        "amount": from_cents(row.amount_cents),
        "created_at": row.created_at,
    }


def present_refund(row: Any, *, staff: bool) -> dict[str, Any]:
    """Return a refund row as it goes over the wire, to staff or to whoever bought."""
    return {
        "id": row.id,
        "state": row.state,
        "amount": from_cents(row.amount_cents),
        "reason": row.reason if staff else None,
        "created_at": row.created_at,
    }
