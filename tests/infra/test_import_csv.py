"""The command that imports a folder: what it says, what it leaves, and how it ends."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from chalicelib.core.blobs import FolderBlobs
from chalicelib.core.config import Settings
from chalicelib.csv_import import imports
from chalicelib.csv_import.steps import Progress
from infra import import_csv
from tests.conftest import set_settings
from tests.csv_import.csv_files import center, everything, outcome, stored, user, write_files, write_shop

Output = pytest.CaptureFixture[str]


def run(*arguments: str | Path) -> int:
    return import_csv.main([str(argument) for argument in arguments])


def read_csv(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def interrupt_after(monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    """Let Ctrl-C be pressed after so many batches, once."""
    left = [None] * batches
    show = import_csv.Bars.__call__

    def interrupt(self: import_csv.Bars, progress: Progress) -> None:
        show(self, progress)
        if left:
            left.pop()
            if not left:
                raise KeyboardInterrupt

    monkeypatch.setattr(import_csv.Bars, "__call__", interrupt)


def test_a_good_folder_is_imported_and_counted(
    shop: Engine, settings: Settings, tmp_path: Path, capsys: Output
) -> None:
    folder = write_shop(tmp_path / "csv", 1234)
    assert run(folder) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["file", "rows", "inserted", "updated", "unchanged", "rejected"]
    assert said[1].split() == ["distribution_centers.csv", "1", "1", "0", "0", "0"]
    assert said[2].split() == ["users.csv", "1,234", "1,234", "0", "0", "0"]
    assert "note: column last_name is missing: left empty" in said
    assert len(stored(shop, "order_items")) == 1234
    assert not list(settings.data_dir.glob("import-*"))
    assert run(folder) == 0
    assert capsys.readouterr().out.splitlines()[2].split() == ["users.csv", "1,234", "0", "0", "1,234", "0"]


def test_rejected_rows_are_shown_in_part_and_written_in_full(
    shop: Engine, settings: Settings, tmp_path: Path, capsys: Output
) -> None:
    rows = [user(number, age="ol,d" if number > 5 else number) for number in range(1, 31)]
    assert run(write_files(tmp_path / "csv", users=rows)) == 3
    said = capsys.readouterr().out
    [path] = settings.data_dir.glob("import-*-rejections.csv")
    assert f"25 rows were rejected; all with their reasons: {path}. The first:" in said
    shown = [line for line in said.splitlines() if line.startswith("  users.csv:")]
    assert shown[0] == "  users.csv:7 age 'ol,d': is not a whole number"
    assert len(shown) == 10
    written = read_csv(path)
    assert written[0] == ["file", "line", "column", "value", "reason"]
    assert written[1:] == [["users.csv", str(line), "age", "ol,d", "is not a whole number"] for line in range(7, 32)]


def test_very_many_rejected_rows_are_all_written(shop: Engine, tmp_path: Path, capsys: Output) -> None:
    folder = write_files(tmp_path / "csv", users=[user(number, age="old") for number in range(1, 10_012)])
    path = tmp_path / "new" / "folder" / "bad.csv"
    assert run(folder, "--rejections", path) == 3
    said = capsys.readouterr().out
    assert "10,011 rows were rejected" in said
    shown = [line.partition(" ")[0] for line in map(str.strip, said.splitlines()) if line.startswith("users.csv:")]
    assert shown == [f"users.csv:{line}" for line in range(2, 12)]
    assert [int(row[1]) for row in read_csv(path)[1:]] == list(range(2, 10_013))


def test_a_strict_import_of_a_bad_folder_says_that_nothing_was_loaded(
    shop: Engine, tmp_path: Path, capsys: Output
) -> None:
    folder = write_files(tmp_path / "csv", distribution_centers=[center()], users=[user(1), user(2, age="old")])
    assert run(folder, "--strict") == 1
    said = capsys.readouterr().out
    assert "Nothing was imported: 1 rows were rejected." in said
    assert "1 rows were rejected; all with their reasons" in said
    assert not any(everything(shop).values())


def test_a_file_that_fails_is_named_and_is_no_success(shop: Engine, tmp_path: Path, capsys: Output) -> None:
    folder = write_files(tmp_path / "csv", users=[{"id": 1}], distribution_centers=[center()])
    assert run(folder) == 1
    assert "users: the header lacks the required columns email, created_at" in capsys.readouterr().out
    assert len(stored(shop, "distribution_centers")) == 1


def test_a_folder_that_is_none_is_refused(shop: Engine, tmp_path: Path, capsys: Output) -> None:
    assert run(tmp_path / "nowhere") == 1
    assert "nowhere is no folder: give the one that holds the CSV files." in capsys.readouterr().err


def test_a_folder_without_any_of_the_files_is_refused(shop: Engine, tmp_path: Path, capsys: Output) -> None:
    assert run(tmp_path) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"{tmp_path} holds none of distribution_centers.csv, users.csv")
    assert len(complaint.splitlines()) == 1


def test_a_database_that_does_not_answer_is_one_line(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    url = "mysql+pymysql://root:secret@127.0.0.1:1/shop"
    set_settings(monkeypatch, replace(settings, database_url=url))
    assert run(write_files(tmp_path / "csv", users=[user()])) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("The database does not answer: ")
    assert "secret" not in complaint
    assert len(complaint.splitlines()) == 1


def test_the_same_command_continues_after_ctrl_c(
    shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    folder = write_shop(tmp_path / "csv", 9)
    interrupt_after(monkeypatch, 5)
    assert run(folder, "--batch-rows", "3") == 130
    assert "Interrupted. The same command continues here." in capsys.readouterr().err
    # One batch of the first file, three of the users, one of the products, and no lease that has to be waited for.
    [interrupted] = stored(shop, "imports")
    assert interrupted["lease_until"] is None
    assert len(stored(shop, "users")) == 9
    assert 3 <= len(stored(shop, "products")) <= 6
    assert run(folder, "--batch-rows", "3") == 0
    said = capsys.readouterr()
    assert f"Continuing import {interrupted['id']}, which was interrupted." in said.err
    assert outcome(interrupted["id"]).counts("order_items") == (9, 0, 0, 0)
    assert len(stored(shop, "imports")) == 1


@pytest.mark.parametrize("change", ["the files", "strict"])
def test_what_cannot_be_continued_is_given_up_and_begun_anew(
    shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output, change: str
) -> None:
    """The interrupted import must not seem to run for ever."""
    folder = write_files(tmp_path / "csv", users=[user(number) for number in range(1, 10)])
    interrupt_after(monkeypatch, 1)
    assert run(folder, "--batch-rows", "3") == 130
    if change == "the files":
        write_files(folder, users=[user(number, city="Nice") for number in range(1, 10)])
    assert run(folder, *(["--strict"] if change == "strict" else [])) == 0
    given_up, done = (outcome(row["id"]) for row in stored(shop, "imports"))
    assert given_up.row.state == "failed"
    assert "Interrupted, and not continued" in given_up.row.message
    assert done.row.state == "done"
    assert done.files["users"].records_done == 9
    assert {row["city"] for row in stored(shop, "users")} == {"Nice" if change == "the files" else "Lyon"}


def test_an_import_that_another_process_works_on_is_left_to_it(shop: Engine, tmp_path: Path, capsys: Output) -> None:
    folder = write_files(tmp_path / "csv", users=[user(number) for number in range(1, 10)])
    store = FolderBlobs(folder)
    source = f"{imports.FOLDER}{folder}"
    import_id = imports.request_import(store, "", source=source, strict=False, requested_by="tests")
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            holder = f"{socket.gethostname()}:{other.pid}:x"
            with shop.connect() as connection:
                connection.execute(
                    text("UPDATE imports SET state = 'running', lease_holder = :holder, lease_until = '2999-01-01'"),
                    {"holder": holder},
                )
            assert run(folder) == 1
            assert f"Import {import_id} is being worked on by {holder}" in capsys.readouterr().err
            # Nor does one that is asked for in another way end it.
            assert run(folder, "--strict") == 0
        finally:
            other.kill()
    assert outcome(import_id).row.state == "running"


def test_the_folder_may_be_given_as_a_relative_path(
    shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """It is one folder, wherever the command is given: an interrupted import is found again."""
    folder = write_files(tmp_path / "csv", users=[user(number) for number in range(1, 10)])
    interrupt_after(monkeypatch, 1)
    assert run(folder, "--batch-rows", "3") == 130
    monkeypatch.chdir(tmp_path)
    assert run("csv") == 0
    assert "Continuing import" in capsys.readouterr().err


def test_progress_bars_follow_the_file(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    bars = import_csv.Bars()
    bars(Progress("users.csv", 500_000, 1_000_000, 7))
    bars(Progress("users.csv", 1_000_000, 1_000_000, 14))
    bars(Progress("orders.csv", 10, 10, 1))
    bars.close()
    drawn = capsys.readouterr().err
    assert "users.csv: 100%" in drawn
    assert "rows=14" in drawn
    assert "orders.csv: 100%" in drawn


def test_nothing_is_drawn_where_nobody_watches(tmp_path: Path) -> None:
    """As in a log: the command by itself, in a fresh environment, with its default database."""
    folder = write_files(tmp_path / "csv", users=[user(1), user(2, age="old")])
    done = subprocess.run(
        [sys.executable, "-m", "infra.import_csv", str(folder)],
        cwd=Path(import_csv.__file__).parents[1],
        env={"PATH": os.environ.get("PATH", ""), "DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert "1 rows were rejected" in done.stdout
    assert (tmp_path / "data" / "shop.db").is_file()
