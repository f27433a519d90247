"""The SQL of shipments and returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from chalicelib.commerce.sale_tables import order_returns, shipments
from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest


def insert_shipment(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a shipment and return its id."""
    return insert_row(connection, shipments, values)


def find_shipment(connection: Connection, order_id: int, shipment_id: int) -> AnyRow | None:
    """Return a shipment of an order."""
    of_order = (shipments.c.id == shipment_id) & (shipments.c.order_id == order_id)
    return connection.execute(select(shipments).where(of_order)).first()


def update_shipment(connection: Connection, shipment_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a shipment."""
    connection.execute(update(shipments).where(shipments.c.id == shipment_id).values(**values))


def list_shipments(connection: Connection, order_id: int) -> Sequence[AnyRow]:
    """Return the shipments of an order."""
    statement = select(shipments).where(shipments.c.order_id == order_id).order_by(shipments.c.id)
    return connection.execute(statement).all()


def insert_return(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a return and return its id."""
    return insert_row(connection, order_returns, values)


def find_return(connection: Connection, order_id: int, return_id: int) -> AnyRow | None:
    """Return a return of an order."""
    of_order = (order_returns.c.id == return_id) & (order_returns.c.order_id == order_id)
    return connection.execute(select(order_returns).where(of_order)).first()


def update_return(connection: Connection, return_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a return."""
    connection.execute(update(order_returns).where(order_returns.c.id == return_id).values(**values))


def list_returns_of(connection: Connection, order_id: int) -> Sequence[AnyRow]:
    """Return the returns of an order."""
    statement = select(order_returns).where(order_returns.c.order_id == order_id).order_by(order_returns.c.id)
    return connection.execute(statement).all()


def list_returns(connection: Connection, page: PageRequest, *, state: str | None) -> Page[AnyRow]:
    """Return returns of all orders, newest first."""
    statement = select(order_returns)
    if state is not None:
        statement = statement.where(order_returns.c.state == state)
    order = [order_returns.c.created_at, order_returns.c.id]
    return fetch_page(connection, statement, page, order=order, descending=True)
