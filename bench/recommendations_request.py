"""A whole answer on MariaDB: POST /ai/recommendations through the Lambda entry beside reads by primary key, by turns.

The shop is the sample shop, its model built by the shop's own job from the shop's own orders.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from itertools import cycle
from typing import Any

from bench import entry
from bench.markdown import table
from bench.shop import BenchShop, bench_shop

_GOAL = 3
_PEOPLE = 200


def report(scale: float, requests: int) -> dict[str, Any]:
    """Open a shop, build its model, measure; print the table, return the figures."""
    with bench_shop(scale) as shop:
        shop.run("bench.import_speed", "--measure", str(shop.csv))
        built = shop.run("bench.recommendations_request", "--build")
        found = shop.run("bench.recommendations_request", "--requests", str(requests))
    print(f"\n### A whole answer, {found['products']:,} products on MariaDB\n")
    print(table(entry.HEADER, [entry.cells(row) for row in found["rows"].values()]))
    print(
        f"\nTimes: the median of the ratios turn by turn [quartiles] (goal: under {_GOAL}), then the ratio of the "
        "p10s, which are about what a machine without other work takes. Answered by "
        f"`{found['algorithm']}`; the job took {built['seconds']:.1f} s. Load {found['load']:.1f}."
    )
    return {**found, "build": built}


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

    token = entry.sign_in("staff")
    shop = BenchShop(os.environ["DATABASE_URL"], *(None, None))  # type: ignore[arg-type]
    with shop.connect() as connection:
        people, products = _ids(connection, "orders", "user_id"), _ids(connection, "products", "id")
        calls = _calls(token, people, products, connection)
        answer = json.loads(calls["recommendations"]()["body"])
        times = entry.by_turns(calls, requests)
        rows = {}
        for name, own in times.items():
            rows[name] = {"name": _NAMES[name], **entry.figures(own, {read: times[read] for read in entry.READS})}
            rows[name] |= entry.in_statements(engine(), calls[name]) if name != "bare" else {}
    return {"rows": rows, "products": len(products), "algorithm": answer["algorithm"], "load": os.getloadavg()[0]}


_NAMES = {
    "recommendations": "POST /ai/recommendations, ten for a customer",
    "visit": "POST /ai/recommendations/visit, ten for who looks at a product",
    "similar": "GET /products/{id}/similar",
    **entry.READS,
}


def _calls(token: str, people: list[int], products: list[int], connection: Any) -> dict[str, entry.Call]:
    """Return what is called by turns; each call asks for another person or product."""
    seen, alike = cycle(products), cycle(products[::-1])
    asked, known, read, bare = cycle(people), cycle(people), cycle(products), cycle(products)
    return {
        "recommendations": lambda: entry.ask(
            "POST", "/ai/recommendations", {}, {"user_id": next(asked), "limit": 10}, token
        ),
        "visit": lambda: entry.ask("POST", "/ai/recommendations/visit", {}, {"context": [next(seen)], "limit": 10}),
        "similar": lambda: entry.ask("GET", "/products/{product_id}/similar", {"product_id": next(alike)}),
        "customer": lambda: entry.ask("GET", "/users/{user_id}", {"user_id": next(known)}, None, token),
        "product": lambda: entry.ask("GET", "/products/{product_id}", {"product_id": next(read)}),
        "bare": lambda: entry.bare_product(connection, next(bare)),
    }


def _ids(connection: Any, table_name: str, column: str) -> list[int]:
    """Return ids from all over a table, not the first ones only."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column} FROM {table_name} WHERE {column} IS NOT NULL ORDER BY {column}")
        found = [int(row[0]) for row in cursor.fetchall()]
    return found[:: max(1, len(found) // _PEOPLE)] if table_name == "orders" else found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--requests", type=int, default=1000)
    arguments = parser.parse_args()
    print(json.dumps(build() if arguments.build else measure(arguments.requests)))
