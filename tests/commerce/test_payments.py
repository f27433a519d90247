"""Payments through the API: whatever the provider does, a checkout is charged once, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from chalicelib.commerce import payments
from chalicelib.core.database import read, transaction
from chalicelib.payments import providers, test_provider
from chalicelib.payments.provider import Answer, Intent, Notice, NoticeKind, Outcome, ProviderUnavailable
from chalicelib.payments.test_methods import BEHAVIOURS, behaviour_of
from chalicelib.payments.test_provider import TestProvider
from tests.client import Client
from tests.commerce.purchases import (
    available,
    begun,
    charged,
    code_of,
    given_back,
    goods,
    move_clock,
    new_key,
    pay,
    payment_states,
    swept,
)
from tests.commerce.stock_checks import assert_stock_adds_up

DECLINED = ["pm_test_declined", "pm_test_declined_expired", "pm_no_such_method"]
AT_ONCE = [
    "pm_test_success",
    "pm_test_twice",
    "pm_test_disputed",
    "pm_test_refund_fails",
    "pm_test_refund_late",
    "pm_test_refund_timeout",
]
UNDECIDED = {
    "pm_test_timeout": True,
    "pm_test_timeout_declined": False,
    "pm_test_timeout_lost": False,
    "pm_test_late": True,
    "pm_test_late_declined": False,
}


def orders() -> int:
    with read() as connection:
        return int(connection.execute(text("SELECT COUNT(*) FROM orders")).scalar_one())


def reference_of(checkout_id: str) -> str:
    statement = text(
        "SELECT payments.reference FROM payments JOIN checkouts ON checkouts.id = payments.checkout_id"
        " WHERE checkouts.public_id = :id ORDER BY payments.id DESC"
    )
    with read() as connection:
        return str(connection.execute(statement, {"id": checkout_id}).scalars().first())


def execute(statement: str, **given: Any) -> None:
    with transaction() as connection:
        connection.execute(text(statement), given)


def notices() -> list[str]:
    """Return the bodies of the notices that the test provider has not delivered."""
    with read() as connection:
        return list(connection.execute(text("SELECT body FROM test_notices ORDER BY id")).scalars())


def send(client: Client, body: str) -> int:
    headers, data = test_provider.signed(body)
    sent = {name.replace("-", "_"): value for name, value in headers.items()} | {"content_type": "application/json"}
    return client.post("/payments/webhooks/test", data, **sent).status


def test_every_method_of_the_test_provider_is_tried_here() -> None:
    tried = {*DECLINED, *AT_ONCE, *UNDECIDED, "pm_test_needs_action"} - {"pm_no_such_method"}
    assert tried == set(BEHAVIOURS)


@pytest.mark.parametrize("method", AT_ONCE)
def test_what_succeeds_at_once_is_one_order(client: Client, method: str) -> None:
    product_id = goods(units=2)
    checkout_id = begun(client, (product_id, 1))
    paid = pay(client, checkout_id, method).json
    assert (paid["state"], paid["payment"]["state"], paid["payment"]["client_secret"]) == ("paid", "succeeded", None)
    providers.deliver_test_notices(payments.handle_notice)
    swept()
    assert (orders(), charged(checkout_id), given_back(checkout_id), available(product_id)) == (1, 4950, 0, 1)
    assert_stock_adds_up()


@pytest.mark.parametrize("method", DECLINED)
def test_after_a_refusal_the_units_are_held_and_another_method_succeeds(client: Client, method: str) -> None:
    product_id = goods(units=1)
    checkout_id = begun(client, (product_id, 1))
    refused = pay(client, checkout_id, method)
    assert (refused.status, code_of(refused)) == (409, "payment-declined")
    expected = BEHAVIOURS.get(method, behaviour_of("none"))
    assert refused.json["detail"] == expected.message
    checkout = client.get(f"/checkouts/{checkout_id}").json
    assert (checkout["state"], checkout["payment"]["state"]) == ("open", "declined")
    assert checkout["payment"]["decline_code"] == expected.decline_code
    assert (charged(checkout_id), available(product_id), orders()) == (0, 0, 0)
    assert pay(client, checkout_id).json["state"] == "paid"
    providers.deliver_test_notices(payments.handle_notice)  # of the refusal too, late
    assert (charged(checkout_id), orders(), payment_states(checkout_id)) == (4950, 1, ["declined", "succeeded"])


def test_a_refused_payment_can_be_finished_by_nobody(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, "pm_test_declined")
    assert TestProvider().confirm(reference_of(checkout_id), "pm_test_success").outcome is Outcome.CANCELLED


def test_a_refused_payment_that_is_under_way_again_is_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who holds its secret was quicker than the cancelling, and the bank has not decided."""
    checkout_id = begun(client, (goods(), 1))
    pending = Answer(Outcome.PENDING, "", 4950)
    monkeypatch.setattr(TestProvider, "cancel", lambda _self, _reference: pending)
    assert pay(client, checkout_id, "pm_test_declined").json["state"] == "paying"
    assert payment_states(checkout_id) == ["asked"]


