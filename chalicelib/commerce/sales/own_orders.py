"""One order with its items and parcels, for whoever speaks with its customer; the rules of it live in `orders`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.commerce.sales import fulfilment_sql, orders, orders_sql
from chalicelib.core.database import Connection


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order (its row), its items with product_name and product_sku, and the parcels it left in, by id."""

    order: Any
    items: Sequence[Any]
    shipments: Sequence[Any]


def read_order(connection: Connection, order_id: int, *, owner_id: int) -> WholeOrder:
    """Return an order of a customer.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    order = orders.get_order(connection, order_id, owner_id=owner_id)
    return WholeOrder(
        order, orders_sql.list_items(connection, order_id), fulfilment_sql.list_shipments(connection, order_id)
    )
