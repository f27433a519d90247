"""Small CSV folders, one maker a row, and a look at what an import made of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from chalicelib.core.blobs import Blobs, FolderBlobs
from chalicelib.core.database import run
from chalicelib.core.paging import PageRequest
from chalicelib.csv_import import imports, imports_sql
from chalicelib.csv_import.columns import TABLE_FILES
from chalicelib.csv_import.steps import BATCH_ROWS, Progress

Row = dict[str, object]

TABLES = tuple(file.table for file in TABLE_FILES)


def center(number: int = 1, **given: object) -> Row:
    return {"id": number, "name": f"Center {number}", "latitude": 35.1174, "longitude": -89.9711} | given


def user(number: int = 1, **given: object) -> Row:
    row: Row = {"id": number, "first_name": f"Robin {number}", "email": f"user{number}@example.com", "age": 40}
    return row | {"city": "Lyon", "created_at": "2024-01-02 03:04:05 UTC"} | given


def product(number: int = 1, **given: object) -> Row:
    row: Row = {"id": number, "cost": "20.00", "category": "Jeans", "name": f"Slim {number}", "brand": "Levi"}
    return row | {"retail_price": "49.50", "sku": f"SKU-{number}", "distribution_center_id": 1} | given


def unit(number: int = 1, **given: object) -> Row:
    row: Row = {"id": number, "product_id": number, "created_at": "2024-02-03 00:00:00 UTC"}
    return row | {"sold_at": "", "cost": "20.00"} | given


def order(number: int = 1, **given: object) -> Row:
    row: Row = {"order_id": number, "user_id": number, "status": "Complete"}
    return row | {"created_at": "2024-03-04 05:06:07 UTC", "num_of_item": 1} | given


def item(number: int = 1, **given: object) -> Row:
    row: Row = {"id": number, "order_id": number, "user_id": number, "product_id": number}
    row |= {"inventory_item_id": number, "status": "Complete", "created_at": "2024-03-04 05:06:07 UTC"}
    return row | {"sale_price": "49.50"} | given


_MAKERS: dict[str, Callable[[int], Row]] = {
    "users": user,
    "products": product,
    "inventory_items": unit,
    "orders": order,
    "order_items": item,
}


def write_files(folder: Path, **tables: Sequence[Row]) -> Path:
    """Write a file for each table; the header is that of its first row."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def write_shop(folder: Path, size: int = 3, **instead: Sequence[Row]) -> Path:
    """Write a whole shop: one distribution center, and `size` rows of each other table, the n-th of the n-th."""
    rows = {table: [make(number) for number in range(1, size + 1)] for table, make in _MAKERS.items()}
    return write_files(folder, **({"distribution_centers": [center()]} | rows | instead))


def begin(folder: Path, *, strict: bool = False) -> tuple[int, Blobs]:
    """Ask for a folder to be imported; return the import's id and the place of its files."""
    store = FolderBlobs(folder)
    source = f"{imports.FOLDER}{folder}"
    return imports.request_import(store, "", source=source, strict=strict, requested_by="tests"), store


def import_files(
    folder: Path,
    *,
    strict: bool = False,
    batch_rows: int = BATCH_ROWS,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Import a folder to its end."""
    import_id, store = begin(folder, strict=strict)
    imports.work_on(import_id, store, batch_rows=batch_rows, on_progress=on_progress)
    return outcome(import_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an import ended: `files` by table, `rejections` as (file, line, column, value, reason)."""

    row: Any
    files: dict[str, Any]
    rejections: list[tuple[str, int, str, str, str]]

    def counts(self, table: str) -> tuple[int, int, int, int]:
        """Rows inserted, updated, unchanged, rejected."""
        file = self.files[table]
        return file.inserted, file.updated, file.unchanged, file.rejected

    @property
    def all_counts(self) -> dict[str, tuple[int, int, int, int]]:
        """The counts of each file."""
        return {table: self.counts(table) for table in self.files}

    @property
    def places(self) -> list[tuple[str, int, str, str]]:
        """The rejections without their reasons."""
        return [rejection[:4] for rejection in self.rejections]


def outcome(import_id: int) -> Outcome:
    """Look up how an import ended, or how far it is."""
    row, files = run(lambda connection: imports.get_import(connection, import_id), writes=False)
    page = run(
        lambda connection: imports_sql.list_rejections(connection, import_id, PageRequest(10_000, after=(0,))),
        writes=False,
    )
    rejections = [(each.file, each.line, each.column_name, each.value, each.reason) for each in page.items]
    return Outcome(row, {file.table_name: file for file in files}, rejections)


def stored(engine: Engine, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table as the database gives them, by id."""
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


def everything(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the six tables."""
    return {table: stored(engine, table) for table in TABLES}