def test_a_refusal_is_told_without_who_was_refused(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1), email="secret@example.com")
    pay(client, checkout_id, "pm_test_declined")
    with read() as connection:
        told = connection.execute(
            text("SELECT payload FROM outbox_events WHERE kind = 'payment.failed'")
        ).scalar_one()
    assert set(json.loads(told)) == {"checkout_id", "decline_code"}
    with read() as connection:
        everything = connection.execute(text("SELECT payload FROM outbox_events")).scalars()
        assert "secret" not in " ".join(everything)


@pytest.mark.parametrize("approve", [True, False])
def test_who_must_act_does_so_and_confirms(client: Client, approve: bool) -> None:
    product_id = goods(units=1)
    checkout_id = begun(client, (product_id, 1))
    asked = pay(client, checkout_id, "pm_test_needs_action").json
    assert (asked["state"], asked["payment"]["state"]) == ("paying", "needs_action")
    assert client.get(f"/checkouts/{checkout_id}").json["payment"]["client_secret"] is None
    reference = asked["payment"]["client_secret"].partition("_secret_")[0]
    assert client.post(f"/checkouts/{checkout_id}/confirm").json["state"] == "paying", "nothing was decided yet"
    assert client.post(f"/checkouts/{checkout_id}/cancel").status == 409
    assert client.post(f"/test-payments/{reference}/authorize", {"approve": approve}).status == 200
    confirmed = client.post(f"/checkouts/{checkout_id}/confirm").json
    assert confirmed["state"] == ("paid" if approve else "open")
    assert client.post(f"/checkouts/{checkout_id}/confirm").json == confirmed
    if not approve:
        assert pay(client, checkout_id).json["state"] == "paid"
    assert (charged(checkout_id), orders(), available(product_id)) == (4950, 1, 0)


@pytest.mark.parametrize(("method", "succeeds"), UNDECIDED.items())
def test_what_is_not_decided_is_settled_by_the_sweep(
    client: Client, monkeypatch: pytest.MonkeyPatch, method: str, succeeds: bool
) -> None:
    product_id = goods(units=1)
    checkout_id = begun(client, (product_id, 1))
    paying = pay(client, checkout_id, method)
    assert (paying.status, paying.json["state"], paying.json["order_id"]) == (200, "paying", None)
    assert pay(client, checkout_id).status == 409, "not while the outcome is not known"
    assert swept().payments == 0, "somebody may still be working on it"
    move_clock(monkeypatch, seconds=61)
    swept()
    assert client.get(f"/checkouts/{checkout_id}").json["state"] == ("paid" if succeeds else "open")
    assert (charged(checkout_id), orders(), available(product_id)) == (4950 * succeeds, int(succeeds), 0)
    if not succeeds:
        assert pay(client, checkout_id).json["state"] == "paid"
    swept()
    assert (charged(checkout_id), orders()) == (4950, 1)
    assert_stock_adds_up()


