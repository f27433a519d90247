"""How well sales are foretold, beside repeating the last week: a real shop's year and the sample shop.

    python -m bench.forecast_backtest [--data ../shared/data] [--scale 0.05] [--products 200]

Each figure is of always choosing a forecast by what was known then, at up to 41 days of the last year. The last
day is left out, since it may not be over. Nothing is timed but the whole.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.markdown import table
from chalicelib.analytics.forecast.making import HORIZONS
from chalicelib.analytics.forecast.numeric.choose import Forecast, forecast
from chalicelib.analytics.forecast.numeric.series import Reals
from infra.sample_shop.shop import generate

_PERIOD = 44  # days that an order of goods has to last, without other settings
_RECENT, _HISTORY = 91, 728
_TODAY = date(2026, 11, 27)  # that of the sample shop: the same figures every time


@dataclass(frozen=True, slots=True)
class Sales:
    """What was sold by day (n_days,): `shop` by what, `products` units by product, the best sold of late first."""

    name: str
    shop: dict[str, Reals]
    products: list[Reals]


def read_sales(name: str, items: Path, products: int) -> Sales:
    """Read a file of order items."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    orders: dict[int, set[str]] = defaultdict(set)
    of_product: dict[str, Counter[int]] = defaultdict(Counter)
    for row in _rows(items):
        if row["status"].lower() == "cancelled":
            continue
        day = date.fromisoformat(row["created_at"][:10]).toordinal()
        found["revenue"][day] += round(float(row["sale_price"]) * 100)
        found["units"][day] += 1
        orders[day].add(row["order_id"])
        of_product[row["product_id"]][day] += 1
    found["orders"] = Counter({day: len(ids) for day, ids in orders.items()})
    days = range(min(orders), max(orders))  # the last day may not be over

    def series(sold: Counter[int], of: range) -> Reals:
        return np.array([float(sold[day]) for day in of])

    recent = {product: sum(sold[day] for day in days[-_RECENT:]) for product, sold in of_product.items()}
    best = sorted(recent, key=lambda product: (-recent[product], product))[:products]
    shop = {what: series(found[what], days) for what in ("revenue", "orders", "units")}
    return Sales(name, shop, [series(of_product[product], days[-_HISTORY:]) for product in best])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as stream:
        yield from csv.DictReader(stream)


def report_shop(sales: Sales) -> None:
    """Print the errors of forecasts of the whole shop."""
    rows = []
    for what, values in sales.shop.items():
        for horizon in HORIZONS:
            found = forecast(values, horizon)
            rows.append([what, horizon, *(_cells(found) if isinstance(found, Forecast) else [found.reason])])
    print(f"\n### {sales.name}: the shop, by day ({len(sales.shop['units'])} days)\n")
    print(table(_HEADER, rows))


_HEADER = (
    *("what", "days", "chosen", "WAPE", "baseline", "MASE", "baseline", "better by", "bias"),
    *("within 80 %", "within 95 %"),
)


def _cells(found: Forecast) -> list[Any]:
    mine, base = found.errors, found.baseline_errors
    if mine is None or base is None:
        return [found.model, found.reason]
    better = f"{1 - mine.mae / base.mae:.0%}" if found.beats_baseline else "no better"
    shares = [_number(bounds.coverage) for bounds in found.bounds]
    pairs = [_number(value) for value in (mine.wape, base.wape, mine.mase, base.mase)]
    return [f"`{found.model}`", *pairs, better, _number(mine.bias), *shares]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def report_products(sales: Sales) -> list[Any]:
    """Return the row of the demand for products: of all of them together, over the period of an order."""
    made = [forecast(values, _PERIOD, judged_days=_PERIOD) for values in sales.products]
    tried = [found for found in made if isinstance(found, Forecast) and found.errors and found.baseline_errors]
    better = sum(found.beats_baseline for found in tried)
    mine = sum(found.errors.mae for found in tried if found.errors)
    base = sum(found.baseline_errors.mae for found in tried if found.baseline_errors)
    shares = []
    for at in (0, 1):
        held = [found.total.bounds[at].coverage for found in tried]
        known = [share for share in held if share is not None]
        shares.append(_number(sum(known) / len(known) if known else None))
    return [sales.name, len(made), len(tried), better, f"{1 - mine / base:.0%}" if base else "", *shares]


def main() -> None:
    """Print both tables of both shops."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--scale", type=float, default=0.05)
    parser.add_argument("--products", type=int, default=200)
    wanted = parser.parse_args()
    started = time.perf_counter()
    shops = []
    with TemporaryDirectory() as folder:
        generate(Path(folder), scale=wanted.scale, today=_TODAY)
        shops.append(read_sales("sample shop", Path(folder) / "order_items.csv", wanted.products))
    real = wanted.data / "online_retail" / "order_items.csv.gz"
    if real.exists():
        shops.append(read_sales("online_retail", real, wanted.products))
    else:
        print(f"{real} is not there: the real shop is left out. Say where it is: --data path/to/folder")
    for sales in shops:
        report_shop(sales)
    header = ("shop", "products", "tried", "better than the baseline", "error less by", "within 80 %", "within 95 %")
    print(f"\n### Products, units over {_PERIOD} days\n")
    print(table(header, [report_products(sales) for sales in shops]))
    print(f"\n{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
