"""The SQL of accounts and their tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.accounts.tables import accounts, auth_tokens
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

# Whether an account may be used at all: neither switched off itself, nor as the customer's that staff put away.
_USABLE = and_(accounts.c.is_active, ~and_(accounts.c.customer_archived, accounts.c.role == "customer"))
_HIDDEN = ("password_hash", "username_key", "email_key", "is_active", "customer_archived")
_PUBLIC = [*(column for column in accounts.c if column.name not in _HIDDEN), _USABLE.label("is_active")]

_CALLER = select(
    auth_tokens.c.id.label("token_id"),
    auth_tokens.c.expires_at,
    accounts.c.id,
    accounts.c.username,
    accounts.c.role,
    accounts.c.customer_id,
    _USABLE.label("is_active"),
).join_from(auth_tokens, accounts)


def find_token(connection: Connection, token_hash: str) -> AnyRow | None:
    """Return the token with its account."""
    return connection.execute(_CALLER.where(auth_tokens.c.token_hash == token_hash)).first()


def find_credentials(connection: Connection, username_key: str) -> AnyRow | None:
    """Return id, customer_id, password_hash and is_active of the account of that name."""
    columns = select(accounts.c.id, accounts.c.customer_id, accounts.c.password_hash, _USABLE.label("is_active"))
    return connection.execute(columns.where(accounts.c.username_key == username_key)).first()


def find_password_hash(connection: Connection, account_id: int) -> str | None:
    """Return the password hash of an account."""
    return connection.scalar(select(accounts.c.password_hash).where(accounts.c.id == account_id))


def lock_credentials(connection: Connection, account_id: int) -> AnyRow | None:
    """Return an account with its password_hash; both stay as they are until the transaction ends."""
    columns = select(*_PUBLIC, accounts.c.password_hash, accounts.c.username_key, accounts.c.email_key)
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


def list_people(connection: Connection, ids: Collection[int]) -> Sequence[AnyRow]:
    """Return who is behind accounts: their names and addresses, and the customers that they shop as."""
    shown = ("id", "username", "email", "first_name", "last_name", "created_at", "customer_id")
    columns = (accounts.c[name] for name in shown)
    return connection.execute(select(*columns).where(accounts.c.id.in_(sorted(ids)))).all()


def list_ids_of_customers(connection: Connection, customer_ids: Collection[int]) -> dict[int, int]:
    """Return the accounts of customers: ids by customer id."""
    pair = (accounts.c.customer_id, accounts.c.id)
    found = connection.execute(select(*pair).where(accounts.c.customer_id.in_(customer_ids)))
    return {row.customer_id: row.id for row in found}


def list_accounts_by_email(connection: Connection, email_key: str, limit: int) -> Sequence[AnyRow]:
    """Return the accounts whose user name or whose address this is, by id."""
    theirs = or_(accounts.c.username_key == email_key, accounts.c.email_key == email_key)
    return connection.execute(select(*_PUBLIC).where(theirs).order_by(accounts.c.id).limit(limit)).all()


def lock_active_admins(connection: Connection) -> Sequence[int]:
    """Return the ids of the admins that may sign in; none of them changes until the transaction ends."""
    # Always in the order of ids: no deadlocks. What is decided on the rows is read behind the locks.
    admins = select(accounts.c.id).where(accounts.c.role == "admin", accounts.c.is_active)
    return connection.scalars(admins.order_by(accounts.c.id).with_for_update()).all()


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
    """Change columns of an account.

    Raises:
        NotUnique: another has its name; the transaction can go on.
    """
    try:
        connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))
    except IntegrityError as error:
        raise NotUnique from error


def update_accounts_of_customer(connection: Connection, customer_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of the account that shops as this customer, if there is one."""
    connection.execute(update(accounts).where(accounts.c.customer_id == customer_id).values(**values))


def insert_token(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert a token by its hash."""
    connection.execute(insert(auth_tokens).values(**values))


def delete_token(connection: Connection, token_id: int) -> None:
    """Revoke one token."""
    connection.execute(delete(auth_tokens).where(auth_tokens.c.id == token_id))


def delete_tokens(connection: Connection, account_id: int, *, keep: int | None = None) -> int:
    """Revoke every token of an account, but for the one to `keep`, and return how many there were."""
    theirs = auth_tokens.c.account_id == account_id
    if keep is not None:
        theirs &= auth_tokens.c.id != keep
    return connection.execute(delete(auth_tokens).where(theirs)).rowcount


def delete_expired(connection: Connection, account_id: int, now: datetime) -> None:
    """Forget this account's expired tokens."""
    expired = (auth_tokens.c.account_id == account_id) & (auth_tokens.c.expires_at <= now)
    connection.execute(delete(auth_tokens).where(expired))
