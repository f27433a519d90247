"""The test provider: the contract of all providers, its methods, and the notices that it sends."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from chalicelib.core import clock
from chalicelib.core.database import read
from chalicelib.payments import test_provider, test_provider_sql
from chalicelib.payments.provider import BadSignature, Notice, NoticeKind, Outcome, ProviderUnavailable
from tests.payments import contract
from tests.payments.contract import Methods, an_intent, paid


class Bench:
    """The test provider on the shop's database."""

    def __init__(self) -> None:
        self.provider = test_provider.TestProvider()
        self.methods = Methods(
            good="pm_test_success",
            poor="pm_test_declined",
            careful="pm_test_needs_action",
            unanswered="pm_test_timeout",
            unanswered_poor="pm_test_timeout_declined",
            lost="pm_test_timeout_lost",
            slow="pm_test_late",
            unknown="pm_test_nothing",
            slow_to_refund="pm_test_refund_late",
            bad_to_refund="pm_test_refund_fails",
        )

    def charged(self, reference: str) -> int:
        return self.provider.total_charged(self._key(reference))

    def refunded(self, reference: str) -> int:
        return self.provider.total_refunded(self._key(reference))

    def authorize(self, reference: str, *, approve: bool) -> None:
        self.provider.authorize(reference, approve=approve)

    def _key(self, reference: str) -> str:
        with read() as connection:
            intent = test_provider_sql.lock_intent(connection, reference)
        assert intent is not None
        return str(intent.intent_key)


@pytest.fixture
def bench(shop: Engine) -> Bench:
    return Bench()


class TestContract(contract.ProviderContract):
    """The test provider keeps to what all must."""


def delivered(bench: Bench) -> list[Notice]:
    taken: list[Notice] = []
    assert bench.provider.deliver_notices(taken.append) == len(taken)
    return taken


def test_each_end_of_a_payment_is_told_once(bench: Bench) -> None:
    intent = an_intent()
    reference = bench.provider.prepare(intent)
    assert delivered(bench) == []
    bench.provider.confirm(reference, "pm_test_declined")
    bench.provider.confirm(reference, "pm_test_success")
    declined, succeeded = delivered(bench)
    assert (declined.outcome, declined.message) == (Outcome.DECLINED, "Your card has insufficient funds.")
    assert succeeded == Notice(
        "test", succeeded.id, NoticeKind.PAYMENT, reference, None, intent.key, Outcome.SUCCEEDED, 4950
    )
    assert declined.id != succeeded.id
    assert delivered(bench) == []


def test_a_method_that_was_declined_is_not_tried_a_second_time(bench: Bench) -> None:
    reference = bench.provider.prepare(an_intent())
    first = bench.provider.confirm(reference, "pm_test_declined")
    assert bench.provider.confirm(reference, "pm_test_declined") == first
    assert len(delivered(bench)) == 1


def test_a_notice_may_come_twice_under_one_id(bench: Bench) -> None:
    paid(bench, method="pm_test_twice")
    one, two = delivered(bench)
    assert one == two
    assert delivered(bench) == []


def test_what_is_late_is_decided_and_told_with_the_notices(bench: Bench) -> None:
    good, poor = bench.provider.prepare(an_intent()), bench.provider.prepare(an_intent())
    assert bench.provider.confirm(good, "pm_test_late").outcome is Outcome.PENDING
    assert bench.provider.confirm(poor, "pm_test_late_declined").outcome is Outcome.PENDING
    told = {notice.reference: notice.outcome for notice in delivered(bench)}
    assert told == {good: Outcome.SUCCEEDED, poor: Outcome.DECLINED}
    assert bench.charged(good) == 4950
    assert bench.charged(poor) == 0
    assert bench.provider.retrieve(poor).decline_code == "insufficient_funds"


def test_what_is_late_cannot_be_cancelled_any_more(bench: Bench) -> None:
    reference = bench.provider.prepare(an_intent())
    bench.provider.confirm(reference, "pm_test_late")
    assert bench.provider.cancel(reference).outcome is Outcome.SUCCEEDED


def test_a_cancelled_payment_is_told_too(bench: Bench) -> None:
    reference = bench.provider.prepare(an_intent())
    bench.provider.cancel(reference)
    assert [(notice.reference, notice.outcome) for notice in delivered(bench)] == [(reference, Outcome.CANCELLED)]


