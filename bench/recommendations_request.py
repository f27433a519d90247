"""A whole answer on MariaDB: POST /ai/recommendations through the Lambda entry beside reads by primary key, by turns.

The shop is the sample shop, its model built by the shop's own job from the shop's own orders.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from itertools import cycle
from operator import truediv
from statistics import median, quantiles
from typing import Any

from bench.markdown import table
from bench.shop import BenchShop, bench_shop

_GOAL = 3
_WARM = 20
_PEOPLE = 200
_LOOKED_INTO = 50

Call = Callable[[], Any]


def report(scale: float, requests: int) -> dict[str, Any]:
    """Open a shop, build its model, measure; print the table, return the figures."""
    with bench_shop(scale) as shop:
        shop.run("bench.import_speed", "--measure", str(shop.csv))
        built = shop.run("bench.recommendations_request", "--build")
        found = shop.run("bench.recommendations_request", "--requests", str(requests))
    print(f"\n### A whole answer, {found['products']:,} products on MariaDB\n")
    header = [
        "through the Lambda entry, by turns",
        "p50",
        "p99",
        "p10",
        *(f"times {_NAMES[read]}" for read in _READS),
    ]
    print(table([*header, "statements", "of it in statements"], [_cells(row) for row in found["rows"].values()]))
    print(
        f"\nTimes: the median of the ratios turn by turn [quartiles] (goal: under {_GOAL}), then the ratio of the "
        "p10s, which are about what a machine without other work takes. Answered by "
        f"`{found['algorithm']}`; the job took {built['seconds']:.1f} s. Load {found['load']:.1f}."
    )
    return {**found, "build": built}


def _cells(row: dict[str, Any]) -> list[str]:
    ratios = [f"**{each[1]:.2f}** [{each[0]:.2f}, {each[2]:.2f}]; {each[3]:.2f}" for each in row["ratios"].values()]
    times = [f"{row[name]:.2f} ms" for name in ("p50_ms", "p99_ms", "p10_ms")]
    inside = [f"{row['statements']:.0f}", f"{row['statements_ms']:.2f} ms"] if "statements" in row else ["1", "all"]
    return [row["name"], *times, *ratios, *inside]


def build() -> dict[str, Any]:
    """Build the shop's model as its schedule does; return how long it took."""
    from chalicelib.recommendations.models import rebuild

    began = time.perf_counter()
    row = rebuild.build(requested_by="bench", asked_for=True)
    assert row.state == "done", row
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
        rows = {}
        for name, own in times.items():
            rows[name] = {"name": _NAMES[name], **_figures(own, {read: times[read] for read in _READS})}
            rows[name] |= _in_statements(engine(), calls[name]) if name != "bare" else {}
    return {"rows": rows, "products": len(products), "algorithm": answer["algorithm"], "load": os.getloadavg()[0]}


_NAMES = {
    "recommendations": "POST /ai/recommendations, ten for a customer",
    "visit": "POST /ai/recommendations/visit, ten for who looks at a product",
    "similar": "GET /products/{id}/similar",
    "customer": "GET /users/{id}, signed in",
    "product": "GET /products/{id}",
    "bare": "its row by bare PyMySQL",
}
# What a read by primary key may mean, the heaviest first: as the same caller, as anybody, without the shop.
_READS = ("customer", "product", "bare")


def _calls(token: str, people: list[int], products: list[int], connection: Any) -> dict[str, Call]:
    """Return what is called by turns; each call asks for another person or product."""
    seen, alike = cycle(products), cycle(products[::-1])
    asked, known, read, bare = cycle(people), cycle(people), cycle(products), cycle(products)
    return {
        "recommendations": lambda: _ask(
            "POST", "/ai/recommendations", {}, {"user_id": next(asked), "limit": 10}, token
        ),
        "visit": lambda: _ask("POST", "/ai/recommendations/visit", {}, {"context": [next(seen)], "limit": 10}),
        "similar": lambda: _ask("GET", "/products/{product_id}/similar", {"product_id": next(alike)}),
        "customer": lambda: _ask("GET", "/users/{user_id}", {"user_id": next(known)}, None, token),
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


def _figures(times: list[float], reads: dict[str, list[float]]) -> dict[str, Any]:
    ratios = {
        name: [*quantiles(map(truediv, times, read), n=4), _p10(times) / _p10(read)] for name, read in reads.items()
    }
    hundredths = quantiles(times, n=100)
    return {"p50_ms": median(times), "p99_ms": hundredths[98], "p10_ms": _p10(times), "ratios": ratios}


def _p10(times: list[float]) -> float:
    return quantiles(times, n=10)[0]


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


def _in_statements(engine: Any, call: Call) -> dict[str, float]:
    """Return how many statements a call makes, and the time until the database has answered them (medians)."""
    from sqlalchemy import event

    times: list[float] = []
    began = [0.0]

    def before(*_given: Any) -> None:
        began[0] = time.perf_counter()

    def after(*_given: Any) -> None:
        times.append(time.perf_counter() - began[0])

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    counts, sums = [], []
    try:
        for _ in range(_LOOKED_INTO):
            times.clear()
            call()
            counts.append(len(times))
            sums.append(sum(times) * 1e3)
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)
    return {"statements": median(counts), "statements_ms": median(sums)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--requests", type=int, default=1000)
    arguments = parser.parse_args()
    print(json.dumps(build() if arguments.build else measure(arguments.requests)))
