"""Adding what a statement finds to rows that are kept: INSERT ... SELECT with an upsert, on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table
from sqlalchemy.dialects import mysql, sqlite

from chalicelib.core.database.dialect import is_sqlite


def add_from(
    connection: Connection, table: Table, source: Select[Any], *, keys: Sequence[str], sums: Sequence[str]
) -> None:
    """Insert the rows of `source`, whose columns are `keys` and `sums`; where there is a row, add to its `sums`.

    `source` must have a WHERE: SQLite would read ON CONFLICT as a part of a join.
    """
    names = [*keys, *sums]
    if is_sqlite(connection):
        on_sqlite = sqlite.insert(table).from_select(names, source)
        added = {name: table.c[name] + on_sqlite.excluded[name] for name in sums}
        connection.execute(on_sqlite.on_conflict_do_update(index_elements=list(keys), set_=added))
    else:
        on_mysql = mysql.insert(table).from_select(names, source)
        connection.execute(
            on_mysql.on_duplicate_key_update({name: table.c[name] + on_mysql.inserted[name] for name in sums})
        )
