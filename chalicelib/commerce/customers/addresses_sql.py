"""The SQL of customers' addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update

from chalicelib.commerce.tables import addresses
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_SHOWN = list(addresses.c)


def find_address(connection: Connection, customer_id: int, address_id: int) -> AnyRow | None:
    """Return an address of a customer."""
    theirs = (addresses.c.id == address_id) & (addresses.c.customer_id == customer_id)
    return connection.execute(select(*_SHOWN).where(theirs)).first()


def find_default(connection: Connection, customer_id: int) -> AnyRow | None:
    """Return the default address of a customer."""
    theirs = (addresses.c.customer_id == customer_id) & addresses.c.is_default
    return connection.execute(select(*_SHOWN).where(theirs)).first()


def list_addresses(connection: Connection, customer_id: int, page: PageRequest) -> Page[AnyRow]:
    """Return addresses of a customer, by id."""
    theirs = select(*_SHOWN).where(addresses.c.customer_id == customer_id)
    return fetch_page(connection, theirs, page, order=[addresses.c.id])


def list_all_addresses(connection: Connection, customer_id: int) -> Sequence[AnyRow]:
    """Return all addresses of a customer, by id."""
    theirs = select(*_SHOWN).where(addresses.c.customer_id == customer_id)
    return connection.execute(theirs.order_by(addresses.c.id)).all()


def count_addresses(connection: Connection, customer_id: int) -> int:
    """Return how many addresses a customer has."""
    counted = select(func.count()).select_from(addresses).where(addresses.c.customer_id == customer_id)
    return int(connection.execute(counted).scalar_one())


def insert_address(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert an address and return its id."""
    return insert_row(connection, addresses, values)


def update_address(
    connection: Connection, customer_id: int, address_id: int, values: Mapping[str, Any], *, version: int | None
) -> bool:
    """Change an address, one version on; tell whether one of that id and `version` (None: any) was there."""
    changed = update(addresses).where(_one(customer_id, address_id, version))
    return connection.execute(changed.values(**values, version=addresses.c.version + 1)).rowcount == 1


def delete_address(connection: Connection, customer_id: int, address_id: int, *, version: int | None) -> bool:
    """Delete an address; tell whether one of that id and `version` (None: any) was there."""
    return connection.execute(delete(addresses).where(_one(customer_id, address_id, version))).rowcount == 1


def unset_default(connection: Connection, customer_id: int, *, but: int, values: Mapping[str, Any]) -> None:
    """Let no address of a customer be the default, `but` for one."""
    others = (addresses.c.customer_id == customer_id) & addresses.c.is_default & (addresses.c.id != but)
    changed = update(addresses).where(others)
    connection.execute(changed.values(**values, is_default=False, version=addresses.c.version + 1))


def _one(customer_id: int, address_id: int, version: int | None) -> Any:
    wanted = (addresses.c.id == address_id) & (addresses.c.customer_id == customer_id)
    return wanted if version is None else wanted & (addresses.c.version == version)
