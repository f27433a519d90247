"""Imports as a whole: asked for, worked on in steps and under a lease, strict or not, beside others."""

from __future__ import annotations

import gzip
import os
import random
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import pymysql
import pytest
from sqlalchemy import Engine, event, text

from chalicelib.core import blobs, clock
from chalicelib.core.blobs import FolderBlobs
from chalicelib.core.config import Settings
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.csv_import import imports, imports_sql, steps
from chalicelib.csv_import.imports import ImportBusy, NothingToImport
from chalicelib.csv_import.steps import Progress
from chalicelib.csv_import.validate import Validated, validate
from tests.conftest import set_settings
from tests.csv_import.csv_files import (
    TABLES,
    begin,
    center,
    everything,
    import_files,
    item,
    order,
    outcome,
    stored,
    user,
    write_files,
    write_shop,
)
from tests.factories import make_customer

only_on_a_server = pytest.mark.parametrize("database_url", ["mysql"], indirect=True)


@pytest.fixture
def bucket(shop: Engine, settings: Settings) -> Path:
    """The local folder that stands for the bucket."""
    folder = settings.data_dir / "bucket"
    folder.mkdir()
    return folder


def ask(folder: str, *, strict: bool = False) -> int:
    """Ask for a folder of the bucket to be imported."""
    return imports.request_import(blobs.store(), folder, source=folder, strict=strict, requested_by="tests")


def no_limit() -> int:
    return 900_000


def enough_for(batches: int) -> Callable[[], int]:
    """A function's time that runs short after so many batches."""
    left = [900_000] * batches
    return lambda: left.pop() if left else 0


def change_import(engine: Engine, import_id: int, **values: object) -> None:
    assigned = ", ".join(f"{name} = :{name}" for name in values)
    with engine.connect() as connection:
        connection.execute(text(f"UPDATE imports SET {assigned} WHERE id = :id"), {**values, "id": import_id})


