"""The sweep: what was left half-way comes to its end, once, whatever fails beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from chalicelib.commerce import checkouts, payments, refunds, sweep
from chalicelib.commerce.sweep import Swept
from chalicelib.core.database import read, transaction
from chalicelib.payments.provider import Answer, ProviderUnavailable
from chalicelib.payments.test_provider import TestProvider
from tests.client import Client
from tests.commerce.purchases import (
    available,
    begun,
    cart_with,
    charged,
    check_out,
    given_back,
    goods,
    move_clock,
    pay,
    payment_states,
    swept,
)
from tests.commerce.stock_checks import assert_stock_adds_up
from tests.factories import make_promotion

NOTHING = Swept(0, 0, 0, 0)


def state(client: Client, checkout_id: str) -> str:
    return str(client.get(f"/checkouts/{checkout_id}").json["state"])


def clock_of(*left_ms: int) -> Callable[[], int]:
    """Return what says how much time is left: each number once, the last one from then on."""
    left = list(left_ms)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_a_quiet_shop_has_nothing_to_sweep(client: Client) -> None:
    begun(client, (goods(), 1))
    assert swept() == NOTHING


def test_everything_that_is_half_way_comes_to_its_end_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    product_id = goods(units=9)
    left, undecided = begun(client, (product_id, 1)), begun(client, (product_id, 1))
    pay(client, undecided, "pm_test_timeout")
    move_clock(monkeypatch, minutes=15)
    assert swept() == Swept(payments=1, refunds=0, checkouts=1, carts=0)
    assert swept() == NOTHING
    assert (state(client, left), state(client, undecided)) == ("expired", "paid")
    assert (charged(undecided), available(product_id)) == (4950, 8)
    move_clock(monkeypatch, days=60, seconds=1)
    assert swept() == Swept(payments=0, refunds=0, checkouts=0, carts=2)
    assert client.get(f"/checkouts/{left}").status == 200, "what was held outlives its cart"
    assert_stock_adds_up()


def test_an_expired_checkout_gives_its_code_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_promotion(code="ONCE", usage_limit=1)
    product_id = goods()
    first, second = cart_with(client, (product_id, 1)), cart_with(client, (product_id, 1))
    for cart_id in (first, second):
        client.put(f"/carts/{cart_id}/promotion", {"code": "ONCE"})
    assert [check_out(client, cart_id).status for cart_id in (first, second)] == [201, 409]
    move_clock(monkeypatch, minutes=15)
    swept()
    assert check_out(client, second).status == 201


def test_a_payment_that_nobody_finishes_is_ended_before_its_checkout_expires(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    product_id = goods(units=1)
    checkout_id = begun(client, (product_id, 1))
    pay(client, checkout_id, "pm_test_needs_action")
    move_clock(monkeypatch, minutes=29)
    swept()
    assert (state(client, checkout_id), available(product_id)) == ("paying", 0), "its customer is at the bank"
    move_clock(monkeypatch, minutes=2)
    swept()
    assert (state(client, checkout_id), available(product_id)) == ("expired", 1)
    assert payment_states(checkout_id) == ["cancelled"]
    assert charged(checkout_id) == 0


def test_a_payment_that_was_cut_off_before_it_was_asked_for_is_given_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    checkout_id = begun(client, (goods(), 1))
    with monkeypatch.context() as dying:
        dying.setattr(TestProvider, "prepare", kill)
        with pytest.raises(Killed):
            payments.pay(checkout_id, None, "pm_test_success", "a" * 64)
    move_clock(monkeypatch, seconds=61)
    assert swept().payments == 1
    assert (state(client, checkout_id), payment_states(checkout_id)) == ("open", ["cancelled"])
    assert pay(client, checkout_id).json["state"] == "paid"


@pytest.mark.parametrize("fault", [ProviderUnavailable("away"), RuntimeError("a mistake of ours")])
def test_a_payment_that_fails_does_not_hold_up_the_others(
    client: Client, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    product_id = goods()
    ids = [begun(client, (product_id, 1)) for _ in range(3)]
    left = begun(client, (product_id, 1))
    for checkout_id in ids:
        pay(client, checkout_id, "pm_test_timeout")
    with read() as connection:
        bad = connection.execute(text("SELECT reference FROM payments ORDER BY id")).scalars().first()
    honest = TestProvider.retrieve

    def retrieve(self: TestProvider, reference: str) -> Answer:
        if reference == bad:
            raise fault
        return honest(self, reference)

    move_clock(monkeypatch, minutes=16)
    with monkeypatch.context() as failing:
        failing.setattr(TestProvider, "retrieve", retrieve)
        assert swept() == Swept(payments=2, refunds=0, checkouts=1, carts=0)
    assert [state(client, each) for each in (*ids, left)] == ["paying", "paid", "paid", "expired"]
    assert swept().payments == 1
    assert state(client, ids[0]) == "paid"


def test_a_checkout_that_cannot_be_given_up_does_not_hold_up_the_others(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    product_id = goods(units=3)
    ids = [begun(client, (product_id, 1)) for _ in range(3)]
    with transaction() as connection:  # its unit is gone, by hand
        connection.execute(
            text(
                "UPDATE inventory_items SET reserved_at = NULL WHERE id ="
                " (SELECT MIN(inventory_item_id) FROM checkout_items)"
            )
        )
    move_clock(monkeypatch, minutes=15)
    assert swept().checkouts == 2
    assert [state(client, each) for each in ids] == ["open", "expired", "expired"]


def test_more_than_a_batch_is_swept_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_BATCH", 2)
    product_id = goods(units=5)
    for _ in range(5):
        begun(client, (product_id, 1))
    move_clock(monkeypatch, minutes=15)
    assert swept().checkouts == 5
    assert available(product_id) == 5


def test_the_sweep_begins_nothing_when_its_time_is_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    product_id = goods(units=4)
    for _ in range(3):
        begun(client, (product_id, 1))
    pay(client, begun(client, (product_id, 1)), "pm_test_timeout")
    move_clock(monkeypatch, days=61)
    assert sweep.sweep(lambda: 25_000) == NOTHING
    # Enough for the payments and refunds, and then for one checkout.
    plenty = 100_000
    assert sweep.sweep(clock_of(plenty, plenty, plenty, plenty, plenty, 25_000)) == Swept(1, 0, 1, 0)
    # The cart of the payment was touched a moment ago, when it was bought.
    assert swept() == Swept(payments=0, refunds=0, checkouts=2, carts=3)


def test_a_refund_whose_answer_was_lost_is_given_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, "pm_test_refund_timeout")
    with transaction() as connection:
        row: Any = connection.execute(text("SELECT id, order_id FROM payments")).one()
        refunds.refund_order(connection, row.order_id, 4950, reason="test", actor="test")
    assert given_back(checkout_id) == 4950
    move_clock(monkeypatch, seconds=61)
    assert [swept().refunds, swept().refunds] == [1, 0]
    assert given_back(checkout_id) == 4950
    with read() as connection:
        assert connection.execute(text("SELECT state FROM refunds")).scalar_one() == "succeeded"


def test_what_was_paid_at_the_last_moment_is_not_expired(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout_id = begun(client, (goods(units=1), 1))
    with read() as connection:
        number = connection.execute(text("SELECT id FROM checkouts")).scalar_one()
    move_clock(monkeypatch, minutes=14, seconds=59)
    assert pay(client, checkout_id).json["state"] == "paid"
    move_clock(monkeypatch, minutes=1)
    assert not checkouts.expire(number)
    assert state(client, checkout_id) == "paid"
