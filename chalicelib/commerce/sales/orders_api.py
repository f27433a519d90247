"""Orders over HTTP: listing, reading, placing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, WithJsonSchema
from pydantic.config import JsonDict

from chalicelib.commerce.sales import checkouts, checkouts_api, orders, payments
from chalicelib.commerce.sales.carts_api import Quantity
from chalicelib.commerce.sales.checkouts import CheckoutClosed
from chalicelib.commerce.sales.checkouts_api import AddressBody, PaymentMethod, PurchaseWish
from chalicelib.commerce.sales.order_answers import Order, OrderDetail, present, present_detail
from chalicelib.commerce.sales.order_states import SPELLINGS, OrderStatus
from chalicelib.commerce.sales.orders import DirectLine, DirectOrder, OrderTooLarge
from chalicelib.commerce.sales.payments import PaymentDeclined
from chalicelib.core.auth import PUBLIC, STAFF_OR_OWNER, Caller
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Forbidden, NotFound, Unauthenticated, Unavailable
from chalicelib.core.inputs import AS_DAY, BodyMoney, Email, Id, Prose
from chalicelib.core.money import floor_cents
from chalicelib.core.paging import MAX_ID, Page, TimelineQuery
from chalicelib.core.routes import Reply, Routes, versioned

routes = Routes("Orders")

_STATUSES = [status.wire for status in OrderStatus]
_ANY_CASE = "^(" + "|".join("".join(f"[{c.upper()}{c}]" for c in word) for word in SPELLINGS) + ")$"

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

Day = Annotated[date, AS_DAY]


class OrderQuery(TimelineQuery):
    """Which orders to list."""

    user_id: int | None = Field(None, ge=1, le=MAX_ID, description="Only orders of this customer.")
    status: AnyCaseStatus | None = Field(None, description="Only orders of this status, in any case.")
    created_from: Day | None = Field(None, description="Only orders placed on this day (UTC) or later.")
    created_to: Day | None = Field(None, description="Only orders placed on this day (UTC) or before.")
    email: str | None = Field(
        None,
        min_length=1,
        max_length=254,
        description="Only orders confirmed to this address, or of the customer who has it, in any case.",
    )


_CART_ORDER: JsonDict = {
    "cart_id": "0123456789abcdef0123456789abcdef",
    "email": "robin@example.com",
    "address": checkouts_api.ADDRESS,
    "payment_method": "pm_test_success",
}
_STAFF_ORDER: JsonDict = {"items": [{"product_id": 1}], "address": checkouts_api.ADDRESS}


class CartOrder(PurchaseWish):
    """Buy a cart and pay for it in one go."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [_CART_ORDER]},
    )

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


@routes.get("/orders", access=STAFF_OR_OWNER, response=list[Order])
def list_orders(connection: Connection, owner_id: int | None, query: OrderQuery) -> Page[dict[str, Any]]:
    """List orders, newest first; a customer sees its own alone."""
    page = orders.list_orders(
        connection,
        query.page(),
        user_id=query.user_id,
        status=query.status,
        created_from=query.created_from,
        created_to=query.created_to,
        email=query.email,
        owner_id=owner_id,
    )
    return page.with_items([present(row) for row in page.items])


@routes.get("/orders/{order_id}", access=STAFF_OR_OWNER, response=OrderDetail, errors=[NotFound])
def get_order(connection: Connection, caller: Caller, owner_id: int | None, order_id: int) -> Reply:
    """Read an order with its items, shipments, returns, payments and refunds; a customer reads its own alone."""
    order = orders.get_order(connection, order_id, owner_id=owner_id)
    return versioned(present_detail(connection, order, caller), order.version)


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
        OrderTooLarge,
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
        return _take_order(caller, base_path, wish, request_key)
    checkout_id = checkouts.begin(wish.cart_id, caller, wish.wish(), request_key, client=address)
    try:
        answer = payments.pay(checkout_id, caller, wish.payment_method, request_key)
    except PaymentDeclined:
        run(lambda connection: checkouts.cancel(connection, checkout_id, caller), writes=True)
        raise
    order = orders.find_of_checkout(checkout_id)
    if order is None:
        return Reply({"order": None, "checkout": checkouts_api.read(checkout_id, caller, answer)})
    return _placed(order.id, caller, base_path)


def _take_order(caller: Caller | None, base_path: str, wish: StaffOrder, request_key: str | None) -> Reply:
    if caller is None:
        raise Unauthenticated("Only staff takes orders directly; sign in, or buy a cart.")
    if not caller.is_staff:
        raise Forbidden("Only staff takes orders directly; buy a cart.")
    order_id = orders.place_directly_patiently(wish.wish(), caller.username, request_key)
    return _placed(order_id, caller, base_path)


def _placed(order_id: int, caller: Caller | None, base_path: str) -> Reply:
    def work(connection: Connection) -> dict[str, Any]:
        return present_detail(connection, orders.get_order(connection, order_id, owner_id=None), caller)

    detail = run(work, writes=False)
    headers = {"Location": f"{base_path}/orders/{order_id}"}
    return versioned({"order": detail, "checkout": None}, detail["version"], headers)
