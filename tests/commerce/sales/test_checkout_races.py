"""Purchases at once: one effect each, never both of two that exclude each other, and the money adds up."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import Engine, text

from chalicelib.commerce.sales import carts, checkouts, fulfilment, orders, payments, refunds, returns, sweep
from chalicelib.commerce.sales.checkouts import CheckoutClosed
from chalicelib.commerce.sales.returns import ReturnReason
from chalicelib.commerce.stock.stock import OutOfStock
from chalicelib.core import clock, idempotency
from chalicelib.core.auth import Role
from chalicelib.core.database import read, run
from chalicelib.core.errors import AppError, Conflict
from chalicelib.payments import providers
from tests.client import Answer, Client
from tests.commerce import race_checkouts
from tests.commerce.invariants import assert_settled, assert_sound
from tests.commerce.purchases import ADDRESS, goods
from tests.commerce.races import WISH, at_once, later, make_carts, random_carts, settle_all
from tests.factories import client_of, make_customer, make_promotion

# Only a server has writers at the same time; SQLite lets one transaction write after the other.
pytestmark = pytest.mark.parametrize("database_url", ["mysql"], indirect=True)

SEEDS = [1, 2, 3]


@pytest.fixture(autouse=True)
def sound(shop: Engine) -> Iterator[None]:
    """Whatever a race does: what is true of every shop is true behind it, and behind the sweep."""
    yield
    assert_sound()
    settle_all()
    assert_settled()


def begun(*items: tuple[int, int]) -> str:
    """Begin the checkout of a new cart."""
    return checkouts.begin(make_carts([dict(items)])[0], None, WISH, None)


def ordered(*items: tuple[int, int]) -> int:
    """Buy goods and return the order's id."""
    public_id = begun(*items)
    payments.pay(public_id, None, "pm_test_success", None)
    return int(orders.find_of_checkout(public_id).id)


def delivered(*items: tuple[int, int]) -> int:
    """Buy goods that arrive."""
    order_id = ordered(*items)
    shipped: dict[str, Any] = {"carrier": None, "tracking_number": None, "actor": "robin"}
    run(lambda connection: fulfilment.ship(connection, order_id, None, **shipped), writes=True)
    run(lambda connection: fulfilment.deliver(connection, order_id, None, None, "robin"), writes=True)
    return order_id


def count(table: str, condition: str = "1 = 1") -> int:
    with read() as connection:
        return int(connection.execute(text(f"SELECT COUNT(*) FROM {table} WHERE {condition}")).scalar_one())


def state_of(public_id: str) -> str:
    with read() as connection:
        return str(checkouts.get_checkout(connection, public_id, None).state)


def code_of(answer: Answer) -> str:
    """Return what an error is, by the name that programs know."""
    return str(answer.json["type"]).rpartition(":")[2]


def done(outcomes: list[Any]) -> list[Any]:
    """Return the outcomes that are no refusal; every refusal must be a conflict."""
    wrong = [outcome for outcome in outcomes if isinstance(outcome, AppError) and not isinstance(outcome, Conflict)]
    assert not wrong, wrong
    return [outcome for outcome in outcomes if not isinstance(outcome, AppError)]


# --- too few units -----------------------------------------------------------------------------------------------


def test_five_hundred_buyers_of_a_hundred_units_buy_exactly_these(shop: Engine) -> None:
    result = race_checkouts.one_product(seed=1)
    assert (result.paid, result.sold_units, result.free_units, result.charges) == (100, 100, 0, 100)
    assert result.refused == {"out-of-stock": 400}


def test_carts_that_share_units_are_bought_whole_or_refused(shop: Engine) -> None:
    result = race_checkouts.several_products(seed=1, buyers=120)
    assert result.paid == result.charges > 0
    assert set(result.refused) == {"out-of-stock"}


