"""Signing in and out: throttled, in constant time, with tokens that expire and can be revoked."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from chalicelib.accounts import accounts_sql
from chalicelib.core import auth, clock
from chalicelib.core.auth import Caller, Role
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import TooManyRequests, Unauthenticated
from chalicelib.core.text import fold

WINDOW = timedelta(minutes=15)

# Tries within a window: an account from one address; an account from anywhere; an address at any account. The
# first stops a guesser without locking out the owner elsewhere, the other two stop guessing in breadth.
LIMITS = {"both": 5, "account": 50, "address": 100}


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
        raise Unauthenticated("The user name or the password is wrong.")
    account_id = int(known.id)
    return run(lambda connection: _issue_token(connection, account_id, subjects), writes=True)


def _subjects(username: str, address: str) -> dict[str, str]:
    """Return the counters of a try; hashed, since people type passwords into the wrong field."""
    parts = {"both": (fold(username), address), "account": (fold(username),), "address": (address,)}
    return {
        kind: hashlib.sha256("\0".join((kind, *values)).encode("utf-8", "surrogatepass")).hexdigest()
        for kind, values in parts.items()
    }


def _count_try(connection: Connection, subjects: dict[str, str]) -> None:
    now = clock.now()
    found = {row.subject: row for row in accounts_sql.list_attempts(connection, list(subjects.values()))}
    for kind, limit in LIMITS.items():
        row = found.get(subjects[kind])
        if row is not None and row.window_ends_at > now and row.attempts >= limit:
            wait = int((row.window_ends_at - now).total_seconds()) + 1
            raise TooManyRequests("Too many tries to sign in; wait before the next.", retry_after_s=wait)
    for subject in sorted(subjects.values()):  # always in key order: no deadlocks
        accounts_sql.count_attempt(connection, subject, now, now + WINDOW)


def _issue_token(connection: Connection, account_id: int, subjects: dict[str, str]) -> str:
    now = clock.now()
    token = auth.new_token()
    accounts_sql.delete_expired(connection, account_id, now)
    accounts_sql.delete_attempts(connection, [subjects["both"], subjects["account"]])
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
