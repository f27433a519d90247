"""Signing in and out: throttled, in constant time, with tokens that expire and can be revoked."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta

from chalicelib.accounts import accounts_sql
from chalicelib.core import auth, clock
from chalicelib.core.auth import Caller, Role
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import TooManyRequests, Unauthenticated
from chalicelib.core.text import fold

WINDOW = timedelta(minutes=15)

# Failures within a window: an account from one address; an account from anywhere; an address at any account. The
# first stops a guesser without locking out the owner elsewhere, the other two stop guessing in breadth.
LIMITS = {"both": 5, "account": 50, "address": 100}

_REFUSED = "The user name or the password is wrong."


def find_caller(connection: Connection, token: str, now: datetime) -> Caller | None:
    """Return whose token it is; None when it is unknown, expired, or its account is switched off."""
    found = accounts_sql.find_token(connection, auth.hash_token(token))
    if found is None or found.expires_at <= now or not found.is_active:
        return None
    return Caller(found.id, found.username, Role(found.role), found.customer_id, found.token_id)


def sign_in(username: str, password: str, address: str) -> str:
    """Return a new token of the account.

    The try is counted before the password is looked at, in a transaction of its own: parallel guesses cannot
    slip through, and a failure stays counted. An unknown name costs the same time as a wrong password.

    Raises:
        TooManyRequests: too many tries lately, whether the account exists or not.
        Unauthenticated: no such account, or another password.
    """
    subjects = _subjects(username, address)
    run(lambda connection: _count_try(connection, subjects), writes=True)
    known = run(lambda connection: accounts_sql.find_credentials(connection, fold(username)), writes=False)
    # Hashing takes its 20 ms outside of any transaction.
    matches = auth.password_matches(password, known.password_hash if known else None)
    if known is None or not matches or not known.is_active:
        raise Unauthenticated(_REFUSED)
    account_id, checked_hash = int(known.id), str(known.password_hash)
    return run(lambda connection: _let_in(connection, account_id, checked_hash, subjects), writes=True)


def _subjects(username: str, address: str) -> dict[str, str]:
    """Return the counters of a try; hashed, since people type passwords into the wrong field."""
    parts = {"both": (fold(username), address), "account": (fold(username),), "address": (address,)}
    return {
        kind: hashlib.sha256("\0".join((kind, *values)).encode("utf-8", "surrogatepass")).hexdigest()
        for kind, values in parts.items()
    }


def _count_try(connection: Connection, subjects: dict[str, str]) -> None:
    now = clock.now()
    for subject in sorted(subjects.values()):  # always in key order: no deadlocks
        accounts_sql.count_attempt(connection, subject, now, now + WINDOW)
    # Read behind the writes, whose locks let parallel tries through one by one.
    counted = {row.subject: row for row in accounts_sql.list_attempts(connection, list(subjects.values()))}
    rows = [(counted[subjects[kind]], limit) for kind, limit in LIMITS.items()]
    over = [row.window_ends_at for row, limit in rows if row.attempts > limit]
    if over:
        # The rollback takes this try back: what is refused prolongs nothing.
        wait = math.ceil((max(over) - now).total_seconds())
        raise TooManyRequests("Too many tries to sign in; wait before the next.", retry_after_s=wait)


def _let_in(connection: Connection, account_id: int, checked_hash: str, subjects: dict[str, str]) -> str:
    present = accounts_sql.lock_credentials(connection, account_id)
    if present is None or not present.is_active or present.password_hash != checked_hash:
        # Changed while the password was looked at: that change has signed everybody out, this must stay out too.
        raise Unauthenticated(_REFUSED)
    accounts_sql.delete_expired(connection, account_id, clock.now())
    for subject in sorted(subjects.values()):
        if subject == subjects["address"]:
            # Not forgiven, only not counted: who has an account of his own may still be guessing at others.
            accounts_sql.take_attempt_back(connection, subject)
        else:
            accounts_sql.delete_attempts(connection, subject)
    return issue_token(connection, account_id)


def issue_token(connection: Connection, account_id: int) -> str:
    """Return a new token of an account; it ends by itself after `TOKEN_TTL_S`."""
    now = clock.now()
    token = auth.new_token()
    accounts_sql.insert_token(
        connection,
        {
            "account_id": account_id,
            "token_hash": auth.hash_token(token),
            "created_at": now,
            "expires_at": now + timedelta(seconds=settings().token_ttl_s),
        },
    )
    return token


def sign_out(connection: Connection, caller: Caller) -> None:
    """Revoke the token of this request."""
    accounts_sql.delete_token(connection, caller.token_id)


def revoke_tokens(connection: Connection, account_id: int) -> int:
    """Revoke every token of an account: signed out everywhere. Return how many there were."""
    return accounts_sql.delete_tokens(connection, account_id)
