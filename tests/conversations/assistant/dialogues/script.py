"""What a scripted dialogue is made of: what a shopper says, what is heard, and facts that are expected of it.

Plain values; who carries a dialogue out is in `stage.py`, and the expectations have their names in `expectations.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib.conversations.assistant.turns import Language

# Who talks. "regular": has five orders of different states; "new": a customer without any; "fan": the customer of the
# sample who kept most; "nobody": an account that shops as nobody.
Shopper = Literal["regular", "new", "fan", "nobody"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A product card, with what the database says of the product."""

    id: int
    name: str
    brand: str | None
    category: str
    department: str | None
    price_cents: int
    available: int

    @property
    def colour(self) -> str:
        """What the sample's names say at their end."""
        return self.name.rpartition(" - ")[2].casefold()


@dataclass(frozen=True, slots=True)
class Used:
    """A tool that was used."""

    name: str
    arguments: Mapping[str, Any]
    error: str | None
    needs_yes: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What a turn came to: the answer, and how the shopper's cart and returns stand after it."""

    text: str
    language: str | None
    intent: str | None
    outcome: str | None
    tools: Sequence[Used]
    products: Sequence[Shown]
    orders: Sequence[Mapping[str, Any]]
    wants_human: bool
    policies: Sequence[str] = ()
    cart: Mapping[int, int] = field(default_factory=dict)
    sent_back: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Moment:
    """A turn as it is judged: `names` are the values of the placeholders, `before` the turns before this one."""

    says: str
    heard: Heard
    before: Sequence[Heard]
    names: Mapping[str, Any]

    @property
    def last(self) -> Heard:
        """The turn before."""
        return self.before[-1]


@dataclass(frozen=True, slots=True)
class Expectation:
    """A fact; `changes` tells that cart or returns may change in this turn."""

    name: str
    holds: Callable[[Moment], bool]
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a shopper says, with placeholders like {newest_order}; `viewing` names the one of an open product page."""

    says: str
    expects: Sequence[Expectation]
    viewing: str | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Turns of one session; `known_failure` is why it is known to fail."""

    name: str
    language: Language
    turns: Sequence[Turn]
    shopper: Shopper = "regular"
    known_failure: str | None = None


def turn(says: str, *expects: Expectation, viewing: str | None = None) -> Turn:
    """Write a turn down."""
    return Turn(says, expects, viewing)


def english(name: str, *turns: Turn, shopper: Shopper = "regular") -> Dialogue:
    """Write a dialogue in English down."""
    return Dialogue(name, "en", turns, shopper)


def german(name: str, *turns: Turn, shopper: Shopper = "regular") -> Dialogue:
    """Write a dialogue in German down."""
    return Dialogue(name, "de", turns, shopper)
