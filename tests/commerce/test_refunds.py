"""Money that goes back: never more than came, once however often it is asked for, still owed when it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from chalicelib.commerce import payments, refunds, sweep
from chalicelib.core import clock
from chalicelib.core.database import read
from chalicelib.payments import providers
from chalicelib.payments.provider import Notice, NoticeKind, Outcome, ProviderUnavailable, RefundAnswer
from chalicelib.payments.test_provider import TestProvider
from tests.client import Answer, Client
from tests.commerce.after_sale import (
    assert_order_adds_up,
    buy,
    do,
    done,
    events,
    order_of,
    refunds_of,
    refusal,
    staff_client,
    take_order,
    timeline_of,
)
from tests.commerce.purchases import goods, new_key, shopper
from tests.factories import make_customer, make_order, make_product


@pytest.fixture
def staff(client: Client) -> Client:
    return staff_client()


@pytest.fixture
def in_a_while(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Sweep two minutes later than it is, and two minutes later again each time."""
    passed = [timedelta()]
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + passed[0])

    def run() -> None:
        passed[0] += timedelta(minutes=2)
        sweep.sweep(lambda: 900_000)

    return run


def give(staff: Client, order_id: int, amount: float, reason: str = "it came late") -> Answer:
    return do(staff, order_id, "refunds", {"amount": amount, "reason": reason})


def notice_of(order_id: int) -> tuple[int, str, str]:
    """Return id, reference and payment reference of the last refund of an order."""
    with read() as connection:
        row = connection.execute(
            text(
                "SELECT refunds.id, refunds.reference, payments.reference AS paid FROM refunds JOIN payments"
                " ON payments.id = refunds.payment_id WHERE refunds.order_id = :id ORDER BY refunds.id DESC"
            ),
            {"id": order_id},
        ).first()
    assert row is not None
    return row.id, row.reference, row.paid


# --- goodwill ----------------------------------------------------------------------------------------------------


def test_goodwill_is_given_back_in_parts_up_to_what_was_paid(staff: Client) -> None:
    buyer, customer_id = shopper()
    order_id = buy(buyer, (goods(cents=2000), 1))
    first = give(staff, order_id, 5.01)
    assert first.status == 201
    assert [(row["state"], row["amount"], row["reason"]) for row in first.json] == [("started", 5.01, "it came late")]
    too_much = give(staff, order_id, 15)
    assert refusal(too_much) == (409, "refund-too-large")
    assert too_much.json["detail"] == "15.00 cannot be given back: 14.99 is left of what was paid."
    assert give(staff, order_id, 14.99).status == 201
    assert refusal(give(staff, order_id, 0.01)) == (409, "refund-too-large")
    order = order_of(staff, order_id)
    assert refunds_of(order) == [("succeeded", 5.01), ("succeeded", 14.99)]
    # Nothing else of the order changed.
    assert (order["status"], order["items"][0]["refunded"]) == ("Processing", 0.0)
    assert TestProvider().total_refunded() == 2000
    first_told = events("order.refunded")[0]
    assert first_told == (
        "order.refunded",
        f"order:{order_id}",
        {
            "order_id": order_id,
            "customer_id": customer_id,
            "refund_id": first.json[0]["id"],
            "amount": 5.01,
            "currency": "usd",
        },
    )


def test_after_goodwill_a_cancelled_order_gives_back_what_is_left(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 2))
    give(staff, order_id, 25)
    first, second = (item["id"] for item in order_of(buyer, order_id)["items"])
    done(buyer, order_id, "cancel", {"item_ids": [first]})
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 25.0), ("succeeded", 15.0)]
    # Nothing is left for the other.
    order = done(buyer, order_id, "cancel", {"item_ids": [second]})
    assert (order["status"], len(order["refunds"])) == ("Cancelled", 2)
    assert TestProvider().total_refunded() == 4000
    assert_order_adds_up(order_of(staff, order_id))


@pytest.mark.parametrize("amount", [0, 0.009, -1, 1_000_000_000, "5", None])
def test_no_other_amounts_can_be_given_back(staff: Client, amount: float) -> None:
    order_id = take_order(staff, (goods(), 1), paid=True)["id"]
    assert give(staff, order_id, amount).status == 422


