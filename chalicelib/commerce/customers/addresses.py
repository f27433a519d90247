"""The rules of customers' addresses: at most one is the default, and there are not too many.

Whoever changes one holds the lock of the customer, so that two changes at once leave one default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.commerce.customers import addresses_sql, customers
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound, PreconditionFailed
from chalicelib.core.paging import Page, PageRequest

MOST = 50


class TooManyAddresses(Conflict):
    """The customer has as many addresses as one may have."""

    code = "too-many-addresses"
    title = "Too many addresses"


def list_addresses(connection: Connection, customer_id: int, page: PageRequest, *, owner_id: int | None) -> Page[Any]:
    """Return addresses of a customer, by id.

    Raises:
        NotFound: there is no such customer, or it is somebody else.
    """
    customers.get_customer(connection, customer_id, owner_id=owner_id)
    return addresses_sql.list_addresses(connection, customer_id, page)


def list_all(connection: Connection, customer_id: int) -> Sequence[Any]:
    """Return all addresses of a customer, of which there are `MOST` at most."""
    return addresses_sql.list_all_addresses(connection, customer_id)


def get_address(connection: Connection, customer_id: int, address_id: int, *, owner_id: int | None) -> Any:
    """Return an address of a customer.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = None
    if owner_id in (None, customer_id):
        found = addresses_sql.find_address(connection, customer_id, address_id)
    if found is None:
        raise NotFound(f"There is no address {address_id} of customer {customer_id}.")
    return found


def find_default(connection: Connection, customer_id: int) -> Any | None:
    """Return the default address of a customer, None while it has none."""
    return addresses_sql.find_default(connection, customer_id)


def add_address(connection: Connection, customer_id: int, values: Mapping[str, Any], *, owner_id: int | None) -> Any:
    """Add an address to a customer and return it; the first is the default.

    Raises:
        NotFound: there is no such customer, or it is somebody else.
        TooManyAddresses: it has as many as one may have.
    """
    customers.lock_customer(connection, customer_id, owner_id=owner_id)
    count = addresses_sql.count_addresses(connection, customer_id)
    if count >= MOST:
        raise TooManyAddresses(f"A customer has at most {MOST} addresses; delete one first.")
    now = clock.now()
    row = {**values, "is_default": values["is_default"] or count == 0, "customer_id": customer_id}
    address_id = addresses_sql.insert_address(connection, {**row, "created_at": now, "updated_at": now, "version": 1})
    if row["is_default"]:
        addresses_sql.unset_default(connection, customer_id, but=address_id, values={"updated_at": now})
    return get_address(connection, customer_id, address_id, owner_id=owner_id)


def change_address(
    connection: Connection,
    customer_id: int,
    address_id: int,
    changes: Mapping[str, Any],
    *,
    owner_id: int | None,
    expected_version: int | None,
) -> Any:
    """Change an address and return it; a new default takes the place of the old one.

    Raises:
        NotFound: there is none, or it is somebody else's.
        PreconditionFailed: it was changed since `expected_version`; None fits any.
    """
    customers.lock_customer(connection, customer_id, owner_id=owner_id)
    get_address(connection, customer_id, address_id, owner_id=owner_id)
    now = clock.now()
    values = {**changes, "updated_at": now}
    if not addresses_sql.update_address(connection, customer_id, address_id, values, version=expected_version):
        raise _stale(address_id)
    if changes.get("is_default"):
        addresses_sql.unset_default(connection, customer_id, but=address_id, values={"updated_at": now})
    return get_address(connection, customer_id, address_id, owner_id=owner_id)


def delete_address(
    connection: Connection, customer_id: int, address_id: int, *, owner_id: int | None, expected_version: int | None
) -> None:
    """Delete an address; what was sent there keeps its own copy.

    Raises:
        NotFound: there is none, or it is somebody else's.
        PreconditionFailed: it was changed since `expected_version`; None fits any.
    """
    customers.lock_customer(connection, customer_id, owner_id=owner_id)
    get_address(connection, customer_id, address_id, owner_id=owner_id)
    if not addresses_sql.delete_address(connection, customer_id, address_id, version=expected_version):
        raise _stale(address_id)


def _stale(address_id: int) -> PreconditionFailed:
    return PreconditionFailed(f"Address {address_id} was changed meanwhile; read it again.")
