"""What conversations keep of an account, in short: for the export of all that is kept of a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.conversations.privacy import export_sql as sql
from chalicelib.core.database import Connection
from chalicelib.core.paging import MAX_LIMIT


def list_latest(connection: Connection, account_id: int) -> Sequence[Any]:
    """Return the latest sessions of an account, as many as a list may have."""
    return sql.list_latest(connection, account_id, MAX_LIMIT)


def list_templates(connection: Connection, account_id: int) -> Sequence[Any]:
    """Return the templates that an account made, as many as a list may have."""
    return sql.list_templates(connection, account_id, MAX_LIMIT)
