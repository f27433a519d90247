"""Who gets which arm of an experiment: decided by a hash, so that nothing has to be remembered. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

WHOLE = 100  # shares are whole per cents


@dataclass(frozen=True, slots=True)
class Overrides:
    """What an arm serves differently; None leaves it as it is.

    `algorithm`: model, popularity or preferences; `model_version`: that model instead of the live one.
    """

    diversity: float | None = None
    algorithm: str | None = None
    model_version: str | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to serve, for `share` per cent of all people."""

    name: str
    share: int
    overrides: Overrides


def arm_of(person: str, salt: str, arms: Sequence[Arm]) -> Arm | None:
    """Return the arm of a person: always the same one of the same salt; None for whom takes no part.

    SHA-256 of salt and person, as a number, modulo 10,000: below the first arm's share the first, and so on. What the
    shares leave of 100 takes no part.
    """
    digest = hashlib.sha256(f"{salt}:{person}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") % (100 * WHOLE)
    for arm in arms:
        place -= 100 * arm.share
        if place < 0:
            return arm
    return None


def stored_key(person: str) -> str:
    """Return how a person is written down: a customer as it is, a visitor's id as a hash, since it is its secret."""
    kind, _, public_id = person.partition(":")
    if kind == "v":
        return f"v:{hashlib.sha256(public_id.encode()).hexdigest()[:40]}"
    return person


def variant_name(experiment_id: int, arm: str) -> str:
    """Return the variant as request ids and figures know it: arms of two experiments are never mixed up."""
    return f"{experiment_id}-{arm}"
