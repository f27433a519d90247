"""The SQL of orders."""

from __future__ import annotations

from sqlalchemy import select

from chalicelib.commerce.tables import orders
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_SHOWN = [
    orders.c.id,
    orders.c.user_id,
    orders.c.status,
    orders.c.gender,
    orders.c.created_at,
    orders.c.returned_at,
    orders.c.shipped_at,
    orders.c.delivered_at,
    orders.c.num_of_item,
    orders.c.updated_at,
]


def find_order(connection: Connection, order_id: int) -> AnyRow | None:
    """Return an order."""
    return connection.execute(select(*_SHOWN).where(orders.c.id == order_id)).first()


def list_orders(
    connection: Connection, page: PageRequest, *, user_id: int | None, status: str | None
) -> Page[AnyRow]:
    """Return orders, newest first."""
    statement = select(*_SHOWN)
    if user_id is not None:
        statement = statement.where(orders.c.user_id == user_id)
    if status is not None:
        statement = statement.where(orders.c.status == status)
    return fetch_page(connection, statement, page, order=[orders.c.created_at, orders.c.id], descending=True)
