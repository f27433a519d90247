"""The SQL of what guests of one place hold."""

from __future__ import annotations

from sqlalchemy import func, select, update

from chalicelib.commerce.sale_tables import checkout_items, checkouts
from chalicelib.core.database import Connection


def count_held(connection: Connection, client_key: str) -> int:
    """Return how many units the checkouts of a place hold that are under way."""
    under_way = (checkouts.c.client_key == client_key) & checkouts.c.state.in_(("open", "paying"))
    held = select(func.count()).select_from(checkout_items).join(checkouts).where(under_way)
    return int(connection.scalar(held) or 0)


def update_client(connection: Connection, checkout_id: int, client_key: str) -> None:
    """Note the place of a checkout."""
    connection.execute(update(checkouts).where(checkouts.c.id == checkout_id).values(client_key=client_key))
