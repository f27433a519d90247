"""What differs between MySQL, MariaDB and SQLite: connecting, beginning, upserts, locks, errors. Nowhere else."""

from __future__ import annotations

import itertools
import re
import sqlite3
import ssl
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Index,
    Integer,
    Select,
    Table,
    cast,
    column,
    create_engine,
    event,
    func,
    select,
    table,
    text,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError

from chalicelib.core.config import ConfigurationError, Settings
from chalicelib.core.errors import Unavailable

_WAL_TRIES = 300
_LOCAL_HOSTS = {None, "", "localhost", "127.0.0.1", "::1"}

# Deadlock, lock wait time-out, too many locks in a FOR UPDATE NOWAIT sense: the transaction may simply run again.
_MYSQL_RETRIABLE = {1205, 1213, 1467, 3572}
_MYSQL_UNREACHABLE = {
    1040,
    1044,
    1045,
    1049,
    1053,
    1129,
    1130,
    1152,
    1184,
    1203,
    2002,
    2003,
    2005,
    2006,
    2013,
    2055,
    4031,
}

# The server forbids LOCAL files.
_MYSQL_NO_LOCAL_FILES = {1148, 2068, 3948, 4166}

# The text index of SQLite is a table of its own, of this name behind that of the table; it has tables of its own.
FULL_TEXT = "_full_text"

# Four tries of five seconds stay within the 29 seconds of an HTTP request; the server's own limit is 50 each.
_SESSION = (
    "SET time_zone = '+00:00', innodb_lock_wait_timeout = 5, group_concat_max_len = 16777216, "
    "sql_mode = 'STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
)


def make_engine(url_text: str, settings: Settings) -> Engine:
    """Return an engine in autocommit: a single read costs one round trip; `transaction()` begins explicitly.

    Raises:
        ConfigurationError: the URL is none, or names an engine that is not supported.
    """
    try:
        url = make_url(url_text)
    except (ArgumentError, ValueError):
        raise ConfigurationError("DATABASE_URL is no URL such as mysql+pymysql://user:password@host/name.") from None
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    if url.get_backend_name() in ("mysql", "mariadb"):
        return _mysql_engine(url.set(drivername="mysql+pymysql"), settings)
    raise ConfigurationError("DATABASE_URL must begin with mysql+pymysql:// or sqlite:///.")


def _sqlite_engine(url: URL) -> Engine:
    if url.database and not url.database.startswith("file:"):
        with suppress(OSError):  # connecting will say so, as of a server that is away
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,
        connect_args={"timeout": 15, "check_same_thread": False},
    )

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        _use_wal(connection)
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging, once; SQLite does not wait by itself for others who do the same."""
    for _ in range(_WAL_TRIES):
        try:
            if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] in ("wal", "memory"):
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise  # a file that is away or read-only is not worth the wait
        time.sleep(0.05)
    connection.execute("PRAGMA journal_mode=WAL")


def _mysql_engine(url: URL, settings: Settings) -> Engine:
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": 5,
        "init_command": _SESSION,
        "local_infile": True,
    }
    if url.host in _LOCAL_HOSTS or "unix_socket" in url.query:
        # PyMySQL would set up TLS at each connect, 40 ms, also on a socket.
        arguments["ssl_disabled"] = True
    elif settings.db_tls_ca or settings.deployed:
        # One verified context for all connections of the container.
        arguments["ssl"] = ssl.create_default_context(cafile=settings.db_tls_ca)
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,  # an exception with values of rows in it would reach the logs
        pool_size=settings.db_pool_size,
        max_overflow=0,
        pool_recycle=1500,
        pool_timeout=10,
        connect_args=arguments,
    )

    def prepare(connection: Any, _record: object) -> None:
        # Writers that wait for a row should see what the other one committed; no gap locks.
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

    event.listen(engine, "connect", prepare)
    return engine


def begin(connection: Connection) -> None:
    """Begin a transaction that will write: SQLite takes its one write lock now, not half-way."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_sqlite(connection) else "START TRANSACTION")


@contextmanager
def alone(connection: Connection, work: str) -> Iterator[None]:
    """Keep other processes out of the same `work` on this database; on SQLite the lock of `begin` does.

    Raises:
        Unavailable: another process has been at it for a minute.
    """
    if is_sqlite(connection):
        yield
        return
    name = f"{connection.engine.url.database}.{work}"[:64]
    if connection.exec_driver_sql("SELECT GET_LOCK(%s, 60)", (name,)).scalar_one() != 1:
        raise Unavailable(f"Another process is at it ({work}) and does not end.", retry_after_s=60)
    try:
        yield
    finally:
        if not connection.invalidated:  # a lost connection has let go of it
            connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (name,))


