"""The SQL of checkouts that came to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select, update

from chalicelib.commerce.sale_tables import checkout_items, checkouts, payments
from chalicelib.core.database import Connection


def lock_left(connection: Connection, before: datetime, limit: int) -> list[int]:
    """Return ids of ended checkouts that ran out before then and still name a person, locked."""
    ended = checkouts.c.state.in_(("expired", "cancelled")) & (checkouts.c.expires_at < before)
    named = select(checkouts.c.id).where(ended, checkouts.c.email != "").order_by(checkouts.c.id).limit(limit)
    return list(connection.scalars(named.with_for_update()))


def forget_person(connection: Connection, ids: Sequence[int]) -> None:
    """Forget who wanted to buy, and where it was to be sent."""
    nobody = {"email": "", "email_key": "", "address": "{}", "client_key": None, "request_key": None}
    connection.execute(update(checkouts).where(checkouts.c.id.in_(ids)).values(**nobody))


def delete_unpaid(connection: Connection, ids: Sequence[int]) -> None:
    """Delete those of the checkouts that nobody ever tried to pay."""
    tried = exists().where(payments.c.checkout_id == checkouts.c.id)
    gone = list(connection.scalars(select(checkouts.c.id).where(checkouts.c.id.in_(ids), ~tried)))
    connection.execute(delete(checkout_items).where(checkout_items.c.checkout_id.in_(gone)))
    connection.execute(delete(checkouts).where(checkouts.c.id.in_(gone)))
