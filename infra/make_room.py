"""A sample shop makes room for a real one: imported data is not mixed with generated data.

Only an untouched sample goes: as soon as anything was added to it or changed in it, it is somebody's and stays.
"""

from __future__ import annotations

from contextlib import suppress

from chalicelib.core.blobs import Blobs
from chalicelib.core.database import Connection, run
from chalicelib.csv_import.imports import find_files
from chalicelib.csv_import.lines import FileError
from chalicelib.csv_import.reader import read_batches
from chalicelib.csv_import.records import RawBatch
from chalicelib.csv_import.validate import validate
from infra import demo_prices, demo_sql

SAMPLE = "sample shop"  # who asked for the import that put it in


def make_room(connection: Connection) -> bool:
    """Remove an untouched sample shop; tell whether there was one."""
    sample = demo_sql.find_only_import(connection, requested_by=SAMPLE)
    if sample is None or demo_sql.count_rows(connection) != demo_sql.count_inserted(connection, sample):
        return False
    if demo_sql.was_used(connection) or not demo_sql.delete_shop(connection, sample):
        return False
    demo_prices.remove(connection)
    return True


def has_good_rows(store: Blobs) -> bool:
    """Tell whether any of the six files begins with a row that can be read: nothing makes room for nothing."""
    for table_file, blob in find_files(store, "")[0]:
        with suppress(FileError, FileNotFoundError), store.open(blob.key) as stream:
            batches = read_batches(stream, table_file, batch_rows=1_000)
            if validate(table_file, batches.header, next(iter(batches), RawBatch(0, [], []))).lines:
                return True
    return False


def link_demo_customer() -> None:
    """Let a demo customer whose customer is gone shop as the best customer there is."""

    def link(connection: Connection) -> None:
        best = demo_sql.find_best_customer(connection)
        if best is not None:
            demo_sql.link_customer(connection, "customer", best)

    run(link, writes=True)
