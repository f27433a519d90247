"""Passwords, tokens, roles: pure rules. Who is who in the database lives in `accounts`."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

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


@cache
def _nobodys_hash() -> str:
    return hash_password(secrets.token_hex(16))


def password_matches(password: str, password_hash: str | None) -> bool:
    """Tell whether `password` belongs to the hash; with no hash, work as long and answer no."""
    from argon2.exceptions import InvalidHashError, VerificationError  # only sign-in needs it

    try:
        matches = _hasher().verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def new_token() -> str:
    """Return a new token: a prefix that secret scanners can find, and 256 random bits."""
    return "shk_" + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return the hex SHA-256 under which a token is stored; random tokens need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
