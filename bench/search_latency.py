"""The product search through the Lambda entry beside a page of products read by primary key: p50, p99, ratio.

`make bench-search`. All run in one process on one server, by turns. A page by primary key is GET /products with
`limit=50&after=`: as many rows, through the same entry. Facets are shown twice: with the stock read and the mark of
the catalogue compared at each request, and as a function that does so every ten seconds (`FACETS_TTL_S`) answers.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import median, quantiles
from typing import Any

from bench.shop import BenchShop, bench_shop

_PAGE = "/products?limit=50&after="
_SEARCHES = (
    "/products/search?limit=50",
    "/products/search?limit=50&sort=price_asc",
    "/products/search?limit=50&q={rare}",
    "/products/search?limit=50&q={rare_typo}",
    "/products/search?limit=50&q=jeans",
    "/products/search?limit=50&q=jea",
    "/products/search?limit=50&q=jaens",
    "/products/search?limit=50&q=women",
    "/products/search?limit=50&q=slim+jeans",
    "/products/search?limit=50&q=slim+jeans+women",
    "/products/search?limit=50&q=jeans&sort=price_asc",
    "/products/search?limit=50&q=slim&category=Jeans&min_price=50",
    "/products/search?limit=50&q=jeans&in_stock=true",
    "/products/search?limit=50&category=Jeans%7CShorts",
    "/products/suggest?q=jea",
)
_FACETS = (
    "/products/facets",
    "/products/facets?category=Jeans",
    "/products/facets?q={rare}",
    "/products/facets?q=jeans",
    "/products/facets?q=women",
    "/products/facets?q=slim+jeans&in_stock=true",
)


def main() -> None:
    """Run the bench, or (with --measure) the measurement itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--measure", choices=["search", "facets"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        targets = _SEARCHES if arguments.measure == "search" else _FACETS
        print(json.dumps(measure(targets, arguments.requests)))
        return
    with bench_shop(arguments.scale) as shop:
        (shop.csv / "orders.csv").unlink()
        (shop.csv / "order_items.csv").unlink()
        loaded = shop.run("bench.import_speed", "--measure", str(shop.csv))
        print(f"imported {loaded['rows']:,} rows in {loaded['seconds']:.1f} s, the search with them")
        _add_stock(shop)
        print(f"{'':<62}{'p50':>10}{'p99':>10}{'ratio':>8}  rows")
        for kind, ttl_s, goal in (("search", 0, 3), ("facets", 0, 10), ("facets", 10, 10)):
            rows = shop.run(
                "bench.search_latency",
                *("--measure", kind, "--requests", str(arguments.requests)),
                environment={"FACETS_TTL_S": str(ttl_s)},
            )
            print(f"{kind}{', looking every 10 s' if ttl_s else ''} (goal: a ratio of {goal} at most)")
            for row in rows:
                print(
                    f"  {row['target']:<60}{row['p50_us']:>7.0f} us{row['p99_us']:>7.0f} us{row['ratio']:>8.2f}"
                    f"  {row['rows']}"
                )


def _add_stock(shop: BenchShop) -> None:
    """Count the units into the stock levels, as the shop keeps them."""
    with shop.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM stock_levels")
        cursor.execute(
            "INSERT INTO stock_levels (product_id, distribution_center_id, received, transferred, free, reserved, "
            "sold, written_off) SELECT product_id, product_distribution_center_id, COUNT(*), 0, "
            "SUM(sold_at IS NULL), 0, SUM(sold_at IS NOT NULL), 0 FROM inventory_items "
            "WHERE product_distribution_center_id IS NOT NULL GROUP BY 1, 2"
        )
        cursor.execute("ANALYZE TABLE stock_levels, product_search, search_words, search_grams, products")


def measure(targets: tuple[str, ...], requests: int) -> list[dict[str, Any]]:
    """Return the figures of each target, in microseconds, by turns with a page by primary key."""
    from app import app

    rare = _rare_word()
    events = {target: _event(target.format(rare=rare, rare_typo=rare[1] + rare[0] + rare[2:])) for target in targets}
    events[_PAGE] = _event(_PAGE)
    times: dict[str, list[float]] = {target: [] for target in events}
    for turn in range(requests + 10):
        for target, event in events.items():
            started = time.perf_counter()
            answer = app(event, None)
            elapsed = (time.perf_counter() - started) * 1e6
            assert answer["statusCode"] == 200, answer["body"]
            if turn >= 10:
                times[target].append(elapsed)
    page = median(times[_PAGE])
    found = [_row(target, times[target], page, app(event, None)) for target, event in events.items()]
    return sorted(found, key=lambda row: row["target"] != _PAGE)


def _row(target: str, elapsed: list[float], page: float, answer: dict[str, Any]) -> dict[str, Any]:
    body = json.loads(answer["body"])
    return {
        "target": target,
        "p50_us": median(elapsed),
        "p99_us": quantiles(elapsed, n=100)[98],
        "ratio": median(elapsed) / page,
        "rows": len(body) if isinstance(body, list) else body.get("total", ""),
    }


def _rare_word() -> str:
    """Return a word of a name that few products have."""
    from sqlalchemy import text

    from chalicelib.core.database import read

    with read() as connection:
        statement = text(
            "SELECT word FROM search_words WHERE in_names BETWEEN 5 AND 20 AND CHAR_LENGTH(word) BETWEEN 6 AND 9 "
            "ORDER BY word LIMIT 1"
        )
        return str(connection.execute(statement).scalar_one())


def _event(target: str) -> dict[str, Any]:
    from urllib.parse import parse_qs

    path, _, query = target.partition("?")
    return {
        "requestContext": {"httpMethod": "GET", "resourcePath": path, "path": path, "identity": {}},
        "headers": {"host": "localhost", "accept": "application/json"},
        "pathParameters": {},
        "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }


if __name__ == "__main__":
    main()
