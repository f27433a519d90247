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


class NameTaken(Conflict):
    """Another account has this user name (case does not matter)."""

    code = "name-taken"
    title = "User name taken"


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
        InvalidInput: there is no such customer.
    """
    if accounts_sql.find_account_by_name(connection, fold(username)) is not None:
        raise NameTaken(f"The user name {username!r} is taken.")
    _check_customer(connection, customer_id)
    now = clock.now()
    return accounts_sql.insert_account(
        connection,
        {
            "username": username,
            "username_key": fold(username),
            "email": email,
            "first_name": first_name,
            "last_name": last_name,
            "password_hash": auth.hash_password(password),
            "role": role.value,
            "customer_id": customer_id,
            "is_active": True,
            "created_at": now,
            "updated_at": now,
        },
    )


def _check_customer(connection: Connection, customer_id: int | None) -> None:
    if customer_id is None:
        return
    if not customers.exists(connection, customer_id):
        raise InvalidInput.at("body.customer_id", f"there is no customer {customer_id}")
    if accounts_sql.find_account_of_customer(connection, customer_id) is not None:
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
