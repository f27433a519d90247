"""Connections, transactions and what differs between the engines, on the real ones."""

from __future__ import annotations

import sqlite3
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql.err import OperationalError as PyMySQLError
from sqlalchemy import Engine, event, func, insert, literal, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

from chalicelib.accounts.tables import login_attempts
from chalicelib.commerce.tables import distribution_centers
from chalicelib.core import config
from chalicelib.core.config import ConfigurationError, Settings
from chalicelib.core.database import Connection, insert_row, read, run, transaction, use_engine
from chalicelib.core.database.dialect import is_sqlite, make_engine, upsert, without_hex_end
from chalicelib.core.database.engine import engine as process_engine
from chalicelib.core.errors import Conflict, NotFound, Unavailable
from chalicelib.csv_import.tables import imports
from infra.migrate import migrate
from infra.private_mariadb import PrivateServer
from tests.conftest import empty, set_settings
from tests.factories import NOON, make_center


@contextmanager
def used(engine: Engine) -> Iterator[Engine]:
    """Make an engine that of the process for a while."""
    before = use_engine(engine)
    try:
        yield engine
    finally:
        use_engine(before)
        engine.dispose()


@contextmanager
def shop_at(url: str) -> Iterator[Engine]:
    """Give an empty shop on one engine alone."""
    with used(make_engine(url, Settings(db_pool_size=12))) as engine:
        migrate(engine)
        yield engine
        empty(engine)


@pytest.fixture(autouse=True)
def settings_of_this_test_end_with_it() -> Iterator[None]:
    yield
    config.settings.cache_clear()


@pytest.fixture
def on_mysql(mysql_url: str) -> Iterator[Engine]:
    """An empty shop on the server: for what is about its connections and locks."""
    with shop_at(mysql_url) as engine:
        yield engine


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[Engine]:
    """An empty shop in a file: for what is about SQLite's own ways."""
    with shop_at(sqlite_url) as engine:
        yield engine


def names() -> set[str]:
    """Return the names of the distribution centers that are committed."""
    with read() as connection:
        return set(connection.execute(select(distribution_centers.c.name)).scalars())


def rename(connection: Connection, center_id: int, name: str) -> None:
    table = distribution_centers
    connection.execute(update(table).where(table.c.id == center_id).values(name=name))


def center(**given: Any) -> dict[str, Any]:
    """Return the values of a distribution center."""
    return {"name": "new", "latitude": 0, "longitude": 0, "created_at": NOON, "updated_at": NOON} | given


def deadlock() -> OperationalError:
    """Return what SQLAlchemy raises where the server chose a transaction as the victim of a deadlock."""
    return OperationalError("UPDATE", None, PyMySQLError(1213, "Deadlock found when trying to get lock"))


# --- transactions ------------------------------------------------------------------------------------------------


def test_what_a_transaction_did_is_there_for_all_at_its_end_and_not_before(shop: Engine) -> None:
    center_id = make_center(name="old")
    with transaction() as connection:
        rename(connection, center_id, "new")
        assert names() == {"old"}
    assert names() == {"new"}


@pytest.mark.parametrize("kind", [ValueError, NotFound, KeyboardInterrupt, SystemExit])
def test_whatever_leaves_a_transaction_undoes_it(shop: Engine, kind: type[BaseException]) -> None:
    center_id = make_center(name="old")

    def fail() -> None:
        with transaction() as connection:
            rename(connection, center_id, "new")
            raise kind("no")

    with pytest.raises(kind):
        fail()
    assert names() == {"old"}
    make_center(name="after")
    assert names() == {"old", "after"}


def test_a_statement_that_fails_undoes_the_whole_transaction(shop: Engine) -> None:
    center_id = make_center(name="old")

    def fail() -> None:
        with transaction() as connection:
            rename(connection, center_id, "new")
            connection.execute(insert(distribution_centers).values(center(id=center_id)))

    with pytest.raises(IntegrityError):
        fail()
    assert names() == {"old"}


