"""Payments over HTTP: what a browser is told, notices of providers, and the bank of the test provider."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy import Engine

from chalicelib.core import http
from chalicelib.core.config import load
from chalicelib.core.errors import Unavailable
from chalicelib.core.openapi import document
from chalicelib.payments import test_provider
from chalicelib.payments.payments_api import payment_routes
from chalicelib.payments.provider import Notice, NoticeKind, Outcome
from tests.client import Answer
from tests.conftest import set_settings
from tests.core.test_http import Edge, problem_of
from tests.payments.contract import an_intent
from tests.payments.test_stripe_provider import INTENT, event, signature

WEBHOOK = "/payments/webhooks/{provider}"
AUTHORIZE = "/test-payments/{reference}/authorize"


class Till:
    """The routes of payments, and the notices that they handed on."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.fault: Exception | None = None
        self.routes = payment_routes(on_notice=self._take)
        self.edge = Edge(self.routes)

    def _take(self, notice: Notice) -> None:
        if self.fault is not None:
            raise self.fault
        self.notices.append(notice)

    def send(self, provider: str, body: bytes, headers: dict[str, str]) -> Answer:
        return self.edge.post(WEBHOOK, parameters={"provider": provider}, body=body.decode(), headers=headers)

    def authorize(self, reference: str, body: Any) -> Answer:
        return self.edge.post(AUTHORIZE, parameters={"reference": reference}, body=body)


@pytest.fixture
def till() -> Till:
    return Till()


STRIPE = {
    "PAYMENT_PROVIDER": "stripe",
    "STRIPE_SECRET_KEY": "sk_test_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_of_the_fake",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_x",
    "CURRENCY": "EUR",
}


def test_a_browser_is_told_how_to_pay(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, load({}))
    assert till.edge.get("/payments/config").json == {
        "provider": "test",
        "publishable_key": None,
        "currency": "usd",
    }
    set_settings(monkeypatch, load(STRIPE))
    answer = till.edge.get("/payments/config")
    assert answer.json == {"provider": "stripe", "publishable_key": "pk_test_x", "currency": "eur"}
    assert "sk_test" not in answer.text
    assert "whsec" not in answer.text


def test_a_shop_that_takes_no_payments_says_so(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, load({"STAGE": "prod"}))
    answer = till.edge.get("/payments/config")
    assert answer.status == 503
    assert problem_of(answer)["type"].endswith(":payments-not-set-up")


def test_a_signed_notice_is_handed_on(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, load(STRIPE))
    body = event("payment_intent.succeeded", INTENT)
    answer = till.send("stripe", body, {"Stripe-Signature": signature(body)})
    assert (answer.status, answer.json) == (200, {"received": True})
    (notice,) = till.notices
    assert (notice.provider, notice.reference, notice.outcome) == ("stripe", "pi_1", Outcome.SUCCEEDED)


def test_a_notice_that_is_forged_or_old_is_refused_and_not_handed_on(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(monkeypatch, load(STRIPE))
    body = event("payment_intent.succeeded", INTENT)
    for headers in ({}, {"Stripe-Signature": signature(body, secret="whsec_x")}, {"Stripe-Signature": "t=1,v1=0"}):
        answer = till.send("stripe", body, headers)
        assert answer.status == 400
        assert problem_of(answer)["type"].endswith(":bad-signature")
    assert till.send("stripe", body, {"Stripe-Signature": signature(body, at=time.time() - 400)}).status == 400
    assert till.notices == []


def test_a_notice_to_a_provider_that_is_not_set_up_finds_nothing(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    headers, body = test_provider.signed('{"id": "tevt_1", "kind": "other", "outcome": null}')
    set_settings(monkeypatch, load({}))
    assert till.send("test", body, headers).status == 200
    assert [(notice.provider, notice.kind) for notice in till.notices] == [("test", NoticeKind.OTHER)]
    assert till.send("stripe", body, headers).status == 404
    assert till.send("paypal", body, headers).status == 404
    set_settings(monkeypatch, load(STRIPE))
    assert till.send("test", body, headers).status == 404, "who pretends to pay is not believed"
    assert len(till.notices) == 1


@pytest.mark.parametrize(("fault", "status"), [(Unavailable("later"), 503), (RuntimeError("a bug"), 500)])
def test_a_notice_that_cannot_be_taken_now_is_sent_again(
    till: Till, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    set_settings(monkeypatch, load(STRIPE))
    body = event("payment_intent.succeeded", INTENT)
    till.fault = fault
    assert till.send("stripe", body, {"Stripe-Signature": signature(body)}).status == status
    till.fault = None
    assert till.send("stripe", body, {"Stripe-Signature": signature(body)}).status == 200


@pytest.mark.parametrize(("approve", "outcome"), [(True, "succeeded"), (False, "declined")])
def test_the_customer_decides_about_a_test_payment_once(
    shop: Engine, till: Till, approve: bool, outcome: str
) -> None:
    provider = test_provider.TestProvider()
    intent = an_intent()
    secret = provider.confirm(provider.prepare(intent), "pm_test_needs_action").client_secret or ""
    reference = secret.partition("_secret_")[0]
    answer = till.authorize(reference, {"approve": approve})
    assert (answer.status, answer.json) == (200, {"reference": reference, "outcome": outcome})
    again = till.authorize(reference, {"approve": True})
    assert again.status == 409
    assert problem_of(again)["type"].endswith(":nothing-to-authorize")
    assert provider.total_charged(intent.key) == (4950 if approve else 0)


def test_a_test_payment_that_is_none_is_not_found(shop: Engine, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    assert till.authorize("tpi_0", {"approve": True}).status == 404
    assert till.authorize("tpi_0", {"approve": "yes"}).status == 422
    provider = test_provider.TestProvider()
    reference = provider.prepare(an_intent())
    provider.confirm(reference, "pm_test_needs_action")
    set_settings(monkeypatch, load(STRIPE))
    assert till.authorize(reference, {"approve": True}).status == 404, "not where real money is taken"
    assert provider.retrieve(reference).outcome is Outcome.NEEDS_ACTION


def test_the_routes_are_described(till: Till) -> None:
    made = json.loads(json.dumps(document(till.routes.all, http.status_of, "")))
    assert list(OpenAPIV31SpecValidator(made).iter_errors()) == []
    assert set(made["paths"][WEBHOOK]["post"]["responses"]) == {"200", "400", "404", "413", "422", "503"}
    assert set(made["paths"]["/payments/config"]["get"]["responses"]) == {"200", "304", "422", "503"}
