"""HTTP around the providers of payments: what a browser must know, and the notices that providers send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.auth import PUBLIC
from chalicelib.core.config import settings
from chalicelib.core.errors import Unavailable
from chalicelib.core.inputs import RawRequest
from chalicelib.core.routes import Routes
from chalicelib.payments import providers
from chalicelib.payments.provider import (
    BadSignature,
    Notice,
    Outcome,
    UnknownProvider,
    UnknownReference,
)
from chalicelib.payments.test_provider import NothingToAuthorize


class PaymentsConfig(BaseModel):
    """What a browser needs to let somebody pay: whose fields to show, with which public key, in which currency."""

    provider: str = Field(examples=["stripe"])
    publishable_key: str | None = Field(examples=["pk_live_…"])
    currency: str = Field(description="ISO 4217, in lower case.", examples=["usd"])


class Received(BaseModel):
    """The notice was taken."""

    received: bool


class Authorization(BaseModel):
    """What the customer says to the bank."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"approve": True}]})

    approve: bool


class Authorized(BaseModel):
    """What became of the payment."""

    reference: str
    outcome: Outcome


def payment_routes(on_notice: Callable[[Notice], None]) -> Routes:
    """Return the routes of payments; `on_notice` is given each notice that a provider signed.

    It must do no harm when it gets the same notice twice. What it raises makes the provider send the notice again.
    """
    routes = Routes("Payments")

    @routes.get("/payments/config", access=PUBLIC, response=PaymentsConfig, errors=[Unavailable])
    def get_payments_config() -> dict[str, Any]:
        """Tell a browser how to pay here; 503 when this shop takes no payments."""
        return {
            "provider": providers.provider().name,
            "publishable_key": providers.publishable_key(),
            "currency": settings().currency,
        }

    @routes.post(
        "/payments/webhooks/{provider}",
        access=PUBLIC,
        response=Received,
        errors=[BadSignature, UnknownProvider, Unavailable],
        idempotency=None,  # a notice has an id of its own
    )
    def receive_payment_notice(provider: str, raw: RawRequest) -> dict[str, Any]:
        """Take a notice of a payment provider.

        For the provider alone, which signs what it sends. A notice may come twice, late and out of order. Any answer
        but 200 makes the provider send it again.
        """
        on_notice(providers.provider(provider).read_notice(raw.headers, raw.body))
        return {"received": True}

    @routes.post(
        "/test-payments/{reference}/authorize",
        access=PUBLIC,
        response=Authorized,
        errors=[UnknownReference, NothingToAuthorize, Unavailable],
    )
    def authorize_test_payment(reference: str, body: Authorization) -> dict[str, Any]:
        """Approve or refuse a pretended payment that needs the customer's action.

        Stands for the page of the customer's bank; it is only there with the test provider. The reference is what
        stands before `_secret_` in the client secret of the payment.
        """
        answer = providers.test_provider().authorize(reference, approve=body.approve)
        return {"reference": answer.reference, "outcome": answer.outcome}

    return routes