def test_where_no_money_came_none_goes_back(staff: Client) -> None:
    pending = take_order(staff, (goods(), 1))["id"]
    imported = make_order(make_customer(), (make_product(), 1000))
    for order_id in (pending, imported):
        answer = give(staff, order_id, 0.01)
        assert refusal(answer) == (409, "refund-too-large")
        assert "0.00 is left" in answer.json["detail"]
    assert refusal(give(staff, 999_999, 1)) == (404, "not-found")


def test_only_staff_gives_money_back_and_must_name_the_request(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(), 1))
    assert give(buyer, order_id, 1).status == 403
    body = {"amount": 1, "reason": "late"}
    assert refusal(staff.post(f"/orders/{order_id}/refunds", body)) == (400, "idempotency-key-missing")
    key = new_key()
    answers = [staff.post(f"/orders/{order_id}/refunds", body, idempotency_key=key) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert TestProvider().total_refunded() == 100


def test_money_that_came_by_hand_goes_back_by_hand(staff: Client) -> None:
    order_id = take_order(staff, (goods(cents=2000), 1))["id"]
    done(staff, order_id, "pay", {"method": "cash"})
    give(staff, order_id, 7.5)
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 7.5)]
    assert TestProvider().total_refunded() == 0
    assert refusal(give(staff, order_id, 12.51)) == (409, "refund-too-large")
    assert [told["amount"] for _, _, told in events("order.refunded")] == [7.5]


# --- what the provider does --------------------------------------------------------------------------------------


def test_a_refund_that_fails_is_told_to_staff_and_can_be_tried_again(staff: Client) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 1), method="pm_test_refund_fails")
    done(buyer, order_id, "cancel")
    assert refunds_of(order_of(staff, order_id)) == [("failed", 20.0)]
    last = timeline_of(staff, order_id)[-1]
    assert (last["kind"], last["internal"]) == ("refund-failed", True)
    assert last["text"] == (
        "20.00 could not be given back and is still owed: The bank of the customer refused the refund."
    )
    assert "refund-failed" not in [entry["kind"] for entry in timeline_of(buyer, order_id)]
    assert events("order.refunded") == []
    # It is still there to be given, with a key of its own at the provider.
    assert give(staff, order_id, 20).status == 201
    assert refunds_of(order_of(staff, order_id)) == [("failed", 20.0)] * 2
    assert refusal(give(staff, order_id, 20.01)) == (409, "refund-too-large")
    assert TestProvider().total_refunded() == 0


def test_a_refund_without_an_answer_is_settled_later_and_given_once(
    staff: Client, in_a_while: Callable[[], None]
) -> None:
    buyer, _ = shopper()
    order_id = buy(buyer, (goods(cents=2000), 1), method="pm_test_refund_timeout")
    cancelled = done(buyer, order_id, "cancel")
    assert cancelled["status"] == "Cancelled"
    assert refunds_of(order_of(staff, order_id)) == [("started", 20.0)]
    # What is under way cannot be given a second time.
    assert refusal(give(staff, order_id, 0.01)) == (409, "refund-too-large")
    in_a_while()
    in_a_while()
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 20.0)]
    assert TestProvider().total_refunded() == 2000
    assert len(events("order.refunded")) == 1
    assert [entry["kind"] for entry in timeline_of(buyer, order_id)].count("refunded") == 1


def test_a_refund_that_takes_days_is_asked_for_until_it_is_decided(
    staff: Client, in_a_while: Callable[[], None]
) -> None:
    order_id = buy(Client(), (goods(cents=2000), 1), method="pm_test_refund_late")
    give(staff, order_id, 8)
    assert refunds_of(order_of(staff, order_id)) == [("started", 8.0)]
    in_a_while()
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 8.0)]
    assert TestProvider().total_refunded() == 800


def test_a_provider_that_is_away_holds_up_nothing_and_is_asked_again(
    staff: Client, in_a_while: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = buy(Client(), (goods(cents=2000), 1))

    def away(*_: object) -> RefundAnswer:
        raise ProviderUnavailable("away")

    with monkeypatch.context() as without:
        without.setattr(TestProvider, "refund", away)
        assert done(staff, order_id, "cancel")["status"] == "Cancelled"
        in_a_while()
        assert refunds_of(order_of(staff, order_id)) == [("started", 20.0)]
    in_a_while()
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 20.0)]


