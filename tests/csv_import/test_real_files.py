"""Files that people have: extracts of theLook and a real shop's year."""

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from chalicelib.csv_import.columns import TABLE_FILES, TableFile
from chalicelib.csv_import.reader import read_batches
from chalicelib.csv_import.seen_ids import SeenIds
from chalicelib.csv_import.validate import Validated, read_keys, validate

DATA = Path(__file__).parents[2].parent / "shared" / "data"
BATCH_ROWS = 20_000

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no real data in ../shared/data beside the project")
by_table = pytest.mark.parametrize("table_file", TABLE_FILES, ids=lambda table_file: table_file.table)


def file_of(folder: str, table_file: TableFile) -> Path:
    for ending in (".csv", ".csv.gz"):
        path = DATA / folder / f"{table_file.file_stem}{ending}"
        if path.is_file():
            return path
    pytest.skip(f"no {table_file.file_stem} in ../shared/data/{folder}")


def first_batch(folder: str, table_file: TableFile) -> tuple[tuple[str, ...], Validated]:
    with file_of(folder, table_file).open("rb") as stream:
        batches = read_batches(stream, table_file, batch_rows=BATCH_ROWS)
        [batch] = islice(batches, 1)
        return batches.notes, validate(table_file, batches.header, batch)


@by_table
def test_thelook_is_read_without_a_rejection(table_file: TableFile) -> None:
    notes, result = first_batch("thelook", table_file)
    rows = {"distribution_centers": 10, "orders": 3}.get(table_file.table, 1000)
    assert result.rejections == []
    assert len(result.lines) == rows
    assert result.lines == list(range(2, rows + 2))
    extra = {"distribution_centers": "distribution_center_geom", "users": "user_geom"}.get(table_file.table)
    assert notes == ((f"column {extra} is ignored",) if extra else ())


def test_the_warts_of_thelook_are_seen() -> None:
    tables = {table_file.table: table_file for table_file in TABLE_FILES}
    users = first_batch("thelook", tables["users"])[1].columns
    assert users["city"].count(None) == 140  # written as null
    assert sum(count - 1 for count in Counter(users["email_key"]).values()) == 3
    items = first_batch("thelook", tables["order_items"])[1].columns
    assert items["sale_price_cents"][0] == 2  # written as 0.0199999995529651
    assert items["created_at"][0] == "2024-06-23 23:41:55.000000"
    assert set(items["status"]) <= {"pending", "processing", "shipped", "complete", "cancelled", "returned"}
    orders = first_batch("thelook", tables["orders"])[1].columns
    assert orders["created_at"] == [
        "2024-01-16 18:54:22.000000",
        "2025-10-12 20:05:22.000000",
        "2026-03-12 14:31:57.247467",
    ]


@by_table
def test_a_year_of_a_real_shop_is_read_without_a_rejection(table_file: TableFile) -> None:
    notes, result = first_batch("online_retail", table_file)
    assert notes == ()
    assert result.rejections == []
    assert 0 < len(result.lines) <= BATCH_ROWS
    assert SeenIds().add([key for key in result.columns["id"] if isinstance(key, int)]) == []


def test_a_resumed_file_knows_the_keys_that_it_skipped() -> None:
    [table_file] = [table_file for table_file in TABLE_FILES if table_file.table == "order_items"]
    with file_of("online_retail", table_file).open("rb") as stream:
        batches = read_batches(stream, table_file, batch_rows=5_000, skip_rows=12_345)
        keys = [key for batch in batches.skipped() for key in read_keys(table_file, batches.header, batch)]
        [following] = islice(batches, 1)
    assert keys == list(range(1, 12_346))
    assert following.rows[0][0] == "12346"
    assert following.lines[0] == 12_347
