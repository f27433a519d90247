"""The SQL of imports: their own tables, and the bulk reads and writes of the six tables that they fill.

The six tables belong to other domains. An import is the one writer that fills them as they are, by the names in
`columns`; it goes by name and imports nothing of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import TableClause, and_, bindparam, column, exists, func, insert, or_, select, table, update
from sqlalchemy.exc import IntegrityError

from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.dialect import Columns, RowsRefused, insert_rows
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.csv_import.tables import import_files, import_rejections, imports

_LOOKUP = 2_000  # values of one IN list: enough to be quick, few enough for every engine's limits

# --- imports -----------------------------------------------------------------------------------------------------


def insert_import(connection: Connection, values: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> int:
    """Insert an import with its files and return its id."""
    import_id = insert_row(connection, imports, values)
    if files:
        connection.execute(insert(import_files), [{**file, "import_id": import_id} for file in files])
    return import_id


def find_import(connection: Connection, import_id: int) -> AnyRow | None:
    """Return an import."""
    return connection.execute(select(imports).where(imports.c.id == import_id)).first()


def list_imports(connection: Connection, page: PageRequest) -> Page[AnyRow]:
    """Return imports, newest first."""
    return fetch_page(connection, select(imports), page, order=[imports.c.id], descending=True)


def list_files(connection: Connection, import_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return the files of imports, parents first."""
    wanted = import_files.c.import_id.in_(import_ids)
    return connection.execute(select(import_files).where(wanted).order_by(import_files.c.position)).all()


def list_unfinished(connection: Connection, source: str | None = None) -> Sequence[AnyRow]:
    """Return the imports that are not at their end, oldest first."""
    statement = select(imports).where(imports.c.state.in_(["queued", "running"])).order_by(imports.c.id)
    if source is not None:
        statement = statement.where(imports.c.source == source)
    return connection.execute(statement).all()


def take_lease(
    connection: Connection, import_id: int, holder: str, *, dead: str | None, now: datetime, until: datetime
) -> bool:
    """Take or renew the right to work on an import, when it is free, over, one's own, or that of a `dead` holder."""
    free = or_(
        imports.c.lease_until.is_(None),
        imports.c.lease_until < now,
        imports.c.lease_holder == holder,
        *([imports.c.lease_holder == dead] if dead else []),
    )
    unfinished = imports.c.state.in_(["queued", "running"])
    statement = update(imports).where(and_(imports.c.id == import_id, unfinished, free))
    taken = connection.execute(statement.values(lease_holder=holder, lease_until=until, state="running"))
    return taken.rowcount == 1


def release_lease(connection: Connection, import_id: int, holder: str) -> None:
    """Let others work on the import."""
    mine = and_(imports.c.id == import_id, imports.c.lease_holder == holder)
    connection.execute(update(imports).where(mine).values(lease_until=None))


def end_import(connection: Connection, import_id: int, holder: str, values: Mapping[str, Any]) -> bool:
    """Set the columns that tell how an import ended; False when it is not `holder` that works on it."""
    mine = and_(imports.c.id == import_id, imports.c.state == "running", imports.c.lease_holder == holder)
    return connection.execute(update(imports).where(mine).values(**values)).rowcount == 1


def update_file(connection: Connection, file_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a file of an import."""
    connection.execute(update(import_files).where(import_files.c.id == file_id).values(**values))


def add_progress(connection: Connection, file_id: int, counts: Mapping[str, int], values: Mapping[str, Any]) -> None:
    """Add to the counts of a file and set its other `values`."""
    added = {name: import_files.c[name] + count for name, count in counts.items()}
    connection.execute(update(import_files).where(import_files.c.id == file_id).values(**added, **values))


def insert_rejections(connection: Connection, import_id: int, file: str, rejections: Sequence[Any]) -> None:
    """Insert rejections (line, column, value, reason) of a file."""
    if not rejections:
        return
    lines, names, values, reasons = zip(*rejections, strict=True)
    columns = {"line": lines, "column_name": names, "value": values, "reason": reasons}
    insert_rows(connection, "import_rejections", columns, {"import_id": import_id, "file": file})


def list_rejections(connection: Connection, import_id: int, page: PageRequest) -> Page[AnyRow]:
    """Return the rejections of an import in the order of the files."""
    statement = select(import_rejections).where(import_rejections.c.import_id == import_id)
    return fetch_page(connection, statement, page, order=[import_rejections.c.id])


# --- the tables that are filled ----------------------------------------------------------------------------------


def _target(name: str, columns: Sequence[str]) -> TableClause:
    return table(name, *(column(each) for each in columns))


def any_between(connection: Connection, name: str, low: int, high: int) -> bool:
    """Tell whether the table has an id from `low` to `high`."""
    target = _target(name, ["id"])
    return bool(connection.scalar(select(exists().where(target.c.id.between(low, high)))))


def find_id_range(connection: Connection, name: str) -> tuple[int, int, int]:
    """Return how many ids a table has, the least and the greatest; all 0 of an empty one."""
    ids = _target(name, ["id"]).c.id
    row = connection.execute(select(func.count(), func.min(ids), func.max(ids))).one()
    return row[0], row[1] or 0, row[2] or 0


def iterate_ids(connection: Connection, name: str) -> Iterator[list[int]]:
    """Yield all ids of a table, ascending, in lists of bounded length."""
    target = _target(name, ["id"])
    last = 0
    while True:
        ids = list(
            connection.scalars(select(target.c.id).where(target.c.id > last).order_by(target.c.id).limit(50_000))
        )
        if not ids:
            return
        yield ids
        last = ids[-1]


def find_rows(
    connection: Connection, name: str, columns: Sequence[str], ids: Sequence[int]
) -> dict[int, tuple[Any, ...]]:
    """Return the rows of `ids` as plain values by id; times as text, `YYYY-MM-DD HH:MM:SS.ffffff`."""
    return {row[0]: tuple(row[1:]) for row in _look_up(connection, name, ["id", *columns], "id", ids)}


def find_owners(connection: Connection, name: str, unique: str, values: Sequence[Any]) -> dict[Any, Any]:
    """Return the id that holds each of the unique `values`, for those that are held."""
    return dict(_look_up(connection, name, [unique, "id"], unique, values))


def _look_up(
    connection: Connection, name: str, columns: Sequence[str], by: str, values: Sequence[Any]
) -> Iterator[tuple[Any, ...]]:
    target = _target(name, columns)
    statement = select(*(target.c[each] for each in columns))
    for start in range(0, len(values), _LOOKUP):
        part = values[start : start + _LOOKUP]
        for row in connection.execute(statement.where(target.c[by].in_(part))):
            yield tuple(each.isoformat(" ", "microseconds") if isinstance(each, datetime) else each for each in row)


def insert_columns(connection: Connection, name: str, columns: Columns, constants: Mapping[str, Any]) -> None:
    """Insert rows given as parallel columns."""
    insert_rows(connection, name, columns, constants)


def update_rows(
    connection: Connection, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, versioned: bool
) -> None:
    """Set `columns` of rows, each given as (*values, id); a table that is `versioned` counts the change.

    Raises:
        RowsRefused: a row was not taken; the transaction must be rolled back.
    """
    target = _target(name, ["id", "version", *columns])
    assigned: dict[str, Any] = {each: bindparam(f"new_{each}") for each in columns}
    if versioned:
        assigned["version"] = target.c.version + 1
    statement = update(target).where(target.c.id == bindparam("the_id")).values(assigned)
    names = [f"new_{each}" for each in columns] + ["the_id"]
    try:
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
    except IntegrityError as error:
        raise RowsRefused(f"{name}: {error.orig}") from error
