"""The rules of customers."""

from __future__ import annotations

from typing import Any

from chalicelib.commerce import customers_sql
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound


def exists(connection: Connection, customer_id: int) -> bool:
    """Tell whether there is such a customer."""
    return customers_sql.find_customer(connection, customer_id) is not None


def get_customer(connection: Connection, customer_id: int, *, owner_id: int | None) -> Any:
    """Return a customer; `owner_id`, where given, is the only one that may be seen.

    Raises:
        NotFound: there is none, or it is somebody else.
    """
    found = None
    if owner_id in (None, customer_id):
        found = customers_sql.find_customer(connection, customer_id)
    if found is None:
        raise NotFound(f"There is no customer {customer_id}.")
    return found