def test_a_commit_that_is_refused_leaves_no_open_transaction_behind(on_sqlite: Engine) -> None:
    """A deferred check fails at the very end; the connection goes back to the pool."""
    orphan = "VALUES (1, 'x', '2026-03-01', '2026-03-01')"

    def fail() -> None:
        with transaction() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql(
                f"INSERT INTO auth_tokens (account_id, token_hash, created_at, expires_at) {orphan}"
            )

    with pytest.raises(IntegrityError):
        fail()
    with read() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM auth_tokens").scalar_one() == 0
    make_center(name="after")
    assert names() == {"after"}


def test_a_transaction_on_sqlite_holds_the_write_lock_from_its_beginning(on_sqlite: Engine) -> None:
    """Two that read first and write then could otherwise both wait for the other, and one would fail."""
    with closing(sqlite3.connect(str(on_sqlite.url.database), timeout=0, isolation_level=None)) as other:
        with transaction() as connection:
            connection.execute(select(distribution_centers)).all()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            assert other.execute("SELECT COUNT(*) FROM distribution_centers").fetchone() == (0,)
        other.execute("BEGIN IMMEDIATE")


def test_writers_at_once_lose_nothing(shop: Engine) -> None:
    center_id = make_center(latitude=0)
    table = distribution_centers

    def add_one(_: int) -> None:
        def work(connection: Connection) -> None:
            connection.execute(update(table).where(table.c.id == center_id).values(latitude=table.c.latitude + 1))

        run(work, writes=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(80)))
    with read() as connection:
        assert connection.execute(select(table.c.latitude)).scalar_one() == 80


# --- run ---------------------------------------------------------------------------------------------------------


def test_run_returns_what_the_work_returns(shop: Engine) -> None:
    assert run(lambda connection: connection.execute(text("SELECT 7")).scalar_one(), writes=False) == 7
    new_id = run(lambda connection: insert_row(connection, distribution_centers, center(name="a")), writes=True)
    assert (new_id > 0, names()) == (True, {"a"})


def test_an_error_of_a_rule_undoes_the_work_and_is_not_tried_again(shop: Engine) -> None:
    center_id, tries = make_center(name="old"), []

    def work(connection: Connection) -> None:
        tries.append(1)
        rename(connection, center_id, "new")
        raise Conflict("no")

    with pytest.raises(Conflict):
        run(work, writes=True)
    assert (names(), len(tries)) == ({"old"}, 1)


def test_the_victim_of_a_deadlock_runs_again_from_the_start(shop: Engine) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> str:
        tries.append(1)
        connection.execute(insert(distribution_centers).values(center(name=f"try {len(tries)}")))
        if len(tries) < 3:
            raise deadlock()
        return "done"

    assert run(work, writes=True) == "done"
    assert names() == {"try 3"}


def test_a_deadlock_that_does_not_end_is_a_conflict_worth_trying_again(shop: Engine) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(1)
        raise deadlock()

    with pytest.raises(Conflict) as caught:
        run(work, writes=True)
    assert caught.value.retry_after_s
    assert 2 <= len(tries) <= 10


