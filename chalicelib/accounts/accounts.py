"""The rules of accounts: making, changing and switching them off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.accounts import accounts_sql, mailed_tokens_sql
from chalicelib.commerce.customers import customers
from chalicelib.core import auth, clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, InvalidInput, NotFound
from chalicelib.core.text import fold

_KEY_LENGTH = 150
_MOST_OWNERS = 5


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


class LastAdmin(Conflict):
    """Nobody would be left who manages the accounts."""

    code = "last-admin"
    title = "Last admin"


class WeakPassword(Conflict):
    """The password is long enough, but among the first to be guessed."""

    code = "weak-password"
    title = "Password easily guessed"


def hash_password(password: str, *known: str | None) -> str:
    """Return the hash to keep of a new password. Takes its 20 ms: never inside a transaction.

    Raises:
        WeakPassword: it is a common one, or what is `known` of the person: its e-mail, its user name.
    """
    if auth.is_easily_guessed(password, *(each for each in known if each)):
        raise WeakPassword("This password is among the first to be guessed; choose another, such as four odd words.")
    return auth.hash_password(password)


def create_account(
    connection: Connection,
    *,
    username: str,
    password_hash: str,
    role: Role,
    customer_id: int | None = None,
    email: str | None = None,
    first_name: str = "",
    last_name: str = "",
) -> int:
    """Make an account and return its id; `customer_id` is the customer that it shops as.

    The hash comes from `hash_password`.

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
        "email_key": None if email is None else fold(email),
        "first_name": first_name,
        "last_name": last_name,
        "password_hash": password_hash,
        "role": role.value,
        "customer_id": customer_id,
        "is_active": True,
        "customer_archived": customer_id is not None and customers.is_archived(connection, customer_id),
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


@dataclass(frozen=True, slots=True)
class Owner:
    """An account that an e-mail address belongs to, and the `address` as it is kept, where its mails go."""

    account_id: int
    username: str
    address: str
    is_active: bool


def list_owners(connection: Connection, email: str) -> list[Owner]:
    """Return the accounts that an address belongs to: as user name, as e-mail, or as their customer's e-mail.

    The last one counts for customers alone: staff may change a customer's address, and must not get hold of the
    account of another member of staff by that.
    """
    found = {row.id: row for row in accounts_sql.list_accounts_by_email(connection, fold(email), _MOST_OWNERS)}
    customer = customers.find_by_email(connection, email)
    if customer is not None:
        linked = accounts_sql.find_account_of_customer(connection, customer.id)
        if linked is not None and linked.role == Role.CUSTOMER:
            found.setdefault(linked.id, linked)
    return [Owner(row.id, row.username, row.email or email, bool(row.is_active)) for row in found.values()]


def find_account(connection: Connection, account_id: int) -> Any | None:
    """Return an account without its password hash; None where there is none of that id."""
    return accounts_sql.find_account(connection, account_id)


def find_people(connection: Connection, ids: Collection[int]) -> dict[int, Any]:
    """Return who is behind accounts, by id: id, username, email, first_name, last_name, created_at, customer_id.

    Unknown ids are left out; it takes one statement for all.
    """
    return {row.id: row for row in accounts_sql.list_people(connection, ids)} if ids else {}


def accounts_of_customers(connection: Connection, customer_ids: Collection[int]) -> dict[int, int]:
    """Return which account shops as which customer: account ids by customer id; without those that have none."""
    return accounts_sql.list_ids_of_customers(connection, customer_ids)


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
    """Change role, password_hash or is_active of an account and return it; a change of any of them signs it out.

    Raises:
        NotFound: there is none of that id.
        Conflict: somebody would take its own rights away.
        LastAdmin: nobody would be left who manages accounts.
    """
    if account_id == by and ("role" in changes or changes.get("is_active") is False):
        raise Conflict("Your own role and activity are changed by another admin.")
    if changes.get("is_active") is False or changes.get("role", Role.ADMIN) != Role.ADMIN:
        # Behind the locks of all admins: of two that demote each other at once, the second finds itself alone.
        admins = accounts_sql.lock_active_admins(connection)
        if list(admins) == [account_id]:
            raise LastAdmin("This is the last admin that may sign in; make another first.")
    get_account(connection, account_id)
    accounts_sql.update_account(connection, account_id, {**changes, "updated_at": clock.now()})
    accounts_sql.delete_tokens(connection, account_id)
    mailed_tokens_sql.delete_of_account(connection, account_id)
    return get_account(connection, account_id)
