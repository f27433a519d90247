"""The SQL of suggestions what to order: the whole list is replaced at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from chalicelib.analytics.forecast.forecast_tables import reorder_runs, reorder_suggestions
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest

_CHUNK = 5_000


def replace(connection: Connection, made: Mapping[str, Any], suggestions: Sequence[Mapping[str, Any]]) -> None:
    """Put a list in place of the one before."""
    for table in (reorder_runs, reorder_suggestions):
        connection.execute(delete(table))
    connection.execute(insert(reorder_runs), {"id": 1, **made})
    for start in range(0, len(suggestions), _CHUNK):
        connection.execute(insert(reorder_suggestions), [dict(row) for row in suggestions[start : start + _CHUNK]])


def find_run(connection: Connection) -> AnyRow | None:
    """Return when the list was made, and of what."""
    return connection.execute(select(reorder_runs)).first()


def list_of(connection: Connection, product_ids: Sequence[int], urgencies: Sequence[str]) -> Sequence[AnyRow]:
    """Return the suggestions for some products that are so urgent."""
    row = reorder_suggestions.c
    statement = select(reorder_suggestions).where(row.product_id.in_(product_ids), row.urgency.in_(urgencies))
    return connection.execute(statement.order_by(row.position)).all()


def list_page(connection: Connection, page: PageRequest, *, urgency: str | None) -> Page[AnyRow]:
    """Return suggestions, the most urgent first."""
    row = reorder_suggestions.c
    statement = select(reorder_suggestions)
    if urgency is not None:
        statement = statement.where(row.urgency == urgency)
    return fetch_page(connection, statement, page, order=[row.position])
