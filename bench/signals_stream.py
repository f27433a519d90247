"""The stream of interactions that a rebuild reads, beside the same rows through the driver; one person's history.

`make bench-signals [ROWS=400000]`. Rows a second and peak memory at a tenth of the rows and at all of them, each in a
process of its own; p50 of a history beside that of a row by its primary key.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sqlalchemy import text

from chalicelib.core import clock
from chalicelib.core.config import Settings
from chalicelib.core.database import read, transaction, use_engine
from chalicelib.core.database.dialect import insert_rows, make_engine
from chalicelib.recommendations.signals import interactions
from infra.migrate import migrate
from infra.private_mariadb import private_server

_AT = "2026-03-01 12:00:00.000000"
_ROWS_AT_ONCE = 200_000
_PLAIN = (
    "SELECT id, customer_id, product_id, kind, at FROM behaviour_events WHERE kind <> 'impression' "
    "ORDER BY id LIMIT 200000"
)


def main() -> None:
    """Run the bench, or (with --measure) the measurement itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000, help="events; as many units are bought")
    parser.add_argument("--measure", metavar="URL", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        use_engine(make_engine(arguments.measure, Settings(db_pool_size=2)))
        print(json.dumps(measure()))
        return
    with private_server(tuned_for="bench") as server:
        for rows in (arguments.rows // 10, arguments.rows):
            url = server.create_database(f"rows_{rows}")
            _fill(url, rows)
            for name, value in _measured_apart(url).items():
                print(f"{rows:>10,} events  {name:<32}{value:>12,.2f}")


def _measured_apart(url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.signals_stream", "--measure", url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure() -> dict[str, float]:
    """Return the figures of the database that the process is connected to."""
    next(interactions.stream(now=clock.now(), page=1000))  # loads numpy and connects
    before = _peak_mb()
    started = time.perf_counter()
    rows = sum(map(len, interactions.stream(now=clock.now())))
    elapsed = time.perf_counter() - started
    peak = _peak_mb() - before
    with read() as connection:
        started = time.perf_counter()
        plain = len(connection.execute(text(_PLAIN)).all())
        plain_elapsed = time.perf_counter() - started
        history = _p50_ms(lambda n: interactions.history_of(connection, customer_id=n, visitor=None, limit=50))
        by_key = _p50_ms(lambda n: connection.execute(text("SELECT * FROM users WHERE id = :id"), {"id": n}).first())
    return {
        "stream, interactions a second": rows / elapsed,
        "stream, MB of memory": peak,
        "through the driver, a second": plain / plain_elapsed,
        "history, p50 ms": history,
        "row by primary key, p50 ms": by_key,
    }


def _peak_mb() -> float:
    # Not `getrusage`, which goes on from the process that started this one.
    [line] = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def _p50_ms(call: Callable[[int], Any]) -> float:
    times = []
    for number in range(1, 600):
        started = time.perf_counter()
        call(number)
        times.append((time.perf_counter() - started) * 1000)
    return median(times[100:])


def _fill(url: str, rows: int) -> None:
    """Put in a customer for each twenty events, as many units bought, in orders of two."""
    engine = make_engine(url, Settings(db_pool_size=2))
    migrate(engine)
    use_engine(engine)
    rng, customers = np.random.default_rng(1), max(1000, rows // 20)
    for table, columns, constants in _tables(rng, rows, customers):
        for start in range(0, rows, _ROWS_AT_ONCE):
            part = {name: values[start : start + _ROWS_AT_ONCE] for name, values in columns.items()}
            with transaction() as connection:
                connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")  # products are not looked at
                insert_rows(connection, table, part, constants)
    engine.dispose()


def _tables(rng: np.random.Generator, rows: int, customers: int) -> list[tuple[str, dict[str, list[Any]], Any]]:
    buyers = rng.integers(1, customers + 1, rows // 2)
    kinds = np.array(["view", "cart", "click", "impression"])[rng.choice(4, rows, p=[0.5, 0.1, 0.1, 0.3])]
    emails = [f"{number}@example.com" for number in range(customers)]
    made = {"created_at": _AT, "updated_at": _AT}
    return [
        ("users", {"id": [*range(1, customers + 1)], "email": emails, "email_key": emails}, made),
        (
            "orders",
            {"id": [*range(1, rows // 2 + 1)], "user_id": buyers.tolist()},
            {**made, "status": "complete", "num_of_item": 2},
        ),
        (
            "order_items",
            {
                "order_id": (np.arange(rows) // 2 + 1).tolist(),
                "user_id": np.repeat(buyers, 2).tolist(),
                "product_id": rng.integers(1, 5000, rows).tolist(),
            },
            {"status": "complete", "created_at": _AT, "sale_price_cents": 1},
        ),
        (
            "behaviour_events",
            {
                "event_key": [f"{number:032x}" for number in range(rows)],
                "customer_id": rng.integers(1, customers + 1, rows).tolist(),
                "kind": kinds.tolist(),
                "product_id": rng.integers(1, 5000, rows).tolist(),
            },
            {"at": _AT, "received_at": _AT},
        ),
    ]


if __name__ == "__main__":
    main()
