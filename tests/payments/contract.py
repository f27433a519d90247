"""What every provider of payments must keep to: one class of tests, run against each of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import pytest

from chalicelib.payments.provider import (
    Intent,
    Outcome,
    Provider,
    ProviderRefused,
    ProviderUnavailable,
    UnknownReference,
)

_numbers = count(1)


@dataclass(frozen=True)
class Methods:
    """Payment methods of a provider, by what happens to who pays with them."""

    good: str
    poor: str  # insufficient funds
    careful: str  # the customer must act
    unanswered: str  # charged, but the answer never comes
    unanswered_poor: str  # declined, but the answer never comes
    lost: str  # the call never arrives
    slow: str  # not decided at once
    unknown: str  # no method at all
    slow_to_refund: str
    bad_to_refund: str


class Bench(Protocol):
    """A provider under test, and a look into its books."""

    @property
    def provider(self) -> Provider:
        """The provider."""

    @property
    def methods(self) -> Methods:
        """Its methods."""

    def charged(self, reference: str) -> int:
        """Return the cents that were taken for an intent, counted in the provider's books."""

    def refunded(self, reference: str) -> int:
        """Return the cents that were given back."""

    def authorize(self, reference: str, *, approve: bool) -> None:
        """Act as the customer in the browser."""


def an_intent(cents: int = 4950) -> Intent:
    number = next(_numbers)
    return Intent(f"payment-{number}", cents, "usd", "Your order", {"checkout": str(number)})


def paid(bench: Bench, cents: int = 4950, method: str | None = None) -> str:
    reference = bench.provider.prepare(an_intent(cents))
    assert bench.provider.confirm(reference, method or bench.methods.good).outcome is Outcome.SUCCEEDED
    return reference


