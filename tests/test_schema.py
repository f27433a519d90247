"""The schema three times over: as tables, as migrations, and as sql/schema.sql. All three are one."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, Index, MetaData, String, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

import infra.migrate
from chalicelib.core.config import Settings
from chalicelib.core.database import metadata, read, transaction
from chalicelib.core.database.dialect import is_of_engine, make_engine
from infra.migrate import SCHEMA, SQL, config_for, migrate, schema_text
from infra.private_mariadb import PrivateServer

ROOT = Path(__file__).resolve().parent.parent
TABLES = {table.name for table in metadata.tables.values()}


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """Give an engine that is disposed of at the end."""
    made = make_engine(url, Settings(db_pool_size=2))
    try:
        yield made
    finally:
        made.dispose()


def differences(connection: Connection, target: MetaData) -> list[Any]:
    """Return what a migration would have to change to bring the database to `target`."""
    engine = connection.dialect.name
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_object": lambda item, name, *_rest: is_of_engine(engine, item, name),
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), target))


def tables_of(connection: Connection) -> set[str]:
    """Return the tables, without what SQLite keeps its text indexes in."""
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return {name for name in names if is_of_engine(connection.dialect.name, None, name)}


def parts_of(connection: Connection) -> set[tuple[str, str]]:
    """Return the columns and indexes of each table: what a migration may add."""
    looked = inspect(connection)
    return {
        (table, str(part["name"]))
        for table in tables_of(connection)
        for part in [*looked.get_columns(table), *looked.get_indexes(table)]
    }


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    """An empty database of the engine at hand."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'fresh.db'}"
        return
    server: PrivateServer = request.getfixturevalue("mariadb")
    yield server.create_database("fresh")
    server.drop_database("fresh")


# --- tables and migrations ---------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        assert tables_of(connection) == TABLES
        assert differences(connection, metadata) == []


def test_a_difference_in_type_null_index_or_column_would_be_seen(engine: Engine) -> None:
    changed = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.sorted_tables:
        table.to_metadata(changed)
    products, users = changed.tables["products"], changed.tables["users"]
    products.c.sku.type = String(65)
    products.c.name.nullable = True
    users.append_column(Column("nickname", String(10)))
    Index("ix_users_city", users.c.city)
    with engine.connect() as connection:
        found = differences(connection, changed)
    kinds = {entry[0] if isinstance(entry, tuple) else entry[0][0] for entry in found}
    assert kinds == {"modify_type", "modify_nullable", "add_column", "add_index"}


@pytest.mark.parametrize("reader", ["infra/migrate.py", "sql/env.py"])
def test_the_tables_of_every_domain_are_known_where_schemas_are_made(reader: str) -> None:
    tree = ast.parse((ROOT / reader).read_text(encoding="utf-8"))
    modules = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    owners = {path.parent.name for path in ROOT.glob("chalicelib/*/tables.py")}
    assert {f"chalicelib.{owner}.tables" for owner in owners} <= modules
    # Parts of a domain that have tables of their own.
    parts = {path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("chalicelib/*/*/*_tables.py")}
    assert {".".join(part.parts) for part in parts} <= modules


def test_the_migrations_are_one_line_without_branches() -> None:
    scripts = ScriptDirectory(str(SQL))
    revisions = list(scripts.walk_revisions())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert all(isinstance(each.down_revision, str | None) for each in revisions)
    assert len(revisions) == len(list(SQL.glob("versions/*.py")))


def test_each_migration_can_be_taken_back_and_made_again(fresh_url: str) -> None:
    upwards = [each.revision for each in reversed(list(ScriptDirectory(str(SQL)).walk_revisions()))]
    with engine_of(fresh_url) as engine, engine.connect() as connection:
        config = config_for(connection)
        for before, revision in zip(["base", *upwards], upwards, strict=False):
            at_first = parts_of(connection)
            command.upgrade(config, revision)
            after = parts_of(connection)
            assert after != at_first
            command.downgrade(config, before)
            assert parts_of(connection) == at_first
            command.upgrade(config, revision)
            assert parts_of(connection) == after
        assert differences(connection, metadata) == []
        command.downgrade(config, "base")
        assert tables_of(connection) == set()
        command.upgrade(config, "head")
        assert differences(connection, metadata) == []


