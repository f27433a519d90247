"""Summaries of sales beside one bare GROUP BY over the orders, and what the figures cost to read, at any size.

`make bench-analytics [SIZE=1] [TIMES=10]`. Two databases on one MariaDB: the sample shop, and the same with TIMES as
many customers, orders, items and units, multiplied in SQL. In each: a first build, a rebuild, and a run after one
percent more orders, by turns with what they are compared with; then all jobs of analytics, and each GET of both.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from functools import partial
from typing import Any

from bench import analytics_reads, ratios
from bench.entry import Call
from bench.many_orders import NewOrders, age, multiply
from bench.markdown import table
from bench.ratios import Timed, timed
from bench.shop import BenchShop, bench_shop

_GOALS = {"first": 3, "rebuild": 3, "new": 0.05}
_GROWTH = 1.3

# Of the days in UTC, as the shop's are here. One statement, read to its end: the least that the figures cost.
_BARE = """
SELECT DATE(o.created_at), p.category_key, p.department, u.traffic_source, u.country,
    COALESCE(n.product_distribution_center_id, p.distribution_center_id),
    COUNT(DISTINCT o.id), COUNT(DISTINCT o.user_id), COUNT(*),
    SUM(i.sale_price_cents), SUM(i.discount_cents), SUM(COALESCE(n.cost_cents, p.cost_cents))
FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
    LEFT JOIN users u ON u.id = o.user_id LEFT JOIN inventory_items n ON n.id = i.inventory_item_id