def test_who_comes_too_late_over_http_is_told_so(client: Client) -> None:
    product_id = goods(5)
    ids = make_carts([{product_id: 1}] * 20)

    def buy(number: int) -> Answer:
        body = {"address": ADDRESS, "email": "robin@example.com"}
        path = f"/carts/{ids[number]}/checkout"
        return client.request("POST", path, body, {"idempotency-key": f"buy-{number}"}, check=False)

    answers = at_once(*[partial(buy, number) for number in range(20)])
    assert sorted(answer.status for answer in answers) == [201] * 5 + [409] * 15
    for answer in answers:
        if answer.status == 409:
            assert answer.headers["Content-Type"].startswith("application/problem+json")
            assert code_of(answer) == "out-of-stock"


# --- a checkout whose time runs out ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "method",
    ["pm_test_success", "pm_test_timeout", "pm_test_late", "pm_test_needs_action", "pm_test_declined"],
)
def test_a_payment_races_with_the_end_of_its_time(shop: Engine, method: str, seed: int) -> None:
    make_promotion(code="TENTH", usage_limit=20)
    chance = random.Random(seed)
    product_id, other_id = goods(8), goods(12)
    contents = [{product_id: 1, other_id: chance.randint(1, 2)} for _ in range(6)]
    held = [checkouts.begin(cart_id, None, WISH, None) for cart_id in make_carts(contents, promotion_code="TENTH")]
    ends = run(lambda connection: checkouts.get_checkout(connection, held[-1], None), writes=False).expires_at
    # The clock runs over the end of the checkouts while they are paid and swept: some see it before, some behind.
    moments = [ends + timedelta(seconds=chance.uniform(-1, 1)) for _ in range(64)]
    with mock.patch.object(clock, "now", side_effect=lambda: chance.choice(moments)):
        sweeps = [partial(sweep.sweep, lambda: 60_000)] * 6
        at_once(*[partial(payments.pay, public_id, None, method, None) for public_id in held], *sweeps)
    for public_id in held:
        assert state_of(public_id) in ("open", "paying", "paid", "expired")
    assert_sound()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_authorisation_in_the_last_moment_is_an_order_or_nothing(shop: Engine, seed: int) -> None:
    product_id = goods(6)
    held = [begun((product_id, 1)) for _ in range(6)]
    for public_id in held:
        payments.pay(public_id, None, "pm_test_needs_action", None)
    with read() as connection:
        references = list(connection.scalars(text("SELECT reference FROM payments")))
    company = providers.test_provider()
    # The patience of the shop is over: the sweep cancels what the customers authorise at this moment.
    with later(timedelta(minutes=31)):
        at_once(
            *[partial(company.authorize, reference, approve=True) for reference in references],
            *[partial(sweep.sweep, lambda: 60_000)] * 3,
            *[partial(payments.confirm_again, public_id, None) for public_id in held],
        )
    settle_all()
    paid = [public_id for public_id in held if state_of(public_id) == "paid"]
    assert count("test_charges") == count("orders") == len(paid)
    assert count("inventory_items", "sold_at IS NOT NULL") == len(paid)


def test_money_that_comes_when_the_units_are_gone_goes_back_by_itself(shop: Engine) -> None:
    public_id = begun((goods(1), 1))
    payments.pay(public_id, None, "pm_test_needs_action", None)
    with read() as connection:
        payment = connection.execute(text("SELECT id, reference FROM payments")).one()
    answer = providers.test_provider().authorize(payment.reference, approve=True)
    with run_before_settling(payment.id):
        # Two ways to learn of it, at once; the money goes back once.
        at_once(*[partial(payments.settle, payment.id, answer)] * 4)
    settle_all()
    assert count("orders") == 0
    assert count("test_charges") == count("test_refunds") == 1


def run_before_settling(payment_id: int) -> Any:
    """Free the checkout of a payment under way as only a person with SQL could; the payment is still open."""

    class Freed:
        def __enter__(self) -> None:
            def work(connection: Any) -> None:
                found = connection.execute(
                    text("SELECT checkout_id FROM payments WHERE id = :id"), {"id": payment_id}
                ).scalar_one()
                checkout = checkouts.lock(connection, found, None)
                checkouts._give_up(connection, checkout, "expired", "somebody")

            run(work, writes=True)

        def __exit__(self, *_error: object) -> None:
            return None

    return Freed()