def in_a_minute() -> str:
    return (clock.now() + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S.%f")


@contextmanager
def deadlock_once(engine: Engine, table: str) -> Iterator[list[str]]:
    """Let the first insert into a table fail as it does when others hold locks."""
    happened: list[str] = []
    error: Exception = pymysql.err.OperationalError(1213, "Deadlock found when trying to get lock")
    if engine.dialect.name == "sqlite":
        error = sqlite3.OperationalError("database is locked")

    def fail(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        inserts = statement.startswith(("INSERT", "LOAD DATA")) and f" {table} " in statement
        if inserts and not happened:
            happened.append(statement)
            raise error

    event.listen(engine, "after_cursor_execute", fail)
    try:
        yield happened
    finally:
        event.remove(engine, "after_cursor_execute", fail)


class TestAsking:
    def test_an_import_says_what_it_passes_over(self, shop: Engine, tmp_path: Path) -> None:
        write_files(tmp_path, users=[user()], orders=[order()])
        (tmp_path / "USERS.CSV.GZ").write_bytes(b"")
        (tmp_path / "people.csv").write_text("id\n1\n", encoding="utf-8")
        (tmp_path / "notes.txt").write_text("none of it", encoding="utf-8")
        import_id, _ = begin(tmp_path)
        found = outcome(import_id)
        assert found.row.state == "queued"
        assert [file.table_name for file in found.files.values()] == ["users", "orders"]
        for note in (
            "people.csv is none of the six files: ignored",
            "users.csv is ignored, there is USERS.CSV.GZ too",
            "there is no products.csv",
        ):
            assert note in found.row.notes
        assert "notes.txt" not in found.row.notes

    def test_a_folder_with_thousands_of_other_files_is_no_trouble(self, shop: Engine, tmp_path: Path) -> None:
        write_files(tmp_path, users=[user()])
        for number in range(3000):
            (tmp_path / f"export of the year {number}.csv").touch()
        import_id, _ = begin(tmp_path)
        assert "2980 more files are ignored" in outcome(import_id).row.notes

    def test_a_folder_without_any_of_the_files_is_refused(self, shop: Engine, tmp_path: Path) -> None:
        (tmp_path / "people.csv").write_text("id\n1\n", encoding="utf-8")
        with pytest.raises(NothingToImport, match=r"holds none of distribution_centers\.csv, users\.csv"):
            begin(tmp_path)
        assert stored(shop, "imports") == []

    def test_an_unknown_import_cannot_be_worked_on(self, shop: Engine, tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            imports.work_on(404, FolderBlobs(tmp_path))

    def test_an_import_that_has_ended_is_not_worked_on_again(self, shop: Engine, tmp_path: Path) -> None:
        import_id, store = begin(write_shop(tmp_path))
        imports.work_on(import_id, store)
        before = outcome(import_id)
        with pytest.raises(ImportBusy):
            imports.work_on(import_id, store)
        assert outcome(import_id) == before


class TestBrokenFiles:
    def test_a_file_without_its_required_columns_fails_alone(self, shop: Engine, tmp_path: Path) -> None:
        write_shop(tmp_path, orders=[{"order_id": 1, "user_id": 1, "created_at": "2024-01-01"}])
        done = import_files(tmp_path)
        message = "the header lacks the required columns status, num_of_item"
        assert done.files["orders"].state == "failed"
        assert done.files["orders"].error == message
        assert done.row.state == "failed"
        assert done.row.message == f"orders: {message}"
        assert done.counts("users") == done.counts("inventory_items") == (3, 0, 0, 0)
        assert [place[:3] for place in done.places] == [("order_items.csv", line, "order_id") for line in (2, 3, 4)]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "the file is empty"),
            (b"PK\x03\x04 and so on", "this is a zip archive or a workbook: export it as CSV"),
            ("id,email".encode("utf-16"), "the file is UTF-16: save it as UTF-8"),
        ],
    )
    def test_a_file_that_is_no_csv_fails_alone(
        self, shop: Engine, tmp_path: Path, content: bytes, message: str
    ) -> None:
        write_shop(tmp_path)
        (tmp_path / "users.csv").write_bytes(content)
        done = import_files(tmp_path)
        assert done.files["users"].error == message
        assert done.row.state == "failed"
        assert done.counts("products") == (3, 0, 0, 0)

    def test_what_stands_before_the_damage_of_a_gz_file_is_loaded(self, shop: Engine, tmp_path: Path) -> None:
        chance = random.Random(1)
        rows = [user(number, city=f"{chance.getrandbits(400):x}") for number in range(1, 6001)]
        plain = write_files(tmp_path, users=rows) / "users.csv"
        packed = gzip.compress(plain.read_bytes())
        plain.unlink()
        (tmp_path / "users.csv.gz").write_bytes(packed[: len(packed) * 3 // 4])
        done = import_files(tmp_path, batch_rows=100)
        file = done.files["users"]
        assert (file.state, file.error) == ("failed", "the gz file is damaged or was cut short: upload it again")
        ids = [row["id"] for row in stored(shop, "users")]
        assert 3000 < len(ids) < 6000
        assert ids == list(range(1, len(ids) + 1))
        assert file.inserted == len(ids)

    def test_what_stands_before_the_damage_is_not_lost_when_the_database_goes_at_that_moment(
        self, shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The damage is found while the rows before it are being written."""
        write_files(tmp_path, users=[user(number) for number in range(1, 5)])
        packed = gzip.compress((tmp_path / "users.csv").read_bytes())
        (tmp_path / "users.csv").unlink()
        (tmp_path / "users.csv.gz").write_bytes(packed[:-4])
        import_id, store = begin(tmp_path)

        def fail(*_arguments: object) -> None:
            raise Unavailable("The database does not answer.")

        with monkeypatch.context() as patch:
            patch.setattr(imports_sql, "insert_columns", fail)
            with pytest.raises(Unavailable):
                imports.work_on(import_id, store)
        imports.work_on(import_id, store)
        done = outcome(import_id)
        assert done.counts("users") == (4, 0, 0, 0)
        assert done.files["users"].error == "the gz file is damaged or was cut short: upload it again"

    def test_a_file_that_is_gone_fails_alone(self, shop: Engine, tmp_path: Path) -> None:
        import_id, store = begin(write_shop(tmp_path))
        (tmp_path / "users.csv").unlink()
        imports.work_on(import_id, store)
        done = outcome(import_id)
        assert done.files["users"].error == "the file is gone"
        assert done.counts("products") == (3, 0, 0, 0)

    def test_an_error_that_nobody_expected_ends_the_import_and_is_raised(
        self, shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_id, store = begin(write_shop(tmp_path))

        def fail(*_arguments: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(imports_sql, "insert_columns", fail)
        with pytest.raises(ZeroDivisionError):
            imports.work_on(import_id, store)
        done = outcome(import_id)
        assert (done.row.state, done.row.lease_until) == ("failed", None)
        assert everything(shop) == {table: [] for table in TABLES}


class TestStrict:
    def test_a_good_shop_is_loaded(self, shop: Engine, tmp_path: Path) -> None:
        done = import_files(write_shop(tmp_path, 5), strict=True, batch_rows=2)
        assert (done.row.state, done.row.message, done.row.lease_until) == ("done", None, None)
        assert {file.state for file in done.files.values()} == {"done"}
        assert done.counts("order_items") == (5, 0, 0, 0)
        assert len(stored(shop, "order_items")) == 5

    @pytest.mark.parametrize("batch_rows", [2, 1000])
    def test_one_bad_row_keeps_everything_out_and_the_report_in(
        self, shop: Engine, tmp_path: Path, batch_rows: int
    ) -> None:
        write_files(tmp_path, users=[user(1)])
        import_files(tmp_path)
        before = everything(shop)
        write_shop(tmp_path, 5, users=[user(1, city="Nice"), user(2), user(3, age="old"), user(4, age=-1), user(5)])
        done = import_files(tmp_path, strict=True, batch_rows=batch_rows)
        assert everything(shop) == before
        assert done.row.state == "failed"
        # Two customers, and with them their orders and the items of these.
        assert done.row.message == "Nothing was imported: 6 rows were rejected."
        assert done.places[:2] == [("users.csv", 4, "age", "old"), ("users.csv", 5, "age", "-1")]
        assert [place[:3] for place in done.places[2:]] == [
            ("orders.csv", 4, "user_id"),
            ("orders.csv", 5, "user_id"),
            ("order_items.csv", 4, "order_id"),
            ("order_items.csv", 5, "order_id"),
        ]
        assert done.counts("users") == (0, 0, 0, 2)
        assert done.counts("products") == (0, 0, 0, 0)
        assert done.files["users"].records_done == 5
        assert {file.state for file in done.files.values()} == {"failed"}

    def test_a_failed_file_keeps_everything_out(self, shop: Engine, tmp_path: Path) -> None:
        write_shop(tmp_path, order_items=[{"id": 1}])
        done = import_files(tmp_path, strict=True)
        assert everything(shop) == {table: [] for table in TABLES}
        assert done.row.state == "failed"
        error = done.files["order_items"].error
        assert error.startswith("the header lacks the required columns order_id, product_id")
        assert done.row.message == f"Nothing was imported: order_items: {error}."

    def test_the_report_of_very_many_rejections_is_cut(
        self, shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(imports, "_MOST_KEPT", 4)
        write_files(tmp_path, users=[user(number, age="old") for number in range(1, 8)])
        done = import_files(tmp_path, strict=True, batch_rows=3)
        assert [line for _, line, *_ in done.places] == [2, 3, 4, 5]
        assert done.row.message == "Nothing was imported: 7 rows were rejected. The first 4 reasons are kept."

    def test_it_is_done_anew_when_others_get_in_its_way(self, shop: Engine, tmp_path: Path) -> None:
        """A deadlock costs the whole transaction, not the import; nothing is counted or reported twice."""
        write_shop(tmp_path, 4, users=[user(1), user(2), user(3), user(4, age="old")])
        with deadlock_once(shop, "order_items") as happened:
            bad = import_files(tmp_path, strict=True)
        assert len(happened) == 1
        assert bad.counts("users") == (0, 0, 0, 1)
        assert [place[:2] for place in bad.places] == [("users.csv", 5), ("orders.csv", 5), ("order_items.csv", 5)]
        write_shop(tmp_path, 4)
        with deadlock_once(shop, "order_items"):
            good = import_files(tmp_path, strict=True)
        assert good.row.state == "done"
        assert good.counts("users") == (4, 0, 0, 0)

    @only_on_a_server
    def test_what_lasts_longer_than_its_lease_and_was_taken_over_keeps_nothing(
        self, shop: Engine, tmp_path: Path
    ) -> None:
        import_id, store = begin(write_shop(tmp_path), strict=True)

        def take_over(_progress: Progress) -> None:
            change_import(shop, import_id, lease_holder="elsewhere:1:x", lease_until=in_a_minute())

        with pytest.raises(ImportBusy):
            imports.work_on(import_id, store, on_progress=take_over)
        assert not any(everything(shop).values())
        found = outcome(import_id).row
        assert (found.state, found.lease_holder) == ("running", "elsewhere:1:x")


class TestSteps:
    def test_an_import_in_many_short_steps_ends_as_in_one(self, bucket: Path, shop: Engine) -> None:
        rows = [user(n, age="old" if n % 5 == 0 else 40) for n in range(1, 41)] + [user(3), user(41)]
        write_shop(bucket / "shop", 40, users=rows)
        whole = ask("shop")
        imports.continue_imports(time_left_ms=no_limit, batch_rows=7)
        in_one, expected = everything(shop), outcome(whole)
        with shop.connect() as connection:
            for table in reversed(TABLES):
                connection.execute(text(f"DELETE FROM {table}"))

        stepped = ask("shop")
        change_import(shop, stepped, created_at=str(expected.row.created_at)[:26])  # so that the stamps are the same
        done, calls = [0], 0
        while outcome(stepped).row.state != "done":
            imports.continue_imports(time_left_ms=enough_for(3), batch_rows=7)
            found = outcome(stepped)
            done.append(sum(file.records_done for file in found.files.values()))
            calls += 1
            assert found.row.lease_until is None
            assert done[-1] > done[-2] or found.row.state == "done"
        assert calls == 11  # one batch of distribution centers and six of each other file, three a step
        assert everything(shop) == in_one
        found = outcome(stepped)
        assert found.all_counts == expected.all_counts
        assert found.rejections == expected.rejections

    def test_all_imports_that_were_asked_for_are_worked_on_oldest_first(self, bucket: Path, shop: Engine) -> None:
        write_files(bucket / "old", users=[user(1, city="Old"), user(2)])
        write_files(bucket / "new", users=[user(1, city="New"), user(3)])
        older, newer = ask("old"), ask("new")
        imports.continue_imports(time_left_ms=no_limit)
        assert outcome(older).counts("users") == (2, 0, 0, 0)
        assert outcome(newer).counts("users") == (1, 1, 0, 0)
        assert [row["city"] for row in stored(shop, "users")] == ["New", "Lyon", "Lyon"]

    def test_an_import_is_not_begun_when_the_one_before_has_used_up_the_time(
        self, bucket: Path, shop: Engine
    ) -> None:
        write_files(bucket / "old", users=[user(1)])
        write_files(bucket / "new", users=[user(2)])
        older, newer = ask("old"), ask("new")
        imports.continue_imports(time_left_ms=enough_for(1))
        assert outcome(older).row.state == "done"
        assert outcome(newer).row.state == "queued"

    def test_what_a_machine_imports_from_its_own_folder_is_left_to_it(
        self, bucket: Path, shop: Engine, tmp_path: Path
    ) -> None:
        import_id, _ = begin(write_files(tmp_path / "own", users=[user()]))
        imports.continue_imports(time_left_ms=no_limit)
        assert outcome(import_id).row.state == "queued"

    def test_an_import_that_fails_does_not_hold_up_the_next(
        self, bucket: Path, shop: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(bucket / "bad", users=[user(1)])
        write_files(bucket / "good", distribution_centers=[center(1)])
        bad, good = ask("bad"), ask("good")
        insert = imports_sql.insert_columns

        def fail(connection: Any, name: str, *rest: Any) -> None:
            if name == "users":
                raise ZeroDivisionError
            insert(connection, name, *rest)

        monkeypatch.setattr(imports_sql, "insert_columns", fail)
        with pytest.raises(ZeroDivisionError):
            imports.continue_imports(time_left_ms=no_limit)
        assert outcome(bad).row.state == "failed"
        assert outcome(good).row.state == "done"

    def test_a_strict_import_that_does_not_fit_the_time_says_so(self, bucket: Path, shop: Engine) -> None:
        write_files(bucket / "users", users=[user(number) for number in range(1, 10)])
        import_id = ask("users", strict=True)
        imports.continue_imports(time_left_ms=enough_for(2), batch_rows=2)
        done = outcome(import_id)
        assert done.row.state == "failed"
        assert "takes longer than one run" in done.row.message
        assert stored(shop, "users") == []

    def test_a_strict_import_is_given_the_time_of_a_whole_run(self, bucket: Path, shop: Engine) -> None:
        """It waits when another import has used some of it, rather than fail."""
        write_files(bucket / "first", distribution_centers=[center(number) for number in range(1, 5)])
        write_files(bucket / "strict", users=[user(number) for number in range(1, 10)])
        ask("first")
        strict = ask("strict", strict=True)
        imports.continue_imports(time_left_ms=enough_for(6), batch_rows=2)
        assert outcome(strict).row.state == "queued"
        imports.continue_imports(time_left_ms=enough_for(6), batch_rows=2)
        assert outcome(strict).row.state == "done"

    def test_a_file_that_is_replaced_half_way_is_not_mixed_with_the_new_one(self, bucket: Path, shop: Engine) -> None:
        write_files(bucket / "users", users=[user(number) for number in range(1, 7)], orders=[order()])
        import_id = ask("users")
        imports.continue_imports(time_left_ms=enough_for(1), batch_rows=2)
        write_files(bucket / "users", users=[user(number) for number in range(11, 18)])
        imports.continue_imports(time_left_ms=no_limit, batch_rows=2)
        done = outcome(import_id)
        assert done.files["users"].error == "the file was replaced while it was being imported: import it again"
        assert done.row.state == "failed"
        assert [row["id"] for row in stored(shop, "users")] == [1, 2]
        assert done.counts("orders") == (1, 0, 0, 0)
        again = ask("users")
        imports.continue_imports(time_left_ms=no_limit)
        assert outcome(again).counts("users") == (7, 0, 0, 0)

    def test_a_file_that_is_replaced_before_its_turn_is_read_as_it_is_then(self, bucket: Path, shop: Engine) -> None:
        write_files(bucket / "users", users=[user(1)])
        import_id = ask("users")
        write_files(bucket / "users", users=[user(1, city="Corrected"), user(2)])
        imports.continue_imports(time_left_ms=no_limit)
        file = outcome(import_id).files["users"]
        assert (file.state, file.inserted) == ("done", 2)
        assert file.size_bytes == file.bytes_done == (bucket / "users" / "users.csv").stat().st_size

    def test_a_transfer_that_breaks_off_is_not_the_end_of_the_file(self, shop: Engine, tmp_path: Path) -> None:
        """Its last line would be half a row; the import continues when the whole file can be read."""
        write_files(tmp_path, users=[user(number) for number in range(1, 8)])
        size = (tmp_path / "users.csv").stat().st_size

        class Flaky(FolderBlobs):
            def open(self, key: str) -> BinaryIO:
                return BytesIO((tmp_path / key).read_bytes()[: size - 3])

        import_id, whole = begin(tmp_path)
        with pytest.raises(Unavailable, match="3 bytes early"):
            imports.work_on(import_id, Flaky(tmp_path), batch_rows=2)
        found = outcome(import_id)
        assert (found.row.state, found.row.lease_until) == ("running", None)
        assert 7 not in [row["id"] for row in stored(shop, "users")]
        imports.work_on(import_id, whole, batch_rows=2)
        assert outcome(import_id).counts("users") == (7, 0, 0, 0)

    def test_a_store_that_fails_half_way_leaves_an_import_that_can_be_continued(
        self, shop: Engine, tmp_path: Path
    ) -> None:
        write_files(tmp_path, users=[user(number) for number in range(1, 8)])

        class Broken:
            def read(self, _size: int) -> bytes:
                raise ConnectionResetError

            def close(self) -> None:
                pass

        class Flaky(FolderBlobs):
            def open(self, key: str) -> BinaryIO:
                return cast(BinaryIO, Broken())

        import_id, whole = begin(tmp_path)
        with pytest.raises(Unavailable):
            imports.work_on(import_id, Flaky(tmp_path))
        imports.work_on(import_id, whole)
        assert outcome(import_id).counts("users") == (7, 0, 0, 0)

    def test_ids_of_an_earlier_step_count_as_seen(self, bucket: Path, shop: Engine) -> None:
        write_files(
            bucket / "users", users=[user(1), user(2), user(3, age="old"), user(2), user(3), user(1), user(4)]
        )
        import_id = ask("users")
        for _ in range(7):
            with_a_batch = enough_for(1)
            if outcome(import_id).row.state != "done":
                imports.continue_imports(time_left_ms=with_a_batch, batch_rows=1)
        done = outcome(import_id)
        assert done.row.state == "done"
        assert done.places == [
            ("users.csv", 4, "age", "old"),
            ("users.csv", 5, "id", "2"),
            ("users.csv", 7, "id", "1"),
        ]
        assert done.counts("users") == (4, 0, 0, 3)


class TestTheLease:
    def test_only_one_of_many_workers_gets_the_import(self, shop: Engine, tmp_path: Path) -> None:
        import_id, store = begin(write_shop(tmp_path, 30))
        together = threading.Barrier(6)

        def work() -> None:
            together.wait(timeout=10)
            imports.work_on(import_id, store, batch_rows=5)

        with ThreadPoolExecutor(6) as pool:
            errors = [future.exception() for future in [pool.submit(work) for _ in range(6)]]
        assert sorted(type(error).__name__ for error in errors) == ["ImportBusy"] * 5 + ["NoneType"]
        done = outcome(import_id)
        assert done.row.state == "done"
        assert set(done.all_counts.values()) == {(1, 0, 0, 0), (30, 0, 0, 0)}

    def test_a_second_worker_is_sent_away_while_the_first_works(self, shop: Engine, tmp_path: Path) -> None:
        import_id, store = begin(write_shop(tmp_path, 4))
        with held_up(import_id, store) as first, pytest.raises(ImportBusy, match=socket.gethostname()):
            imports.work_on(import_id, store)
        first.result()
        assert outcome(import_id).counts("users") == (4, 0, 0, 0)

    def test_the_schedule_passes_over_an_import_that_is_being_worked_on(self, bucket: Path, shop: Engine) -> None:
        write_shop(bucket / "busy", 4)
        write_files(bucket / "free", distribution_centers=[center(9)])
        busy, free = ask("busy"), ask("free")
        with held_up(busy, blobs.store()):
            imports.continue_imports(time_left_ms=no_limit)
            assert outcome(free).row.state == "done"
            assert outcome(busy).row.state == "running"
        assert outcome(busy).row.state == "done"

    def test_a_worker_whose_lease_was_taken_over_writes_no_more(self, shop: Engine, tmp_path: Path) -> None:
        """Stopped for longer than its lease, it wakes up when another one has finished the import."""
        import_id, store = begin(write_shop(tmp_path, 6))
        with held_up(import_id, store) as first:
            change_import(shop, import_id, lease_until="2026-01-01 00:00:00.000000")
            imports.work_on(import_id, store, batch_rows=2)
            before = outcome(import_id)
        with pytest.raises(ImportBusy):
            first.result()
        after = outcome(import_id)
        assert after == before
        assert after.row.state == "done"
        assert after.counts("users") == (6, 0, 0, 0)

    def test_a_worker_that_fails_after_its_lease_was_taken_over_does_not_end_the_import(
        self, shop: Engine, tmp_path: Path
    ) -> None:
        import_id, store = begin(write_shop(tmp_path, 6))
        with held_up(import_id, store, then=ZeroDivisionError) as first:
            change_import(shop, import_id, lease_holder="elsewhere:1:x", lease_until=in_a_minute())
        with pytest.raises(ZeroDivisionError):
            first.result()
        found = outcome(import_id).row
        assert (found.state, found.lease_holder) == ("running", "elsewhere:1:x")

    def test_the_lease_of_a_dead_process_of_this_machine_is_taken_over_at_once(
        self, shop: Engine, tmp_path: Path
    ) -> None:
        import_id, store = begin(write_shop(tmp_path))
        change_import(shop, import_id, state="running", lease_holder=dead_holder(), lease_until=in_a_minute())
        imports.work_on(import_id, store)
        assert outcome(import_id).row.state == "done"

    def test_the_lease_of_a_living_process_is_respected(self, shop: Engine, tmp_path: Path) -> None:
        import_id, store = begin(write_shop(tmp_path))
        with subprocess.Popen(["sleep", "60"]) as other:
            try:
                holder = f"{socket.gethostname()}:{other.pid}:x"
                change_import(shop, import_id, state="running", lease_holder=holder, lease_until=in_a_minute())
                with pytest.raises(ImportBusy):
                    imports.work_on(import_id, store)
            finally:
                other.kill()
        assert outcome(import_id).row.lease_holder == holder

    @pytest.mark.parametrize("holder", ["another machine", "this very process"])
    def test_the_lease_of_whom_one_cannot_know_to_be_dead_is_respected_until_it_is_over(
        self, shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: str
    ) -> None:
        import_id, store = begin(write_shop(tmp_path))
        name = f"{socket.gethostname()}:{os.getpid()}:x" if holder == "this very process" else "elsewhere:999999:x"
        change_import(shop, import_id, state="running", lease_holder=name, lease_until=in_a_minute())
        with pytest.raises(ImportBusy):
            imports.work_on(import_id, store)
        later = datetime.now(UTC) + timedelta(seconds=61)
        monkeypatch.setattr(clock, "now", lambda: later)
        imports.work_on(import_id, store)
        assert outcome(import_id).row.state == "done"

    def test_in_the_cloud_a_process_number_says_nothing(
        self, shop: Engine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two machines may have one name, and each has a process 8."""
        import_id, store = begin(write_shop(tmp_path))
        change_import(shop, import_id, state="running", lease_holder=dead_holder(), lease_until=in_a_minute())
        set_settings(monkeypatch, replace(settings, deployed=True))
        with pytest.raises(ImportBusy):
            imports.work_on(import_id, store)

    def test_the_lease_is_renewed_while_rows_of_an_earlier_step_are_read_again(
        self, bucket: Path, shop: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many those are: otherwise one worker after the other would begin, and none get anywhere."""
        write_files(bucket / "users", users=[user(number) for number in range(1, 41)])
        import_id = ask("users")
        imports.continue_imports(time_left_ms=enough_for(38), batch_rows=1)
        assert outcome(import_id).files["users"].records_done == 38
        moment = datetime.now(UTC)
        refusals = 0

        def slow_validate(*arguments: Any) -> Validated:
            nonlocal moment, refusals
            moment += timedelta(seconds=20)
            with pytest.raises(ImportBusy):
                imports.work_on(import_id, blobs.store())
            refusals += 1
            return validate(*arguments)

        monkeypatch.setattr(clock, "now", lambda: moment)
        monkeypatch.setattr(steps, "validate", slow_validate)
        imports.continue_imports(time_left_ms=no_limit, batch_rows=1)
        assert refusals == 40
        assert outcome(import_id).counts("users") == (40, 0, 0, 0)


@contextmanager
def held_up(import_id: int, store: blobs.Blobs, *, then: type[Exception] | None = None) -> Iterator[Future[None]]:
    """A worker in a thread of its own that stands still in the middle of the users until the block ends."""
    reached, go_on = threading.Event(), threading.Event()

    def wait(progress: Progress) -> None:
        if progress.file == "users.csv" and not reached.is_set():
            reached.set()
            assert go_on.wait(timeout=30)
            if then is not None:
                raise then

    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(imports.work_on, import_id, store, batch_rows=2, on_progress=wait)
        assert reached.wait(timeout=30), work.result(timeout=1)
        try:
            yield work
        finally:
            go_on.set()


def dead_holder() -> str:
    """Name a process of this machine that is gone."""
    process = subprocess.Popen(["true"])
    process.wait()
    return f"{socket.gethostname()}:{process.pid}:x"


class TestBesideOthers:
    def test_two_imports_of_overlapping_files_at_once_end_consistent(self, shop: Engine, tmp_path: Path) -> None:
        left = write_shop(tmp_path / "left", 60, users=[user(number, city="Left") for number in range(1, 61)])
        right = write_shop(
            tmp_path / "right",
            60,
            users=[user(number, city="Right") for number in range(31, 91)],
            orders=[order(number) for number in range(31, 91)],
            order_items=[item(number, product_id=1, inventory_item_id="") for number in range(31, 91)],
        )
        together = threading.Barrier(2)

        def work(folder: Path) -> int:
            import_id, store = begin(folder)
            together.wait(timeout=10)
            imports.work_on(import_id, store, batch_rows=8)
            return import_id

        with ThreadPoolExecutor(2) as pool:
            done = [outcome(import_id) for import_id in pool.map(work, [left, right])]
        assert [each.row.state for each in done] == ["done", "done"]
        assert [each.rejections for each in done] == [[], []]
        size = {"users": 90, "orders": 90, "order_items": 90, "distribution_centers": 1}
        for table, rows in everything(shop).items():
            expected = size.get(table, 60)
            assert [row["id"] for row in rows] == list(range(1, expected + 1))
            assert sum(each.files[table].inserted for each in done) == expected
            for each in done:
                assert sum(each.counts(table)) == each.files[table].records_done
        cities = [row["city"] for row in stored(shop, "users")]
        assert cities[:30] == ["Left"] * 30
        assert set(cities[30:60]) <= {"Left", "Right"}
        assert cities[60:] == ["Right"] * 30

    @only_on_a_server
    def test_rows_that_another_one_inserts_in_between_are_compared_instead(
        self, shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(tmp_path, users=[user(1), user(2), user(3)])

        def rival() -> None:
            make_customer(id=2, email="user2@example.com", city="Rival")
            make_customer(id=900, email="USER3@example.com")

        insert_after(monkeypatch, rival)
        done = import_files(tmp_path)
        assert done.row.state == "done"
        assert done.counts("users") == (1, 1, 0, 1)
        assert done.rejections == [
            ("users.csv", 4, "email", "user3@example.com", "belongs to row 900 of users already")
        ]
        assert {row["id"]: row["city"] for row in stored(shop, "users")} == {1: "Lyon", 2: "Lyon", 900: "Lyon"}

    @only_on_a_server
    def test_a_strict_import_meets_rows_of_another_one_as_well(
        self, shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_files(tmp_path, users=[user(1), user(2)])
        insert_after(monkeypatch, lambda: make_customer(id=2, email="user2@example.com", city="Rival"))
        done = import_files(tmp_path, strict=True)
        assert done.row.state == "done"
        assert done.counts("users") == (1, 1, 0, 0)

    @only_on_a_server
    def test_a_value_that_another_one_takes_before_an_update_is_reported(
        self, shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import_files(write_files(tmp_path, users=[user(1), user(2)]))
        write_files(tmp_path, users=[user(1, email="new@example.com"), user(2, city="Nice")])
        update, rivals = imports_sql.update_rows, [lambda: make_customer(id=900, email="NEW@example.com")]

        def after_a_rival(*arguments: Any, versioned: bool) -> None:
            if rivals:
                rivals.pop()()
            update(*arguments, versioned=versioned)

        monkeypatch.setattr(imports_sql, "update_rows", after_a_rival)
        done = import_files(tmp_path)
        assert done.places == [("users.csv", 2, "email", "new@example.com")]
        assert done.counts("users") == (0, 1, 0, 1)
        assert [row["email"] for row in stored(shop, "users")][:2] == ["user1@example.com", "user2@example.com"]

    @only_on_a_server
    @pytest.mark.parametrize("strict", [False, True])
    def test_a_commit_whose_answer_is_lost_is_not_counted_twice(
        self, shop: Engine, tmp_path: Path, strict: bool
    ) -> None:
        """The import stands where it was saved, and is continued from there, or has ended."""
        write_files(tmp_path, users=[user(1), user(2), user(3)])
        import_id, store = begin(tmp_path, strict=strict)
        lost = pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")

        def lose(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement == "COMMIT" and sum(row["records_done"] for row in stored(shop, "import_files")) == 3:
                event.remove(shop, "after_cursor_execute", lose)
                raise lost

        event.listen(shop, "after_cursor_execute", lose)
        with pytest.raises(Unavailable):
            imports.work_on(import_id, store)
        if not strict:
            imports.work_on(import_id, store)
        done = outcome(import_id)
        assert done.row.state == "done"
        assert done.counts("users") == (3, 0, 0, 0)

    def test_a_batch_that_meets_a_deadlock_is_counted_once(self, shop: Engine, tmp_path: Path) -> None:
        write_files(tmp_path, users=[user(1), user(2, age="old"), user(3), user(3)])
        with deadlock_once(shop, "users") as happened:
            done = import_files(tmp_path)
        assert len(happened) == 1
        assert done.counts("users") == (2, 0, 0, 2)
        assert len(done.places) == 2


def insert_after(monkeypatch: pytest.MonkeyPatch, rival: Callable[[], object]) -> None:
    """Let `rival` write and commit just before the next batch is inserted."""
    insert, rivals = imports_sql.insert_columns, [rival]

    def after_a_rival(*arguments: Any) -> None:
        if rivals:
            rivals.pop()()
        insert(*arguments)

    monkeypatch.setattr(imports_sql, "insert_columns", after_a_rival)
