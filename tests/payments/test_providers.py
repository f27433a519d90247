"""Who takes the money: by the settings, and never a pretended payment where real money is meant."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.core.config import ConfigurationError, Settings, load
from chalicelib.payments import providers
from chalicelib.payments.provider import PaymentsNotSetUp, UnknownProvider
from tests.conftest import set_settings

FUNCTION = {"AWS_LAMBDA_FUNCTION_NAME": "shop", "DATABASE_URL": "mysql://db/shop"}
KEYS = {"STRIPE_SECRET_KEY": "sk_test_geheim", "STRIPE_WEBHOOK_SECRET": "whsec_geheim"}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    providers._stripe.cache_clear()
    providers._secret.cache_clear()


def with_environment(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    set_settings(monkeypatch, load(environment))


def test_on_this_machine_payments_are_pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    with_environment(monkeypatch)
    assert providers.provider().name == providers.provider("test").name == "test"
    assert providers.publishable_key() is None


def test_a_deployed_stage_takes_no_payments_before_it_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    with_environment(monkeypatch, **FUNCTION, STAGE="dev")
    with pytest.raises(PaymentsNotSetUp):
        providers.provider()
    for name in ("test", "stripe", "", "paypal"):
        with pytest.raises((UnknownProvider, PaymentsNotSetUp)):
            providers.provider(name)
    with pytest.raises(UnknownProvider):
        providers.test_provider()


def test_a_deployed_stage_may_pretend_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with_environment(monkeypatch, **FUNCTION, STAGE="dev", PAYMENT_PROVIDER="test")
    assert providers.provider().name == "test"


@pytest.mark.parametrize("stage", ["prod", "PROD", "production", "live"])
@pytest.mark.parametrize("deployed", [{}, FUNCTION])
def test_a_live_stage_never_pretends(stage: str, deployed: dict[str, str]) -> None:
    assert load({**deployed, "STAGE": stage}).payment_provider is None
    with pytest.raises(ConfigurationError, match="PAYMENT_PROVIDER is test"):
        load({**deployed, "STAGE": stage, "PAYMENT_PROVIDER": "test"})


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(ConfigurationError, match="PAYMENT_PROVIDER must be one of test, stripe, not 'paypal'"):
        load({"PAYMENT_PROVIDER": "paypal"})


@pytest.mark.parametrize("missing", [list(KEYS), ["STRIPE_SECRET_KEY"], ["STRIPE_WEBHOOK_SECRET"]])
def test_stripe_without_its_keys_is_a_mistake(missing: list[str]) -> None:
    given = {name: value for name, value in KEYS.items() if name not in missing}
    with pytest.raises(ConfigurationError) as caught:
        load({"PAYMENT_PROVIDER": "stripe", **given})
    assert [name for name in KEYS if name in str(caught.value)] == missing
    assert "geheim" not in str(caught.value)


def test_stripe_takes_the_money_where_the_settings_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with_environment(monkeypatch, **KEYS, PAYMENT_PROVIDER="stripe", STRIPE_PUBLISHABLE_KEY="pk_test_1")
    assert providers.provider().name == "stripe"
    assert providers.provider() is providers.provider("stripe"), "its connections are kept"
    assert providers.publishable_key() == "pk_test_1"
    with pytest.raises(UnknownProvider):
        providers.provider("test")


def test_what_was_paid_with_stripe_can_be_refunded_after_a_change_of_provider(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_environment(monkeypatch, **KEYS)
    assert providers.provider().name == "test"
    assert providers.provider("stripe").name == "stripe"
    assert providers.publishable_key() is None


def test_keys_are_not_shown() -> None:
    shown = repr(load({**KEYS, "PAYMENT_PROVIDER": "stripe"}))
    assert "geheim" not in shown
    assert {field.name for field in dataclasses.fields(Settings) if not field.repr} >= {
        "stripe_secret_key",
        "stripe_webhook_secret",
    }


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.client("secretsmanager")


def test_the_keys_may_lie_in_a_secret(secrets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"secret_key": "sk_test_kept", "webhook_secret": "whsec_kept", "publishable_key": "pk_test_kept"}
    arn = secrets.create_secret(Name="shop/stripe", SecretString=json.dumps(kept))["ARN"]
    with_environment(monkeypatch, PAYMENT_PROVIDER="stripe", STRIPE_SECRET_ARN=arn)
    made = providers.provider()
    assert (made.name, vars(made)["_secret_key"], vars(made)["_webhook_secret"]) == (
        "stripe",
        "sk_test_kept",
        "whsec_kept",
    )
    assert providers.publishable_key() == "pk_test_kept"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("not JSON geheim", "no JSON object with secret_key, webhook_secret"),
        ('["geheim"]', "no JSON object"),
        ('{"secret_key": "geheim"}', "lacks webhook_secret"),
        ('{"secret_key": "geheim", "webhook_secret": ""}', "lacks webhook_secret"),
    ],
)
def test_a_secret_of_another_form_is_a_mistake_that_is_named_and_not_quoted(
    secrets: Any, monkeypatch: pytest.MonkeyPatch, value: str, told: str
) -> None:
    arn = secrets.create_secret(Name="shop/stripe", SecretString=value)["ARN"]
    with_environment(monkeypatch, PAYMENT_PROVIDER="stripe", STRIPE_SECRET_ARN=arn)
    with pytest.raises(ConfigurationError, match=told) as caught:
        providers.provider()
    assert "geheim" not in str(caught.value)