class ProviderContract:
    """Inherit it in a module of tests and give it a fixture `bench`."""

    def test_preparing_charges_nothing_and_is_the_same_intent_for_the_same_key(self, bench: Bench) -> None:
        intent = an_intent()
        reference = bench.provider.prepare(intent)
        assert bench.provider.prepare(intent) == reference
        assert bench.provider.prepare(an_intent()) != reference
        assert bench.charged(reference) == 0
        answer = bench.provider.retrieve(reference)
        assert (answer.outcome, answer.reference, answer.amount_cents) == (Outcome.PREPARED, reference, 4950)

    def test_a_key_cannot_be_used_for_another_sum(self, bench: Bench) -> None:
        intent = an_intent(100)
        bench.provider.prepare(intent)
        with pytest.raises(ProviderRefused):
            bench.provider.prepare(Intent(intent.key, 101, "usd", "Your order", intent.metadata))

    def test_confirming_twice_charges_once(self, bench: Bench) -> None:
        reference = bench.provider.prepare(an_intent())
        first = bench.provider.confirm(reference, bench.methods.good)
        assert (first.outcome, first.amount_cents) == (Outcome.SUCCEEDED, 4950)
        assert bench.provider.confirm(reference, bench.methods.good) == first
        assert bench.charged(reference) == 4950

    def test_a_paid_intent_is_not_charged_again_by_another_method(self, bench: Bench) -> None:
        reference = paid(bench)
        assert bench.provider.confirm(reference, bench.methods.slow_to_refund).outcome is Outcome.SUCCEEDED
        assert bench.charged(reference) == 4950

    def test_parallel_confirms_charge_once(self, bench: Bench) -> None:
        reference = bench.provider.prepare(an_intent())

        def confirm(_number: int) -> Outcome | None:
            try:
                return bench.provider.confirm(reference, bench.methods.good).outcome
            except ProviderUnavailable:
                return None  # allowed: the outcome is then asked for

        with ThreadPoolExecutor(8) as threads:
            outcomes = set(threads.map(confirm, range(8)))
        assert Outcome.SUCCEEDED in outcomes
        assert outcomes <= {Outcome.SUCCEEDED, Outcome.PENDING, None}
        assert bench.provider.retrieve(reference).outcome is Outcome.SUCCEEDED
        assert bench.charged(reference) == 4950

    def test_parallel_preparing_makes_one_intent(self, bench: Bench) -> None:
        intent = an_intent()

        def prepare(_number: int) -> str | None:
            try:
                return bench.provider.prepare(intent)
            except ProviderUnavailable:
                return None

        with ThreadPoolExecutor(6) as threads:
            made = set(threads.map(prepare, range(6))) - {None}
        assert made == {bench.provider.prepare(intent)}

    def test_a_declined_payment_says_why_and_may_be_tried_with_another_method(self, bench: Bench) -> None:
        reference = bench.provider.prepare(an_intent())
        answer = bench.provider.confirm(reference, bench.methods.poor)
        assert (answer.outcome, answer.decline_code) == (Outcome.DECLINED, "insufficient_funds")
        assert "insufficient funds" in (answer.message or "")
        assert bench.charged(reference) == 0
        told = bench.provider.retrieve(reference)
        assert (told.outcome, told.decline_code) == (Outcome.DECLINED, "insufficient_funds")
        after = bench.provider.confirm(reference, bench.methods.good)
        assert (after.outcome, after.decline_code, after.message) == (Outcome.SUCCEEDED, None, None)
        assert bench.charged(reference) == 4950

    def test_a_method_that_does_not_exist_is_declined(self, bench: Bench) -> None:
        reference = bench.provider.prepare(an_intent())
        answer = bench.provider.confirm(reference, bench.methods.unknown)
        assert (answer.outcome, answer.decline_code) == (Outcome.DECLINED, "invalid_payment_method")
        assert answer.message
        assert bench.charged(reference) == 0

    def test_after_a_time_out_the_provider_tells_what_happened(self, bench: Bench) -> None:
        expected = {
            bench.methods.unanswered: (Outcome.SUCCEEDED, 4950),
            bench.methods.unanswered_poor: (Outcome.DECLINED, 0),
            bench.methods.lost: (Outcome.PREPARED, 0),
        }
        for method, (outcome, cents) in expected.items():
            reference = bench.provider.prepare(an_intent())
            with pytest.raises(ProviderUnavailable):
                bench.provider.confirm(reference, method)
            assert bench.provider.retrieve(reference).outcome is outcome
            assert bench.charged(reference) == cents

    def test_confirming_again_after_a_time_out_charges_once(self, bench: Bench) -> None:
        reference = bench.provider.prepare(an_intent())
        with pytest.raises(ProviderUnavailable):
            bench.provider.confirm(reference, bench.methods.unanswered)
        assert bench.provider.confirm(reference, bench.methods.unanswered).outcome is Outcome.SUCCEEDED
        assert bench.charged(reference) == 4950

    def test_a_payment_that_needs_the_customer_gives_the_secret_and_ends_as_the_customer_says(
        self, bench: Bench
    ) -> None:
        for approve, outcome, cents in ((True, Outcome.SUCCEEDED, 4950), (False, Outcome.DECLINED, 0)):
            reference = bench.provider.prepare(an_intent())
            answer = bench.provider.confirm(reference, bench.methods.careful)
            assert answer.outcome is Outcome.NEEDS_ACTION
            assert answer.client_secret
            assert answer.client_secret.startswith(reference)
            assert answer.client_secret not in repr(answer)
            again = bench.provider.confirm(reference, bench.methods.careful)
            assert again.outcome is Outcome.NEEDS_ACTION
            assert bench.charged(reference) == 0
            bench.authorize(reference, approve=approve)
            told = bench.provider.confirm(reference, bench.methods.careful)
            assert (told.outcome, told.client_secret) == (outcome, None)
            assert bench.provider.retrieve(reference) == told
            assert bench.charged(reference) == cents

    def test_what_is_pending_is_charged_once_it_is_decided(self, bench: Bench) -> None:
        reference = bench.provider.prepare(an_intent())
        assert bench.provider.confirm(reference, bench.methods.slow).outcome is Outcome.PENDING
        assert bench.charged(reference) == 0
        assert bench.provider.retrieve(reference).outcome is Outcome.SUCCEEDED
        assert bench.provider.confirm(reference, bench.methods.slow).outcome is Outcome.SUCCEEDED
        assert bench.charged(reference) == 4950

    def test_cancelling_is_final_and_may_be_asked_twice(self, bench: Bench) -> None:
        for method in (None, bench.methods.poor, bench.methods.careful):
            reference = bench.provider.prepare(an_intent())
            if method:
                bench.provider.confirm(reference, method)
            assert bench.provider.cancel(reference).outcome is Outcome.CANCELLED
            assert bench.provider.cancel(reference).outcome is Outcome.CANCELLED
            again = bench.provider.confirm(reference, method or bench.methods.good)
            assert again.outcome is Outcome.CANCELLED
            assert bench.provider.retrieve(reference).outcome is Outcome.CANCELLED
            assert bench.charged(reference) == 0

    def test_cancelling_what_is_paid_says_that_it_was_too_late(self, bench: Bench) -> None:
        reference = paid(bench)
        answer = bench.provider.cancel(reference)
        assert (answer.outcome, answer.amount_cents) == (Outcome.SUCCEEDED, 4950)
        assert bench.charged(reference) == 4950

    def test_cancelling_after_a_time_out_tells_that_it_was_charged(self, bench: Bench) -> None:
        reference = bench.provider.prepare(an_intent())
        with pytest.raises(ProviderUnavailable):
            bench.provider.confirm(reference, bench.methods.unanswered)
        assert bench.provider.cancel(reference).outcome is Outcome.SUCCEEDED

    def test_a_refund_of_the_same_key_is_given_once(self, bench: Bench) -> None:
        reference = paid(bench)
        first = bench.provider.refund(reference, 2000, "refund-1")
        assert (first.outcome, first.amount_cents) == (Outcome.SUCCEEDED, 2000)
        assert first.reference
        assert bench.provider.refund(reference, 2000, "refund-1") == first
        assert bench.refunded(reference) == 2000
        assert bench.provider.retrieve_refund(first.reference) == first

    def test_keys_of_refunds_are_those_of_one_payment(self, bench: Bench) -> None:
        one, other = paid(bench), paid(bench)
        bench.provider.refund(one, 100, "refund-1")
        bench.provider.refund(other, 100, "refund-1")
        assert (bench.refunded(one), bench.refunded(other)) == (100, 100)

    def test_parallel_refunds_of_the_same_key_are_given_once(self, bench: Bench) -> None:
        reference = paid(bench)

        def refund(_number: int) -> Outcome | None:
            try:
                return bench.provider.refund(reference, 2000, "refund-1").outcome
            except ProviderUnavailable:
                return None

        with ThreadPoolExecutor(6) as threads:
            outcomes = set(threads.map(refund, range(6)))
        assert outcomes <= {Outcome.SUCCEEDED, None}
        assert bench.provider.refund(reference, 2000, "refund-1").outcome is Outcome.SUCCEEDED
        assert bench.refunded(reference) == 2000

    def test_parts_are_refunded_up_to_what_was_paid_and_not_a_cent_more(self, bench: Bench) -> None:
        reference = paid(bench, 1000)
        assert bench.provider.refund(reference, 300, "first").outcome is Outcome.SUCCEEDED
        too_much = bench.provider.refund(reference, 701, "too much")
        assert (too_much.outcome, too_much.reference) == (Outcome.DECLINED, None)
        assert too_much.message
        assert bench.provider.refund(reference, 700, "rest").outcome is Outcome.SUCCEEDED
        assert bench.provider.refund(reference, 1, "nothing is left").outcome is Outcome.DECLINED
        assert bench.refunded(reference) == 1000

    def test_what_was_not_paid_cannot_be_refunded(self, bench: Bench) -> None:
        reference = bench.provider.prepare(an_intent())
        assert bench.provider.refund(reference, 100, "refund-1").outcome is Outcome.DECLINED
        assert bench.refunded(reference) == 0

    def test_a_refund_may_take_its_time(self, bench: Bench) -> None:
        reference = paid(bench, method=bench.methods.slow_to_refund)
        answer = bench.provider.refund(reference, 100, "refund-1")
        assert answer.outcome is Outcome.PENDING
        assert answer.reference
        assert bench.provider.retrieve_refund(answer.reference).outcome is Outcome.SUCCEEDED
        assert bench.refunded(reference) == 100

    def test_a_refund_that_fails_gives_nothing_back_and_leaves_it_to_be_refunded(self, bench: Bench) -> None:
        reference = paid(bench, method=bench.methods.bad_to_refund)
        answer = bench.provider.refund(reference, 4950, "refund-1")
        assert answer.outcome is Outcome.DECLINED
        assert bench.provider.refund(reference, 4950, "refund-1") == answer
        assert bench.refunded(reference) == 0
        again = bench.provider.refund(reference, 4950, "refund-2")
        assert again.reference not in (None, answer.reference), "a new try, not a refusal for want of money"

    def test_a_reference_that_the_provider_does_not_know_is_said_to_be_so(self, bench: Bench) -> None:
        for ask in (
            bench.provider.retrieve,
            bench.provider.cancel,
            bench.provider.retrieve_refund,
            lambda reference: bench.provider.confirm(reference, bench.methods.good),
            lambda reference: bench.provider.refund(reference, 100, "refund-1"),
        ):
            with pytest.raises(UnknownReference):
                ask("none_0123456789")