def test_accounts_that_were_there_are_found_by_their_address_afterwards(fresh_url: str) -> None:
    names = (
        "username, username_key, email, first_name, last_name, password_hash, role, is_active, created_at, updated_at"
    )
    insert = text(f"INSERT INTO accounts ({names}) VALUES (:name, :name, :email, '', '', 'x', 'staff', 1, :at, :at)")
    with engine_of(fresh_url) as engine, engine.connect() as connection:
        command.upgrade(config_for(connection), "0003")
        for name, email in (("robin", " Zoë@Example.COM "), ("sam", None)):
            connection.execute(insert, {"name": name, "email": email, "at": "2026-03-01 12:00:00"})
        command.upgrade(config_for(connection), "head")
        found = connection.execute(
            text("SELECT username, email_key, customer_archived FROM accounts ORDER BY username")
        )
        assert [tuple(row) for row in found] == [("robin", "zoë@example.com", 0), ("sam", None, 0)]


def test_how_far_counts_got_is_carried_over_and_back(fresh_url: str) -> None:
    days = [("2026-03-01", 1), ("2026-03-02", 3)]
    seen, at = "2026-03-02 11:00:00", "2026-03-02 12:00:00"
    with engine_of(fresh_url) as engine, engine.connect() as connection:

        def rows(statement: str) -> list[tuple[str, ...]]:
            return [tuple(str(value).split(".")[0] for value in row) for row in connection.execute(text(statement))]

        config = config_for(connection)
        command.upgrade(config, "0021")
        for day, marks in days:
            connection.execute(text(f"INSERT INTO recommendation_due_days VALUES ('{day}')"))
            connection.execute(text(f"INSERT INTO conversation_due_days VALUES ('{day}', {marks})"))
        own = "seen_until, looked_back_on, started_at, finished_at, as_of, error"
        told = f"'{seen}', '2026-03-02', '{seen}', '{at}', '{seen}'"
        connection.execute(text(f"INSERT INTO conversation_job (id, {own}) VALUES (1, {told}, 'broken')"))
        connection.execute(
            text(f"INSERT INTO recommendation_measuring (id, alarm, {own}) VALUES (1, '{{}}', {told}, NULL)")
        )
        connection.commit()
        kept = (
            "SELECT day FROM recommendation_due_days ORDER BY day",
            "SELECT day, marks FROM conversation_due_days ORDER BY day",
            "SELECT seen_until, looked_back_on, started_at, finished_at, as_of FROM conversation_job",
            f"SELECT alarm, {own} FROM recommendation_measuring",
        )
        before = [rows(statement) for statement in kept]
        command.upgrade(config, "0022")
        assert rows("SELECT subject, day, marks FROM due_days ORDER BY subject, day") == [
            ("conversations", "2026-03-01", "1"),
            ("conversations", "2026-03-02", "3"),
            ("recommendations", "2026-03-01", "1"),
            ("recommendations", "2026-03-02", "1"),
        ]
        assert rows("SELECT * FROM watermarks ORDER BY subject") == [
            (subject, seen, "2026-03-02", seen, "UTC") for subject in ("conversations", "recommendations")
        ]
        assert rows("SELECT name, finished_at, succeeded_at, failed_in_a_row FROM jobs ORDER BY name") == [
            ("measure_conversations", at, "None", "1"),
            ("measure_recommendations", at, at, "0"),
        ]
        command.downgrade(config, "0021")
        assert [rows(statement) for statement in kept] == before
        assert rows("SELECT count(*) FROM due_days") == rows("SELECT count(*) FROM watermarks") == [("0",)]


def test_migrating_again_changes_nothing(fresh_url: str) -> None:
    with engine_of(fresh_url) as engine:
        migrate(engine)
        with engine.connect() as connection:
            first = connection.execute(text("SELECT version_num FROM alembic_version")).all()
        migrate(engine)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == first
            assert tables_of(connection) == TABLES


def test_a_migration_that_fails_half_way_leaves_nothing_on_sqlite(tmp_path: Path) -> None:
    with engine_of(f"sqlite:///{tmp_path / 'shop.db'}") as engine:
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE order_items (id INTEGER)")
        with pytest.raises(DBAPIError, match="already exists"):
            migrate(engine)
        with engine.connect() as connection:
            assert tables_of(connection) == {"order_items"}
            connection.exec_driver_sql("DROP TABLE order_items")
        migrate(engine)
        with engine.connect() as connection:
            assert differences(connection, metadata) == []


