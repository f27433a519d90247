"""Which provider takes the money: the one that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from chalicelib.core import logging
from chalicelib.core.config import ConfigurationError, settings
from chalicelib.payments.provider import Notice, PaymentsNotSetUp, Provider, UnknownProvider
from chalicelib.payments.stripe_provider import StripeProvider
from chalicelib.payments.test_provider import TestProvider


def provider(name: str | None = None) -> Provider:
    """Return the provider of new payments, or the one of that `name`, with which a payment was made before.

    Raises:
        PaymentsNotSetUp: the settings name none.
        UnknownProvider: the settings do not allow the one that is asked for.
        ConfigurationError: the secret that the settings name is wrong, or a live stage has a key for tests.
    """
    asked = name or provider_name()
    if asked == "test":
        return test_provider()
    if asked == "stripe":
        return _stripe_provider()
    raise UnknownProvider("There is no such payment provider here.")


def provider_name() -> str:
    """Return the name of the provider of new payments. Nothing goes out, no secret is read.

    Raises:
        PaymentsNotSetUp: the settings name none.
    """
    named = settings().payment_provider
    if named is None:
        logging.warning("no payments: PAYMENT_PROVIDER is not set")
        raise PaymentsNotSetUp("This shop takes no payments yet.")
    return named


def test_provider() -> TestProvider:
    """Return the provider of pretended payments.

    Raises:
        UnknownProvider: real money is taken here: who pretends to pay must not be believed.
    """
    if settings().payment_provider != "test":
        raise UnknownProvider("There are no test payments here.")
    return TestProvider()


def deliver_test_notices(handle: Callable[[Notice], None]) -> int:
    """Hand what the test provider has to tell to `handle`, and return how many were taken; 0 with another provider.

    For a schedule: real providers call by themselves.
    """
    return test_provider().deliver_notices(handle) if settings().payment_provider == "test" else 0


def publishable_key() -> str | None:
    """Return the public key that a browser gives to the provider of new payments; None where it needs none."""
    config = settings()
    if config.payment_provider != "stripe":
        return None
    if config.stripe_publishable_key is None and config.stripe_secret_arn is not None:
        return _secret(config.stripe_secret_arn).get("publishable_key")
    return config.stripe_publishable_key


def _stripe_provider() -> StripeProvider:
    """Return Stripe, if there are keys for it: also beside another provider, for what was paid with it before."""
    config = settings()
    if config.stripe_secret_key is not None and config.stripe_webhook_secret is not None:
        return _stripe(_checked(config.stripe_secret_key), config.stripe_webhook_secret)
    if config.stripe_secret_arn is not None:
        secret = _secret(config.stripe_secret_arn)
        return _stripe(_checked(secret["secret_key"]), secret["webhook_secret"])
    raise UnknownProvider("There is no Stripe here.")


def _checked(secret_key: str) -> str:
    """Return the key, unless it pretends where people pay real money."""
    if settings().live and secret_key.startswith(("sk_test_", "rk_test_")):
        raise ConfigurationError(
            "The secret key of Stripe is one for tests, which takes no money: a live stage needs another."
        )
    return secret_key


@cache
def _stripe(secret_key: str, webhook_secret: str) -> StripeProvider:
    """Keep one for the life of the process: its connections stay open."""
    return StripeProvider(secret_key, webhook_secret)


@cache
def _secret(arn: str) -> dict[str, str]:
    from chalicelib.core.secrets import read_secret  # loads boto3: only stages with such a secret need it

    return read_secret(arn, what="Stripe", names=["secret_key", "webhook_secret"])