# --- two of a kind at once ---------------------------------------------------------------------------------------


def test_checkouts_of_one_cart_at_once_leave_one_that_holds_units(shop: Engine) -> None:
    product_id = goods(3)
    cart_id = make_carts([{product_id: 2}])[0]
    outcomes = at_once(*[partial(checkouts.begin, cart_id, None, WISH, None)] * 8)
    made = done(outcomes)
    assert len(set(made)) == len(made) > 0
    assert count("checkouts", "state = 'open'") == 1
    assert count("checkouts", "state = 'cancelled'") == len(made) - 1
    assert count("inventory_items", "state = 'reserved'") == 2


@pytest.mark.parametrize("method", ["pm_test_success", "pm_test_timeout", "pm_test_late"])
def test_payments_of_one_checkout_at_once_charge_it_once(shop: Engine, method: str) -> None:
    public_id = begun((goods(2), 2))
    outcomes = at_once(*[partial(payments.pay, public_id, None, method, f"key {n}") for n in range(8)])
    assert len(done(outcomes)) == 1
    settle_all()
    assert (state_of(public_id), count("test_charges"), count("payments"), count("orders")) == ("paid", 1, 1, 1)


def test_one_payment_carried_on_by_several_charges_once(shop: Engine) -> None:
    public_id = begun((goods(2), 2))
    outcomes = at_once(*[partial(payments.pay, public_id, None, "pm_test_success", "one key")] * 8)
    assert len(done(outcomes)) == 8
    assert (state_of(public_id), count("test_charges"), count("payments"), count("orders")) == ("paid", 1, 1, 1)


def test_a_checkout_is_cancelled_or_paid_never_both(shop: Engine) -> None:
    product_id = goods(10)
    held = [begun((product_id, 1)) for _ in range(10)]

    def cancel(public_id: str) -> None:
        run(lambda connection: checkouts.cancel(connection, public_id, None), writes=True)

    works: list[Any] = [partial(cancel, public_id) for public_id in held]
    works += [partial(payments.pay, public_id, None, "pm_test_success", None) for public_id in held]
    outcomes = at_once(*works)
    assert len(done(outcomes)) == 10
    for cancelled, paid, public_id in zip(outcomes[:10], outcomes[10:], held, strict=True):
        loser = paid if cancelled is None else cancelled
        assert isinstance(loser, CheckoutClosed)
        assert state_of(public_id) == ("cancelled" if cancelled is None else "paid")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cart_is_checked_out_while_it_is_taken_over(shop: Engine, seed: int) -> None:
    customers = [make_customer() for _ in range(4)]
    ids = make_carts(random_carts(random.Random(seed), [goods(20) for _ in range(4)], 4))
    works: list[Any] = [partial(race_checkouts.buy, cart_id) for cart_id in ids]

    def take_over(cart_id: str, customer_id: int) -> Any:
        return run(lambda connection: carts.take_over(connection, cart_id, customer_id), writes=True).public_id

    for cart_id, customer_id in zip(ids, customers, strict=True):
        works += [partial(take_over, cart_id, customer_id), partial(take_over, cart_id, customers[0])]
    outcomes = at_once(*works)
    # A cart that is gone when its buyer comes is not found: nothing was held for it then.
    for outcome in outcomes:
        assert not isinstance(outcome, AppError) or outcome.code in ("not-found", "empty-cart"), outcome
    assert count("orders") == sum(outcome is None for outcome in outcomes[:4])


def test_the_last_uses_of_a_promotion_are_given_out_once_and_come_back(shop: Engine) -> None:
    make_promotion(code="FIVE", usage_limit=5)
    product_id = goods(16)
    ids = make_carts([{product_id: 1}] * 16, promotion_code="FIVE")
    outcomes = at_once(*[partial(checkouts.begin, cart_id, None, WISH, None) for cart_id in ids])
    held = done(outcomes)
    assert len(held) == 5
    at_once(*[partial(payments.pay, public_id, None, "pm_test_success", None) for public_id in held[:2]])
    settle_all()
    assert (count("orders"), count("promotions", "used = 2")) == (2, 1)


