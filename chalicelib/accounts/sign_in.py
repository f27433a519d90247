"""Signing in and out: throttled, in constant time, with tokens that expire and can be revoked."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.accounts import accounts_sql, attempts
from chalicelib.commerce.sales import carts
from chalicelib.core import auth, clock, logging
from chalicelib.core.auth import Caller, Role
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import AppError, Unauthenticated
from chalicelib.core.text import fold

_REFUSED = "The user name or the password is wrong."


def find_caller(connection: Connection, token: str, now: datetime) -> Caller | None:
    """Return whose token it is; None when it is unknown, expired, or its account is switched off."""
    found = accounts_sql.find_token(connection, auth.hash_token(token))
    if found is None or found.expires_at <= now or not found.is_active:
        return None
    return Caller(found.id, found.username, Role(found.role), found.customer_id, found.token_id)


def sign_in(username: str, password: str, address: str, cart_id: str | None = None) -> str:
    """Return a new token of the account; the guest's cart `cart_id` becomes that of its customer.

    The try is counted before the password is looked at (see `attempts`), and a failure stays counted. An unknown
    name costs the same time as a wrong password.

    Raises:
        TooManyRequests: too many tries lately, whether the account exists or not.
        Unauthenticated: no such account, or another password.
    """
    with attempts.counted(username, address) as tried:
        known = run(lambda connection: accounts_sql.find_credentials(connection, fold(username)), writes=False)
        # Hashing takes its 20 ms outside of any transaction.
        matches = auth.password_matches(password, known.password_hash if known else None)
        if known is None or not matches or not known.is_active:
            raise Unauthenticated(_REFUSED)
        account_id, checked_hash = int(known.id), str(known.password_hash)
        token = run(lambda connection: _let_in(connection, account_id, checked_hash, tried), writes=True)
    if cart_id is not None and known.customer_id is not None:
        _bring_cart(cart_id, int(known.customer_id))
    return token


def _bring_cart(cart_id: str, customer_id: int) -> None:
    """Take a guest's cart over. Nobody is kept out for the sake of a cart: it can be taken over later as well."""
    try:
        run(lambda connection: carts.take_over(connection, cart_id, customer_id), writes=True)
    except AppError as error:
        logging.info("cart not taken over", customer_id=customer_id, reason=error.code)


def _let_in(connection: Connection, account_id: int, checked_hash: str, tried: attempts.Try) -> str:
    present = accounts_sql.lock_credentials(connection, account_id)
    if present is None or not present.is_active or present.password_hash != checked_hash:
        # Changed while the password was looked at: that change has signed everybody out, this must stay out too.
        raise Unauthenticated(_REFUSED)
    accounts_sql.delete_expired(connection, account_id, clock.now())
    attempts.succeed(connection, tried)
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