def is_sqlite(connection: Connection) -> bool:
    """Tell whether the connection is to the embedded engine."""
    return connection.dialect.name == "sqlite"


def without_hex_end(connection: Connection, text: ColumnElement[str]) -> ColumnElement[str]:
    """Return what stands before the last dot of a text that ends in hexadecimal digits behind one, the dot included.

    Of a text without a dot it is one without a dot at its end.
    """
    if is_sqlite(connection):
        return func.rtrim(text, "0123456789abcdef")
    return func.left(text, func.length(text) - func.length(func.substring_index(text, ".", -1)))


def epoch_s(connection: Connection, time: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the expression for the whole seconds from 1970 to a time."""
    if is_sqlite(connection):
        # Without the parts of a second: SQLite would round them.
        return cast(func.strftime("%s", func.substr(time, 1, 19)), Integer)
    return func.timestampdiff(text("SECOND"), text("'1970-01-01'"), time)


def by_index(statement: Select[Any], of: Table, index: str) -> Select[Any]:
    """Return the statement made to read a table by an index, where MySQL would rather read all of a table."""
    return statement.with_hint(of, f"FORCE INDEX ({index})", "mysql")


def upsert(
    connection: Connection, table: Table, values: Mapping[str, Any], *, keys: Sequence[str], update: Mapping[str, Any]
) -> None:
    """Insert a row, or update the one with the same `keys` by `update` (values or SQL expressions)."""
    if is_sqlite(connection):
        on_sqlite = sqlite.insert(table).values(**values)
        connection.execute(on_sqlite.on_conflict_do_update(index_elements=list(keys), set_=dict(update)))
    else:
        on_mysql = mysql.insert(table).values(**values)
        # MySQL assigns from left to right, in the order in which they are given.
        connection.execute(on_mysql.on_duplicate_key_update(list(update.items())))


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or do nothing where one with the same key is there."""
    if is_sqlite(connection):
        connection.execute(sqlite.insert(table).values(**values).on_conflict_do_nothing())
    else:
        # Not INSERT IGNORE, which also cuts values to fit: an update that changes nothing.
        key = table.primary_key.columns[0]
        connection.execute(mysql.insert(table).values(**values).on_duplicate_key_update({key.name: key}))


def upsert_sums(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    sums: Sequence[str],
) -> None:
    """Insert rows, in the order of their keys; where there is one with the same `keys`, add to its `sums` instead."""
    if not rows:
        return
    if is_sqlite(connection):
        on_sqlite = sqlite.insert(table)
        added = {name: table.c[name] + on_sqlite.excluded[name] for name in sums}
        if added:
            connection.execute(on_sqlite.on_conflict_do_update(index_elements=list(keys), set_=added), rows)
        else:
            connection.execute(on_sqlite.on_conflict_do_nothing(), rows)
    else:
        on_mysql = mysql.insert(table)
        kept = {keys[0]: table.c[keys[0]]}  # INSERT IGNORE would also pass over values that do not fit
        added = {name: table.c[name] + on_mysql.inserted[name] for name in sums}
        connection.execute(on_mysql.on_duplicate_key_update(added or kept), rows)


def full_text_index(table: Table, name: str) -> Index:
    """Declare the text index of a column; on SQLite the migration makes a table `<table>_full_text` in its place."""
    index = Index(f"ix_{table.name}_{name}{FULL_TEXT}", table.c[name], mysql_prefix="FULLTEXT")
    index.ddl_if(dialect="mysql")
    return index


def is_of_engine(dialect_name: str, item: object, name: str | None) -> bool:
    """Tell whether a table or index belongs to the schema on an engine, beside what makes up its text indexes."""
    if isinstance(item, Index):
        return dialect_name == "mysql" or not item.dialect_kwargs.get("mysql_prefix")
    return dialect_name != "sqlite" or not re.search(f"{FULL_TEXT}(_data|_idx|_docsize|_config)?$", name or "")


def has_words(
    connection: Connection,
    text: ColumnElement[str],
    key: ColumnElement[int],
    wanted: Sequence[Sequence[tuple[str, bool]]],
) -> ColumnElement[bool]:
    """Return the condition that a text with a text index has one word of each of `wanted`.

    A word is (word, whether more may follow it). The words hold ASCII letters, digits and `_` only. MySQL sees rows
    that are committed, and no others.
    """
    if not is_sqlite(connection):
        groups = [" ".join(f"{word}*" if begins else word for word, begins in words) for words in wanted]
        against = groups[0] if len(groups) == 1 else " ".join(f"+({group})" for group in groups)
        return mysql.match(text, against=against).in_boolean_mode()
    source: Any = text.table
    name = f"{source.name}{FULL_TEXT}"
    found = table(name, column("rowid"))
    groups = [" OR ".join(f'"{word}"*' if begins else f'"{word}"' for word, begins in words) for words in wanted]
    asked = " AND ".join(f"({group})" for group in groups)
    return key.in_(select(found.c.rowid).where(column(name).match(asked)))


def _mysql_code(error: DBAPIError) -> int | None:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def is_retriable(error: DBAPIError) -> bool:
    """Tell whether the database asks to run the transaction again (deadlock, busy)."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig) or "busy" in str(error.orig)
    return _mysql_code(error) in _MYSQL_RETRIABLE


def is_unreachable(error: DBAPIError) -> bool:
    """Tell whether the database does not answer, or lets nobody in."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return "unable to open" in str(error.orig) or "disk I/O" in str(error.orig)
    return error.connection_invalidated or _mysql_code(error) in _MYSQL_UNREACHABLE


def answers(connection: Connection) -> None:
    """Ask the database for a sign of life."""
    connection.exec_driver_sql("SELECT 1")


Columns = Mapping[str, Sequence[Any]]


def insert_rows(connection: Connection, table: str, columns: Columns, constants: Mapping[str, Any]) -> None:
    """Insert rows given as parallel `columns` of int, float, str or None; `constants` are the same in every row.

    Times are text in UTC, `YYYY-MM-DD HH:MM:SS.ffffff`. The quickest way of each engine: LOAD DATA LOCAL where the
    server takes it. It turns errors into warnings, so that anything but "all rows, no warning" raises.

    Raises:
        RowsRefused: a row was not taken as it is; the transaction must be rolled back.
    """
    if not any(map(len, columns.values())):
        return
    if not is_sqlite(connection):
        try:
            _load_data(connection, table, columns, constants)
            return
        except DBAPIError as error:
            if _mysql_code(error) not in _MYSQL_NO_LOCAL_FILES:
                raise
    names = [*columns, *constants]
    mark = "?" if is_sqlite(connection) else "%s"
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608
    rows = list(zip(*columns.values(), *(itertools.repeat(value) for value in constants.values()), strict=False))
    try:
        connection.exec_driver_sql(statement, rows)
    except (IntegrityError, DataError) as error:
        raise RowsRefused(f"{table}: {error.orig}") from error


class RowsRefused(Exception):
    """The server did not take all rows as they are."""


_MARKS = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}
_ESCAPES = str.maketrans(_MARKS)


