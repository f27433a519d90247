"""What the shop asks of a company that takes money, and what it is answered: pure types, no I/O.

A payment is prepared (an intent at the provider, which charges nothing), then confirmed with a payment method. Each
call may end without an answer (`ProviderUnavailable`): whether it had an effect is then unknown, and `retrieve`, or
the same call once more, tells. Nothing here may be called inside a database transaction: the calls go out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from chalicelib.core.errors import MalformedInput, NotFound, Unavailable


class Outcome(StrEnum):
    """What became of a payment or a refund.

    PREPARED: nothing was charged, nobody has asked for it yet, or the asking never arrived.
    SUCCEEDED: the money is taken (or given back). Final.
    DECLINED: refused. The intent is still open: it may be confirmed with another method (the same one is not tried
    again), also by a browser that holds its client secret. `cancel` makes it final.
    NEEDS_ACTION: the customer must do something in the browser (3-D Secure); the client secret begins it.
    PENDING: under way, not decided; ask again.
    CANCELLED: will never be charged. Final.
    """

    PREPARED = "prepared"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    NEEDS_ACTION = "needs_action"
    PENDING = "pending"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Intent:
    """A sum to be paid. `key` is unique to the payment (`payment-17`) and makes preparing repeatable.

    `metadata` is kept by the provider and shown in its console: no secrets, no personal data. `currency` is an ISO
    4217 code in lower case.
    """

    key: str
    amount_cents: int
    currency: str
    description: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The state of a payment at the provider.

    `amount_cents` is what was taken when it succeeded, else what the intent asks for. `decline_code` is for programs
    (`insufficient_funds`), `message` for the customer. `client_secret` is what a browser needs to finish the payment;
    it goes to the customer who pays and nowhere else.
    """

    outcome: Outcome
    reference: str
    amount_cents: int
    decline_code: str | None = None
    message: str | None = None
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """The state of a refund: SUCCEEDED, PENDING or DECLINED. A refund that was refused at once has no `reference`."""

    outcome: Outcome
    reference: str | None
    amount_cents: int
    message: str | None = None


class NoticeKind(StrEnum):
    """What a notice is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a provider tells by itself, its signature verified.

    Notices come late, twice and out of order. `outcome` is what it was when the notice was made: `retrieve` or
    `retrieve_refund` tell what it is. `id` is the same whenever the same notice comes again. `reference` is the
    payment's, `refund_reference` the refund's; `key` is the key of the intent or refund where the provider tells it,
    which finds a payment whose reference was never saved.
    """

    provider: str
    id: str
    kind: NoticeKind
    reference: str | None = None
    refund_reference: str | None = None
    key: str | None = None
    outcome: Outcome | None = None
    amount_cents: int | None = None
    message: str | None = None


class Provider(Protocol):
    """A company that takes money. Safe to use from several threads; every call may raise ProviderUnavailable."""

    @property
    def name(self) -> str:
        """The name under which payments are kept: `test`, `stripe`."""

    def prepare(self, intent: Intent) -> str:
        """Make an intent that charges nothing yet and return its reference; the same for the same key."""

    def confirm(self, reference: str, method: str) -> Answer:
        """Charge the intent by a payment method, and tell its state; one that succeeded is never charged again.

        The answer is never PREPARED.

        Raises:
            UnknownReference: there is no such intent.
        """

    def retrieve(self, reference: str) -> Answer:
        """Tell what became of an intent.

        Raises:
            UnknownReference: there is no such intent.
        """

    def cancel(self, reference: str) -> Answer:
        """Cancel an intent that has not succeeded, and tell its final state: SUCCEEDED when it was too late.

        Still PENDING when the provider can neither cancel it nor tell yet.

        Raises:
            UnknownReference: there is no such intent.
        """

    def refund(self, reference: str, amount_cents: int, key: str) -> RefundAnswer:
        """Give back part or all of a payment; the same refund for the same key, however much later.

        More than what is left is DECLINED. A refund that was declined stays so under its key: try with another.

        Raises:
            UnknownReference: there is no such intent.
        """

    def retrieve_refund(self, refund_reference: str) -> RefundAnswer:
        """Tell what became of a refund.

        Raises:
            UnknownReference: there is no such refund.
        """

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a notice says; header names are in lower case.

        Raises:
            BadSignature: it does not come from the provider, is too old, or was changed on the way.
        """


class ProviderUnavailable(Unavailable):
    """The provider did not answer: whether the call had an effect is unknown."""

    code = "payment-provider-unavailable"
    title = "The payment provider does not answer"


class ProviderRefused(Unavailable):
    """The provider refuses the shop itself (a wrong key): nothing happened, and a person must act."""

    code = "payment-provider-refused"
    title = "The payment provider refuses the shop"


class PaymentsNotSetUp(Unavailable):
    """This stage has no payment provider."""

    code = "payments-not-set-up"
    title = "Payments are not set up"


class UnknownReference(NotFound):
    """The provider knows no such payment or refund."""

    code = "unknown-payment-reference"
    title = "Unknown payment"


class UnknownProvider(NotFound):
    """No provider of that name is set up here."""

    code = "unknown-payment-provider"
    title = "Unknown payment provider"


class BadSignature(MalformedInput):
    """A notice that was not signed by the provider, or too long ago."""

    code = "bad-signature"
    title = "Bad signature"
