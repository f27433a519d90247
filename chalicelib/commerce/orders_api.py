"""Orders over HTTP: listing, reading, placing."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, RootModel, WithJsonSchema
from pydantic.config import JsonDict

from chalicelib.commerce import (
    checkouts,
    checkouts_api,
    fulfilment_sql,
    orders,
    orders_sql,
    payments,
    payments_sql,
)
from chalicelib.commerce.carts_api import Quantity
from chalicelib.commerce.checkouts import CheckoutClosed
from chalicelib.commerce.checkouts_api import AddressBody, PaymentMethod, PurchaseWish
from chalicelib.commerce.order_states import SPELLINGS, OrderStatus, legal_moves
from chalicelib.commerce.orders import DirectLine, DirectOrder
from chalicelib.commerce.payments import PaymentDeclined
from chalicelib.core.auth import PUBLIC, STAFF_OR_OWNER, Caller
from chalicelib.core.database import Connection, as_dict, run
from chalicelib.core.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from chalicelib.core.inputs import BodyMoney, Email, Id, Prose
from chalicelib.core.money import Money, floor_cents, from_cents
from chalicelib.core.paging import MAX_ID, Page, TimelineQuery
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Orders")

_STATUSES = [status.wire for status in OrderStatus]
_ANY_CASE = "^(" + "|".join("".join(f"[{c.upper()}{c}]" for c in word) for word in SPELLINGS) + ")$"

Status = Annotated[str, Field(json_schema_extra={"enum": [*_STATUSES]})]
Note = Annotated[Prose, Field(min_length=1, max_length=2000)]


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
    provider: str
    state: str
    amount: Money
    created_at: AwareDatetime


class OrderRefund(BaseModel):
    """Money that went back; `started` while the provider has not answered."""

    id: int
    state: str = Field(json_schema_extra={"enum": ["started", "succeeded", "failed"]})
    amount: Money
    reason: str
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


class OrderQuery(TimelineQuery):
    """Which orders to list."""

    user_id: int | None = Field(None, ge=1, le=MAX_ID, description="Only orders of this customer.")
    status: AnyCaseStatus | None = Field(None, description="Only orders of this status, in any case.")


_CART_ORDER: JsonDict = {
    "cart_id": "0123456789abcdef0123456789abcdef",
    "email": "robin@example.com",
    "address": checkouts_api.ADDRESS,
    "payment_method": "pm_test_success",
}
_STAFF_ORDER: JsonDict = {"items": [{"product_id": 1}], "address": checkouts_api.ADDRESS}


class CartOrder(PurchaseWish):
    """Buy a cart and pay for it in one go."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_CART_ORDER]})

    cart_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9]+$")
    payment_method: PaymentMethod


class DirectItem(BaseModel):
    """Units of a product that staff sells; `price` where it is another than the product's."""

    model_config = ConfigDict(extra="forbid")

    product_id: Id
    quantity: Quantity = 1
    price: BodyMoney | None = None


class StaffOrder(BaseModel):
    """An order that staff takes, by telephone say: pending until it is paid, unless `paid` says that it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [_STAFF_ORDER]},
    )

    items: list[DirectItem] = Field(min_length=1, max_length=50)
    address: AddressBody
    customer_id: Id | None = None
    email: Email | None = None
    shipping: BodyMoney | None = None
    paid: bool = False
    note: Note | None = None

    def wish(self) -> DirectOrder:
        """Return it as the rules know it."""
        lines = [
            DirectLine(item.product_id, item.quantity, None if item.price is None else floor_cents(item.price))
            for item in self.items
        ]
        return DirectOrder(
            lines=lines,
            address=self.address.value(),
            email=self.email,
            customer_id=self.customer_id,
            shipping_cents=0 if self.shipping is None else floor_cents(self.shipping),
            paid=self.paid,
            note=self.note,
        )


class NewOrder(RootModel[CartOrder | StaffOrder]):
    """A cart to buy, or an order that staff takes."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CART_ORDER, _STAFF_ORDER]})


class Purchase(BaseModel):
    """What came of it: the order, or the checkout while its payment is not decided."""

    order: OrderDetail | None
    checkout: checkouts_api.Checkout | None


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


