"""The payment methods of the test provider: each token stands for one thing that happens to payments."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.payments.provider import Outcome


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What happens when a method is charged.

    `arrives` and `answered`: whether the call reaches the provider, and its answer the shop. `later` is what a
    payment turns into that is PENDING at first. `deliveries` says how often its notice is sent. `refund` is what a
    refund of it becomes, `refund_answered` whether the first call for it is answered. `disputed`: a dispute follows.
    """

    outcome: Outcome
    decline_code: str | None = None
    message: str | None = None
    arrives: bool = True
    answered: bool = True
    later: Outcome | None = None
    deliveries: int = 1
    refund: Outcome = Outcome.SUCCEEDED
    refund_answered: bool = True
    disputed: bool = False


_FUNDS = "Your card has insufficient funds."

BEHAVIOURS = {
    "pm_test_success": Behaviour(Outcome.SUCCEEDED),
    "pm_test_declined": Behaviour(Outcome.DECLINED, "insufficient_funds", _FUNDS),
    "pm_test_declined_expired": Behaviour(Outcome.DECLINED, "expired_card", "Your card has expired."),
    "pm_test_needs_action": Behaviour(Outcome.NEEDS_ACTION),
    "pm_test_timeout": Behaviour(Outcome.SUCCEEDED, answered=False),
    "pm_test_timeout_declined": Behaviour(Outcome.DECLINED, "insufficient_funds", _FUNDS, answered=False),
    "pm_test_timeout_lost": Behaviour(Outcome.PREPARED, arrives=False),
    "pm_test_twice": Behaviour(Outcome.SUCCEEDED, deliveries=2),
    "pm_test_late": Behaviour(Outcome.PENDING, later=Outcome.SUCCEEDED),
    "pm_test_late_declined": Behaviour(Outcome.PENDING, "insufficient_funds", _FUNDS, later=Outcome.DECLINED),
    "pm_test_refund_fails": Behaviour(Outcome.SUCCEEDED, refund=Outcome.DECLINED),
    "pm_test_refund_late": Behaviour(Outcome.SUCCEEDED, refund=Outcome.PENDING),
    "pm_test_refund_timeout": Behaviour(Outcome.SUCCEEDED, refund_answered=False),
    "pm_test_disputed": Behaviour(Outcome.SUCCEEDED, disputed=True),
}

UNKNOWN_METHOD = Behaviour(
    Outcome.DECLINED, "invalid_payment_method", "This payment method does not exist or can no longer be used."
)


def behaviour_of(method: str | None) -> Behaviour:
    """Return what a token stands for; one that is none is declined."""
    return BEHAVIOURS.get(method or "", UNKNOWN_METHOD)
