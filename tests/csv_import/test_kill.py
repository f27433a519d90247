"""Imports that are killed with SIGKILL, again and again, at random moments: they end as if nothing had happened."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from chalicelib.core.config import Settings
from chalicelib.core.database.dialect import make_engine
from infra.migrate import migrate
from infra.private_mariadb import PrivateServer
from infra.sample_shop import generate
from tests.commerce.stock_checks import assert_stock_adds_up, levels
from tests.csv_import.csv_files import TABLES, everything, stored

ROOT = Path(__file__).parents[2]
KILLS = 10
BATCH_ROWS = 10

# Set to the moment of the import, and so not the same in two imports.
STAMPS = {
    "distribution_centers": {"created_at", "updated_at"},
    "users": {"updated_at"},
    "products": {"created_at", "updated_at"},
    "orders": {"updated_at"},
}


@dataclass(frozen=True)
class Shop:
    """A database of its own, and the command line's way to it."""

    engine: Engine
    environment: Mapping[str, str]

    def start(self, folder: Path, *options: str) -> subprocess.Popen[str]:
        """Start an import in a process of its own."""
        command = [sys.executable, "-m", "infra.import_csv", str(folder), "--batch-rows", str(BATCH_ROWS), *options]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, folder: Path, *options: str) -> tuple[int, str]:
        """Run an import to its end; return its exit code and what it said."""
        with self.start(folder, *options) as process:
            said, _ = process.communicate(timeout=60)
        return process.returncode, said

    def records_done(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(text("SELECT COALESCE(SUM(records_done), 0) FROM import_files")) or 0)

    def assert_whole(self) -> None:
        """Check that the tables, the rejections and the counts tell the same, as after each whole batch."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            for file in connection.execute(text("SELECT * FROM import_files")).all():
                rows = connection.scalar(text(f"SELECT COUNT(*) FROM {file.table_name}"))
                bad = connection.scalar(
                    text("SELECT COUNT(DISTINCT line) FROM import_rejections WHERE file = :file"),
                    {"file": f"{file.table_name}.csv"},
                )
                assert (file.inserted, file.rejected) == (rows, bad), file.table_name
                assert file.inserted + file.rejected == file.records_done, file.table_name
            connection.exec_driver_sql("ROLLBACK")

    def assert_stock_adds_up(self) -> None:
        """Check that there is stock, and that counters, units and ledger agree."""
        with self.engine.connect() as connection:
            assert sum(counters["received"] for counters in levels(connection).values()) > 0
            assert_stock_adds_up(connection)

    def contents(self) -> dict[str, Any]:
        """Return all that an import leaves behind, without its own stamps and numbers."""
        found: dict[str, Any] = {
            table: [{name: row[name] for name in row.keys() - STAMPS.get(table, set())} for row in rows]
            for table, rows in everything(self.engine).items()
        }
        names = ("file", "line", "column_name", "value", "reason")
        found["rejections"] = [[row[name] for name in names] for row in stored(self.engine, "import_rejections")]
        found["files"] = [
            {name: row[name] for name in row.keys() - {"id", "import_id"}}
            for row in stored(self.engine, "import_files")
        ]
        found["imports"] = [(row["state"], row["message"]) for row in stored(self.engine, "imports")]
        return found


def spoil(path: Path, seed: int) -> None:
    """Give a file rows that are bad in each way there is, at random places."""
    chance = random.Random(seed)
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    for _ in range(max(3, len(rows) // 20)):
        row = list(chance.choice(rows))
        kind = chance.choice(["repeated", "bad value", "short"])
        if kind == "bad value":
            row[chance.randrange(len(row))] = "\N{GRINNING FACE} no\tvalue"
        rows.insert(chance.randrange(len(rows) + 1), row[:-1] if kind == "short" else row)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small shop with bad rows."""
    made = tmp_path_factory.mktemp("csv")
    generate(made, scale=0.001, seed=3, today=date(2026, 1, 31))
    for seed, table in enumerate(TABLES):
        spoil(made / f"{table}.csv", seed)
    return made


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    found: str = request.param
    return found