def test_a_later_migration_that_fails_takes_the_earlier_ones_back_on_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SQL, tmp_path / "sql")
    head = ScriptDirectory(str(SQL)).get_current_head()
    (tmp_path / "sql" / "versions" / "9999_fails.py").write_text(
        f"from alembic import op\nrevision = '9999'\ndown_revision = {head!r}\n"
        "def upgrade():\n    op.execute('CREATE TABLE half (id INTEGER)')\n    op.execute('no SQL')\n"
    )
    monkeypatch.setattr(infra.migrate, "SQL", tmp_path / "sql")
    with engine_of(f"sqlite:///{tmp_path / 'shop.db'}") as engine:
        with pytest.raises(DBAPIError, match="syntax error"):
            migrate(engine)
        with engine.connect() as connection:
            assert inspect(connection).get_table_names() == []


MIGRATE_ON_COMMAND = """
import sys
from chalicelib.core.config import Settings
from chalicelib.core.database.dialect import is_of_engine, make_engine
from infra.migrate import migrate
print("ready", flush=True)
for url in sys.stdin:
    engine = make_engine(url.strip(), Settings())
    try:
        migrate(engine)
        print("done", flush=True)
    except Exception as error:
        print(repr(error), flush=True)
    engine.dispose()
"""


@pytest.fixture(scope="module")
def workers() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that migrate when they are told a URL."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE_ON_COMMAND],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        assert [_line(worker) for worker in started] == ["ready"] * 3
        yield started
    finally:
        for worker in started:
            worker.communicate(timeout=10)


@pytest.mark.parametrize("number", range(5))
def test_processes_that_migrate_a_fresh_database_at_once_all_end_well(
    fresh_url: str, workers: list[subprocess.Popen[str]], number: int
) -> None:
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{fresh_url}\n")
        worker.stdin.flush()
    assert [_line(worker) for worker in workers] == ["done"] * 3
    with engine_of(fresh_url) as engine, engine.connect() as connection:
        assert differences(connection, metadata) == []


def _line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def test_the_command_says_in_one_line_that_the_database_does_not_answer() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.migrate"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "mysql+pymysql://shop:hunter2hunter2@127.0.0.1:1/shop"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr + done.stdout


# --- sql/schema.sql ----------------------------------------------------------------------------------------------


def test_schema_sql_is_what_the_tables_say() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "Run: make schema"


CATALOGUE = {
    "tables": "SELECT table_name, engine, table_collation FROM information_schema.tables",
    "columns": "SELECT table_name, column_name, column_type, is_nullable, column_default, extra, "
    "character_set_name, collation_name FROM information_schema.columns",
    "indexes": "SELECT table_name, index_name, seq_in_index, column_name, non_unique "
    "FROM information_schema.statistics",
    "references": "SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name "
    "FROM information_schema.key_column_usage",
    "on_delete": "SELECT table_name, constraint_name, delete_rule, update_rule "
    "FROM information_schema.referential_constraints",
}


def mysql_schema(url: str) -> Mapping[str, set[tuple[Any, ...]]]:
    """Return the schema of a database as the server describes it."""
    found: dict[str, set[tuple[Any, ...]]] = {}
    with engine_of(url) as engine, engine.connect() as connection:
        for name, question in CATALOGUE.items():
            schema = "constraint_schema" if name in ("references", "on_delete") else "table_schema"
            rows = connection.execute(text(f"{question} WHERE {schema} = DATABASE()")).all()
            found[name] = {tuple(row) for row in rows if row[0] != "alembic_version"}
        checks = {table: inspect(connection).get_check_constraints(table) for table in TABLES}
        found["checks"] = {
            (table, each["name"], each["sqltext"]) for table, constraints in checks.items() for each in constraints
        }
    return found


def test_schema_sql_really_runs_and_gives_the_same_tables(mariadb: PrivateServer) -> None:
    by_hand, migrated = mariadb.create_database("by_hand"), mariadb.create_database("migrated")
    with engine_of(migrated) as engine:
        migrate(engine)
    with engine_of(by_hand) as engine, closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
        statements = SCHEMA.read_text(encoding="utf-8").partition("\n")[2].split(";\n")
        for statement in filter(str.strip, statements):
            cursor.execute(statement)
    ours, theirs = mysql_schema(by_hand), mysql_schema(migrated)
    for part in ours:
        assert ours[part] == theirs[part]
    assert {row[0] for row in ours["tables"]} == TABLES
    assert ours["checks"]
    mariadb.drop_database("by_hand")
    mariadb.drop_database("migrated")


