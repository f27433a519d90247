"""How long each GET under /analytics takes, in a shop and in one with many times the orders, call by call by turns.

Both databases lie on one server and are asked by one process: what slows the machine down slows both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from operator import truediv
from statistics import median, quantiles
from typing import Any
from urllib.parse import parse_qs

from bench import entry
from bench.shop import BenchShop
from chalicelib.core import clock

# What each operation is asked: one line for each query; names in the path are taken from it as well.
READS: dict[str, tuple[str, ...]] = {
    "/analytics/sales-summary": ("", "from={year_ago}", "category={category}&compare=previous"),
    "/analytics/sales-summary.csv": ("from={year_ago}",),
    "/analytics/top-products": ("", "from={year_ago}&by=margin"),
    "/analytics/top-products.csv": ("limit=500",),
    "/analytics/sales": ("", "from={week_ago}&granularity=hour", "from={year_ago}&compare=year", "product={product}"),
    "/analytics/sales.csv": ("from={year_ago}&granularity=day",),
    "/analytics/sales/by/{dimension}": (
        "dimension=category",
        "dimension=country&from={year_ago}&compare=year",
        "dimension=product&from={year_ago}",
    ),
    "/analytics/cohorts": ("", "by=revenue"),
    "/analytics/cohorts.csv": ("",),
    "/analytics/forecast": ("", "category={category}"),
    "/analytics/forecast.csv": ("horizon=90",),
    "/analytics/reorder": ("",),
    "/analytics/reorder.csv": ("limit=1000",),
    "/analytics/alerts": ("",),
    "/analytics/alerts.csv": ("limit=100",),
    "/analytics/alerts/{alert_id}": ("alert_id={alert_id}",),
    "/analytics/funnel": ("", "from={year_ago}&compare=previous"),
    "/analytics/funnel.csv": ("",),
    "/analytics/returns": ("", "from={year_ago}&compare=previous"),
    "/analytics/returns.csv": ("table=products",),
    "/analytics/stock": ("", "sort=value&category={category}"),
    "/analytics/stock.csv": ("limit=1000",),
    "/analytics/recommendations": ("", "from={year_ago}&compare=previous"),
    "/analytics/recommendations.csv": ("table=surfaces",),
    "/analytics/conversations": ("",),
    "/analytics/conversations.csv": ("",),
}

# Two filters at once, and different customers of filtered sales, are counted in the ledger: as long as it is.
LEDGER = {
    "/analytics/sales": ("category={category}&country={country}", "category={category}&customers=true"),
    "/analytics/sales/by/{dimension}": ("dimension=department&country={country}",),
}

_PRODUCT = "/products/{product_id}"


def operations() -> list[str]:
    """Return the paths of all GET operations under /analytics that the API document names."""
    from app import routes
    from chalicelib.core import http, openapi

    paths = openapi.document(routes, http.status_of, "", aliases=False)["paths"]
    return [path for path, methods in paths.items() if path.startswith("/analytics/") and "get" in methods]


def check(known: Sequence[str]) -> None:
    """Raise LookupError where an operation has no line in the table, or a line no operation."""
    missing, gone = sorted(set(known) - set(READS)), sorted(set(READS) - set(known))
    if missing or gone:
        raise LookupError(f"bench/analytics_reads.py: no line for {missing}, no operation for {gone}")


def measure(many_url: str, requests: int) -> dict[str, Any]:
    """Return, for the database of the settings and the one of `many_url`, the figures of each read.

    `rows`: name, whether it reads the ledger, p50 of both in milliseconds, their ratio, and the quartiles of
    the ratios turn by turn; the last row is a read by primary key, what the two databases differ in by themselves.
    """
    import app  # noqa: F401 - the entry, before anything is timed
    from chalicelib.core.config import settings
    from chalicelib.core.database.dialect import make_engine
    from chalicelib.core.database.engine import engine, use_engine

    check(operations())
    few, many = engine(), make_engine(many_url, settings())
    shops = {"few": (few, os.environ["DATABASE_URL"]), "many": (many, many_url)}
    calls: dict[str, entry.Call] = {}
    for shop, (own, url) in shops.items():
        use_engine(own)
        found, token = _samples(url), entry.sign_in("staff")
        for name, call in _calls(found, token):
            calls[f"{shop} {name}"] = _on(use_engine, own, call)
    names = list(dict.fromkeys(name.partition(" ")[2] for name in calls))
    # The same read of both, one right after the other.
    times = entry.by_turns({f"{shop} {name}": calls[f"{shop} {name}"] for name in names for shop in shops}, requests)
    rows = [_row(name, times[f"few {name}"], times[f"many {name}"]) for name in names]
    return {"rows": rows, "load": os.getloadavg()[0]}


def _on(use_engine: Callable[[Any], Any], engine: Any, call: entry.Call) -> entry.Call:
    def ask() -> Any:
        use_engine(engine)
        return call()

    return ask


def _calls(found: Mapping[str, Any], token: str) -> Iterator[tuple[str, entry.Call]]:
    for table, mark in ((READS, ""), (LEDGER, "ledger ")):
        for path, queries in table.items():
            for query in queries:
                # As it stands in the table: samples may differ from shop to shop.
                yield f"{mark}GET {path}{'?' if query else ''}{query}", _call(path, query, found, token)
    product = {"product_id": found["product"]}
    yield f"GET {_PRODUCT}", lambda: entry.ask("GET", _PRODUCT, product, None, token)


def _call(path: str, query: str, found: Mapping[str, Any], token: str) -> entry.Call:
    given = {name: [each.format(**found) for each in values] for name, values in parse_qs(query).items()}
    own = {name: given.pop(name)[0] for name in list(given) if f"{{{name}}}" in path}
    return lambda: entry.ask("GET", path, own, None, token, given or None)


def _samples(url: str) -> dict[str, Any]:
    """Return what queries name: the category, country and product that sold most, an alert, and days."""
    today = clock.now().date()
    days = {"week_ago": today - timedelta(days=6), "year_ago": today - timedelta(days=364)}
    with BenchShop(url, *(None, None)).connect() as connection, connection.cursor() as cursor:  # type: ignore[arg-type]
        sold = {}
        for dimension in ("category", "country", "product"):
            cursor.execute(
                "SELECT value FROM sales_totals WHERE dimension = %s AND value <> '' "
                "ORDER BY booked_cents DESC, value LIMIT 1",
                (dimension,),
            )
            sold[dimension] = str(cursor.fetchone()[0])
        cursor.execute("SELECT MAX(id) FROM alerts")
        [alert_id] = cursor.fetchone()
    return {**days, **sold, "alert_id": alert_id}


def _row(name: str, few: list[float], many: list[float]) -> dict[str, Any]:
    ledger = name.startswith("ledger ")
    p50 = (median(few), median(many))
    return {
        "name": name.removeprefix("ledger "),
        "ledger": ledger,
        "p50_ms": p50,
        "ratio": p50[1] / p50[0],
        "quartiles": quantiles(map(truediv, many, few), n=4),
    }
