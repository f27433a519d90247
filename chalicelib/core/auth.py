"""Passwords, tokens, roles: pure rules. Who is who in the database lives in `accounts`."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.core.text import fold

if TYPE_CHECKING:
    from argon2 import PasswordHasher


class Role(StrEnum):
    """What an account may do: shop for itself, run the shop, run the accounts too, or be a program."""

    CUSTOMER = "customer"
    STAFF = "staff"
    ADMIN = "admin"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Caller:
    """The account behind a request; `customer_id` is the row of `users` it is linked to, if any."""

    account_id: int
    username: str
    role: Role
    customer_id: int | None
    token_id: int

    @property
    def is_staff(self) -> bool:
        """Whether business data may be seen."""
        return self.role is not Role.CUSTOMER

    @property
    def actor(self) -> str:
        """Under which name books keep the caller.

        The user name of a customer is an e-mail address, which must not stay in what is never deleted.
        """
        if self.is_staff:
            return self.username
        return f"account {self.account_id}" if self.customer_id is None else f"customer {self.customer_id}"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route: everybody, or the named roles. `owned`: a customer reaches only its own rows."""

    name: str
    roles: frozenset[Role]
    public: bool = False
    owned: bool = False


PUBLIC = Access("public", frozenset(Role), public=True)
SIGNED_IN = Access("signed in", frozenset(Role))
STAFF = Access("staff", frozenset({Role.STAFF, Role.ADMIN, Role.SERVICE}))
ADMIN = Access("admin", frozenset({Role.ADMIN}))
STAFF_OR_OWNER = Access("staff, or the customer itself", frozenset(Role), owned=True)


@cache
def _hasher() -> PasswordHasher:
    # Function-level: only sign-in needs it, every cold start would pay for it.
    from argon2 import PasswordHasher
    from argon2.low_level import Type

    # OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password`, in the PHC string format."""
    return _hasher().hash(password)


# The hash of a password that nobody kept. Written down, since making it would make the first refusal a slow one.
_NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$yS3RSFxDmnioj7KAwTedgA$xpbbS7SQDWCv09pQ02F56B8pOgOM0DB8I26d7yYO+Q0"


def password_matches(password: str, password_hash: str | None) -> bool:
    """Tell whether `password` belongs to the hash; with no hash, work as long and answer no."""
    from argon2.exceptions import InvalidHashError, VerificationError  # only sign-in needs it

    try:
        matches = _hasher().verify(password_hash or _NOBODYS_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def is_easily_guessed(password: str, *known: str) -> bool:
    """Tell whether a password is among the first to be tried: a common one, a run of keys, or what is `known`.

    `known` is what others know of the person: its e-mail, its user name.
    """
    folded = fold(password)
    plain = "".join(letter for letter in folded if letter.isalnum())
    own = {fold(each) for each in known} | {fold(each).partition("@")[0] for each in known if "@" in each}
    if folded in own or len(set(folded)) < 4:
        return True
    # A common word, however often it is said and whatever number stands behind it.
    word = plain.rstrip("0123456789") or plain
    runs = len(plain) >= 8 and any(plain in run for run in _RUNS)
    return runs or (word != "" and any(not word.replace(common, "") for common in _COMMON))


# What long passwords are most often made of, from the published counts of leaked ones.
_COMMON = (
    "password", "passwort", "passw0rd", "p4ssw0rd", "qwertyuiop", "qwerty", "qwertz", "azerty", "iloveyou", "letmein",
    "welcome", "administrator", "admin", "changeme", "football", "baseball", "princess", "sunshine", "superman",
    "trustno1", "dragon", "monkey", "master", "shopkeeper", "abc", "1q2w3e4r5t6y", "1q2w3e4r", "1qaz2wsx3edc",
    "1qaz2wsx", "zaq12wsx", "q1w2e3r4t5y6", "correcthorsebatterystaple", "correcthorse", "demo",
)  # fmt: skip
_LINES = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")
_RUNS = tuple(line * 4 for line in _LINES) + tuple(line[::-1] * 4 for line in _LINES)


def new_token() -> str:
    """Return a new token: a prefix that secret scanners can find, and 256 random bits."""
    return "shk_" + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return the hex SHA-256 under which a token is stored; random tokens need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