@pytest.mark.parametrize(("method", "succeeds"), UNDECIDED.items())
def test_what_is_not_decided_is_settled_by_confirming(client: Client, method: str, succeeds: bool) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, method)
    state = client.post(f"/checkouts/{checkout_id}/confirm").json["state"]
    # What never arrived cannot be told from what is on its way: only the sweep gives it up.
    assert state == ("paid" if succeeds else "paying" if method == "pm_test_timeout_lost" else "open")
    assert charged(checkout_id) == 4950 * succeeds


def test_asking_again_and_again_does_not_hold_units_for_ever(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    product_id = goods(units=1)
    checkout_id = begun(client, (product_id, 1))
    pay(client, checkout_id, "pm_test_needs_action")
    for _ in range(4):
        move_clock(monkeypatch, minutes=10)
        client.post(f"/checkouts/{checkout_id}/confirm")
        swept()
    assert client.get(f"/checkouts/{checkout_id}").json["state"] == "expired"
    assert (available(product_id), payment_states(checkout_id)) == (1, ["cancelled"])


@pytest.mark.parametrize("method", ["pm_test_late", "pm_test_timeout", "pm_test_twice", "pm_test_disputed"])
def test_notices_settle_payments_in_any_order_and_number(client: Client, method: str) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, method)
    TestProvider().retrieve(reference_of(checkout_id))  # what is late is decided, and told of
    told = notices()
    assert told
    for body in [*told, *reversed(told)]:
        assert send(client, body) == 200
    assert client.get(f"/checkouts/{checkout_id}").json["state"] == "paid"
    assert (charged(checkout_id), given_back(checkout_id), orders()) == (4950, 0, 1)


def test_a_notice_of_a_refusal_opens_the_checkout_again(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, "pm_test_late_declined")
    TestProvider().retrieve(reference_of(checkout_id))
    (told,) = notices()
    assert send(client, told) == 200
    assert client.get(f"/checkouts/{checkout_id}").json["state"] == "open"


@pytest.mark.parametrize("reference", ["tpi_of_another_shop", None])
def test_a_notice_of_a_payment_that_is_not_ours_has_no_effect(client: Client, reference: str | None) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, "pm_test_needs_action")
    with read() as connection:
        number = connection.execute(text("SELECT id FROM payments")).scalar_one()
    body = {
        "id": "tevt_1",
        "kind": "payment",
        "reference": reference,
        "key": f"payment-{number}",
        "outcome": "succeeded",
    }
    assert send(client, json.dumps(body)) == 200
    assert client.get(f"/checkouts/{checkout_id}").json["state"] == "paying"


def test_what_a_notice_says_is_asked_and_not_believed(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, "pm_test_needs_action")
    body = {"id": "tevt_1", "kind": "payment", "reference": reference_of(checkout_id), "outcome": "succeeded"}
    assert send(client, json.dumps(body)) == 200
    assert (client.get(f"/checkouts/{checkout_id}").json["state"], orders()) == ("paying", 0)


def test_a_notice_that_is_not_signed_is_refused(client: Client) -> None:
    refused = client.post("/payments/webhooks/test", "{}", test_signature="t=1,v1=0", content_type="application/json")
    assert (refused.status, code_of(refused)) == (400, "bad-signature")


@pytest.mark.parametrize("state", ["open", "expired", "cancelled"])
def test_money_that_comes_after_a_payment_was_given_up_goes_back_by_itself(client: Client, state: str) -> None:
    """The customer approves at the bank what the shop has given up by then."""
    product_id = goods(units=1)
    checkout_id = begun(client, (product_id, 1))
    pay(client, checkout_id, "pm_test_needs_action")
    execute("UPDATE payments SET state = 'cancelled'")
    execute("UPDATE checkouts SET state = :state", state=state)
    TestProvider().authorize(reference_of(checkout_id), approve=True)
    (told,) = notices()
    assert [send(client, told), send(client, told)] == [200, 200]
    assert (charged(checkout_id), given_back(checkout_id), orders()) == (4950, 4950, 0)
    assert payment_states(checkout_id) == ["refunded"]
    assert client.get(f"/checkouts/{checkout_id}").json["state"] == state