@pytest.mark.parametrize(
    ("method", "outcome"),
    [
        ("pm_test_success", Outcome.SUCCEEDED),
        ("pm_test_refund_late", Outcome.SUCCEEDED),
        ("pm_test_refund_fails", Outcome.DECLINED),
    ],
)
def test_refunds_are_told_with_their_own_key(bench: Bench, method: str, outcome: Outcome) -> None:
    reference = paid(bench, method=method)
    answer = bench.provider.refund(reference, 700, "refund-9")
    notice = next(notice for notice in delivered(bench) if notice.kind is NoticeKind.REFUND)
    assert (notice.reference, notice.refund_reference, notice.key) == (reference, answer.reference, "refund-9")
    assert (notice.outcome, notice.amount_cents) == (outcome, 700)
    assert bench.refunded(reference) == (700 if outcome is Outcome.SUCCEEDED else 0)


def test_a_refund_without_an_answer_is_given_once(bench: Bench) -> None:
    reference = paid(bench, method="pm_test_refund_timeout")
    with pytest.raises(ProviderUnavailable):
        bench.provider.refund(reference, 700, "refund-1")
    assert bench.provider.refund(reference, 700, "refund-1").outcome is Outcome.SUCCEEDED
    assert bench.refunded(reference) == 700


def test_a_dispute_follows_its_charge(bench: Bench) -> None:
    reference = paid(bench, method="pm_test_disputed")
    kinds = [(notice.kind, notice.reference) for notice in delivered(bench)]
    assert kinds == [(NoticeKind.PAYMENT, reference), (NoticeKind.DISPUTE, reference)]


def test_a_notice_that_is_not_taken_comes_again_later(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(bench)
    start = clock.now()
    tries: Counter[str] = Counter()

    def refuse(notice: Notice) -> None:
        tries[notice.id] += 1
        raise RuntimeError("not now")

    for second in (0, 0, 1, 3, 7):  # after 1, 2 and 4 seconds; a second look at once finds nothing due
        monkeypatch.setattr(clock, "now", lambda second=second: start + timedelta(seconds=second + 0.5))
        assert bench.provider.deliver_notices(refuse) == 0
    assert list(tries.values()) == [4]
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(hours=1))
    assert [notice.id for notice in delivered(bench)] == list(tries)


def test_a_notice_that_is_never_taken_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(bench)
    start = clock.now()

    def refuse(notice: Notice) -> None:
        raise RuntimeError("never")

    for day in range(test_provider.MAX_ATTEMPTS):
        monkeypatch.setattr(clock, "now", lambda day=day: start + timedelta(days=day))
        bench.provider.deliver_notices(refuse)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=1000))
    assert delivered(bench) == []


def test_one_bad_notice_does_not_hold_up_the_others(bench: Bench) -> None:
    first, second = paid(bench), paid(bench)
    taken: list[str | None] = []

    def handle(notice: Notice) -> None:
        if notice.reference == first:
            raise RuntimeError("this one")
        taken.append(notice.reference)

    assert bench.provider.deliver_notices(handle) == 1
    assert taken == [second]


def test_totals_can_be_asked_for_by_what_the_shop_noted(bench: Bench) -> None:
    intent, other = an_intent(1000), an_intent(500)
    for each in (intent, other):
        bench.provider.confirm(bench.provider.prepare(each), "pm_test_success")
    assert bench.provider.total_charged() == 1500
    assert bench.provider.total_charged(intent.key) == 1000
    assert bench.provider.total_charged(checkout=other.metadata["checkout"]) == 500
    assert bench.provider.total_charged(checkout="none") == 0


def test_a_notice_that_nobody_signed_is_refused(bench: Bench) -> None:
    headers, body = test_provider.signed('{"id": "tevt_1", "kind": "other", "outcome": null}')
    assert bench.provider.read_notice(headers, body) == Notice("test", "tevt_1", NoticeKind.OTHER)
    for bad_headers, bad_body in (
        ({}, body),
        (headers, body + b" "),
        ({"test-signature": "t=1,v1=00"}, body),
        test_provider.signed("[]"),
        test_provider.signed('{"kind": "other"}'),
    ):
        with pytest.raises(BadSignature):
            bench.provider.read_notice(bad_headers, bad_body)