def test_victims_come_back_at_different_moments_and_soon(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    def work(connection: Connection) -> None:
        raise deadlock()

    for _ in range(20):
        with pytest.raises(Conflict):
            run(work, writes=True)
    assert len(set(pauses)) > 20
    assert max(pauses) < 1


def test_a_true_deadlock_is_survived_by_both(on_mysql: Engine) -> None:
    first, second = make_center(name="a"), make_center(name="b")
    both_hold_one = threading.Barrier(2, timeout=20)
    tries: list[str] = []

    def swap(name: str, one: int, other: int) -> None:
        def work(connection: Connection) -> None:
            tries.append(name)
            rename(connection, one, f"{name} was here")
            if tries.count(name) == 1:
                both_hold_one.wait()
            rename(connection, other, f"{name} was here")

        run(work, writes=True)

    with ThreadPoolExecutor(2) as pool:
        forth, back = pool.submit(swap, "forth", first, second), pool.submit(swap, "back", second, first)
        forth.result(timeout=30)
        back.result(timeout=30)
    assert sorted(tries) in (["back", "back", "forth"], ["back", "forth", "forth"])
    # Who ran last has both rows: nothing of a half-done transaction is left.
    assert names() in ({"forth was here"}, {"back was here"})


def test_a_lock_that_is_held_too_long_is_a_conflict_in_the_end(on_mysql: Engine) -> None:
    center_id, tries = make_center(name="old"), []

    def work(connection: Connection) -> None:
        tries.append(1)
        # Without patience, so that the test need not wait.
        connection.exec_driver_sql(f"SELECT id FROM distribution_centers WHERE id = {center_id} FOR UPDATE NOWAIT")

    with transaction() as holder:
        rename(holder, center_id, "held")
        with pytest.raises(Conflict):
            run(work, writes=True)
    assert names() == {"held"}
    assert len(tries) > 1


# --- a server that goes away -------------------------------------------------------------------------------------


def kill(engine: Engine, connection_id: int) -> None:
    """End a connection from the server's side."""
    with engine.connect() as other:
        other.exec_driver_sql(f"KILL {connection_id}")
        running = text("SELECT COUNT(*) FROM information_schema.processlist WHERE id = :id")
        while other.execute(running, {"id": connection_id}).scalar_one():
            pass


def id_of(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one())


@pytest.mark.parametrize("writes", [True, False])
def test_a_connection_that_died_in_the_pool_is_not_noticed(on_mysql: Engine, writes: bool) -> None:
    with used(make_engine(str(on_mysql.url.render_as_string(False)), Settings(db_pool_size=3))) as engine:
        with engine.connect() as one, engine.connect() as two:
            stale = [id_of(one), id_of(two)]
        for each in stale:
            kill(on_mysql, each)
        assert run(lambda connection: id_of(connection) not in stale, writes=writes)


def test_work_whose_connection_is_lost_half_way_is_done_once(on_mysql: Engine) -> None:
    center_id, tries = make_center(latitude=0), []
    table = distribution_centers

    def work(connection: Connection) -> None:
        tries.append(1)
        connection.execute(update(table).where(table.c.id == center_id).values(latitude=table.c.latitude + 1))
        if len(tries) == 1:
            kill(on_mysql, id_of(connection))
        connection.execute(text("SELECT 1"))

    run(work, writes=True)
    with read() as connection:
        assert connection.execute(select(table.c.latitude)).scalar_one() == 1
    assert len(tries) == 2


def test_work_whose_connection_is_lost_at_its_commit_is_not_done_again(on_mysql: Engine) -> None:
    """It may have been kept: to do it again might place an order twice."""
    center_id, tries = make_center(name="old"), []

    def work(connection: Connection) -> None:
        tries.append(1)
        rename(connection, center_id, "new")
        kill(on_mysql, id_of(connection))

    with pytest.raises(Unavailable) as caught:
        run(work, writes=True)
    assert caught.value.code == "outcome-unknown"
    assert len(tries) == 1
    assert names() == {"old"}


def test_a_connection_lost_each_time_is_a_server_that_is_away(on_mysql: Engine) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(1)
        kill(on_mysql, id_of(connection))
        connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable) as caught:
        run(work, writes=True)
    assert caught.value.retry_after_s
    assert len(tries) == 2


@pytest.mark.parametrize("writes", [True, False])
def test_a_server_that_is_not_there_is_unavailable(writes: bool) -> None:
    dead = make_engine("mysql+pymysql://shop:geheim@127.0.0.1:1/shop", Settings())
    with used(dead), pytest.raises(Unavailable) as caught:
        run(lambda _connection: pytest.fail("there is no connection"), writes=writes)
    assert caught.value.retry_after_s
    assert "geheim" not in str(caught.value)


def test_a_server_that_lets_nobody_in_is_unavailable(mariadb: PrivateServer) -> None:
    stranger = mariadb.url_of("shop").replace("root@", "stranger:geheim@")
    with used(make_engine(stranger, Settings())), pytest.raises(Unavailable):
        run(lambda _connection: pytest.fail("nobody was let in"), writes=False)


def test_a_database_that_is_not_there_is_unavailable(mariadb: PrivateServer) -> None:
    with used(make_engine(mariadb.url_of("no_such_shop"), Settings())), pytest.raises(Unavailable):
        run(lambda _connection: pytest.fail("there is no database"), writes=False)


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "shop.db").mkdir()
    with used(make_engine(f"sqlite:///{tmp_path / 'shop.db'}", Settings())), pytest.raises(Unavailable):
        run(lambda _connection: pytest.fail("a folder is no database"), writes=False)