def test_money_for_a_payment_that_was_given_up_does_not_pay_for_the_next_one(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, "pm_test_needs_action")
    first = reference_of(checkout_id)
    execute("UPDATE payments SET state = 'cancelled'")
    execute("UPDATE checkouts SET state = 'open'")
    pay(client, checkout_id, "pm_test_needs_action")
    TestProvider().authorize(first, approve=True)
    for told in notices():
        send(client, told)
    assert (payment_states(checkout_id), orders()) == (["refunded", "needs_action"], 0)
    TestProvider().authorize(reference_of(checkout_id), approve=True)
    assert client.post(f"/checkouts/{checkout_id}/confirm").json["state"] == "paid"
    assert (charged(checkout_id), given_back(checkout_id), orders()) == (9900, 4950, 1)


def test_a_provider_that_is_down_charges_nothing_and_the_same_request_succeeds_later(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout_id, key = begun(client, (goods(), 1)), new_key()

    def away(_self: TestProvider, _intent: Intent) -> str:
        raise ProviderUnavailable("The payment provider did not answer in time.", retry_after_s=5)

    with monkeypatch.context() as down:
        down.setattr(TestProvider, "prepare", away)
        refused = pay(client, checkout_id, key=key)
        assert (refused.status, code_of(refused)) == (503, "payment-provider-unavailable")
        assert client.get(f"/checkouts/{checkout_id}").json["state"] == "open", (
            "it can be paid in another way at once"
        )
    assert pay(client, checkout_id, key=key).json["state"] == "paid"
    assert (charged(checkout_id), payment_states(checkout_id)) == (4950, ["cancelled", "succeeded"])


def test_a_request_that_was_cut_off_goes_on_with_the_payment_that_it_began(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout_id = begun(client, (goods(), 1))

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    for place in ("prepare", "confirm"):
        with monkeypatch.context() as dying:
            dying.setattr(TestProvider, place, kill)
            with pytest.raises(Killed):
                payments.pay(checkout_id, None, "pm_test_success", "a" * 64)
    assert payment_states(checkout_id) == ["asked"]
    payments.pay(checkout_id, None, "pm_test_success", "a" * 64)
    payments.pay(checkout_id, None, "pm_test_success", "a" * 64)
    assert (charged(checkout_id), orders(), payment_states(checkout_id)) == (4950, 1, ["succeeded"])


def test_settling_twice_places_one_order(client: Client) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, "pm_test_late")
    answer = TestProvider().retrieve(reference_of(checkout_id))
    with read() as connection:
        payment_id = connection.execute(text("SELECT id FROM payments")).scalar_one()
    for outcome in (answer, answer, Answer(Outcome.DECLINED, answer.reference, 4950), answer):
        payments.settle(payment_id, outcome)
    assert (orders(), payment_states(checkout_id), given_back(checkout_id)) == (1, ["succeeded"], 0)


def test_a_payment_that_the_provider_lost_is_given_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout_id = begun(client, (goods(), 1))
    pay(client, checkout_id, "pm_test_needs_action")
    execute("DELETE FROM test_intents")
    move_clock(monkeypatch, seconds=61)
    swept()
    assert payment_states(checkout_id) == ["cancelled"]
    assert client.get(f"/checkouts/{checkout_id}").json["state"] == "open"


def test_a_notice_of_something_else_has_no_effect(client: Client) -> None:
    payments.handle_notice(Notice("test", "tevt_1", NoticeKind.OTHER))
    payments.handle_notice(Notice("test", "tevt_2", NoticeKind.PAYMENT))
    assert orders() == 0
