"""Stripe, played by a server of our own: the contract of all providers, failures of the network, signed events."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging as std_logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from chalicelib.payments import stripe_provider
from chalicelib.payments.provider import (
    BadSignature,
    Intent,
    Notice,
    NoticeKind,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
)
from chalicelib.payments.stripe_provider import StripeProvider
from tests.payments import contract
from tests.payments.contract import Methods, an_intent, paid
from tests.payments.fake_stripe import SECRET_KEY, FakeStripe, fake_stripe

WEBHOOK_SECRET = "whsec_of_the_fake"


class Bench:
    """The provider, and the server that it asks."""

    def __init__(self, fake: FakeStripe) -> None:
        self.fake = fake
        self.provider = StripeProvider(SECRET_KEY, WEBHOOK_SECRET, api_base=fake.url, read_s=5)
        self.methods = Methods(
            good="pm_card_good",
            poor="pm_card_poor",
            careful="pm_card_careful",
            unanswered="pm_card_unanswered",
            unanswered_poor="pm_card_unanswered_poor",
            lost="pm_card_lost",
            slow="pm_card_slow",
            unknown="pm_nothing",
            slow_to_refund="pm_card_laterefund",
            bad_to_refund="pm_card_badrefund",
        )

    def charged(self, reference: str) -> int:
        return self.fake.charged(reference)

    def refunded(self, reference: str) -> int:
        return self.fake.refunded(reference)

    def authorize(self, reference: str, *, approve: bool) -> None:
        self.fake.authorize(reference, approve=approve)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    # The library waits half a second before its second try.
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.002)
    with fake_stripe() as fake:
        yield Bench(fake)


class TestContract(contract.ProviderContract):
    """Stripe keeps to what all must."""


def test_a_connection_that_breaks_after_the_charge_is_tried_again_under_the_same_key(bench: Bench) -> None:
    reference = bench.provider.prepare(an_intent())
    bench.fake.faults.append("unanswered")
    assert bench.provider.confirm(reference, "pm_card_good").outcome is Outcome.SUCCEEDED
    assert bench.charged(reference) == 4950
    keys = [headers["idempotency-key"] for _, path, _, headers in bench.fake.requests if path.endswith("/confirm")]
    assert len(keys) == 2
    assert len(set(keys)) == 1


@pytest.mark.parametrize("fault", ["lost", "429", "500", "503", "409", "garbage"])
def test_a_provider_in_trouble_is_unavailable_and_the_same_call_works_later(bench: Bench, fault: str) -> None:
    reference = bench.provider.prepare(an_intent())
    bench.fake.faults.extend([fault, fault])
    with pytest.raises(ProviderUnavailable) as caught:
        bench.provider.confirm(reference, "pm_card_good")
    assert caught.value.retry_after_s
    bench.fake.faults.clear()
    assert bench.provider.confirm(reference, "pm_card_good").outcome is Outcome.SUCCEEDED
    assert bench.charged(reference) == 4950


def test_a_key_that_is_still_in_use_is_tried_again(bench: Bench) -> None:
    reference = bench.provider.prepare(an_intent())
    bench.fake.faults.append("409")
    assert bench.provider.confirm(reference, "pm_card_good").outcome is Outcome.SUCCEEDED


def test_who_does_not_answer_is_not_waited_for(bench: Bench) -> None:
    impatient = StripeProvider(SECRET_KEY, WEBHOOK_SECRET, api_base=bench.fake.url, read_s=0.05)
    reference = bench.provider.prepare(an_intent())
    bench.fake.faults.extend(["hang", "hang"])
    started = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        impatient.confirm(reference, "pm_card_good")
    assert time.monotonic() - started < 3
    bench.fake.gate.set()
    assert bench.provider.retrieve(reference).outcome is Outcome.SUCCEEDED
    assert bench.charged(reference) == 4950


def test_the_slowest_answers_fit_into_a_request() -> None:
    attempt = stripe_provider.CONNECT_S + stripe_provider.READ_S
    longest_pause = 1.0
    twice = 2 * attempt + longest_pause
    assert stripe_provider.RETRIES == 1
    assert twice < 20
    assert attempt + twice < 29, "preparing, tried once, and confirming"


@pytest.mark.parametrize("call", ["prepare", "refund"])
def test_what_comes_before_another_call_is_tried_once(bench: Bench, call: str) -> None:
    reference = paid(bench)
    bench.fake.requests.clear()
    bench.fake.faults.extend(["500"] * 3)
    with pytest.raises(ProviderUnavailable):
        bench.provider.prepare(an_intent()) if call == "prepare" else bench.provider.refund(reference, 1, "r")
    assert len(bench.fake.faults) == 2


def test_a_wrong_key_is_the_shops_fault_and_shown_to_nobody(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    wrong = StripeProvider("sk_live_geheim", WEBHOOK_SECRET, api_base=bench.fake.url)
    logger = std_logging.getLogger("shop")
    logger.addHandler(caplog.handler)
    try:
        with pytest.raises(ProviderRefused) as caught:
            wrong.prepare(an_intent())
    finally:
        logger.removeHandler(caplog.handler)
    assert "Stripe refuses the shop" in caplog.text
    shown = [caplog.text, str(caught.value), repr(caught.value), *(str(record.__dict__) for record in caplog.records)]
    assert "geheim" not in "".join(shown)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_sum_that_stripe_does_not_take_is_refused(bench: Bench) -> None:
    with pytest.raises(ProviderRefused):
        bench.provider.prepare(an_intent(49))


def test_what_is_sent_carries_the_pinned_version_and_our_key(bench: Bench) -> None:
    intent = an_intent()
    reference = bench.provider.prepare(intent)
    method, path, form, headers = bench.fake.requests[0]
    assert (method, path) == ("POST", "/v1/payment_intents")
    assert headers["stripe-version"] == "2026-10-28.endive"
    assert (form["amount"], form["currency"]) == ("4950", "usd")
    assert bench.fake.intents[reference]["metadata"] == {**intent.metadata, "shopkeeper_key": intent.key}


def test_another_shop_of_the_same_account_may_count_from_one_too(bench: Bench) -> None:
    ours = bench.provider.prepare(Intent("payment-1", 1000, "usd", "Your order", {"checkout": "a"}))
    theirs = bench.provider.prepare(Intent("payment-1", 1000, "usd", "Your order", {"checkout": "b"}))
    assert ours != theirs


def test_keys_may_be_long(bench: Bench) -> None:
    reference = paid(bench)
    long = "x" * 400
    assert bench.provider.refund(reference, 100, long).outcome is Outcome.SUCCEEDED
    assert all(len(headers.get("idempotency-key", "")) <= 255 for *_, headers in bench.fake.requests)


def test_a_refund_is_given_once_even_when_stripe_has_forgotten_the_key(bench: Bench) -> None:
    reference = paid(bench)
    first = bench.provider.refund(reference, 100, "refund-1")
    bench.fake.forget_keys()
    assert bench.provider.refund(reference, 100, "refund-1") == first
    assert bench.refunded(reference) == 100


def test_a_refund_is_found_behind_a_hundred_others(bench: Bench) -> None:
    reference = paid(bench, 20000)
    first = bench.provider.refund(reference, 100, "refund-first")
    for number in range(101):
        bench.fake._refund(
            {"payment_intent": reference, "amount": "1", "metadata[shopkeeper_key]": f"other-{number}"}
        )
    bench.fake.forget_keys()
    assert bench.provider.refund(reference, 100, "refund-first") == first


def test_a_refund_without_an_answer_is_given_once(bench: Bench) -> None:
    reference = paid(bench)
    bench.fake.faults.extend(["", "unanswered"])  # the list, then the refund
    with pytest.raises(ProviderUnavailable):
        bench.provider.refund(reference, 700, "refund-1")
    bench.fake.forget_keys()
    assert bench.provider.refund(reference, 700, "refund-1").outcome is Outcome.SUCCEEDED
    assert bench.refunded(reference) == 700


def test_confirming_after_a_day_charges_once(bench: Bench) -> None:
    reference = paid(bench)
    bench.fake.forget_keys()
    assert bench.provider.confirm(reference, "pm_card_good").outcome is Outcome.SUCCEEDED
    assert bench.charged(reference) == 4950


def test_a_method_that_was_declined_is_not_tried_a_second_time(bench: Bench) -> None:
    reference = bench.provider.prepare(an_intent())
    first = bench.provider.confirm(reference, "pm_card_poor")
    other_process = StripeProvider(SECRET_KEY, WEBHOOK_SECRET, api_base=bench.fake.url)
    assert other_process.confirm(reference, "pm_card_poor") == first
    assert bench.fake.tries == [(reference, "pm_card_poor")]
    bench.provider.confirm(reference, "pm_card_good")
    assert other_process.confirm(reference, "pm_card_poor").outcome is Outcome.SUCCEEDED, "as it is, not as it was"


def test_what_is_under_way_cannot_be_cancelled_and_is_said_to_be_pending(bench: Bench) -> None:
    reference = bench.provider.prepare(an_intent())
    bench.provider.confirm(reference, "pm_card_slow")
    assert bench.provider.cancel(reference).outcome is Outcome.PENDING


def test_a_method_of_no_use_is_said_so_also_after_a_decline(bench: Bench) -> None:
    reference = bench.provider.prepare(an_intent())
    bench.provider.confirm(reference, "pm_card_poor")
    assert bench.provider.confirm(reference, "pm_nothing").decline_code == "invalid_payment_method"


# --- events ------------------------------------------------------------------------------------------------------


def signature(body: bytes, *, at: float | None = None, secret: str = WEBHOOK_SECRET) -> str:
    """Sign as Stripe's documentation says: HMAC-SHA256 of time, dot and body."""
    seconds = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), str(seconds).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest},v0=ignored"