def _load_data(connection: Connection, table: str, columns: Columns, constants: Mapping[str, Any]) -> None:
    fields = [_as_text(values) for values in columns.values()]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".tsv") as file:
        file.write("\n".join(map("\t".join, zip(*fields, strict=True))))
        file.write("\n")
        file.flush()
        assigned = ", ".join(f"{name} = %s" for name in constants)
        result = connection.exec_driver_sql(
            f"LOAD DATA LOCAL INFILE %s INTO TABLE {table} CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' "
            f"ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({', '.join(columns)})" + (assigned and f" SET {assigned}"),
            (file.name, *constants.values()),
        )
    warnings = connection.exec_driver_sql("SHOW WARNINGS LIMIT 1").first()
    count = len(fields[0])
    if result.rowcount != count or warnings is not None:
        raise RowsRefused(f"{table}: {result.rowcount} of {count} rows taken; {warnings}")


def _as_text(values: Sequence[Any]) -> list[str]:
    """Return the values of a column as LOAD DATA reads them."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return list(map(str, values))
    if str not in kinds:
        return ["\\N" if value is None else repr(value) for value in values]
    given = "".join(value for value in values if value is not None)
    if not any(mark in given for mark in _MARKS):
        return ["\\N" if value is None else value for value in values]
    return ["\\N" if value is None else value.translate(_ESCAPES) for value in values]
