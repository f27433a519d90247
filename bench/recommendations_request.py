"""A whole answer on MariaDB: POST /ai/recommendations through the Lambda entry beside reads by primary key, by turns.

The shop is the sample shop, its model built by the shop's own job from the shop's own orders.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections.abc import Callable
from itertools import cycle
from statistics import median, quantiles
from typing import Any

from bench.markdown import table
from bench.shop import BenchShop, bench_shop

_GOAL = 3
_WARM = 20
_PEOPLE = 200

Call = Callable[[], Any]


def report(scale: float, requests: int) -> dict[str, Any]:
    """Open a shop, build its model, measure; print the table, return the figures."""
    with bench_shop(scale) as shop:
        shop.run("bench.import_speed", "--measure", str(shop.csv))
        built = shop.run("bench.recommendations_request", "--build")
        found = shop.run("bench.recommendations_request", "--requests", str(requests))
    read = found["rows"]["product"]
    print(f"\n### A whole answer, {found['products']:,} products on MariaDB\n")
    print(
        table(
            ["through the Lambda entry, by turns", "p50", "p99", "to the read", "quartiles", "statements"],
            [
                (
                    *(row["name"], f"{row['p50_ms']:.2f} ms", f"{row['p99_ms']:.2f} ms", f"**{row['ratio']:.2f}**"),
                    *(f"{row['low']:.2f} to {row['high']:.2f}", str(row["statements"])),
                )
                for row in found["rows"].values()
            ],
        )
    )
    print(
        f"\nThe read is GET /products/{{id}}, {read['p50_ms']:.2f} ms; the ratio is the median of the ratios turn by "
        f"turn (goal: under {_GOAL}). Answered by `{found['algorithm']}`; the job took {built['seconds']:.1f} s."
    )
    return {**found, "build": built}


def build() -> dict[str, Any]:
    """Build the shop's model as its schedule does; return how long it took."""
    rebuild = importlib.import_module("chalicelib.recommendations.models.rebuild")
    began = time.perf_counter()
    rebuild.run()
    return {"seconds": time.perf_counter() - began}


def measure(requests: int) -> dict[str, Any]:
    """Return the figures of each kind of request in milliseconds, and their ratios to the read by primary key."""
    import app  # noqa: F401 - the entry, before anything is timed
    from chalicelib.core.database.engine import engine

    token = _sign_in()
    shop = BenchShop(os.environ["DATABASE_URL"], *(None, None))  # type: ignore[arg-type]
    with shop.connect() as connection:
        people, products = _ids(connection, "orders", "user_id"), _ids(connection, "products", "id")
        calls = _calls(token, people, products, connection)
        answer = json.loads(calls["recommendations"]()["body"])
        times = _by_turns(calls, requests)
    statements = {name: _statements(engine(), call) for name, call in calls.items() if name != "bare"}
    rows = {name: _row(_NAMES[name], values, times["product"]) for name, values in times.items()}
    for name, row in rows.items():
        row["statements"] = statements.get(name, 1)
    return {"rows": rows, "products": len(products), "algorithm": answer["algorithm"], "load": os.getloadavg()[0]}


_NAMES = {
    "recommendations": "POST /ai/recommendations, ten for a customer",
    "product": "GET /products/{id}",
    "bare": "the same product, bare PyMySQL, one statement",
}


def _calls(token: str, people: list[int], products: list[int], connection: Any) -> dict[str, Call]:
    """Return what is called by turns; each call asks for another person or product."""
    asked, read, bare = cycle(people), cycle(products), cycle(products)
    return {
        "recommendations": lambda: _ask(
            "POST", "/ai/recommendations", {}, {"user_id": next(asked), "limit": 10}, token
        ),
        "product": lambda: _ask("GET", "/products/{product_id}", {"product_id": next(read)}),
        "bare": lambda: _bare(connection, next(bare)),
    }


def _by_turns(calls: dict[str, Call], requests: int) -> dict[str, list[float]]:
    """Call each once a turn, the first another one each turn; return milliseconds by name."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for turn in range(requests + _WARM):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = time.perf_counter()
            calls[name]()
            elapsed = (time.perf_counter() - began) * 1e3
            if turn >= _WARM:
                times[name].append(elapsed)
    return times


def _row(name: str, times: list[float], reads: list[float]) -> dict[str, Any]:
    ratios = [own / read for own, read in zip(times, reads, strict=True)]
    low, middle, high = quantiles(ratios, n=4)
    return {
        "name": name,
        "p50_ms": median(times),
        "p99_ms": quantiles(times, n=100)[98],
        "ratio": middle,
        "low": low,
        "high": high,
        "ratio_of_medians": median(times) / median(reads),
    }


def _ids(connection: Any, table_name: str, column: str) -> list[int]:
    """Return ids from all over a table, not the first ones only."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column} FROM {table_name} WHERE {column} IS NOT NULL ORDER BY {column}")
        found = [int(row[0]) for row in cursor.fetchall()]
    return found[:: max(1, len(found) // _PEOPLE)] if table_name == "orders" else found


def _sign_in() -> str:
    from infra import demo

    assert demo.add_demo_accounts(), "the database has accounts that are not of a demo"
    [staff] = [each for each in demo.DEMO_ACCOUNTS if each.username == "staff"]
    answer = _ask("POST", "/api/auth/token", {}, {"username": staff.username, "password": staff.password})
    return str(json.loads(answer["body"])["token"])


def _ask(
    method: str, resource: str, parameters: dict[str, Any], body: dict[str, Any] | None = None, token: str = ""
) -> Any:
    from app import app

    given = {name: str(value) for name, value in parameters.items()}
    event = {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": resource.format(**given),
            "identity": {},
        },
        "headers": {
            "host": "localhost",
            "content-type": "application/json",
            **({"authorization": f"Bearer {token}"} if token else {}),
        },
        "pathParameters": given,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    answer = app(event, None)
    assert answer["statusCode"] == 200, answer["body"]
    return answer


def _bare(connection: Any, product_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM products WHERE id = %s", (product_id,))
        names = [column[0] for column in cursor.description]
        return json.dumps([dict(zip(names, row, strict=True)) for row in cursor.fetchall()], default=str)


def _statements(engine: Any, call: Call) -> int:
    from sqlalchemy import event

    counted: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counted.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(counted)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--requests", type=int, default=1000)
    arguments = parser.parse_args()
    print(json.dumps(build() if arguments.build else measure(arguments.requests)))
