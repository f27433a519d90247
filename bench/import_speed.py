"""Import of order_items beside a bare LOAD DATA LOCAL INFILE of the same file: rows/s, ratio, peak memory.

`make bench-import`. The reference loads the same file into the same table, with its indexes and foreign keys, and
neither validates nor converts; beside it the same table without its foreign keys. Runs take turns.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path
from statistics import median

from bench.fresh import peak_mb
from bench.shop import BenchShop, bench_shop

_COLUMNS = (
    "id, order_id, user_id, product_id, inventory_item_id, status, created_at, shipped_at, delivered_at, "
    "returned_at, @price"
)


def main() -> None:
    """Run the bench, or (with a folder) the measured import itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    with bench_shop(arguments.scale) as shop:
        compare(shop, arguments.runs)


def measure(folder: Path) -> dict[str, float]:
    """Import a folder in this process; return seconds, rows and the process's peak memory in MB."""
    from chalicelib.core.database import run
    from chalicelib.csv_import import imports
    from infra.import_csv import import_folder

    started = time.perf_counter()
    import_id = import_folder(folder, bars=False)
    seconds = time.perf_counter() - started
    _, files = run(lambda connection: imports.get_import(connection, import_id), writes=False)
    assert all(file.rejected == 0 for file in files), "the sample shop has no bad rows"
    return {"seconds": seconds, "rows": sum(file.inserted for file in files), "peak_mb": peak_mb()}


def compare(shop: BenchShop, runs: int) -> None:
    """Load order_items by turns in each of the ways, and print the medians and the ratios pair by pair."""
    items = shop.work / "items"
    items.mkdir(parents=True)
    shutil.move(shop.csv / "order_items.csv", items)
    parents = shop.run("bench.import_speed", "--measure", str(shop.csv))
    print(f"the other five files: {parents['rows']:,} rows in {parents['seconds']:.1f} s, {_speed(parents)}")
    _prepare_without_keys(shop)
    ours, bare, keyless = [], [], []
    for _ in range(runs):
        bare.append(load_data(shop, items / "order_items.csv", "order_items"))
        _truncate(shop, "order_items")
        ours.append(shop.run("bench.import_speed", "--measure", str(items)))
        _truncate(shop, "order_items")
        keyless.append(load_data(shop, items / "order_items.csv", "items_without_keys"))
        _truncate(shop, "items_without_keys")
    rows = ours[0]["rows"]
    print(f"order_items: {rows:,} rows, median of {runs} runs")
    print(f"  import, validated             {_speed_of(rows, [run['seconds'] for run in ours])}")
    print(f"  LOAD DATA, same table         {_speed_of(rows, bare)}")
    print(f"  LOAD DATA, no foreign keys    {_speed_of(rows, keyless)}")
    pairs = zip(ours, bare, keyless, strict=True)
    ratios = [(reference / own["seconds"], without / own["seconds"]) for own, reference, without in pairs]
    print(f"ratio of rows/s to LOAD DATA: {median(ratio for ratio, _ in ratios):.2f} (goal: at least 0.5)")
    print(f"ratio to LOAD DATA without foreign keys: {median(ratio for _, ratio in ratios):.2f}")
    print(f"peak memory of the import: {max(run['peak_mb'] for run in ours):.0f} MB (goal: under 200)")


def _prepare_without_keys(shop: BenchShop) -> None:
    with shop.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE items_without_keys LIKE order_items")  # LIKE takes the indexes, not the keys


def _truncate(shop: BenchShop, table: str) -> None:
    with shop.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE TABLE {table}")


def load_data(shop: BenchShop, file: Path, table: str) -> float:
    """Load the file as it is; return the seconds."""
    with shop.connect() as connection, connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(
            f"LOAD DATA LOCAL INFILE %s INTO TABLE {table} CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' "
            f"OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES ({_COLUMNS}) SET sale_price_cents = @price * 100",
            (str(file),),
        )
        return time.perf_counter() - started


def _speed(run: dict[str, float]) -> str:
    return f"{run['rows'] / run['seconds']:,.0f} rows/s"


def _speed_of(rows: float, seconds: list[float]) -> str:
    return f"{rows / median(seconds):>9,.0f} rows/s   {median(seconds):.2f} s"


if __name__ == "__main__":
    main()