GROUP BY 1, 2, 3, 4, 5, 6
"""


def main() -> None:
    """Run the bench, or (with --prepare, --build, --fill, --read) a part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of the sample shop")
    parser.add_argument("--times", type=int, default=10, help="so many times the orders, in the other database")
    parser.add_argument("--turns", type=int, default=5, help="of builds; half as many with many orders")
    parser.add_argument("--requests", type=int, default=100, help="of each read")
    parser.add_argument("--prepare", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.times < 2:
        parser.error("--times: at least 2")
    if arguments.prepare is not None:
        print(json.dumps(prepare(arguments.prepare)))
    elif arguments.build:
        print(json.dumps(build(arguments.turns)))
    elif arguments.fill:
        print(json.dumps(fill()))
    elif arguments.read:
        print(json.dumps(analytics_reads.measure(arguments.read, arguments.requests)))
    else:
        report(arguments.scale, arguments.times, arguments.turns, arguments.requests)


def report(scale: float, times: int, turns: int, requests: int) -> None:
    """Open both shops, measure, print the tables."""
    # Before minutes are spent on a shop.
    analytics_reads.check(analytics_reads.operations())
    with bench_shop(scale) as few:
        shops = {1: few, times: few.beside("many")}
        for many, shop in shops.items():
            shop.run("bench.import_speed", "--measure", str(shop.csv))
            orders = shop.run("bench.analytics", "--prepare", str(many))["orders"]
            # Many orders need few turns: each takes minutes.
            some = turns if many == 1 else max(1, turns // 2)
            built = shop.run("bench.analytics", "--build", "--turns", str(some))
            print(f"\n### {orders:,} orders, {built['added']:,} new ones; load {built['load']:.1f}\n")
            print(table(_BUILT, _build_rows(built)))
            took = shop.run("bench.analytics", "--fill")
            print("\njobs: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items()), flush=True)
        read = few.run("bench.analytics", "--read", shops[times].url, "--requests", str(requests))
    header = ["through the Lambda entry, as staff", "p50", f"with {times} times the orders", "ratio", "turn by turn"]
    print(f"\n### Reads, load {read['load']:.1f}; goal: a ratio of at most {_GROWTH}\n")
    print(table(header, _read_rows(each for each in read["rows"] if not each["ledger"])))
    print("\n### Reads of the ledger, which is as long as the orders are many; no goal\n")
    print(table(header, _read_rows(each for each in read["rows"] if each["ledger"])), flush=True)


_BUILT = ["", "beside", "own", "other", "ratio", "of fastest", "processor", "turns", "goal"]
_BUILDS = {
    "first": ("first build", "bare GROUP BY"),
    "rebuild": ("rebuild of everything", "bare GROUP BY"),
    "new": ("run after 1 % more orders", "rebuild of everything"),
}


def _build_rows(built: dict[str, Any]) -> Iterable[list[str]]:
    for name, words in _BUILDS.items():
        each = built[name]
        yield [
            *words,
            f"{each['own']:.2f} s",
            f"{each['other']:.2f} s",
            f"**{each['ratio']:.3f}** [{each['low']:.3f}, {each['high']:.3f}]",
            f"{each['ratio_of_fastest']:.3f}",
            f"{each['cpu_ratio']:.3f}",
            str(each["turns"]),
            f"{_GOALS[name]:g}",
        ]


def _read_rows(rows: Iterable[dict[str, Any]]) -> Iterable[list[str]]:
    for each in rows:
        few, many = each["p50_ms"]
        low, middle, high = each["quartiles"]
        yield [
            f"`{each['name']}`",
            f"{few:.2f} ms",
            f"{many:.2f} ms",
            f"**{each['ratio']:.2f}**",
            f"{middle:.2f} [{low:.2f}, {high:.2f}]",
        ]


# --- what is there -----------------------------------------------------------------------------------------------


def prepare(times: int) -> dict[str, int]:
    """Put in what people did, multiply all of it, and let it be of yesterday; return how many orders there are."""
    from chalicelib.core.database import run
    from infra import demo_behaviour

    run(demo_behaviour.add, writes=True)
    with _connect() as connection, connection.cursor() as cursor:
        age(cursor)
        multiply(cursor, times)
        cursor.execute("SELECT COUNT(*) FROM orders")
        [orders] = cursor.fetchone()
    return {"orders": orders}


def fill() -> dict[str, float]:
    """Run the jobs that make figures until nothing is left of them; return the seconds of each."""
    from app import JOBS
    from infra.job import work_off

    counting = ("measure_recommendations", "measure_conversations")
    chosen = [
        job for job in JOBS if job.name in counting or str(job.work.__module__).startswith("chalicelib.analytics.")
    ]
    assert chosen, "no job makes figures"
    took = {job.name: timed(partial(work_off, job)).wall for job in chosen}
    # Once more, as the schedule would: some read what later ones have made.
    for job in chosen:
        work_off(job)
    with _connect() as connection, connection.cursor() as cursor:
        if not cursor.execute("SELECT id FROM alerts LIMIT 1"):
            cursor.execute(
                "INSERT INTO alerts (figure, dimension, subject, day, direction, severity, state, value, expected, "
                "found_at, checked_at) VALUES ('orders', 'shop', '', CURRENT_DATE, 'below', 'warning', 'open', 1, 9, "
                "NOW(6), NOW(6))"
            )
    return took


# --- what is measured --------------------------------------------------------------------------------------------


def build(turns: int) -> dict[str, Any]:
    """Return the figures of a first build, a rebuild and a run after new orders, each beside its reference."""
    pairs: dict[str, list[tuple[Timed, Timed]]] = {name: [] for name in _BUILDS}
    with _connect() as connection, connection.cursor() as cursor:
        bare, new = partial(_ask_bare, cursor), NewOrders.after(cursor)
        added = 0
        for turn in range(turns + 1):
            _forget(cursor)
            pairs["first"].append(_pair(_summarize, bare, swapped=turn % 2 == 1))
            rebuilt, beside = _pair(_rebuild, bare, swapped=turn % 2 == 1)
            pairs["rebuild"].append((rebuilt, beside))
            added = new.add(cursor, turn)
            pairs["new"].append((timed(_summarize), rebuilt))
            new.take_back(cursor)
        _forget(cursor)
    found = {name: ratios.compared(each[1:]).as_dict() for name, each in pairs.items()}
    return {**found, "added": added, "load": os.getloadavg()[0]}


def _pair(own: Call, other: Call, *, swapped: bool) -> tuple[Timed, Timed]:
    if swapped:
        second, first = timed(other), timed(own)
    else:
        first, second = timed(own), timed(other)
    return first, second


def _ask_bare(cursor: Any) -> Any:
    cursor.execute(_BARE)
    return cursor.fetchall()


def _summarize() -> None:
    from chalicelib.analytics.sales.summaries import summarize_sales

    done = summarize_sales(lambda: 10**9)
    assert done.rows, "nothing was counted"
    assert not done.left, f"{done.left} days are left"


def _rebuild() -> None:
    from chalicelib.analytics.sales.summaries import mark_all
    from chalicelib.core.database import run

    run(mark_all, writes=True)
    _summarize()


def _forget(cursor: Any) -> None:
    """Empty the summaries of sales: the next run is the first."""
    from sqlalchemy import Table

    from chalicelib.analytics.customers import customer_tables
    from chalicelib.analytics.sales import figure_tables

    for module in (figure_tables, customer_tables):
        for each in vars(module).values():
            if isinstance(each, Table):
                cursor.execute(f"TRUNCATE TABLE {each.name}")
    cursor.execute("DELETE FROM due_days WHERE subject = 'sales'")
    cursor.execute("DELETE FROM watermarks WHERE subject = 'sales'")


def _connect() -> Any:
    return BenchShop(os.environ["DATABASE_URL"], *(None, None)).connect()  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
