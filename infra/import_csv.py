"""Importing a folder of CSV files from the command line: `make import DIR=... [STRICT=1]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from chalicelib.core.blobs import FolderBlobs
from chalicelib.core.config import ConfigurationError
from chalicelib.core.database import AnyRow, Connection, run
from chalicelib.core.errors import AppError
from chalicelib.core.paging import Page, PageRequest
from chalicelib.csv_import import imports, imports_sql
from chalicelib.csv_import.cells import REJECTION_NAMES, rejection_line, write_line
from chalicelib.csv_import.steps import BATCH_ROWS, Progress
from infra.make_room import has_good_rows, link_demo_customer, make_room
from infra.migrate import migrate_configured

_SHOWN = 10


class Bars:
    """One progress bar a file, drawn where standard error is a terminal; a line when a file is through."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._file = ""

    def __call__(self, progress: Progress) -> None:
        """Show how far a file is."""
        if progress.file != self._file:
            self.close()
            self._file = progress.file
            # disable=None: no bar where nobody watches.
            self._bar = tqdm(total=progress.size_bytes, desc=progress.file, unit="B", unit_scale=True, disable=None)
        if self._bar is not None:
            self._bar.set_postfix(rows=progress.records_done, refresh=False)
            self._bar.update(progress.bytes_done - self._bar.n)

    def close(self) -> None:
        """End the bar of the last file."""
        if self._bar is not None:
            self._bar.close()


def import_folder(
    folder: Path,
    *,
    strict: bool = False,
    bars: bool = True,
    batch_rows: int = BATCH_ROWS,
    requested_by: str = "command line",
    replaces_sample: bool = False,
) -> int:
    """Import the CSV files of a folder, or continue where a killed import of the same files stopped.

    `replaces_sample`: an untouched sample shop makes room, in a strict import only if that is kept.

    Returns the id of the import, which has ended.
    """
    source = f"{imports.FOLDER}{folder.resolve()}"
    store = FolderBlobs(folder, follow_links=True)
    import_id = imports.find_unfinished(store, "", source=source, strict=strict)
    if import_id is None:
        imports.give_up_unfinished(source)
        import_id = imports.request_import(store, "", source=source, strict=strict, requested_by=requested_by)
    elif bars:
        print(f"Continuing import {import_id}, which was interrupted.", file=sys.stderr)
    if replaces_sample and not strict and has_good_rows(store) and run(make_room, writes=True):
        print("The sample shop made room for your data.")
    with closing(Bars()) as shown:
        imports.work_on(
            import_id,
            store,
            on_progress=shown if bars else None,
            batch_rows=batch_rows,
            first=make_room if replaces_sample else None,
        )
    return import_id


def summarise(import_id: int, out: TextIO) -> tuple[str, int]:
    """Print what became of the rows of each file; return the import's state and how many rows were rejected."""
    row, files = run(lambda connection: imports.get_import(connection, import_id), writes=False)
    out.write(f"{'file':32}{'rows':>10}{'inserted':>10}{'updated':>10}{'unchanged':>10}{'rejected':>10}\n")
    for file in files:
        name = file.blob_key.rpartition("/")[2]
        counts = (file.records_done, file.inserted, file.updated, file.unchanged, file.rejected)
        out.write(f"{name:32}" + "".join(f"{count:>10,}" for count in counts) + "\n")
    for note in [note for source in (row, *files) for note in json.loads(source.notes)]:
        out.write(f"note: {note}\n")
    if row.message:
        out.write(f"{row.message}\n")
    return row.state, sum(file.rejected for file in files)


def write_rejections(import_id: int, path: Path) -> list[tuple[Any, ...]]:
    """Write the rejected rows of an import as CSV; return the first of them."""
    first: list[tuple[Any, ...]] = []
    last = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(write_line(REJECTION_NAMES))
        while True:
            page = run(partial(_list_rejections, import_id, last), writes=False)
            rows = [(row.file, row.line, row.column_name, row.value, row.reason) for row in page.items]
            file.writelines(map(rejection_line, page.items))
            first += rows[: _SHOWN - len(first)]
            if page.next_key is None:
                return first
            last = page.items[-1].id


def _list_rejections(import_id: int, last: int, connection: Connection) -> Page[AnyRow]:
    return imports_sql.list_rejections(connection, import_id, PageRequest(10_000, after=(last,)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: 0 when all is well, 1 when nothing could be done, 3 when rows were rejected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds some of the six CSV files, each with or without .gz")
    parser.add_argument("--strict", action="store_true", help="import nothing unless every row is good")
    parser.add_argument("--rejections", type=Path, help="where to write the rejected rows (default: data folder)")
    parser.add_argument("--batch-rows", type=int, default=BATCH_ROWS, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if not given.folder.is_dir():
        print(f"{given.folder} is no folder: give the one that holds the CSV files.", file=sys.stderr)
        return 1
    try:
        data_dir = migrate_configured()
        import_id = import_folder(
            given.folder, strict=given.strict, batch_rows=given.batch_rows, replaces_sample=True
        )
        link_demo_customer()
    except (ConfigurationError, AppError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command continues here.", file=sys.stderr)
        return 130
    return _report(import_id, given.rejections or data_dir / f"import-{import_id}-rejections.csv")


def _report(import_id: int, path: Path) -> int:
    state, rejected = summarise(import_id, sys.stdout)
    if rejected:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            first = write_rejections(import_id, path)
        except OSError as error:
            print(f"The rejected rows could not be written: {error}", file=sys.stderr)
            return 1
        print(f"\n{rejected:,} rows were rejected; all with their reasons: {path}. The first:")
        for file, line, column, value, reason in first:
            print(f"  {file}:{line} {column} {value!r}: {reason}")
    if state != "done":
        return 1
    return 3 if rejected else 0


if __name__ == "__main__":
    sys.exit(main())
