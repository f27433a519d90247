"""Who gets which arm of an experiment: decided by a hash, so that nothing has to be remembered. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

WHOLE = 100  # shares are whole per cents


@dataclass(frozen=True, slots=True)
class Overrides:
    """What an arm serves differently; None leaves it as it is. `algorithm`: model, popularity or preferences."""

    diversity: float | None = None
    algorithm: str | None = None


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


def variant_name(experiment_id: int, arm: str) -> str:
    """Return the variant as request ids and figures know it: arms of two experiments are never mixed up."""
    return f"{experiment_id}-{arm}"


def arm_in(variant: str, experiment_id: int) -> str | None:
    """Return the arm that a variant names; None where it is of another experiment, or of none."""
    number, dash, arm = variant.partition("-")
    return arm if dash and number == str(experiment_id) else None
