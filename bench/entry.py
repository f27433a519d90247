"""Requests through the Lambda entry, timed by turns with reads by primary key: what benches of answers share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from operator import truediv
from statistics import median, quantiles
from typing import Any

WARM = 20
_LOOKED_INTO = 50

Call = Callable[[], Any]

# What a read by primary key may mean, the heaviest first: as the same caller, as anybody, without the shop.
READS = {
    "customer": "GET /users/{id}, signed in",
    "product": "GET /products/{id}",
    "bare": "its row by bare PyMySQL",
}


def ask(
    method: str,
    resource: str,
    parameters: Mapping[str, Any],
    body: dict[str, Any] | None = None,
    token: str = "",
    query: Mapping[str, list[str]] | None = None,
) -> Any:
    """Call the entry with an event of API Gateway; return its answer, which must be a success."""
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
        "multiValueQueryStringParameters": query,
        "stageVariables": None,
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    answer = app(event, None)
    assert answer["statusCode"] in (200, 201), answer["body"]
    return answer


def sign_in(username: str) -> str:
    """Return a token of one of the demo accounts."""
    from infra import demo

    assert demo.add_demo_accounts(), "the database has accounts that are not of a demo"
    [account] = [each for each in demo.DEMO_ACCOUNTS if each.username == username]
    answer = ask("POST", "/api/auth/token", {}, {"username": account.username, "password": account.password})
    return str(json.loads(answer["body"])["token"])


def bare_product(connection: Any, product_id: int) -> str:
    """Read the row of a product without the shop, and write it as JSON."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM products WHERE id = %s", (product_id,))
        names = [column[0] for column in cursor.description]
        return json.dumps([dict(zip(names, row, strict=True)) for row in cursor.fetchall()], default=str)


def by_turns(calls: Mapping[str, Call], requests: int) -> dict[str, list[float]]:
    """Call each once a turn, the first another one each turn; return milliseconds by name."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for turn in range(requests + WARM):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = time.perf_counter()
            calls[name]()
            elapsed = (time.perf_counter() - began) * 1e3
            if turn >= WARM:
                times[name].append(elapsed)
    return times


def figures(times: list[float], reads: dict[str, list[float]]) -> dict[str, Any]:
    """Return the figures of a call in milliseconds.

    `ratios` to each read: the quartiles of those turn by turn, then that of the p10s.
    """
    ratios = {
        name: [*quantiles(map(truediv, times, read), n=4), _p10(times) / _p10(read)] for name, read in reads.items()
    }
    hundredths = quantiles(times, n=100)
    return {"p50_ms": median(times), "p99_ms": hundredths[98], "p10_ms": _p10(times), "ratios": ratios}


def _p10(times: list[float]) -> float:
    return quantiles(times, n=10)[0]


def in_statements(engine: Any, call: Call) -> dict[str, float]:
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


def cells(row: dict[str, Any]) -> list[str]:
    """Return the figures of a call as cells of a table: times, ratios to the reads, what statements take of it."""
    ratios = [f"**{each[1]:.2f}** [{each[0]:.2f}, {each[2]:.2f}]; {each[3]:.2f}" for each in row["ratios"].values()]
    times = [f"{row[name]:.2f} ms" for name in ("p50_ms", "p99_ms", "p10_ms")]
    inside = [f"{row['statements']:.0f}", f"{row['statements_ms']:.2f} ms"] if "statements" in row else ["1", "all"]
    return [row["name"], *times, *ratios, *inside]


HEADER = [
    "through the Lambda entry, by turns",
    "p50",
    "p99",
    "p10",
    *(f"times {name}" for name in READS.values()),
    "statements",
    "of it in statements",
]
