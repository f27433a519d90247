"""A private MariaDB with the sample shop in it: what the benches stand on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pymysql
from sqlalchemy.engine import make_url

from chalicelib.core.clock import now
from infra.private_mariadb import private_server
from infra.sample_shop import generate


@dataclass(frozen=True, slots=True)
class BenchShop:
    """The database's URL and the folder with the sample shop's CSV files."""

    url: str
    csv: Path
    work: Path

    def environment(self) -> dict[str, str]:
        """The environment of a process that works on this shop."""
        return {**os.environ, "DATABASE_URL": self.url, "DATA_DIR": str(self.work), "LOG_LEVEL": "WARNING"}

    def connect(self) -> pymysql.Connection[Any]:
        """Return a bare PyMySQL connection."""
        url = make_url(self.url)
        return pymysql.connect(
            unix_socket=str(url.query["unix_socket"]),
            user=url.username,
            database=url.database,
            charset="utf8mb4",
            local_infile=True,
            ssl_disabled=True,
            autocommit=True,
        )

    def beside(self, name: str) -> BenchShop:
        """Return another database on the same server, migrated and empty."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        url = make_url(self.url).set(database=name).render_as_string(hide_password=False)
        other = replace(self, url=url, work=self.work.with_name(f"work-{name}"))
        other.migrate()
        return other

    def migrate(self) -> None:
        """Bring the database to the newest schema."""
        subprocess.run([sys.executable, "-m", "infra.migrate"], env=self.environment(), check=True)

    def run(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
        """Run a module of the bench in a process of its own; return the JSON that it prints last."""
        command = [sys.executable, "-m", module, *arguments]
        given = {**self.environment(), **(environment or {})}
        done = subprocess.run(command, env=given, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def bench_shop(scale: float) -> Iterator[BenchShop]:
    """Give a migrated, empty database and the CSV files of a sample shop of `scale`."""
    with private_server(tuned_for="bench") as server, TemporaryDirectory() as folder:
        csv = Path(folder, "csv")
        csv.mkdir()
        counts = generate(csv, scale=scale, today=now().date())
        shop = BenchShop(server.create_database("bench"), csv, Path(folder, "work"))
        print(f"sample shop of scale {scale:g}: {counts}")
        shop.migrate()
        yield shop
