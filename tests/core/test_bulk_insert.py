"""Bulk inserts: what goes in comes out, on each engine, and a row that is refused leaves nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from chalicelib.core.config import Settings
from chalicelib.core.database import transaction, use_engine
from chalicelib.core.database.dialect import RowsRefused, begin, insert_rows, make_engine
from infra.migrate import migrate
from infra.private_mariadb import PrivateServer
from tests.factories import counted_statements, make_center, make_customer

STAMP = "2026-03-01 12:00:00.000001"
STAMPS = {"created_at": STAMP, "updated_at": STAMP}


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Connection]:
    """A transaction that leaves nothing, for the examples of one test."""
    with engine.connect() as connection:
        begin(connection)
        try:
            yield connection
        finally:
            connection.exec_driver_sql("ROLLBACK")


def insert_users(connection: Connection, names: Sequence[str | None], **columns: Sequence[Any]) -> None:
    count = len(names)
    emails = [f"{number}@example.com" for number in range(count)]
    given: dict[str, Sequence[Any]] = {"id": range(1, count + 1), "email": emails, "email_key": emails}
    insert_rows(connection, "users", {**given, "first_name": names, **columns}, STAMPS)


def read(connection: Connection, column: str, table: str = "users") -> list[Any]:
    return list(connection.execute(text(f"SELECT {column} FROM {table} ORDER BY id")).scalars())


@pytest.fixture(scope="module")
def own_database(mariadb: PrivateServer) -> Iterator[Engine]:
    """A database on the private server, whose settings a test may change."""
    engine = make_engine(mariadb.create_database("bulk_insert"), Settings())
    migrate(engine)
    yield engine
    engine.dispose()
    mariadb.drop_database("bulk_insert")


TEXTS = [
    "",
    " ",
    "plain",
    "tab\there",
    "\t",
    "line\nbreak",
    "\n",
    "carriage\rreturn\r\n",
    "back\\slash",
    "\\",
    "ends with \\",
    "\\N",
    "\\n",
    "\\t",
    "\\0",
    "\\Z",
    "\0",
    "null \0 inside",
    "\x08 and \x1a",
    "NULL",
    "null",
    "None",
    "\"double\" and 'single'",
    "comma, semicolon; and %s %d %%",
    "Zoë 東京 \N{GRINNING FACE} \N{FAMILY}",
    "\N{ZERO WIDTH JOINER}\u2028\u2029\x85\u00a0",
    "\N{COMBINING ACUTE ACCENT}e",
    "x" * 255,
    "\N{GRINNING FACE}" * 255,
]


def test_text_is_kept_as_it_is(shop: Engine) -> None:
    with transaction() as connection:
        insert_users(connection, [*TEXTS, None])
        assert read(connection, "first_name") == [*TEXTS, None]


def test_empty_text_and_no_text_are_told_apart(shop: Engine) -> None:
    with transaction() as connection:
        insert_users(connection, ["", None, "\\N", "NULL"])
        assert read(connection, "first_name IS NULL") == [0, 1, 0, 0]
        assert read(connection, "LENGTH(first_name)") == [0, None, 2, 4]


def test_a_column_of_nothing_at_all(shop: Engine) -> None:
    with transaction() as connection:
        insert_users(connection, [None, None], age=[None, None], latitude=[None, None])
        assert read(connection, "first_name") == read(connection, "age") == read(connection, "latitude") == [None] * 2


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=255), min_size=1, max_size=20))
def test_any_text_is_kept(shop: Engine, names: list[str | None]) -> None:
    with rolled_back(shop) as connection:
        insert_users(connection, names)
        assert read(connection, "first_name") == names


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_floats_come_back_bit_by_bit(shop: Engine, numbers: list[float]) -> None:
    with rolled_back(shop) as connection:
        insert_users(connection, [None] * len(numbers), latitude=numbers)
        assert read(connection, "latitude") == numbers


def test_floats_that_are_hard_to_write_down(shop: Engine) -> None:
    numbers = [0.1, 0.1 + 0.2, 1 / 3, -0.0, 5e-324, 1.7976931348623157e308, 2.0**53 + 2, 35.0, math.pi, 1e22, 1e-7]
    with transaction() as connection:
        insert_users(connection, [None] * len(numbers), latitude=numbers)
        assert read(connection, "latitude") == numbers


def test_the_largest_integers_are_exact(shop: Engine) -> None:
    numbers = [2**63 - 1, 2**53 + 1, 0, 10**18 + 1]
    center_id = make_center()
    columns: dict[str, Sequence[Any]] = {
        "id": [2**52 + number for number in range(4)],
        "cost_cents": numbers,
        "retail_price_cents": numbers[::-1],
        "sku": list("abcd"),
        "name": ["n"] * 4,
        "category": ["c"] * 4,
        "category_key": ["c"] * 4,
    }
    with transaction() as connection:
        insert_rows(connection, "products", columns, {"distribution_center_id": center_id, **STAMPS})
        assert read(connection, "cost_cents", "products") == numbers
        assert read(connection, "id", "products") == columns["id"]


def test_constants_stand_in_every_row(shop: Engine) -> None:
    constant = "it's 100 % \\N \\ \t \N{GRINNING FACE}"
    columns: dict[str, Sequence[Any]] = {"id": [1, 2], "name": ["a", "b"], "latitude": [1.5, 2.5]}
    with transaction() as connection:
        insert_rows(connection, "distribution_centers", columns, {"longitude": -1.25, **STAMPS})
        insert_users(connection, ["a", "b"], city=["x", "y"])
        assert read(connection, "longitude", "distribution_centers") == [-1.25, -1.25]
        given: dict[str, Sequence[Any]] = {
            "line": [2, 3],
            "column_name": ["id", ""],
            "value": ["x", ""],
            "reason": ["a", "b"],
        }
        import_id = connection.execute(
            text(
                "INSERT INTO imports (source, strict, state, notes, requested_by, created_at) "
                "VALUES ('s', 0, 'done', '[]', 'me', :stamp)"
            ),
            {"stamp": STAMP},
        ).lastrowid
        insert_rows(connection, "import_rejections", given, {"import_id": import_id, "file": constant})
        assert read(connection, "file", "import_rejections") == [constant, constant]


def test_times_keep_their_microseconds(shop: Engine) -> None:
    times = ["1900-01-01 00:00:00.000000", "2024-02-29 23:59:59.999999", "9999-12-31 23:59:59.999999"]
    with transaction() as connection:
        columns: dict[str, Sequence[Any]] = {"id": [1, 2, 3], "name": ["a"] * 3, "created_at": times}
        columns |= {"latitude": [0.0] * 3, "longitude": [0.0] * 3}
        insert_rows(connection, "distribution_centers", columns, {"updated_at": STAMP})
        found = read(connection, "created_at", "distribution_centers")
    assert [str(each) if isinstance(each, str) else each.isoformat(" ", "microseconds") for each in found] == times


def test_rows_keep_their_order(shop: Engine) -> None:
    """What is numbered by the database, as rejections are, is numbered in the order given."""
    count = 3000
    names = [f"Center {number}" for number in range(count)]
    columns: dict[str, Sequence[Any]] = {"name": names, "latitude": [0.5] * count, "longitude": [0.5] * count}
    with transaction() as connection:
        insert_rows(connection, "distribution_centers", columns, STAMPS)
        assert read(connection, "name", "distribution_centers") == names


def test_no_rows_are_no_work(shop: Engine) -> None:
    with transaction() as connection:
        insert_users(connection, [])
        assert read(connection, "id") == []


# Two rows each, of which the first is good and the second is not, where user 7 is taken@example.com.
refused = pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"id": [901, 901]}, id="a key twice"),
        pytest.param({"id": [901, 7]}, id="a key that is taken"),
        pytest.param({"email_key": ["a", "a"]}, id="a unique value twice"),
        pytest.param({"email_key": ["a", "taken@example.com"]}, id="a unique value that is taken"),
        pytest.param({"email": ["a@example.com", None]}, id="a missing value"),
    ],
)


@refused
def test_a_refused_row_leaves_nothing(shop: Engine, columns: dict[str, Sequence[Any]]) -> None:
    make_customer(id=7, email="taken@example.com")
    with pytest.raises(RowsRefused), transaction() as connection:
        insert_users(connection, [None, None], **columns)
    with shop.connect() as connection:
        assert read(connection, "id") == [7]


def test_a_row_without_its_parent_is_refused(shop: Engine) -> None:
    user_id = make_customer()
    columns: dict[str, Sequence[Any]] = {"id": [1, 2], "user_id": [user_id, 404]}
    columns |= {"status": ["shipped"] * 2, "num_of_item": [1, 1]}
    with pytest.raises(RowsRefused), transaction() as connection:
        insert_rows(connection, "orders", columns, STAMPS)
    with shop.connect() as connection:
        assert read(connection, "id", "orders") == []


@pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
@pytest.mark.parametrize(
    "column",
    [
        pytest.param({"names": ["fine", "x" * 256]}, id="too long"),
        pytest.param({"names": [None, None], "age": [1, 40_000]}, id="out of range"),
        pytest.param({"names": [None, None], "age": ["1", "forty"]}, id="not a number"),
    ],
)
def test_a_value_that_would_be_cut_or_bent_is_refused(shop: Engine, column: dict[str, Any]) -> None:
    with pytest.raises(RowsRefused), transaction() as connection:
        insert_users(connection, **column)
    with shop.connect() as connection:
        assert read(connection, "id") == []


@pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
def test_rows_are_loaded_as_a_file(shop: Engine) -> None:
    with counted_statements(shop) as statements, transaction() as connection:
        insert_users(connection, ["a", "b"])
    assert [statement.split()[0] for statement in statements] == ["START", "LOAD", "SHOW", "COMMIT"]


class TestWhereLocalFilesAreForbidden:
    """The slower way, which needs no permission."""

    @pytest.fixture
    def plain(self, own_database: Engine) -> Iterator[Engine]:
        before = use_engine(own_database)
        with own_database.connect() as connection:
            connection.execute(text("SET GLOBAL local_infile = 0"))
            yield own_database
            connection.execute(text("SET GLOBAL local_infile = 1"))
            connection.execute(text("DELETE FROM users"))
        use_engine(before)

    def test_rows_are_inserted_all_the_same(self, plain: Engine) -> None:
        numbers = [number / 7 for number in range(len(TEXTS) + 1)]
        with counted_statements(plain) as statements, transaction() as connection:
            insert_users(connection, [*TEXTS, None], latitude=numbers)
        assert any(statement.startswith("INSERT INTO users") for statement in statements)
        with plain.connect() as connection:
            assert read(connection, "first_name") == [*TEXTS, None]
            assert read(connection, "latitude") == numbers
            assert {str(stamp) for stamp in read(connection, "created_at")} == {STAMP}

    @refused
    def test_a_refused_row_leaves_nothing(self, plain: Engine, columns: dict[str, Sequence[Any]]) -> None:
        make_customer(id=7, email="taken@example.com")
        with pytest.raises(RowsRefused), transaction() as connection:
            insert_users(connection, [None, None], **columns)
        with plain.connect() as connection:
            assert read(connection, "id") == [7]

    def test_a_value_that_would_be_cut_is_refused(self, plain: Engine) -> None:
        with pytest.raises(RowsRefused), transaction() as connection:
            insert_users(connection, ["fine", "x" * 256])
        with plain.connect() as connection:
            assert read(connection, "id") == []