# --- what each engine keeps --------------------------------------------------------------------------------------


def test_mysql_keeps_rows_in_innodb_and_compares_text_by_its_bytes(mysql_url: str, mariadb: PrivateServer) -> None:
    url = mariadb.create_database("engines")
    with engine_of(url) as engine:
        migrate(engine)
    found = mysql_schema(url)
    mariadb.drop_database("engines")
    assert {row[1:] for row in found["tables"]} == {("InnoDB", "utf8mb4_bin")}
    # The coded words of the search are ASCII, which is quicker to look through.
    coded = ("ascii", "ascii_bin")
    assert {row[6:] for row in found["columns"]} == {("utf8mb4", "utf8mb4_bin"), coded, (None, None)}
    assert {row[0] for row in found["columns"] if row[6:] == coded} == {"conversation_messages", "product_search"}
    times = [row for row in found["columns"] if row[1].endswith("_at") or row[1].endswith("_until")]
    assert times
    assert {row[2] for row in times} == {"datetime(6)"}
    references = {(row[0], row[2], row[3], row[4]) for row in found["references"] if row[3]}
    assert references == {
        (table.name, key.parent.name, key.column.table.name, key.column.name)
        for table in metadata.tables.values()
        for key in table.foreign_keys
    }


def test_a_row_without_its_parent_is_refused(shop: Engine) -> None:
    orphan = (
        "INSERT INTO order_items (order_id, product_id, status, created_at, sale_price_cents) "
        "VALUES (1, 1, 'complete', '2026-03-01', 100)"
    )
    with pytest.raises(IntegrityError), transaction() as connection:
        connection.execute(text(orphan))


def test_a_negative_price_is_refused(shop: Engine) -> None:
    with transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO distribution_centers (id, name, latitude, longitude, created_at, updated_at) "
                "VALUES (1, 'Memphis', 35, -90, '2026-03-01', '2026-03-01')"
            )
        )
    priced = (
        "INSERT INTO products (cost_cents, category, category_key, name, retail_price_cents, sku, "
        "distribution_center_id, created_at, updated_at) "
        "VALUES (1, 'a', 'a', 'a', -1, 'a', 1, '2026-03-01', '2026-03-01')"
    )
    with pytest.raises(DBAPIError, match=r"ck_products_prices"), transaction() as connection:
        connection.execute(text(priced))


def test_sqlite_checks_references_and_lets_readers_read_while_one_writes(tmp_path: Path) -> None:
    with engine_of(f"sqlite:///{tmp_path / 'shop.db'}") as engine:
        migrate(engine)
        with engine.connect() as first, engine.connect() as second:
            for connection in (first, second):
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            first.exec_driver_sql("BEGIN IMMEDIATE")
            first.exec_driver_sql("DELETE FROM orders")
            assert second.exec_driver_sql("SELECT COUNT(*) FROM orders").scalar_one() == 0
            first.exec_driver_sql("ROLLBACK")


def test_each_index_and_reference_has_a_name_that_a_migration_can_say(engine: Engine) -> None:
    with engine.connect() as connection:
        found = inspect(connection)
        for table in TABLES:
            assert all(each["name"] for each in found.get_foreign_keys(table))
            assert all(each["name"] for each in found.get_unique_constraints(table))


def test_a_read_connection_is_not_inside_a_transaction(shop: Engine) -> None:
    """Or a long-lived function would go on seeing the rows of its first read."""
    with read() as reader:
        assert reader.execute(text("SELECT COUNT(*) FROM distribution_centers")).scalar_one() == 0
        with transaction() as writer:
            writer.execute(
                text(
                    "INSERT INTO distribution_centers (name, latitude, longitude, created_at, updated_at) "
                    "VALUES ('Memphis', 35, -90, '2026-03-01', '2026-03-01')"
                )
            )
        assert reader.execute(text("SELECT COUNT(*) FROM distribution_centers")).scalar_one() == 1
