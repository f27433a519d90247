"""What is going on when the power fails: purchases, payments, orders and returns of a client, and the sweep.

`prepare` makes what is there before; `act` is what is cut off, and what a client that heard nothing does again, by
the same Idempotency-Keys; `check` says what must have come of it besides the invariants.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from chalicelib.commerce import checkouts, fulfilment, orders, payments, sweep
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import read, run
from chalicelib.payments import providers
from tests.client import Answer, Client
from tests.commerce.purchases import ADDRESS, goods
from tests.commerce.races import WISH, later, make_carts
from tests.factories import make_account_row, make_promotion, make_token

Data = dict[str, Any]

_BUYER = {"address": ADDRESS, "email": "robin@example.com"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something that can be cut off. `check` is told whether the client tried again soon, before any sweep."""

    prepare: Callable[[], Data]
    act: Callable[[Data], None]
    check: Callable[[Data, bool], None]


def send(path: str, body: Any = None, *, key: str | None = None, token: str | None = None) -> Answer:
    """Send a request to the Lambda entry; whatever happens to it, it is no fault of the program."""
    headers = {} if key is None else {"idempotency-key": key}
    answer = Client(token).request("POST", path, body, headers, check=False)
    assert answer.status != 500, answer.text
    return answer


def _key() -> str:
    return uuid.uuid4().hex


def _cart() -> str:
    """Make a cart of two products, one of them twice, with a promotion."""
    code = f"CODE{uuid.uuid4().hex[:12]}"
    make_promotion(code=code, usage_limit=1)
    return make_carts([{goods(3): 2, goods(2): 1}], promotion_code=code)[0]


def _held() -> str:
    return checkouts.begin(_cart(), None, WISH, None)


def _state(public_id: str) -> str:
    return str(run(lambda connection: checkouts.get_checkout(connection, public_id, None), writes=False).state)


def _checkouts_of(cart_id: str) -> list[str]:
    query = "SELECT c.state FROM checkouts c JOIN carts k ON k.id = c.cart_id WHERE k.public_id = :id"
    with read() as connection:
        return list(connection.scalars(text(query), {"id": cart_id}))


# --- a checkout, and a purchase in one go ------------------------------------------------------------------------


def _prepare_cart() -> Data:
    return {"cart": _cart(), "key": _key()}


def _act_checkout(data: Data) -> None:
    send(f"/carts/{data['cart']}/checkout", _BUYER, key=data["key"])


def _check_checkout(data: Data, tried_again: bool) -> None:
    states = _checkouts_of(data["cart"])
    assert states in ([["expired"]] if tried_again else [[], ["expired"]]), states


def _act_purchase(data: Data) -> None:
    body = {**_BUYER, "cart_id": data["cart"], "payment_method": "pm_test_success"}
    send("/orders", body, key=data["key"])


def _check_purchase(data: Data, tried_again: bool) -> None:
    states = _checkouts_of(data["cart"])
    possible = [["paid"]] if tried_again else [[], ["expired"], ["paid"]]
    assert states in possible, states


# --- a payment ---------------------------------------------------------------------------------------------------


def _payment(method: str, *, ends: str) -> Scenario:
    def prepare() -> Data:
        return {"checkout": _held(), "key": _key()}

    def act(data: Data) -> None:
        path = f"/checkouts/{data['checkout']}"
        answer = send(f"{path}/pay", {"payment_method": method}, key=data["key"])
        secret = None if answer.status != 200 else (answer.json["payment"] or {}).get("client_secret")
        if secret is not None:
            reference = secret.partition("_secret_")[0]
            send(f"/test-payments/{reference}/authorize", {"approve": True})
            send(f"{path}/confirm")

    def check(data: Data, tried_again: bool) -> None:
        state = _state(data["checkout"])
        assert state in ([ends] if tried_again else [ends, "expired"]), state

    return Scenario(prepare, act, check)


# --- an order of staff, and what follows an order ----------------------------------------------------------------


def _staff() -> str:
    return make_token(make_account_row(Role.STAFF), expires_at=clock.now() + timedelta(days=1))


def _prepare_staff_order() -> Data:
    return {"token": _staff(), "product": goods(4), "key": _key()}


def _act_staff_order(data: Data) -> None:
    body = {"items": [{"product_id": data["product"], "quantity": 2}], "address": ADDRESS, "paid": True}
    send("/orders", body, key=data["key"], token=data["token"])


