"""Working through one file, batch by batch: reading and validating the next while the last is written."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeVar, cast

from chalicelib.commerce.catalogue import search
from chalicelib.core.blobs import Blob, Blobs
from chalicelib.core.database import Connection
from chalicelib.core.errors import Unavailable
from chalicelib.csv_import import imports_sql
from chalicelib.csv_import.columns import TableFile
from chalicelib.csv_import.lines import FileError
from chalicelib.csv_import.load import Rows, TableLoader
from chalicelib.csv_import.reader import Batches, read_batches
from chalicelib.csv_import.records import Rejection
from chalicelib.csv_import.validate import validate

T = TypeVar("T")

BATCH_ROWS = 20_000  # records of one transaction: many for speed, few for the memory of a small function


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


class _Step(NamedTuple):
    """Rows that are ready to be written, and the checkpoint behind them."""

    rows: Rows
    next_record: int
    bytes_done: int


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
        batch_rows: int = BATCH_ROWS,
        settle: Callable[[], object] | None = None,
    ) -> None:
        self._store = store
        self._file = table_file
        self._row = row
        self._folder, _, self._name = row.blob_key.rpartition("/")
        self._size = row.size_bytes
        self._stamp = stamp
        self._transact = transact
        self._report = report
        self._on_progress = on_progress
        self._batch_rows = batch_rows
        self._settle = settle or (lambda: None)

    def run(self, has_time: Callable[[], bool]) -> bool:
        """Load the file; return False when time ran short before its end.

        What makes the file unreadable is kept as its error, beside the rows that were read before. What `settle` does
        follows the rows in any case, and comes before the file is at its end: after a kill it is done again.
        """
        error = None
        try:
            self._check_version()
            with closing(self._store.open(self._row.blob_key)) as stream:
                whole = cast(BinaryIO, _WholeStream(stream, self._size))
                skip_rows = self._row.records_done
                batches = read_batches(whole, self._file, batch_rows=self._batch_rows, skip_rows=skip_rows)
                self._set({"state": "running", "notes": json.dumps(batches.notes)})
                if not self._load(batches, has_time):
                    self._settle()
                    return False
        except FileNotFoundError:
            error = "the file is gone"
        except FileError as broken:
            error = str(broken)[:1000]
        self._settle()
        if self._file.table == "order_items":
            self._refresh_popularity()
        if error is None:
            self._set({"state": "done", "bytes_done": self._size})
        else:
            self._set({"state": "failed", "error": error})
        return True

    def _refresh_popularity(self) -> None:
        """Let the product search know what sells, slice by slice; a kill in between does it again from the start."""
        after_id: int | None = 0
        while after_id is not None:
            after_id = self._transact(partial(search.refresh_popularity, after_id=after_id))

    def _check_version(self) -> None:
        """Take the file as it is now; yet where rows of it are loaded, the checkpoint is of another file.

        Raises:
            FileError: it was replaced.
        """
        blob = self._find_blob()
        if blob.version == self._row.version:
            return
        if self._row.records_done:
            raise FileError("the file was replaced while it was being imported: import it again")
        self._size = blob.size
        self._set({"version": blob.version, "size_bytes": blob.size})

    def _find_blob(self) -> Blob:
        for blob in self._store.list(self._folder):
            if blob.key == self._row.blob_key:
                return blob
        raise FileNotFoundError(self._row.blob_key)

    def _set(self, values: dict[str, Any]) -> None:
        self._transact(lambda connection: imports_sql.update_file(connection, self._row.id, values))

    def _load(self, batches: Batches, has_time: Callable[[], bool]) -> bool:
        loader = self._transact(lambda connection: TableLoader(connection, self._file, batches.header, self._stamp))
        for skipped in batches.skipped():
            # The same rows as before must count as seen: validated ones.
            loader.remember(validate(self._file, batches.header, skipped))
            self._transact(lambda _connection: None)  # renews the lease: a large part takes its time
        with ThreadPoolExecutor(1) as writer:
            pending: Future[None] | None = None
            try:
                for step in self._prepared(batches, loader):
                    if pending is not None:
                        pending.result()
                        pending = None
                    if not has_time():
                        return False
                    pending = writer.submit(self._write, loader, step)
            finally:
                # Also where the file turns out to be broken: what was read before belongs to the report.
                if pending is not None:
                    pending.result()
        return True

    def _prepared(self, batches: Batches, loader: TableLoader) -> Iterator[_Step]:
        for batch in batches:
            rows = loader.reject_repeated(validate(self._file, batches.header, batch))
            loader.reject_orphans(rows)
            yield _Step(rows, batch.next_record, batches.bytes_read)

    def _write(self, loader: TableLoader, step: _Step) -> None:
        tries = itertools.count()

        def work(connection: Connection) -> None:
            # A copy: after a deadlock the work runs again, and `write` takes rows out.
            mine = dataclasses.replace(step.rows, rejections=list(step.rows.rejections))
            if next(tries):
                loader.reject_orphans_now(connection, mine)
            ids = list(mine.columns["id"]) if self._file.table == "products" else []
            counts = loader.write(connection, mine)
            if ids and counts.inserted + counts.updated:
                search.index_products(connection, ids)
            self._report(connection, self._name, sorted(mine.rejections))
            progress = {"records_done": step.next_record, "bytes_done": step.bytes_done}
            imports_sql.add_progress(connection, self._row.id, dataclasses.asdict(counts), progress)

        self._transact(work)
        if self._on_progress is not None:
            self._on_progress(Progress(self._name, step.bytes_done, self._size, step.next_record))


class _WholeStream:
    """A stream that fails before its size is reached rather than end: what is lost must not look like the end."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raises Unavailable."""
        try:
            data = self._stream.read(size)
        except Exception as error:  # each store has its own
            raise Unavailable("The file could not be read on; the import continues where it stands.") from error
        self._left -= len(data)
        if not data and self._left > 0 and size:
            raise Unavailable(f"The file ended {self._left} bytes early; the import continues where it stands.")
        return data