@pytest.fixture
def shops(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[Shop]]:
    """Two empty shops on one engine: one to be disturbed, one to compare with."""
    made = []
    for name in ("disturbed", "undisturbed"):
        folder = tmp_path / name
        folder.mkdir()
        url = f"sqlite:///{folder / 'shop.db'}"
        if kind == "mysql":
            server: PrivateServer = request.getfixturevalue("mariadb")
            server.drop_database(name)
            url = server.create_database(name)
        engine = make_engine(url, Settings())
        migrate(engine)
        environment = {"PATH": os.environ.get("PATH", ""), "DATABASE_URL": url, "DATA_DIR": str(folder)}
        made.append(Shop(engine, environment))
    yield made
    for shop in made:
        shop.engine.dispose()


def seeded() -> random.Random:
    """Return a source of chance; pytest shows its seed when the test fails."""
    seed = random.SystemRandom().getrandbits(32)
    sys.stdout.write(f"seed {seed}\n")
    return random.Random(seed)


def kill_when(process: subprocess.Popen[str], shop: Shop, records: int, delay_s: float) -> None:
    """End the process by SIGKILL some time after so many records are done."""
    give_up_at = time.monotonic() + 30
    while shop.records_done() < records and process.poll() is None and time.monotonic() < give_up_at:
        time.sleep(0.001)
    time.sleep(delay_s)
    process.kill()
    process.communicate()


def test_a_killed_import_continues_and_ends_like_an_undisturbed_one(shops: list[Shop], folder: Path) -> None:
    disturbed, undisturbed = shops
    code, said = undisturbed.finish(folder)
    assert code == 3, said  # rows were rejected
    total = undisturbed.records_done()
    chance = seeded()
    for left in range(KILLS, 0, -1):
        done = disturbed.records_done()
        # The last kill comes about half-way, so that no delay of this process lets an import end.
        ahead = chance.randint(1, max(1, (total // 2 - done) * 2 // left))
        process = disturbed.start(folder)
        # The delay is that of a few batches: some moments lie within a transaction, some between two.
        kill_when(process, disturbed, done + ahead, chance.uniform(0, 0.01))
        assert process.returncode == -9, "it ended before it was killed"
        assert done < disturbed.records_done() < total
        disturbed.assert_whole()
    code, said = disturbed.finish(folder)
    assert code == 3, said
    assert "Continuing import 1, which was interrupted." in said
    assert disturbed.contents() == undisturbed.contents()
    disturbed.assert_stock_adds_up()
    for table, stamps in STAMPS.items():
        moments = {row[stamp] for row in stored(disturbed.engine, table) for stamp in stamps}
        assert len(moments) == 1, table


def test_a_killed_strict_import_leaves_nothing_and_begins_anew(shops: list[Shop], tmp_path: Path) -> None:
    good = tmp_path / "csv"
    generate(good, scale=0.001, seed=3, today=date(2026, 1, 31))
    shop = shops[0]
    process = shop.start(good, "--strict")
    wait_for_lease(process, shop)
    time.sleep(seeded().uniform(0, 0.1))
    process.kill()
    process.communicate()
    assert process.returncode == -9, "it ended before it was killed"
    assert everything(shop.engine) == {table: [] for table in TABLES}
    assert [row["state"] for row in stored(shop.engine, "imports")] == ["running"]
    code, said = shop.finish(good, "--strict")
    assert code == 0, said
    assert [row["state"] for row in stored(shop.engine, "imports")] == ["done"]
    shop.assert_stock_adds_up()
    for table, rows in everything(shop.engine).items():
        with (good / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            assert len(rows) == len(list(csv.reader(file))) - 1


def wait_for_lease(process: subprocess.Popen[str], shop: Shop) -> None:
    """Wait until the process works on its import."""
    while process.poll() is None and not any(row["lease_holder"] for row in stored(shop.engine, "imports")):
        time.sleep(0.001)