def test_executing_a_refund_again_gives_nothing_more(staff: Client) -> None:
    order_id = buy(Client(), (goods(cents=2000), 1))
    give(staff, order_id, 8)
    refund_id, _, _ = notice_of(order_id)
    for _ in range(2):
        refunds.execute(refund_id)
    refunds.execute(999_999)
    assert TestProvider().total_refunded() == 800
    assert len(events("order.refunded")) == 1


# --- notices -----------------------------------------------------------------------------------------------------


def test_a_notice_settles_a_refund_that_was_under_way(staff: Client) -> None:
    order_id = buy(Client(), (goods(cents=2000), 1), method="pm_test_refund_late")
    give(staff, order_id, 8)
    providers.deliver_test_notices(payments.handle_notice)
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 8.0)]
    assert len(events("order.refunded")) == 1


def test_a_notice_finds_a_refund_whose_reference_was_never_saved(staff: Client) -> None:
    order_id = buy(Client(), (goods(cents=2000), 1), method="pm_test_refund_timeout")
    give(staff, order_id, 8)
    assert notice_of(order_id)[1] is None
    providers.deliver_test_notices(payments.handle_notice)
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 8.0)]
    assert notice_of(order_id)[1] is not None


def test_a_notice_of_another_shops_refund_of_the_same_number_changes_nothing(staff: Client) -> None:
    stranger_id = buy(Client(), (goods(cents=2000), 1))
    give(staff, stranger_id, 20)
    order_id = buy(Client(), (goods(cents=2000), 1), method="pm_test_refund_timeout")
    give(staff, order_id, 8)
    refund_id, _, _ = notice_of(order_id)
    _, _, paid_elsewhere = notice_of(stranger_id)
    foreign = TestProvider().refund(paid_elsewhere, 1, "elsewhere")  # declined, without a reference
    assert foreign.reference is None
    with read() as connection:
        reference = connection.execute(text("SELECT reference FROM test_refunds ORDER BY id")).scalars().first()
        connection.rollback()
    notice = Notice(
        provider="test",
        id="evt_1",
        kind=NoticeKind.REFUND,
        reference=paid_elsewhere,
        refund_reference=f"{reference}x",
        key=f"refund-{refund_id}",
    )
    refunds.handle_notice(notice)
    assert refunds_of(order_of(staff, order_id)) == [("started", 8.0)]


def test_a_notice_of_nothing_known_is_passed_over(client: Client) -> None:
    for key, reference in (("refund-999999", "tre_x"), (None, "tre_x"), ("refund-1", None), ("refund-x", "tre_x")):
        notice = Notice("test", "evt_2", NoticeKind.REFUND, "tpi_x", refund_reference=reference, key=key)
        refunds.handle_notice(notice)
    assert events() == []


def test_money_that_comes_back_after_it_was_given_is_owed_again(staff: Client) -> None:
    order_id = buy(Client(), (goods(cents=2000), 1))
    give(staff, order_id, 20)
    refund_id, reference, _ = notice_of(order_id)
    refunds.settle(refund_id, RefundAnswer(Outcome.DECLINED, reference, 2000, "The account is closed."))
    assert refunds_of(order_of(staff, order_id)) == [("failed", 20.0)]
    last = timeline_of(staff, order_id)[-1]
    assert (last["kind"], last["internal"]) == ("refund-failed", True)
    assert last["text"] == "20.00 could not be given back and is still owed: The account is closed."
    # A late word that it succeeded does not undo that.
    refunds.settle(refund_id, RefundAnswer(Outcome.SUCCEEDED, reference, 2000))
    assert refunds_of(order_of(staff, order_id)) == [("failed", 20.0)]
    assert len(events("order.refunded")) == 1


def test_what_succeeded_is_not_settled_twice(staff: Client) -> None:
    order_id = buy(Client(), (goods(cents=2000), 1))
    give(staff, order_id, 20)
    refund_id, reference, _ = notice_of(order_id)
    for outcome in (Outcome.SUCCEEDED, Outcome.PENDING):
        refunds.settle(refund_id, RefundAnswer(outcome, reference, 2000))
    assert refunds_of(order_of(staff, order_id)) == [("succeeded", 20.0)]
    assert len(events("order.refunded")) == 1