def event(kind: str, thing: dict[str, Any]) -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}}).encode()


def read(body: bytes, header: str | None = None) -> Notice:
    provider = StripeProvider(SECRET_KEY, WEBHOOK_SECRET)
    return provider.read_notice({"stripe-signature": signature(body) if header is None else header}, body)


INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 4950,
    "amount_received": 4950,
    "client_secret": "pi_1_secret_x",
    "last_payment_error": None,
    "metadata": {"shopkeeper_key": "payment-17"},
    "status": "succeeded",
}
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 700,
    "failure_reason": None,
    "metadata": {"shopkeeper_key": "refund-3"},
    "payment_intent": "pi_1",
    "status": "succeeded",
}
DISPUTE = {
    "id": "dp_1",
    "object": "dispute",
    "amount": 4950,
    "payment_intent": "pi_1",
    "reason": "fraudulent",
    "status": "needs_response",
}


def test_a_payment_that_succeeded_is_read() -> None:
    assert read(event("payment_intent.succeeded", INTENT)) == Notice(
        "stripe", "evt_1", NoticeKind.PAYMENT, "pi_1", None, "payment-17", Outcome.SUCCEEDED, 4950
    )


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"status": "requires_payment_method"}, Outcome.PREPARED),
        ({"status": "requires_payment_method", "last_payment_error": {"code": "expired_card"}}, Outcome.DECLINED),
        ({"status": "requires_confirmation"}, Outcome.PREPARED),
        ({"status": "requires_action"}, Outcome.NEEDS_ACTION),
        ({"status": "processing"}, Outcome.PENDING),
        ({"status": "canceled"}, Outcome.CANCELLED),
        ({"status": "something of the future"}, Outcome.PENDING),
    ],
)
def test_each_state_of_a_payment_has_its_outcome(changes: dict[str, Any], outcome: Outcome) -> None:
    assert read(event("payment_intent.changed", {**INTENT, **changes})).outcome is outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("succeeded", Outcome.SUCCEEDED),
        ("pending", Outcome.PENDING),
        ("requires_action", Outcome.PENDING),
        ("failed", Outcome.DECLINED),
        ("canceled", Outcome.DECLINED),
    ],
)
def test_each_state_of_a_refund_has_its_outcome(status: str, outcome: Outcome) -> None:
    notice = read(event("refund.updated", {**REFUND, "status": status}))
    assert (notice.kind, notice.reference, notice.refund_reference) == (NoticeKind.REFUND, "pi_1", "re_1")
    assert (notice.key, notice.outcome, notice.amount_cents) == ("refund-3", outcome, 700)