def test_a_file_that_may_only_be_read_is_no_reason_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE things (id INTEGER)")
    engine = make_engine(f"sqlite:///file:{path}?mode=ro&uri=true", Settings())
    with pytest.raises(OperationalError, match="readonly"):
        engine.connect()
    engine.dispose()
    assert pauses == []


def test_a_pool_without_a_free_connection_is_unavailable(on_mysql: Engine) -> None:
    with used(make_engine(on_mysql.url.render_as_string(False), Settings(db_pool_size=1))) as engine:
        engine.pool._timeout = 0.05  # type: ignore[attr-defined]
        with engine.connect(), pytest.raises(Unavailable) as caught:
            run(lambda _connection: pytest.fail("there is none"), writes=False)
        assert caught.value.retry_after_s
        assert run(lambda connection: connection.execute(text("SELECT 1")).scalar_one(), writes=False) == 1


def test_a_mistake_in_sql_is_not_taken_for_anything_else(shop: Engine) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> None:
        tries.append(1)
        connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        run(work, writes=False)
    assert len(tries) == 1


# --- engines -----------------------------------------------------------------------------------------------------


def test_threads_that_come_first_at_once_share_one_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, Settings(database_url=f"sqlite:///{tmp_path / 'shop.db'}"))
    before, start = use_engine(None), threading.Barrier(8)

    def ask(_: int) -> Engine:
        start.wait()
        return process_engine()

    try:
        with ThreadPoolExecutor(8) as pool:
            engines = set(pool.map(ask, range(8)))
    finally:
        made = use_engine(before)
    assert engines == {made}
    assert made is not None
    made.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:geheim@db/shop",
        "geheim",
        "mysql+pymysql://shop:geheim@db:port/shop",
        "mysql//shop:geheim@db/shop",
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as caught:
        make_engine(url, Settings())
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql", "mysql+mysqldb"])
def test_every_spelling_of_mysql_is_spoken_to_by_pymysql(scheme: str) -> None:
    made = make_engine(f"{scheme}://shop@db.example/shop", Settings())
    assert made.url.drivername == "mysql+pymysql"
    made.dispose()


def connect_arguments(url: str, settings: Settings) -> dict[str, Any]:
    """Return what the driver would be given to connect."""
    made, given_arguments = make_engine(url, settings), {}

    def note(_dialect: Any, _record: Any, _arguments: Any, keywords: dict[str, Any]) -> None:
        given_arguments.update(keywords)
        raise ConnectionAbortedError

    event.listen(made, "do_connect", note)
    with suppress(ConnectionAbortedError):
        made.connect()
    made.dispose()
    return given_arguments


def test_a_deployed_function_speaks_to_a_verified_server_only() -> None:
    arguments = connect_arguments("mysql://shop@db.example/shop", Settings(deployed=True))
    assert arguments["ssl"].verify_mode is ssl.CERT_REQUIRED
    assert arguments["ssl"].check_hostname
    assert "ssl_disabled" not in arguments


def test_a_server_on_this_machine_is_spoken_to_in_plain() -> None:
    assert connect_arguments("mysql://shop@127.0.0.1/shop", Settings())["ssl_disabled"] is True


def test_sessions_are_strict_in_utc_and_see_what_others_committed(on_mysql: Engine) -> None:
    question = "SELECT @@time_zone, @@sql_mode, @@autocommit, @@character_set_client, {}"
    isolation = "@@tx_isolation" if "MariaDB" in _version(on_mysql) else "@@transaction_isolation"
    with read() as connection:
        zone, mode, autocommit, characters, level = connection.exec_driver_sql(question.format(isolation)).one()
    assert (zone, autocommit, characters, level) == ("+00:00", 1, "utf8mb4", "READ-COMMITTED")
    assert {"STRICT_TRANS_TABLES", "ONLY_FULL_GROUP_BY", "NO_ZERO_DATE"} <= set(mode.split(","))


def _version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT VERSION()").scalar_one())


