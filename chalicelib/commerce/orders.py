"""The rules of orders."""

from __future__ import annotations

from typing import Any

from chalicelib.commerce import orders_sql
from chalicelib.commerce.order_states import SPELLINGS
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, PageRequest


def list_orders(
    connection: Connection, page: PageRequest, *, user_id: int | None, status: str | None, owner_id: int | None
) -> Page[Any]:
    """Return orders, newest first; `owner_id`, where given, is the only customer whose orders may be seen.

    `status` is one of `order_states.SPELLINGS`, in any case.
    """
    wanted = None if status is None else SPELLINGS[status.lower()].value
    if owner_id is not None and user_id not in (None, owner_id):
        return Page([], page, total=None if page.after is not None else 0)
    return orders_sql.list_orders(connection, page, user_id=owner_id or user_id, status=wanted)


def get_order(connection: Connection, order_id: int, *, owner_id: int | None) -> Any:
    """Return an order.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = orders_sql.find_order(connection, order_id)
    if found is None or (owner_id is not None and found.user_id != owner_id):
        raise NotFound(f"There is no order {order_id}.")
    return found