def test_a_dispute_is_read() -> None:
    notice = read(event("charge.dispute.created", DISPUTE))
    assert (notice.kind, notice.reference, notice.amount_cents) == (NoticeKind.DISPUTE, "pi_1", 4950)
    assert "fraudulent" in (notice.message or "")


def test_an_event_about_something_else_is_read_as_such() -> None:
    notice = read(event("payout.paid", {"id": "po_1", "object": "payout"}))
    assert (notice.kind, notice.reference, notice.outcome) == (NoticeKind.OTHER, None, None)


def test_a_signature_that_is_wrong_old_or_of_another_body_is_refused() -> None:
    body = event("payment_intent.succeeded", INTENT)
    assert read(body, signature(body, at=time.time() - 290)).id == "evt_1"
    for header in (
        "",
        "nonsense",
        "t=1",
        f"t={int(time.time())},v1=",
        signature(body, at=time.time() - 310),
        signature(body, secret="whsec_of_another"),
        signature(body + b" "),
        signature(body).replace("v1=", "v2="),
    ):
        with pytest.raises(BadSignature):
            read(body, header)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"not JSON", b"\xff\xfe", b'{"id": "evt_1", "data": {}}'])
def test_what_is_no_event_is_refused_even_when_it_is_signed(body: bytes) -> None:
    with pytest.raises(BadSignature):
        read(body)
