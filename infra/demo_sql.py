"""What a demo asks the database."""

from __future__ import annotations

from sqlalchemy import func, select

from chalicelib.accounts.tables import accounts
from chalicelib.commerce.tables import distribution_centers, order_items, orders, users
from chalicelib.core.database import Connection


def has_data(connection: Connection) -> bool:
    """Tell whether the shop has anything at all: products stand in a center, units and items hang on those below."""
    keys = (distribution_centers.c.id, users.c.id, orders.c.id)
    return any(connection.execute(select(key).limit(1)).first() is not None for key in keys)


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