def test_an_exception_of_the_database_does_not_quote_values(shop: Engine) -> None:
    make_center(id=1)
    with pytest.raises(IntegrityError) as caught, transaction() as connection:
        connection.execute(insert(distribution_centers).values(center(id=1, name="geheim")))
    assert "geheim" not in str(caught.value)


# --- values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["naïve 商店 🛒", "tab\tline\nback\\slash", "' OR 1=1; --", "%s :x ?", " spaces "])
def test_text_comes_back_as_it_went(shop: Engine, said: str) -> None:
    make_center(name=said)
    assert names() == {said}


def test_text_differs_by_case_and_accent(shop: Engine) -> None:
    for name in ("cafe", "Cafe", "café"):
        make_center(name=name)
    table = distribution_centers
    with read() as connection:
        found = connection.execute(select(func.count()).where(table.c.name == "cafe")).scalar_one()
    assert found == 1


moments = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    datetime(2999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11))]),
)


@given(moments)
def test_a_moment_comes_back_as_the_same_in_utc_to_the_microsecond(shop: Engine, moment: datetime) -> None:
    with transaction() as connection:
        connection.execute(distribution_centers.delete())
    make_center(created_at=moment)
    with read() as connection:
        stored = connection.execute(select(distribution_centers.c.created_at)).scalar_one()
        same = select(func.count()).where(distribution_centers.c.created_at == moment)
        assert connection.execute(same).scalar_one() == 1
    assert stored == moment
    assert stored.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(shop: Engine) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        make_center(created_at=datetime(2026, 3, 1))  # noqa: DTZ001


def test_no_moment_stays_none(shop: Engine) -> None:
    values = {"source": "x", "strict": False, "state": "done", "notes": "[]", "requested_by": "x", "created_at": NOON}
    with transaction() as connection:
        insert_row(connection, imports, values)
        assert connection.execute(select(imports.c.finished_at)).scalar_one() is None


def test_a_new_row_tells_its_id(shop: Engine) -> None:
    first, second = make_center(name="a"), make_center(name="b")
    with read() as connection:
        rows = connection.execute(select(distribution_centers.c.id, distribution_centers.c.name)).all()
    assert {row.id: row.name for row in rows} == {first: "a", second: "b"}


def test_upsert_inserts_the_first_time_and_updates_then(shop: Engine) -> None:
    table = login_attempts

    def count(subject: str, ends: datetime) -> None:
        values = {"subject": subject, "attempts": 1, "window_ends_at": ends}
        changes = {"attempts": table.c.attempts + 1, "window_ends_at": ends}
        with transaction() as connection:
            upsert(connection, table, values, keys=["subject"], update=changes)

    for minutes in range(3):
        count("a", NOON + timedelta(minutes=minutes))
    count("b", NOON)
    with read() as connection:
        rows = {row.subject: (row.attempts, row.window_ends_at) for row in connection.execute(select(table))}
    assert rows == {"a": (3, NOON + timedelta(minutes=2)), "b": (1, NOON)}


def test_upserts_of_one_row_at_once_count_each(shop: Engine) -> None:
    table = login_attempts

    def count(_: int) -> None:
        def work(connection: Connection) -> None:
            values = {"subject": "a", "attempts": 1, "window_ends_at": NOON}
            upsert(connection, table, values, keys=["subject"], update={"attempts": table.c.attempts + 1})

        run(work, writes=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(40)))
    with read() as connection:
        assert connection.execute(select(table.c.attempts)).scalar_one() == 40


def test_the_engines_are_told_apart(shop: Engine) -> None:
    with read() as connection:
        assert is_sqlite(connection) is (shop.dialect.name == "sqlite")


@pytest.mark.parametrize(
    ("given_text", "before"),
    [("rec_v.-.0a1b", "rec_v.-."), ("rec_a.b-c.d.ffff", "rec_a.b-c.d."), ("a.", "a."), ("dead.beef", "dead.")],
)
def test_what_stands_before_hexadecimal_digits_is_found_on_every_engine(
    engine: Engine, given_text: str, before: str
) -> None:
    with engine.connect() as connection:
        assert connection.scalar(select(without_hex_end(connection, literal(given_text)))) == before
        nothing = connection.scalar(select(without_hex_end(connection, literal("c0ffee"))))
    assert not str(nothing).endswith(".")
