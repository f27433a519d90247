"""The engine of this process and its transactions: made at first use, kept by the container."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chalicelib.core import logging
from chalicelib.core.config import Settings, settings
from chalicelib.core.database import dialect
from chalicelib.core.errors import Conflict, Unavailable

__all__ = ["Connection", "after_commit", "insert_row", "read", "run", "transaction", "use_engine"]

T = TypeVar("T")

_ATTEMPTS = 4
_PAUSE_S = 0.01
_WAITING = "work after the commit"

_lock = threading.Lock()
_engine: Engine | None = None


def engine() -> Engine:
    """Return the engine of this process, made at first use."""
    global _engine
    if _engine is None:
        with _lock:
            if _engine is None:
                _engine = dialect.make_engine(database_url(settings()), settings())
    return _engine


def database_url(config: Settings) -> str:
    """Return the URL to connect to, from the settings or from the secret that they name."""
    if config.database_url is not None:
        return config.database_url
    from chalicelib.core.secrets import database_url_from_secret  # loads boto3: only deployed stages need it

    return database_url_from_secret(config)


def use_engine(replacement: Engine | None) -> Engine | None:
    """Make `replacement` the engine of this process and return the one before (tools and tests)."""
    global _engine
    with _lock:
        before, _engine = _engine, replacement
    return before


@contextmanager
def read() -> Iterator[Connection]:
    """Give a connection for reading: each statement stands for itself, nothing is begun."""
    with engine().connect() as connection:
        yield connection


@contextmanager
def transaction() -> Iterator[Connection]:
    """Give a connection inside a transaction: committed at the end, rolled back when an exception leaves.

    What was handed to `after_commit` is done once the connection is free again.
    """
    with engine().connect() as connection:
        waiting = connection.info[_WAITING] = []
        with begun(connection):
            yield connection
    for work in waiting:
        try:
            work()
        except Exception:
            # The transaction stands; whoever hands over such work also has a schedule that makes up for it.
            logging.failure("work after a commit failed")


def after_commit(connection: Connection, work: Callable[[], object]) -> None:
    """Have `work` done after the transaction of `connection` is committed, outside of any: calls that go out.

    It may be lost with the process: only for what a scheduled function would do a little later.
    """
    connection.info.setdefault(_WAITING, []).append(work)


@contextmanager
def begun(connection: Connection) -> Iterator[None]:
    """Run the block inside a transaction of `connection`: committed at the end, or rolled back."""
    dialect.begin(connection)
    try:
        yield
        _commit(connection)
    except BaseException:
        _roll_back(connection)
        raise


def _commit(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("COMMIT")
    except DBAPIError as error:
        if not dialect.is_unreachable(error):
            raise
        # Whether it was kept nobody knows: `run` must not do it a second time.
        logging.warning("connection lost at commit", reason=str(error.orig))
        message = "The database was lost while it saved; look whether it did before you try again."
        raise Unavailable(message, code="outcome-unknown", retry_after_s=5) from error


def insert_row(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row and return the id that the database gave it."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    if key is None:  # only an insert of many rows has none
        raise TypeError("one row at a time")
    return int(key[0])


def _roll_back(connection: Connection) -> None:
    try:
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError:
        # The server is gone and has rolled back by itself; the first exception is the one to show.
        connection.invalidate()


def run(work: Callable[[Connection], T], *, writes: bool) -> T:
    """Run `work` on a connection, in a transaction when it `writes`, again after a deadlock or a lost connection.

    `work` must have no effect outside the database.

    Raises:
        Unavailable: the database does not answer.
        Conflict: others kept getting in the way.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction() if writes else read() as connection:
                return work(connection)
        except PoolTimeout as error:
            raise Unavailable("All database connections are busy.", retry_after_s=2) from error
        except DBAPIError as error:
            _raise_unless_worth_another_try(error, attempt)
    raise AssertionError("the last attempt raises")


def _raise_unless_worth_another_try(error: DBAPIError, attempt: int) -> None:
    if dialect.is_unreachable(error):
        # A stale pooled connection: once more on a new one. A second loss means that the server is down.
        if error.connection_invalidated and attempt == 1:
            return
        logging.warning("database unreachable", reason=str(error.orig))
        raise Unavailable("The database does not answer.", retry_after_s=5) from error
    if not dialect.is_retriable(error):
        raise error
    if attempt == _ATTEMPTS:
        raise Conflict("Others are changing the same data; try again.", retry_after_s=1) from error
    # Each after a moment of its own, or the same transactions would meet again.
    time.sleep(random.uniform(0, _PAUSE_S * 2**attempt))  # noqa: S311 - no secret
