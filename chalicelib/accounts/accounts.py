"""The rules of accounts: making, changing and switching them off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.accounts import accounts_sql
from chalicelib.commerce import customers
from chalicelib.core import auth, clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, InvalidInput, NotFound
from chalicelib.core.text import fold

_KEY_LENGTH = 150


class NameTaken(Conflict):
    """Another account has this user name (case does not matter)."""

    code = "name-taken"
    title = "User name taken"


class NoSuchCustomer(Conflict):
    """The customer to link is not there (any more)."""

    code = "no-such-customer"
    title = "No such customer"


class CustomerTaken(Conflict):
    """The customer is linked to another account."""

    code = "customer-taken"
    title = "Customer already linked"


def create_account(
    connection: Connection,
    *,
    username: str,
    password: str,
    role: Role,
    customer_id: int | None = None,
    email: str | None = None,
    first_name: str = "",
    last_name: str = "",
) -> int:
    """Make an account and return its id; `customer_id` is the customer that it shops as.

    Raises:
        NameTaken, CustomerTaken: it would not be the only one.
        NoSuchCustomer: there is none of that id.
        InvalidInput: the name is too long.
    """
    key = fold(username)
    if len(key) > _KEY_LENGTH:  # ligatures come apart
        raise InvalidInput.at("body.username", "is too long")
    if customer_id is not None and not customers.exists(connection, customer_id):
        raise NoSuchCustomer(f"There is no customer {customer_id} to link the account to.")
    _check_free(connection, username, customer_id)
    now = clock.now()
    values = {
        "username": username,
        "username_key": key,
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "password_hash": auth.hash_password(password),
        "role": role.value,
        "customer_id": customer_id,
        "is_active": True,
        "created_at": now,
        "updated_at": now,
    }
    try:
        return accounts_sql.insert_account(connection, values)
    except accounts_sql.NotUnique:
        _check_free(connection, username, customer_id)  # somebody was quicker by a moment
        raise


def _check_free(connection: Connection, username: str, customer_id: int | None) -> None:
    if accounts_sql.find_account_by_name(connection, fold(username)) is not None:
        raise NameTaken(f"The user name {username!r} is taken.")
    if customer_id is not None and accounts_sql.find_account_of_customer(connection, customer_id) is not None:
        raise CustomerTaken(f"Customer {customer_id} is linked to another account.")


def get_account(connection: Connection, account_id: int) -> Any:
    """Return an account without its password hash.

    Raises:
        NotFound: there is none of that id.
    """
    found = accounts_sql.find_account(connection, account_id)
    if found is None:
        raise NotFound(f"There is no account {account_id}.")
    return found


def change_account(connection: Connection, account_id: int, changes: Mapping[str, Any], *, by: int) -> Any:
    """Change role, password or activity of an account and return it; a change of any of them signs it out.

    Raises:
        NotFound: there is none of that id.
        Conflict: somebody would take its own rights away.
    """
    get_account(connection, account_id)
    if account_id == by and ("role" in changes or changes.get("is_active") is False):
        raise Conflict("Your own role and activity are changed by another admin.")
    values = dict(changes)
    if "password" in values:
        values["password_hash"] = auth.hash_password(values.pop("password"))
    accounts_sql.update_account(connection, account_id, {**values, "updated_at": clock.now()})
    accounts_sql.delete_tokens(connection, account_id)
    return get_account(connection, account_id)