def present_detail(connection: Connection, order: Any) -> dict[str, Any]:
    """Return an order with all that belongs to it as it goes over the wire."""
    items = orders_sql.list_items(connection, order.id)
    shown = {name: getattr(order, name) for name in Order.model_fields if name not in ("status", "total")}
    return {
        **shown,
        "status": OrderStatus(order.status).wire,
        "total": _money(order.total_cents),
        "email": order.email,
        "items_total": _money(order.items_cents),
        "discount": _money(order.discount_cents),
        "shipping": _money(order.shipping_cents),
        "tax": _money(order.tax_cents),
        "address": None if order.address is None else json.loads(order.address),
        "paid_at": order.paid_at,
        "moves": [move.value for move in legal_moves(OrderStatus(item.status) for item in items)],
        "items": [_present_item(item) for item in items],
        "shipments": [_without_order(row) for row in fulfilment_sql.list_shipments(connection, order.id)],
        "returns": [as_dict(row) for row in fulfilment_sql.list_returns_of(connection, order.id)],
        "payments": [_present_payment(row) for row in payments_sql.list_payments_of(connection, order.id)],
        "refunds": [present_refund(row) for row in payments_sql.list_refunds_of(connection, order.id)],
        "version": order.version,
    }


def _without_order(row: Any) -> dict[str, Any]:
    shown = as_dict(row)
    del shown["order_id"]
    return shown


def _present_payment(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "provider": row.provider,
        "state": row.state,
        "amount": from_cents(row.amount_cents),
        "created_at": row.created_at,
    }


def present_refund(row: Any) -> dict[str, Any]:
    """Return a refund row as it goes over the wire."""
    return {
        "id": row.id,
        "state": row.state,
        "amount": from_cents(row.amount_cents),
        "reason": row.reason,
        "created_at": row.created_at,
    }


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


@routes.get("/orders/{order_id}", access=STAFF_OR_OWNER, response=OrderDetail, errors=[NotFound])
def get_order(connection: Connection, owner_id: int | None, order_id: int) -> Reply:
    """Read an order with its items, shipments, returns, payments and refunds; a customer reads its own alone."""
    order = orders.get_order(connection, order_id, owner_id=owner_id)
    return versioned(present_detail(connection, order), order.version)


@routes.post(
    "/orders",
    access=PUBLIC,
    response=Purchase,
    status=201,
    errors=[
        NotFound,
        Forbidden,
        Unauthenticated,
        CheckoutClosed,
        PaymentDeclined,
        Unavailable,
        *checkouts_api.REFUSALS,
    ],
    idempotency="required",
)
def place_order(
    caller: Caller | None, address: str, base_path: str, body: NewOrder, request_key: str | None
) -> Reply:
    """Place an order: buy a cart and pay for it at once, or, as staff, take an order directly.

    Buying a cart is a checkout and its payment in one. When the payment is declined, nothing stays held. When its
    outcome is not known yet, or the customer must act, `order` is null and `checkout` tells how to go on.
    """
    wish = body.root
    if isinstance(wish, StaffOrder):
        return _take_order(caller, base_path, wish)
    checkout_id = checkouts.begin(wish.cart_id, caller, wish.wish(), request_key, client=address)
    try:
        answer = payments.pay(checkout_id, caller, wish.payment_method, request_key)
    except PaymentDeclined:
        run(lambda connection: checkouts.cancel(connection, checkout_id, caller), writes=True)
        raise
    order = orders.find_of_checkout(checkout_id)
    if order is None:
        return Reply({"order": None, "checkout": checkouts_api.read(checkout_id, caller, answer)})
    return _placed(order.id, base_path)


def _take_order(caller: Caller | None, base_path: str, wish: StaffOrder) -> Reply:
    if caller is None:
        raise Unauthenticated("Only staff takes orders directly; sign in, or buy a cart.")
    if not caller.is_staff:
        raise Forbidden("Only staff takes orders directly; buy a cart.")
    return _placed(orders.place_directly_patiently(wish.wish(), caller.username), base_path)


def _placed(order_id: int, base_path: str) -> Reply:
    def work(connection: Connection) -> dict[str, Any]:
        return present_detail(connection, orders.get_order(connection, order_id, owner_id=None))

    detail = run(work, writes=False)
    headers = {"Location": f"{base_path}/orders/{order_id}"}
    return versioned({"order": detail, "checkout": None}, detail["version"], headers)
