"""A customer together with the account that it signs in with: what changes one changes the other in step.

Commerce knows nothing of accounts. Always the customer is locked before its account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.accounts import accounts_sql, mailed_tokens_sql, own_account, registrations_sql
from chalicelib.commerce.customers import addresses, customers
from chalicelib.commerce.sales import orders
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.database import Connection
from chalicelib.core.errors import Forbidden
from chalicelib.core.paging import MAX_LIMIT, PageRequest
from chalicelib.core.text import fold
from chalicelib.events import outbox
from chalicelib.mails import mails
from chalicelib.recommendations.measuring import experiments
from chalicelib.recommendations.signals import own_signals

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


def export_person(connection: Connection, customer_id: int, *, owner_id: int | None) -> dict[str, Any]:
    """Return all that is stored of a customer: itself, account, addresses, orders, visitors, behaviour, experiments.

    Raises:
        NotFound: there is none, or it is somebody else.
    """
    customer = customers.get_customer(connection, customer_id, owner_id=owner_id)
    return {
        "customer": customer,
        "account": accounts_sql.find_account_of_customer(connection, customer_id),
        "addresses": addresses.list_all(connection, customer_id),
        "orders": _all_orders(connection, customer_id),
        "visitors": own_signals.list_visitors(connection, customer_id),
        "behaviour": own_signals.list_latest(connection, customer_id),
        "experiments": experiments.list_seen(connection, customer_id),
    }


def _all_orders(connection: Connection, customer_id: int) -> list[Any]:
    found: list[Any] = []
    page = PageRequest(MAX_LIMIT, after=())
    while True:
        part = orders.list_orders(connection, page, user_id=customer_id, status=None, owner_id=None)
        found += part.items
        if part.next_key is None:
            return found
        page = PageRequest(MAX_LIMIT, after=part.next_key)


def erase_person(connection: Connection, customer_id: int, expected_version: int | None) -> Any:
    """Forget who a customer is: its profile, addresses, account, mails and what it did. The orders stay, of nobody.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: it was changed since that version.
        BusinessUnderWay: something has to be sent or paid first.
    """
    before = customers.lock_customer(connection, customer_id, owner_id=None)
    bought_under = customers.bought_under(connection, customer_id)
    erased = customers.erase(connection, customer_id, expected_version)
    account = _lock_account(connection, customer_id)
    known = {before.email}
    if account is not None and account.role == Role.CUSTOMER:
        known |= {account.email or before.email}
        _erase_account(connection, account.id)
    for address in sorted(known | bought_under):
        mails.forget(connection, address)
    for address in sorted(known):
        registrations_sql.delete_registrations(connection, fold(address))
    own_signals.forget(connection, customer_id)
    experiments.forget(connection, customer_id)
    outbox.record(connection, "customer.erased", f"customer:{customer_id}", {"customer_id": customer_id})
    return erased


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