# --- after the sale ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_money_of_an_order_goes_back_once_whoever_gives_it(shop: Engine, seed: int) -> None:
    order_id = ordered((goods(3), 3))
    total = run(lambda connection: orders.get_order(connection, order_id, owner_id=None), writes=False).total_cents

    def cancel() -> None:
        def work(connection: Any) -> None:
            said: dict[str, Any] = {"reason": "no", "actor": "robin", "owner_id": None}
            fulfilment.cancel(connection, order_id, None, **said)

        run(work, writes=True)

    def refund() -> None:
        def work(connection: Any) -> None:
            orders.lock_order(connection, order_id, owner_id=None)
            refunds.refund_order(connection, order_id, total // 2, reason="goodwill", actor="kim")

        run(work, writes=True)

    outcomes = at_once(*random.Random(seed).sample([cancel, cancel, refund, refund, refund], 5))
    assert len([outcome for outcome in outcomes if isinstance(outcome, AppError)]) >= 2
    done(outcomes)
    settle_all()
    with read() as connection:
        given_back = connection.execute(text("SELECT SUM(amount_cents) FROM test_refunds")).scalar_one()
    assert given_back == total
    assert count("inventory_items", "state = 'free'") == 3


def test_a_return_is_taken_in_once(shop: Engine) -> None:
    product_id = goods(2)
    order_id = delivered((product_id, 2))

    def ask() -> int:
        def work(connection: Any) -> int:
            said: dict[str, Any] = {"comment": None, "actor": "robin", "owner_id": None}
            return returns.request(connection, order_id, None, reason=ReturnReason.LATE, **said)

        return run(work, writes=True)

    asked = done(at_once(*[ask] * 4))
    assert len(asked) == 1

    def receive() -> None:
        def work(connection: Any) -> None:
            said: dict[str, Any] = {"written_off": [], "center_id": None, "refund": True, "actor": "kim"}
            returns.receive(connection, order_id, asked[0], **said)

        run(work, writes=True)

    def refuse() -> None:
        run(
            lambda connection: returns.refuse(connection, order_id, asked[0], reason="worn", actor="lee"), writes=True
        )

    received = at_once(receive, receive, refuse, receive)
    assert len(done(received)) == 1
    settle_all()
    refused = received[2] is None
    assert count("test_refunds") == (0 if refused else 1)
    assert count("inventory_items", "state = 'free'") == (0 if refused else 2)


def test_an_order_is_shipped_or_cancelled_never_both(shop: Engine) -> None:
    order_id = ordered((goods(2), 2))

    def cancel() -> None:
        said: dict[str, Any] = {"reason": "no", "actor": "robin", "owner_id": None}
        run(lambda connection: fulfilment.cancel(connection, order_id, None, **said), writes=True)

    def ship() -> int:
        said: dict[str, Any] = {"carrier": None, "tracking_number": None, "actor": "kim"}
        return run(lambda connection: fulfilment.ship(connection, order_id, None, **said), writes=True)

    assert len(done(at_once(cancel, ship, ship, cancel))) == 1
    assert count("shipments") == count("orders", "status = 'shipped'")


# --- one Idempotency-Key -----------------------------------------------------------------------------------------

_BODY = {"address": ADDRESS, "email": "robin@example.com"}


def one_effect(client: Client, path: str, body: Any, status: int) -> None:
    """Send a request fifty times at once: one is carried out, the others get its very answer or are to wait."""

    def send() -> Answer:
        return client.request("POST", path, body, {"idempotency-key": "the-same"}, check=False)

    answers = at_once(*[send] * 50, threads=25)
    carried_out = [answer for answer in answers if answer.status == status]
    waiting = [answer for answer in answers if answer.status == 409]
    assert len(carried_out) + len(waiting) == 50, {answer.text for answer in answers if answer.status >= 500}
    assert len({answer.text for answer in carried_out}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in carried_out) == 1
    assert {code_of(answer) for answer in waiting} <= {"request-in-flight", "conflict"}
    again = send()
    assert (again.status, again.text) == (status, carried_out[0].text)


def test_fifty_retries_of_a_checkout_at_once_hold_its_units_once(client: Client) -> None:
    cart_id = make_carts([{goods(5): 2}])[0]
    one_effect(client, f"/carts/{cart_id}/checkout", _BODY, 201)
    assert (count("checkouts"), count("inventory_items", "state = 'reserved'")) == (1, 2)


def test_fifty_retries_of_a_payment_at_once_charge_once(client: Client) -> None:
    public_id = begun((goods(5), 2))
    one_effect(client, f"/checkouts/{public_id}/pay", {"payment_method": "pm_test_success"}, 200)
    assert (count("payments"), count("test_charges"), count("orders")) == (1, 1, 1)


def test_fifty_retries_of_a_purchase_at_once_buy_once(client: Client) -> None:
    cart_id = make_carts([{goods(5): 2}])[0]
    one_effect(client, "/orders", {**_BODY, "cart_id": cart_id, "payment_method": "pm_test_success"}, 201)
    assert (count("checkouts"), count("test_charges"), count("orders")) == (1, 1, 1)


def test_fifty_retries_of_an_order_by_staff_at_once_place_one(client: Client) -> None:
    body = {"items": [{"product_id": goods(5), "quantity": 2}], "address": ADDRESS, "paid": True}
    one_effect(client_of(Role.STAFF), "/orders", body, 201)
    assert (count("orders"), count("payments"), count("inventory_items", "state = 'sold'")) == (1, 1, 2)


@pytest.mark.parametrize("kind", ["checkout", "pay", "purchase", "staff order"])
def test_who_died_behind_the_commit_and_asks_again_has_one_effect(client: Client, kind: str) -> None:
    product_id = goods(5)
    if kind == "checkout":
        path, body = f"/carts/{make_carts([{product_id: 2}])[0]}/checkout", dict[str, Any](_BODY)
    elif kind == "pay":
        path, body = f"/checkouts/{begun((product_id, 2))}/pay", {"payment_method": "pm_test_success"}
    elif kind == "purchase":
        cart_id = make_carts([{product_id: 2}])[0]
        path, body = "/orders", {**_BODY, "cart_id": cart_id, "payment_method": "pm_test_success"}
    else:
        client = client_of(Role.STAFF)
        path = "/orders"
        body = {"items": [{"product_id": product_id, "quantity": 2}], "address": ADDRESS, "paid": True}

    class Killed(BaseException):
        pass

    # The process ends when the work is committed and its answer is not kept yet; nothing of it runs any more.
    with (
        mock.patch.object(idempotency, "store", side_effect=Killed),
        mock.patch.object(idempotency, "release"),
        pytest.raises(Killed),
    ):
        client.post(path, body, idempotency_key="lost")
    assert code_of(client.post(path, body, idempotency_key="lost")) == "request-in-flight"
    with later(timedelta(seconds=61)):
        answer = client.post(path, body, idempotency_key="lost")
        assert answer.status in (200, 201)
        again = client.post(path, body, idempotency_key="lost")
        assert (again.status, again.text) == (answer.status, answer.text)
    assert count("checkouts") == (0 if kind == "staff order" else 1)
    assert count("orders") == (0 if kind == "checkout" else 1)
    assert count("test_charges") == (1 if kind in ("pay", "purchase") else 0)
    assert count("inventory_items", "state <> 'free'") == 2


def test_refusals_at_once_are_conflicts(shop: Engine) -> None:
    ids = make_carts([{goods(1): 2}] * 4)
    outcomes = at_once(*[partial(checkouts.begin, cart_id, None, WISH, None) for cart_id in ids])
    assert all(isinstance(outcome, OutOfStock) for outcome in outcomes)
