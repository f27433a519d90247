"""What a demo asks the database."""

from __future__ import annotations

from sqlalchemy import func, select

from chalicelib.accounts.tables import accounts
from chalicelib.commerce.tables import order_items, products
from chalicelib.core.database import Connection


def has_products(connection: Connection) -> bool:
    """Tell whether there is anything to sell."""
    return connection.execute(select(products.c.id).limit(1)).first() is not None


def list_usernames(connection: Connection, limit: int) -> list[str]:
    """Return the first accounts' names."""
    return list(connection.scalars(select(accounts.c.username).order_by(accounts.c.id).limit(limit)))


def find_best_customer(connection: Connection) -> int | None:
    """Return the customer who kept the most units: one with tastes to show."""
    statement = (
        select(order_items.c.user_id)
        .where(order_items.c.user_id.is_not(None), order_items.c.status.not_in(["cancelled", "returned"]))
        .group_by(order_items.c.user_id)
        .order_by(func.count().desc(), order_items.c.user_id)
        .limit(1)
    )
    return connection.scalar(statement)
