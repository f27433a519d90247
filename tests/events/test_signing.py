"""Signatures of webhooks, by the vector that implementations of the specification share."""

from __future__ import annotations

import base64
import re

from chalicelib.core.logging import redact
from chalicelib.events.signing import headers, new_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_signature_is_that_of_the_specification() -> None:
    assert headers(MESSAGE, 1614265330, b'{"test": 2432232314}', [SECRET]) == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_two_secrets_sign_side_by_side() -> None:
    signed = headers(MESSAGE, 1614265330, b'{"test": 2432232314}', [new_secret(), SECRET])
    first, second = signed["webhook-signature"].split(" ")
    assert second == SIGNATURE
    assert first.startswith("v1,")
    assert first != second


def test_id_time_body_and_secret_all_count() -> None:
    def signature(message: str = "a", at: int = 1, body: bytes = b"x", secret: str = SECRET) -> str:
        return headers(message, at, body, [secret])["webhook-signature"]

    other = "whsec_" + base64.b64encode(b"k" * 32).decode()
    signatures = {
        signature(),
        signature(message="b"),
        signature(at=2),
        signature(body=b"y"),
        signature(secret=other),
    }
    assert len(signatures) == 5


def test_a_secret_is_new_each_time_and_holds_256_bits() -> None:
    made = {new_secret() for _ in range(20)}
    assert len(made) == 20
    for secret in made:
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
        assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32


def test_a_secret_that_gets_into_a_log_is_made_unreadable() -> None:
    assert redact(f"signing with {SECRET} failed") == "signing with whsec_*** failed"
