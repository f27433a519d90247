"""The SQL of accounts, tokens and counted sign-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.accounts.tables import accounts, auth_tokens, login_attempts
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.dialect import upsert
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_PUBLIC = [column for column in accounts.c if column.name not in ("password_hash", "username_key")]

_CALLER = select(
    auth_tokens.c.id.label("token_id"),
    auth_tokens.c.expires_at,
    accounts.c.id,
    accounts.c.username,
    accounts.c.role,
    accounts.c.customer_id,
    accounts.c.is_active,
).join_from(auth_tokens, accounts)


def find_token(connection: Connection, token_hash: str) -> AnyRow | None:
    """Return the token with its account."""
    return connection.execute(_CALLER.where(auth_tokens.c.token_hash == token_hash)).first()


def find_credentials(connection: Connection, username_key: str) -> AnyRow | None:
    """Return id, password_hash and is_active of the account of that name."""
    columns = select(accounts.c.id, accounts.c.password_hash, accounts.c.is_active)
    return connection.execute(columns.where(accounts.c.username_key == username_key)).first()


def lock_credentials(connection: Connection, account_id: int) -> AnyRow | None:
    """Return password_hash and is_active of an account, which stay as they are until the transaction ends."""
    columns = select(accounts.c.password_hash, accounts.c.is_active)
    return connection.execute(columns.where(accounts.c.id == account_id).with_for_update()).first()


def find_account(connection: Connection, account_id: int) -> AnyRow | None:
    """Return an account without its password hash."""
    return connection.execute(select(*_PUBLIC).where(accounts.c.id == account_id)).first()


def find_account_by_name(connection: Connection, username_key: str) -> AnyRow | None:
    """Return an account without its password hash."""
    return connection.execute(select(*_PUBLIC).where(accounts.c.username_key == username_key)).first()


def find_account_of_customer(connection: Connection, customer_id: int) -> AnyRow | None:
    """Return the account that shops as this customer."""
    return connection.execute(select(*_PUBLIC).where(accounts.c.customer_id == customer_id)).first()


def list_accounts(connection: Connection, role: str | None, page: PageRequest) -> Page[AnyRow]:
    """Return accounts by id."""
    statement = select(*_PUBLIC)
    if role is not None:
        statement = statement.where(accounts.c.role == role)
    return fetch_page(connection, statement, page, order=[accounts.c.id])


class NotUnique(Exception):
    """The row would not be the only one, or breaks another constraint."""


def insert_account(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert an account and return its id.

    Raises:
        NotUnique: another has its name or its customer; the transaction can go on.
    """
    try:
        return insert_row(connection, accounts, values)
    except IntegrityError as error:
        raise NotUnique from error


def update_account(connection: Connection, account_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of an account."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


def insert_token(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a token by its hash."""
    connection.execute(insert(auth_tokens).values(**values))


def delete_token(connection: Connection, token_id: int) -> None:
    """Revoke one token."""
    connection.execute(delete(auth_tokens).where(auth_tokens.c.id == token_id))


def delete_tokens(connection: Connection, account_id: int) -> int:
    """Revoke every token of an account and return how many there were."""
    return connection.execute(delete(auth_tokens).where(auth_tokens.c.account_id == account_id)).rowcount


def delete_expired(connection: Connection, account_id: int, now: datetime) -> None:
    """Forget this account's expired tokens, and counted sign-ins whose window is over."""
    expired = (auth_tokens.c.account_id == account_id) & (auth_tokens.c.expires_at <= now)
    connection.execute(delete(auth_tokens).where(expired))
    connection.execute(delete(login_attempts).where(login_attempts.c.window_ends_at <= now))


def count_attempt(connection: Connection, subject: str, now: datetime, window_ends_at: datetime) -> None:
    """Count one more try of `subject`; a new window begins where the old one is over."""
    over = login_attempts.c.window_ends_at <= now
    upsert(
        connection,
        login_attempts,
        {"subject": subject, "attempts": 1, "window_ends_at": window_ends_at},
        keys=["subject"],
        # MySQL assigns from left to right: `attempts` must still see the old end of the window.
        update={
            "attempts": case((over, 1), else_=login_attempts.c.attempts + 1),
            "window_ends_at": case((over, window_ends_at), else_=login_attempts.c.window_ends_at),
        },
    )


def list_attempts(connection: Connection, subjects: Sequence[str]) -> Sequence[AnyRow]:
    """Return the counted tries of `subjects`."""
    return connection.execute(select(login_attempts).where(login_attempts.c.subject.in_(subjects))).all()


def delete_attempts(connection: Connection, subject: str) -> None:
    """Forget the counted tries of `subject`."""
    connection.execute(delete(login_attempts).where(login_attempts.c.subject == subject))


def take_attempt_back(connection: Connection, subject: str) -> None:
    """Count one try of `subject` less."""
    counted = (login_attempts.c.subject == subject) & (login_attempts.c.attempts > 0)
    connection.execute(update(login_attempts).where(counted).values(attempts=login_attempts.c.attempts - 1))
