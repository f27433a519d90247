"""The SQL of customers (the table `users`)."""

from __future__ import annotations

from sqlalchemy import select

from chalicelib.commerce.tables import users
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_HIDDEN = {"email_key", "phone", "version", "archived_at"}
_SHOWN = [column for column in users.c if column.name not in _HIDDEN]


def find_customer(connection: Connection, customer_id: int) -> AnyRow | None:
    """Return a customer."""
    return connection.execute(select(*_SHOWN).where(users.c.id == customer_id)).first()


def list_customers(connection: Connection, page: PageRequest, *, only_id: int | None) -> Page[AnyRow]:
    """Return customers by id, or the one of `only_id`."""
    statement = select(*_SHOWN)
    if only_id is not None:
        statement = statement.where(users.c.id == only_id)
    return fetch_page(connection, statement, page, order=[users.c.id])
