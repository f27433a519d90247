"""Makers of returns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.commerce.sale_tables import order_returns
from chalicelib.core.database import insert_row, transaction


def make_return(order_id: int, at: datetime, **given: Any) -> int:
    """Make a return of an order that was asked for at a moment."""
    values = {
        "order_id": order_id,
        "state": "requested",
        "reason": "damaged",
        "requested_by": "test",
        "created_at": at,
    }
    with transaction() as connection:
        return insert_row(connection, order_returns, values | given)
