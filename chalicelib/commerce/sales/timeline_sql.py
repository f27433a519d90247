"""The SQL of the timelines of orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from chalicelib.commerce.sale_tables import order_events
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest


def insert_entry(connection: Connection, values: Mapping[str, Any]) -> None:
    """Insert an entry."""
    connection.execute(insert(order_events).values(**values))


def list_entries(connection: Connection, order_id: int, page: PageRequest, *, with_internal: bool) -> Page[AnyRow]:
    """Return the entries of an order, oldest first."""
    statement = select(order_events).where(order_events.c.order_id == order_id)
    if not with_internal:
        statement = statement.where(order_events.c.internal.is_(False))
    return fetch_page(connection, statement, page, order=[order_events.c.id])
