"""The timeline of an order: who did what, in words that a customer may read; internal entries are for staff."""

from __future__ import annotations

from typing import Any

from chalicelib.commerce.sales import timeline_sql
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.paging import Page, PageRequest

MAX_TEXT = 2000


def write(connection: Connection, order_id: int, kind: str, text: str, actor: str, *, internal: bool = False) -> None:
    """Add an entry to the timeline of an order."""
    values = {
        "order_id": order_id,
        "kind": kind,
        "text": text[:MAX_TEXT],
        "actor": actor,
        "internal": internal,
        "created_at": clock.now(),
    }
    timeline_sql.insert_entry(connection, values)


def read(connection: Connection, order_id: int, page: PageRequest, *, with_internal: bool) -> Page[Any]:
    """Return the timeline of an order, oldest first."""
    return timeline_sql.list_entries(connection, order_id, page, with_internal=with_internal)
