"""Which provider takes the money: the one that the settings name."""

from __future__ import annotations

from chalicelib.core import logging
from chalicelib.core.config import settings
from chalicelib.payments.provider import PaymentsNotSetUp, Provider, UnknownProvider
from chalicelib.payments.test_provider import TestProvider


def provider(name: str | None = None) -> Provider:
    """Return the provider of new payments, or the one that a payment of before was made with.

    Raises:
        PaymentsNotSetUp: the settings name none.
        UnknownProvider: the settings do not allow the one that is asked for.
        ConfigurationError: the secret that the settings name is wrong.
    """
    configured = settings().payment_provider
    if name is None and configured is None:
        logging.warning("no payments: PAYMENT_PROVIDER is not set")
        raise PaymentsNotSetUp("This shop takes no payments yet.")
    if (name or configured) == "test":
        return test_provider()
    raise UnknownProvider("There is no such payment provider here.")


def test_provider() -> TestProvider:
    """Return the provider of pretended payments.

    Raises:
        UnknownProvider: real money is taken here: who pretends to pay must not be believed.
    """
    if settings().payment_provider != "test":
        raise UnknownProvider("There are no test payments here.")
    return TestProvider()


def publishable_key() -> str | None:
    """Return the public key that a browser gives to the provider, where it needs one."""
    return None
