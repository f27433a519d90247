"""A customer together with the account that it signs in with: what changes one changes the other in step.

Commerce knows nothing of accounts. Always the customer is locked before its account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.accounts import accounts_sql, mailed_tokens_sql, own_account, registrations_sql
from chalicelib.commerce.customers import customers
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection
from chalicelib.core.errors import Forbidden
from chalicelib.core.text import fold

# What a customer does not change by itself: the address has to be proved, the source is the shop's own note.
STAFF_ONLY = frozenset({"email", "traffic_source"})


def change_person(
    connection: Connection,
    customer_id: int,
    changes: Mapping[str, Any],
    *,
    owner_id: int | None,
    expected_version: int | None,
) -> Any:
    """Change a customer, and its account in step, and return the customer.

    Raises:
        NotFound: there is none, or it is somebody else.
        Forbidden: the customer itself may not change that.
        PreconditionFailed: it was changed since `expected_version`.
        EmailTaken: the new address is another's.
    """
    customers.lock_customer(connection, customer_id, owner_id=owner_id)
    if owner_id is not None and (refused := sorted(STAFF_ONLY & changes.keys())):
        raise Forbidden(f"You cannot change {refused[0]} here; an e-mail address by POST /accounts/me/email.")
    changed = customers.change_customer(connection, customer_id, changes, expected_version=expected_version)
    account = _lock_account(connection, customer_id)
    if account is None or account.role != Role.CUSTOMER:
        # Staff have addresses of their own: who may change customers must not get hold of an admin's account.
        return changed
    if "email" in changes:
        own_account.follow_email(connection, account, changes["email"], clock.now())
    names = {name: changes[name] or "" for name in ("first_name", "last_name") if name in changes}
    if names:
        accounts_sql.update_account(connection, account.id, names)
    return changed


def archive_person(connection: Connection, customer_id: int, expected_version: int | None) -> Any:
    """Put a customer away and keep it from signing in; return the customer.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: it was changed since that version.
    """
    archived = customers.archive(connection, customer_id, expected_version)
    account = _lock_account(connection, customer_id)
    accounts_sql.update_accounts_of_customer(connection, customer_id, {"customer_archived": True})
    if account is not None and account.role == Role.CUSTOMER:
        accounts_sql.delete_tokens(connection, account.id)
        mailed_tokens_sql.delete_of_account(connection, account.id)
    return archived


def restore_person(connection: Connection, customer_id: int, expected_version: int | None) -> Any:
    """Take a customer back and let it sign in again, unless its account is switched off itself; return the customer.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: it was changed since that version.
        Conflict: it is erased.
    """
    restored = customers.restore(connection, customer_id, expected_version)
    accounts_sql.update_accounts_of_customer(connection, customer_id, {"customer_archived": False})
    return restored


def find_account(connection: Connection, customer_id: int) -> Any | None:
    """Return the account that shops as a customer, without its password hash; None where there is none."""
    return accounts_sql.find_account_of_customer(connection, customer_id)


def forget_account(connection: Connection, customer: Any) -> tuple[int | None, set[str]]:
    """Forget who the account of a customer is: its names, password, tokens, what waits to be registered.

    `customer` is its row from before it was erased, locked. Returns the id of the account (None where there is
    none, or it is one of staff, which stays as it is) and the e-mail addresses that were known of the person.
    """
    account = _lock_account(connection, customer.id)
    account_id, known = None, {customer.email}
    if account is not None and account.role == Role.CUSTOMER:
        account_id = account.id
        known |= {account.email or customer.email}
        _erase_account(connection, account.id)
    for address in sorted(known):
        registrations_sql.delete_registrations(connection, fold(address))
    return account_id, known


def _erase_account(connection: Connection, account_id: int) -> None:
    name = f"erased-{account_id}"
    values = {
        "username": name,
        "username_key": name,
        "email": None,
        "email_key": None,
        "first_name": "",
        "last_name": "",
        "password_hash": "none",
        "is_active": False,
        "customer_archived": True,
        "updated_at": clock.now(),
    }
    accounts_sql.update_account(connection, account_id, values)
    accounts_sql.delete_tokens(connection, account_id)
    mailed_tokens_sql.delete_of_account(connection, account_id)


def _lock_account(connection: Connection, customer_id: int) -> Any | None:
    found = accounts_sql.find_account_of_customer(connection, customer_id)
    return None if found is None else accounts_sql.lock_credentials(connection, found.id)
