"""GET /products?limit=50 through the Lambda entry beside the same SQL through bare PyMySQL and json.dumps.

`make bench-products`. Both run in one process on one server, by turns; p50 of each and their ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any

from bench.shop import BenchShop, bench_shop

_PAGES = ("limit=50", "limit=50&skip=10000", "limit=50&after=", "limit=50&category=jeans")


def main() -> None:
    """Run the bench, or (with --measure) the measurement itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps([measure(page, arguments.requests) for page in _PAGES]))
        return
    with bench_shop(arguments.scale) as shop:
        for name in ("inventory_items", "orders", "order_items"):
            (shop.csv / f"{name}.csv").unlink()
        shop.run("bench.import_speed", "--measure", str(shop.csv))
        print(f"{'GET /products?':<28}{'entry p50':>12}{'p99':>10}{'bare p50':>12}{'ratio':>8}  statements")
        for row in shop.run("bench.products_latency", "--measure", "--requests", str(arguments.requests)):
            print(
                f"{row['page']:<28}{row['entry_us']:>9.0f} us{row['entry_p99_us']:>7.0f} us{row['bare_us']:>9.0f} us"
                f"{row['ratio']:>8.2f}  {row['statements']}"
            )
        print("goal: at most 1.5 for limit=50")


def measure(page: str, requests: int) -> dict[str, Any]:
    """Return the figures of one page, in microseconds."""
    from app import app
    from chalicelib.core.database.engine import engine

    event = _event(page)
    entry: Callable[[], Any] = lambda: app(event, None)  # noqa: E731
    entry()
    with _executed(engine()) as statements:
        entry()
    shop = BenchShop(os.environ["DATABASE_URL"], *(None, None))  # type: ignore[arg-type]
    with shop.connect() as connection:
        bare = _bare(connection, statements)
        times: dict[str, list[float]] = {"entry": [], "bare": []}
        for turn in range(requests + 50):
            for name, call in (("entry", entry), ("bare", bare)):
                started = time.perf_counter()
                call()
                elapsed = (time.perf_counter() - started) * 1e6
                if turn >= 50:
                    times[name].append(elapsed)
    return {
        "page": page,
        "entry_us": median(times["entry"]),
        "entry_p99_us": quantiles(times["entry"], n=100)[98],
        "bare_us": median(times["bare"]),
        "ratio": median(times["entry"]) / median(times["bare"]),
        "statements": len(statements),
    }


@contextmanager
def _executed(engine: Any) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that are executed inside the block, with their parameters."""
    from sqlalchemy import event

    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _bare(connection: Any, statements: list[tuple[str, Any]]) -> Callable[[], str]:
    def call() -> str:
        found: list[Any] = []
        for statement, parameters in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                names = [column[0] for column in cursor.description]
                found.append([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
        return json.dumps(found, default=str)

    return call


def _event(page: str) -> dict[str, Any]:
    query = {name: [value] for name, _, value in (part.partition("=") for part in page.split("&"))}
    return {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/products", "path": "/products", "identity": {}},
        "headers": {"host": "localhost", "accept": "application/json"},
        "pathParameters": {},
        "multiValueQueryStringParameters": query,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }


if __name__ == "__main__":
    main()
