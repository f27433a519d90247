"""Working through one file, batch by batch: reading and validating the next while the last is written."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from chalicelib.core.blobs import Blobs
from chalicelib.core.database import Connection
from chalicelib.csv_import import imports_sql
from chalicelib.csv_import.columns import TableFile
from chalicelib.csv_import.lines import FileError
from chalicelib.csv_import.load import Rows, TableLoader
from chalicelib.csv_import.reader import Batches, read_batches
from chalicelib.csv_import.records import Rejection
from chalicelib.csv_import.validate import validate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is, in bytes of the file and records."""

    file: str
    bytes_done: int
    size_bytes: int
    records_done: int


class Transact(Protocol):
    """Run a piece of work in a transaction: one of its own, or the one of a strict import."""

    def __call__(self, work: Callable[[Connection], T], /) -> T:
        """Run the work and return what it returns."""


# Keeps the rejections of a file: in their table, or in memory while a strict import may still be undone.
Report = Callable[[Connection, str, list[Rejection]], None]


class FileImport:
    """The import of one file, from its checkpoint on; `row` is its row of `import_files`."""

    def __init__(
        self,
        store: Blobs,
        table_file: TableFile,
        row: Any,
        *,
        stamp: str,
        transact: Transact,
        report: Report,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._store = store
        self._file = table_file
        self._row = row
        self._name = row.blob_key.rpartition("/")[2]
        self._stamp = stamp
        self._transact = transact
        self._report = report
        self._on_progress = on_progress

    def run(self, has_time: Callable[[], bool]) -> bool:
        """Load the file; return False when time ran short before its end.

        What makes the file unreadable is kept as its error, beside the rows that were read before.
        """
        error = None
        try:
            with self._store.open(self._row.blob_key) as stream:
                batches = read_batches(stream, self._file, skip_rows=self._row.records_done)
                self._set({"state": "running", "notes": json.dumps(batches.notes)})
                if not self._load(batches, has_time):
                    return False
        except FileNotFoundError:
            error = "the file is gone"
        except FileError as broken:
            error = str(broken)[:1000]
        if error is None:
            self._set({"state": "done", "bytes_done": self._row.size_bytes})
        else:
            self._set({"state": "failed", "error": error})
        return True

    def _set(self, values: dict[str, Any]) -> None:
        self._transact(lambda connection: imports_sql.update_file(connection, self._row.id, values))

    def _load(self, batches: Batches, has_time: Callable[[], bool]) -> bool:
        loader = self._transact(lambda connection: TableLoader(connection, self._file, batches.header, self._stamp))
        for skipped in batches.skipped():
            # The same rows as before must count as seen: validated ones.
            loader.remember(validate(self._file, batches.header, skipped))
        with ThreadPoolExecutor(1) as writer:
            pending: Future[None] | None = None
            for rows, records_done in self._prepared(batches, loader):
                if pending is not None:
                    pending.result()
                    pending = None
                if not has_time():
                    return False
                pending = writer.submit(self._write, loader, rows, records_done, batches.bytes_read)
            if pending is not None:
                pending.result()
        return True

    def _prepared(self, batches: Batches, loader: TableLoader) -> Iterator[tuple[Rows, int]]:
        for batch in batches:
            rows = loader.reject_repeated(validate(self._file, batches.header, batch))
            loader.reject_orphans(rows)
            yield rows, batch.next_record

    def _write(self, loader: TableLoader, rows: Rows, records_done: int, bytes_done: int) -> None:
        def work(connection: Connection) -> None:
            # A copy: after a deadlock the work runs again, and `write` takes rows out.
            mine = dataclasses.replace(rows, rejections=list(rows.rejections))
            counts = loader.write(connection, mine)
            self._report(connection, self._name, sorted(mine.rejections))
            progress = {"records_done": records_done, "bytes_done": bytes_done}
            imports_sql.add_progress(connection, self._row.id, dataclasses.asdict(counts), progress)

        self._transact(work)
        if self._on_progress is not None:
            self._on_progress(Progress(self._name, bytes_done, self._row.size_bytes, records_done))
