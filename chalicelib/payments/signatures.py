"""Signed notices in the scheme that Stripe made usual: `t=<seconds>,v1=<HMAC-SHA256 of "t.body">`. Pure."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from chalicelib.payments.provider import BadSignature

TOLERANCE_S = 300


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Return the header that goes with `body`, signed at the moment `at`."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def verify(secret: str, header: str, body: bytes, now: datetime) -> None:
    """Make sure that who knows `secret` has signed `body` in the last five minutes.

    Raises:
        BadSignature: no.
    """
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdecimal()]
    given = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or len(times[0]) > 12 or not given:
        raise BadSignature("The signature is not of the form t=…,v1=….")
    expected = _digest(secret, int(times[0]), body).encode()
    if not any(hmac.compare_digest(expected, value.encode()) for value in given):
        raise BadSignature("The signature does not belong to this body.")
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_S:
        raise BadSignature("The signature is too old; send the notice again.")


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), b"%d.%s" % (seconds, body), hashlib.sha256).hexdigest()
