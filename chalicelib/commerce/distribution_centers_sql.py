"""The SQL of distribution centers."""

from __future__ import annotations

from sqlalchemy import select

from chalicelib.commerce.tables import distribution_centers
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_HIDDEN = {"version", "archived_at"}
_SHOWN = [column for column in distribution_centers.c if column.name not in _HIDDEN]


def find_distribution_center(connection: Connection, center_id: int) -> AnyRow | None:
    """Return a distribution center."""
    return connection.execute(select(*_SHOWN).where(distribution_centers.c.id == center_id)).first()


def list_distribution_centers(connection: Connection, page: PageRequest) -> Page[AnyRow]:
    """Return distribution centers by id."""
    return fetch_page(connection, select(*_SHOWN), page, order=[distribution_centers.c.id])
