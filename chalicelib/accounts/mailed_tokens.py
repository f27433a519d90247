"""Tokens that links in mails carry: random, kept as a hash, good once, for a time, and for one purpose."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from chalicelib.accounts import mailed_tokens_sql
from chalicelib.core import auth, clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict
from chalicelib.core.text import fold


class Purpose(StrEnum):
    """What a token is good for."""

    VERIFY = "verify"
    RESET = "reset"
    EMAIL = "email"


# How long each is good, and the page of the site that takes it.
LIFETIMES = {
    Purpose.VERIFY: timedelta(hours=24),
    Purpose.RESET: timedelta(hours=1),
    Purpose.EMAIL: timedelta(hours=24),
}
_PAGES = {Purpose.VERIFY: "/verify-email", Purpose.RESET: "/reset-password", Purpose.EMAIL: "/confirm-email"}


class BadLink(Conflict):
    """The token of a mailed link is unknown, used, replaced by a newer one, or too old."""

    code = "link-not-good"
    title = "Link not good any more"


def make_link(
    connection: Connection, purpose: Purpose, *, email: str, account_id: int | None = None
) -> tuple[str, datetime]:
    """Return a link with a new token for the mail to `email`, and when it ends.

    A token of an account replaces the earlier ones of its purpose: the caller holds the lock of the account.
    """
    now = clock.now()
    token = auth.new_token()
    expires_at = now + LIFETIMES[purpose]
    if account_id is not None:
        mailed_tokens_sql.delete_of_account(connection, account_id, purpose)
    values = {
        "purpose": purpose.value,
        "token_hash": auth.hash_token(token),
        "account_id": account_id,
        "email": email,
        "email_key": fold(email),
        "created_at": now,
        "expires_at": expires_at,
    }
    mailed_tokens_sql.insert_token(connection, values)
    return page(_PAGES[purpose], token=token), expires_at


def page(path: str, **query: str) -> str:
    """Return the address of a page of the site."""
    return f"{settings().site_url}{path}" + (f"?{urlencode(query)}" if query else "")


def find(connection: Connection, purpose: Purpose, token: str) -> Any:
    """Return what a token stands for: id, account_id, email, email_key.

    Raises:
        BadLink: it is not good (any more).
    """
    found = mailed_tokens_sql.find_token(connection, purpose.value, auth.hash_token(token), clock.now())
    if found is None:
        raise BadLink("This link was used already, replaced by a newer one, or is too old; ask for another.")
    return found


def take(connection: Connection, token_id: int) -> None:
    """Use a token up, in the transaction of what it is used for.

    Raises:
        BadLink: somebody was quicker by a moment.
    """
    if not mailed_tokens_sql.take_token(connection, token_id):
        raise BadLink("This link was used already.")
