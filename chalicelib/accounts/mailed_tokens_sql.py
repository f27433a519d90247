"""The SQL of tokens that links in mails carry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from chalicelib.accounts.tables import mailed_tokens
from chalicelib.core.database import AnyRow, Connection


def insert_token(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a token by its hash."""
    connection.execute(insert(mailed_tokens).values(**values))


def find_token(connection: Connection, purpose: str, token_hash: str, now: datetime) -> AnyRow | None:
    """Return a token of that purpose that is not too old."""
    good = (mailed_tokens.c.token_hash == token_hash) & (mailed_tokens.c.expires_at > now)
    return connection.execute(select(mailed_tokens).where(good, mailed_tokens.c.purpose == purpose)).first()


def take_token(connection: Connection, token_id: int) -> bool:
    """Delete a token and tell whether it was there: of many who take it at once, one is told so."""
    return connection.execute(delete(mailed_tokens).where(mailed_tokens.c.id == token_id)).rowcount == 1


def delete_of_account(connection: Connection, account_id: int, purpose: str | None = None) -> None:
    """Forget the tokens of an account, of one purpose or all."""
    theirs = mailed_tokens.c.account_id == account_id
    if purpose is not None:
        theirs &= mailed_tokens.c.purpose == purpose
    connection.execute(delete(mailed_tokens).where(theirs))


def delete_of_email(connection: Connection, email_key: str, purpose: str) -> None:
    """Forget the tokens of one purpose that prove an address."""
    theirs = (mailed_tokens.c.email_key == email_key) & (mailed_tokens.c.purpose == purpose)
    connection.execute(delete(mailed_tokens).where(theirs))


def delete_expired(connection: Connection, now: datetime) -> None:
    """Forget tokens that are too old."""
    connection.execute(delete(mailed_tokens).where(mailed_tokens.c.expires_at <= now))