def _check_staff_order(data: Data, tried_again: bool) -> None:
    with read() as connection:
        query = "SELECT COUNT(*) FROM order_items WHERE product_id = :id"
        found = connection.execute(text(query), {"id": data["product"]}).scalar_one()
    assert found in ([2] if tried_again else [0, 2]), found


def _order() -> int:
    public_id = _held()
    payments.pay(public_id, None, "pm_test_success", None)
    return int(orders.find_of_checkout(public_id).id)


def _prepare_order() -> Data:
    return {"token": _staff(), "order": _order()}


def _act_cancel(data: Data) -> None:
    send(f"/orders/{data['order']}/cancel", {"reason": "no longer wanted"}, token=data["token"])


def _given_back(order_id: int) -> tuple[str, int, int]:
    """Return the status of an order, its total and what was given back of it."""
    query = (
        "SELECT o.status, o.total_cents - o.shipping_cents, "
        "(SELECT COALESCE(SUM(amount_cents), 0) FROM refunds WHERE order_id = o.id AND state = 'succeeded') "
        "FROM orders o WHERE o.id = :id"
    )
    with read() as connection:
        status, goods_cents, cents = connection.execute(text(query), {"id": order_id}).one()
    return str(status), int(goods_cents), int(cents)


def _check_ended(status: str) -> Callable[[Data, bool], None]:
    def check(data: Data, tried_again: bool) -> None:
        found, goods_cents, given_back = _given_back(data["order"])
        if found == status:
            assert given_back == goods_cents, (given_back, goods_cents)
        else:
            assert not tried_again, found
            assert given_back == 0

    return check


def _prepare_delivered() -> Data:
    order_id = _order()
    said: dict[str, Any] = {"carrier": None, "tracking_number": None, "actor": "kim"}
    run(lambda connection: fulfilment.ship(connection, order_id, None, **said), writes=True)
    run(lambda connection: fulfilment.deliver(connection, order_id, None, None, "kim"), writes=True)
    return {"token": _staff(), "order": order_id}


def _act_return(data: Data) -> None:
    client, path = Client(data["token"]), f"/orders/{data['order']}"
    send(f"{path}/returns", {"reason": "wrong_size"}, token=client.token)
    order = client.request("GET", path, check=False)
    for each in order.json["returns"] if order.status == 200 else ():
        send(f"{path}/returns/{each['id']}/receive", {}, token=client.token)


# --- the sweep itself --------------------------------------------------------------------------------------------

_ENDS: Mapping[str, str] = {
    "pm_test_timeout": "paid",
    "pm_test_late": "paid",
    "pm_test_timeout_lost": "expired",
    "pm_test_timeout_declined": "expired",
    "pm_test_needs_action": "expired",
}


def _prepare_half_done() -> Data:
    """Leave payments of which the shop does not know, a refund that was not answered, and units that nobody buys."""
    made = {}
    for method in _ENDS:
        made[method] = _held()
        payments.pay(made[method], None, method, None)
    refunded = _held()
    payments.pay(refunded, None, "pm_test_refund_timeout", None)
    order_id = int(orders.find_of_checkout(refunded).id)
    said: dict[str, Any] = {"reason": "no", "actor": "kim", "owner_id": None}
    run(lambda connection: fulfilment.cancel(connection, order_id, None, **said), writes=True)
    return {"held": made, "left": _held(), "order": order_id}


def _act_sweep(_data: Data) -> None:
    with later(timedelta(minutes=31)):
        providers.deliver_test_notices(payments.handle_notice)
        sweep.sweep(lambda: 60_000)


def _check_sweep(data: Data, _tried_again: bool) -> None:
    found = {method: _state(public_id) for method, public_id in data["held"].items()}
    assert found == _ENDS
    assert _state(data["left"]) == "expired"
    _check_ended("cancelled")(data, True)


SCENARIOS = {
    "checkout": Scenario(_prepare_cart, _act_checkout, _check_checkout),
    "purchase": Scenario(_prepare_cart, _act_purchase, _check_purchase),
    "payment": _payment("pm_test_success", ends="paid"),
    "payment without an answer": _payment("pm_test_timeout", ends="paid"),
    "payment that needs action": _payment("pm_test_needs_action", ends="paid"),
    "payment declined": _payment("pm_test_declined", ends="expired"),
    "order of staff": Scenario(_prepare_staff_order, _act_staff_order, _check_staff_order),
    "cancellation": Scenario(_prepare_order, _act_cancel, _check_ended("cancelled")),
    "return": Scenario(_prepare_delivered, _act_return, _check_ended("returned")),
    "sweep": Scenario(_prepare_half_done, _act_sweep, _check_sweep),
}
