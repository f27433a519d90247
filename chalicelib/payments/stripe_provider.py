"""Payments through Stripe: PaymentIntents, refunds and signed events, by Stripe's own library.

The library is loaded at first use: it costs a third of a second that no other request should pay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from chalicelib.core import logging
from chalicelib.payments import stripe_objects
from chalicelib.payments.provider import (
    Answer,
    BadSignature,
    Intent,
    Notice,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    RefundAnswer,
    UnknownReference,
)
from chalicelib.payments.stripe_objects import KEY_FIELD

if TYPE_CHECKING:
    from stripe import RequestOptions, StripeClient, StripeError, StripeObject
    from stripe.params import PaymentIntentCreateParams, RefundCreateParams, RefundListParams

# Of what is sent and answered; events come in the version that the account, or the endpoint, is set to.
API_VERSION = "2026-10-28.endive"
SIGNATURE_HEADER = "stripe-signature"
TOLERANCE_S = 300

# An attempt may take 2 s to connect and 6 s of silence. Confirming, cancelling and asking are tried twice: 17 s in
# all. Preparing, finding a refund and making it are tried once: with the call that follows they fit into the 29 s of
# a request, and the caller may try again.
CONNECT_S, READ_S, RETRIES = 2.0, 6.0, 1

INVALID_METHOD = "invalid_payment_method"
_INVALID = "This payment method does not exist or can no longer be used."


class StripeProvider:
    """See `provider.Provider`, which this is one of."""

    name = "stripe"

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        *,
        api_base: str | None = None,
        read_s: float = READ_S,
    ) -> None:
        self._secret_key = secret_key
        self._webhook_secret = webhook_secret
        self._api_base = api_base
        self._read_s = read_s

    @cached_property
    def _client(self) -> StripeClient:
        import stripe  # function-level: 300 ms that only who pays, or is paid, should wait for

        return stripe.StripeClient(
            self._secret_key,
            stripe_version=API_VERSION,
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=(CONNECT_S, self._read_s)),
            base_addresses={"api": self._api_base} if self._api_base else {},
        )

    def prepare(self, intent: Intent) -> str:
        """Make a PaymentIntent; Stripe knows its key for a day, later ones charge nothing either."""
        metadata = {**intent.metadata, KEY_FIELD: intent.key}
        params: PaymentIntentCreateParams = {
            "amount": intent.amount_cents,
            "currency": intent.currency,
            "description": intent.description,
            "metadata": metadata,
            # No method that leaves the page: the browser finishes 3-D Secure in a frame, by the client secret.
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        # The metadata too: another database of the same account may count its payments from 1 as well.
        key = _idempotency_key("prepare", intent.key, json.dumps(metadata, sort_keys=True))
        options: RequestOptions = {"idempotency_key": key, "max_network_retries": 0}
        try:
            made = self._ask(lambda client: client.v1.payment_intents.create(params, options))
        except _Refused as refused:
            logging.warning(
                "Stripe refuses a payment", code=refused.error.get("code"), param=refused.error.get("param")
            )
            raise ProviderRefused("The payment provider does not take this payment; nothing was charged.") from None
        return str(made["id"])

    def confirm(self, reference: str, method: str) -> Answer:
        """Charge a PaymentIntent; Stripe charges none twice, whatever is asked."""
        key = _idempotency_key("confirm", reference, method)
        try:
            return stripe_objects.answer_of(
                self._ask(
                    lambda client: client.v1.payment_intents.confirm(
                        reference,
                        {"payment_method": method, "use_stripe_sdk": True},
                        {"idempotency_key": key},
                    )
                )
            )
        except _Refused as refused:
            answer = self._state_of(refused, reference)
            if answer.outcome in (Outcome.PREPARED, Outcome.DECLINED) and not refused.by_the_bank:
                # Stripe has not even tried: it is the method that is wrong.
                return replace(answer, outcome=Outcome.DECLINED, decline_code=INVALID_METHOD, message=_INVALID)
            return answer

    def retrieve(self, reference: str) -> Answer:
        """Tell what became of a PaymentIntent."""
        return stripe_objects.answer_of(self._ask(lambda client: client.v1.payment_intents.retrieve(reference)))

    def cancel(self, reference: str) -> Answer:
        """Cancel a PaymentIntent, or tell why it is too late."""
        try:
            found = self._ask(lambda client: client.v1.payment_intents.cancel(reference))
        except _Refused as refused:
            return self._state_of(refused, reference)
        return stripe_objects.answer_of(found)

    def refund(self, reference: str, amount_cents: int, key: str) -> RefundAnswer:
        """Refund a PaymentIntent, or find the refund of the same key: Stripe itself forgets keys after a day."""
        found = self._find_refund(reference, key)
        if found is not None:
            return stripe_objects.refund_answer_of(found)
        options: RequestOptions = {
            "idempotency_key": _idempotency_key("refund", reference, key),
            "max_network_retries": 0,
        }
        params: RefundCreateParams = {
            "payment_intent": reference,
            "amount": amount_cents,
            "metadata": {KEY_FIELD: key},
        }
        try:
            made = self._ask(lambda client: client.v1.refunds.create(params, options))
        except _Refused as refused:
            message = refused.error.get("message") or "Stripe refused the refund."
            return RefundAnswer(Outcome.DECLINED, None, amount_cents, message)
        return stripe_objects.refund_answer_of(made)

    def _find_refund(self, reference: str, key: str) -> dict[str, Any] | None:
        after: str | None = None
        while True:
            params: RefundListParams = {"payment_intent": reference, "limit": 100}
            if after is not None:
                params["starting_after"] = after
            page = self._ask(_listing(params))
            for refund in page["data"]:
                if refund["metadata"].get(KEY_FIELD) == key:
                    return dict(refund)
            if not page["has_more"]:
                return None
            after = page["data"][-1]["id"]

    def retrieve_refund(self, refund_reference: str) -> RefundAnswer:
        """Tell what became of a refund."""
        found = self._ask(lambda client: client.v1.refunds.retrieve(refund_reference))
        return stripe_objects.refund_answer_of(found)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what an event says, if Stripe signed it in the last five minutes."""
        import stripe  # function-level: as above

        try:
            stripe.Webhook.construct_event(
                body, headers.get(SIGNATURE_HEADER), self._webhook_secret, tolerance=TOLERANCE_S
            )
            return stripe_objects.notice_of(json.loads(body))
        except stripe.SignatureVerificationError:
            raise BadSignature("Stripe has not signed this, or too long ago.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadSignature("This is no event of Stripe.") from None

    def _ask(self, call: Callable[[StripeClient], StripeObject]) -> dict[str, Any]:
        """Return the object that Stripe answers.

        Raises:
            ProviderUnavailable, ProviderRefused, UnknownReference: as all providers.
            _Refused: Stripe understood and says no.
        """
        import stripe  # function-level: as above

        try:
            return call(self._client).to_dict()
        except stripe.StripeError as error:
            _translate(error)

    def _state_of(self, refused: _Refused, reference: str) -> Answer:
        """Return the state of the PaymentIntent that made Stripe refuse; errors mostly hold it."""
        intent = refused.error.get("payment_intent")
        if isinstance(intent, dict) and intent.get("status"):
            return stripe_objects.answer_of(intent)
        return self.retrieve(reference)


class _Refused(Exception):
    """Stripe refused a request: `error` is what it says, which may hold the PaymentIntent."""

    def __init__(self, error: Mapping[str, Any], *, by_the_bank: bool) -> None:
        super().__init__(str(error.get("code")))
        self.error = error
        self.by_the_bank = by_the_bank


def _listing(params: RefundListParams) -> Callable[[StripeClient], StripeObject]:
    return lambda client: client.v1.refunds.list(params, {"max_network_retries": 0})


def _idempotency_key(*parts: str) -> str:
    """Return the key of a request, of any length of its parts: Stripe takes 255 characters."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"shopkeeper-{parts[0]}-{digest}"


def _translate(error: StripeError) -> NoReturn:
    """Raise what an error of Stripe's library means. Its text is not passed on: it may quote a key."""
    import stripe  # function-level: as above

    body = error.json_body
    told = body.get("error", {}) if isinstance(body, dict) else {}
    kind, code = type(error).__name__, told.get("code")
    if isinstance(error, stripe.CardError | stripe.InvalidRequestError):
        if code == "resource_missing" and told.get("param") != "payment_method":
            raise UnknownReference("The payment provider knows no such payment or refund.") from None
        raise _Refused(told, by_the_bank=isinstance(error, stripe.CardError)) from None
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError | stripe.IdempotencyError):
        logging.warning("Stripe refuses the shop", error=kind, code=code, request=error.request_id)
        raise ProviderRefused("The payment provider refuses the shop; nothing was charged.") from None
    logging.warning("Stripe did not answer", error=kind, code=code, request=error.request_id)
    raise ProviderUnavailable("The payment provider did not answer in time.", retry_after_s=5) from None
