"""Importing the six files: asked for, worked on in steps, continued after a kill, reported row by row.

Each batch is one transaction: its rows, its rejections and the checkpoint of its file together. A strict import is
one transaction in all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, TypeVar

from chalicelib.commerce.stock import imported_stock
from chalicelib.core import blobs, clock, holders, logging
from chalicelib.core.blobs import Blob, Blobs
from chalicelib.core.database import Connection, run
from chalicelib.core.database.dialect import RowsRefused
from chalicelib.core.errors import AppError, Conflict, NotFound
from chalicelib.csv_import import imports_sql
from chalicelib.csv_import.columns import TABLE_FILES, TableFile
from chalicelib.csv_import.records import Rejection, excerpt
from chalicelib.csv_import.steps import BATCH_ROWS, FileImport, Progress, Report, Transact
from chalicelib.events import outbox

T = TypeVar("T")

LEASE = timedelta(seconds=60)
STRICT_LEASE = timedelta(minutes=16)  # one step, as long as a function may run
_SAFETY_MS = 20_000  # what a step leaves of its function's time
_MOST_KEPT = 10_000  # rejections of a strict import, which are kept in memory until its end
_MOST_NOTES = 20  # files that are passed over by name
_ATTEMPTS = 4  # of a transaction, while others write the same rows

# The source of what a machine imports from a folder of its own: only that machine can continue it.
FOLDER = "folder:"

_TABLES = {file.file_stem: file for file in TABLE_FILES}


class NothingToImport(NotFound):
    """The folder is not there, or holds none of the six files."""

    code = "nothing-to-import"
    title = "Nothing to import"


class ImportBusy(Conflict):
    """Another process works on this import."""

    code = "import-busy"
    title = "Import is being worked on"


def find_files(store: Blobs, folder: str) -> tuple[list[tuple[TableFile, Blob]], list[str]]:
    """Return the files of the six tables in a folder, parents first, and notes on what is passed over."""
    found: dict[str, Blob] = {}
    ignored: list[str] = []
    for blob in store.list(folder):
        name = blob.key.rpartition("/")[2]
        stem = name.lower().removesuffix(".gz").removesuffix(".csv")
        if ".csv" not in name.lower():
            continue
        if stem not in _TABLES:
            ignored.append(f"{excerpt(name)} is none of the six files: ignored")
        elif stem in found:
            ignored.append(f"{name} is ignored, there is {found[stem].key.rpartition('/')[2]} too")
        else:
            found[stem] = blob
    notes = ignored[:_MOST_NOTES]
    if len(ignored) > _MOST_NOTES:
        notes.append(f"{len(ignored) - _MOST_NOTES} more files are ignored")
    notes += [f"there is no {stem}.csv" for stem in _TABLES if stem not in found]
    return [(_TABLES[stem], found[stem]) for stem in _TABLES if stem in found], notes


def request_import(store: Blobs, folder: str, *, source: str, strict: bool, requested_by: str) -> int:
    """Ask for the files in `folder` to be imported; return the id of the import.

    Raises:
        NothingToImport: there is none of the six files.
    """
    files, notes = find_files(store, folder)
    if not files:
        names = ", ".join(f"{stem}.csv" for stem in _TABLES)
        raise NothingToImport(f"{source.removeprefix(FOLDER)} holds none of {names} (or these with .gz).")
    values = {
        "source": source,
        "strict": strict,
        "state": "queued",
        "notes": json.dumps(notes),
        "requested_by": requested_by,
        "created_at": clock.now(),
    }
    rows = [_file_values(position, file, blob) for position, (file, blob) in enumerate(files)]
    return run(lambda connection: imports_sql.insert_import(connection, values, rows), writes=True)


def _file_values(position: int, file: TableFile, blob: Blob) -> dict[str, Any]:
    counts = dict.fromkeys(("records_done", "bytes_done", "inserted", "updated", "unchanged", "rejected"), 0)
    return {
        **counts,
        "position": position,
        "table_name": file.table,
        "blob_key": blob.key,
        "version": blob.version,
        "size_bytes": blob.size,
        "state": "waiting",
        "notes": "[]",
    }


def find_unfinished(store: Blobs, folder: str, *, source: str, strict: bool) -> int | None:
    """Return an unfinished import of the very same files, which can be continued."""
    versions = [(blob.key, blob.version) for _, blob in find_files(store, folder)[0]]

    def look(connection: Connection) -> int | None:
        for row in imports_sql.list_unfinished(connection, source):
            files = imports_sql.list_files(connection, [row.id])
            same = [(file.blob_key, file.version) for file in files] == versions
            if same and bool(row.strict) == strict:
                return int(row.id)
        return None

    return run(look, writes=False)


def get_import(connection: Connection, import_id: int) -> tuple[Any, Sequence[Any]]:
    """Return an import and its files.

    Raises:
        NotFound: there is none of that id.
    """
    found = imports_sql.find_import(connection, import_id)
    if found is None:
        raise NotFound(f"There is no import {import_id}.")
    return found, imports_sql.list_files(connection, [import_id])


def give_up_unfinished(source: str) -> None:
    """End the imports of `source` that nobody works on, for those who are about to ask for it anew."""
    for row in run(lambda connection: imports_sql.list_unfinished(connection, source), writes=False):
        with suppress(ImportBusy):
            _Worker(row.id).give_up("Interrupted, and not continued: its files have changed, or strict has.")


def continue_imports(*, time_left_ms: Callable[[], int], batch_rows: int = BATCH_ROWS) -> None:
    """Work on what was asked for, oldest first, until nothing is left or the function's time runs short.

    An import that fails does not keep the next ones waiting; the first error is raised at the end.
    """
    store = blobs.store()
    error: Exception | None = None
    worked = False
    for row in run(lambda connection: imports_sql.list_unfinished(connection), writes=False):
        if row.source.startswith(FOLDER):
            continue
        if worked and (row.strict or time_left_ms() < _SAFETY_MS):
            break  # a strict import needs the time of a whole run
        try:
            work_on(row.id, store, time_left_ms=time_left_ms, batch_rows=batch_rows)
        except ImportBusy:
            continue
        except Exception as failure:
            logging.failure("import stopped", import_id=row.id)
            error = error or failure
        worked = True
    if error is not None:
        raise error


def work_on(
    import_id: int,
    store: Blobs,
    *,
    time_left_ms: Callable[[], int] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    batch_rows: int = BATCH_ROWS,
    first: Callable[[Connection], object] | None = None,
) -> None:
    """Work on an import from its checkpoint to its end, or until time runs short.

    `first` is done at the beginning of a strict import's transaction, and undone with it.

    Raises:
        ImportBusy: another process holds the lease.
        Unavailable, Conflict: the import can be continued later.
    """
    _Worker(import_id).run(_Way(store, time_left_ms, on_progress, batch_rows, first))


@dataclass(frozen=True, slots=True)
class _Way:
    """How an import is worked on: from where, how long, who is told, in how large batches."""

    store: Blobs
    time_left_ms: Callable[[], int] | None
    on_progress: Callable[[Progress], None] | None
    batch_rows: int
    first: Callable[[Connection], object] | None = None

    def has_time(self) -> bool:
        return self.time_left_ms is None or self.time_left_ms() >= _SAFETY_MS


class _Worker:
    """One process working on one import under a lease."""

    def __init__(self, import_id: int) -> None:
        self._id = import_id
        self._holder = holders.new_holder()

    def run(self, way: _Way) -> None:
        """Take the lease, then all files in turn."""
        found = self._begin()
        try:
            (self._run_strictly if found.strict else self._run_in_batches)(way)
        except (AppError, KeyboardInterrupt):
            # To be continued from the checkpoint.
            with suppress(AppError):
                self._release()
            raise
        except Exception:
            with suppress(ImportBusy):
                self._settle_what_is_left(found)
                self._transact(
                    lambda connection: self._end(connection, "failed", "An unexpected error; see the logs.")
                )
            raise

    def give_up(self, message: str) -> None:
        """End the import as failed, unless somebody works on it: that raises ImportBusy."""
        self._settle_what_is_left(self._begin())
        self._transact(lambda connection: self._end(connection, "failed", message))

    def _begin(self) -> Any:
        """Take the lease; return the import's row."""
        found, _ = run(lambda connection: get_import(connection, self._id), writes=False)
        self._lease = STRICT_LEASE if found.strict else LEASE
        self._requested_by = found.requested_by
        self._stamp = found.created_at.strftime("%Y-%m-%d %H:%M:%S.%f")
        dead = found.lease_holder if holders.is_dead(found.lease_holder) else None
        if not run(lambda connection: self._take_lease(connection, dead), writes=True):
            raise ImportBusy(f"Import {self._id} is being worked on by {found.lease_holder}, or at its end.")
        return found

    def _run_in_batches(self, way: _Way) -> None:
        _, files = run(lambda connection: get_import(connection, self._id), writes=False)
        waiting = [file for file in files if file.state not in ("done", "failed")]
        if all(self._import_in_batches(way, file).run(way.has_time) for file in waiting):
            self._transact(self._end_as_files_did)
        else:
            self._release()

    def _import_in_batches(self, way: _Way, file: Any) -> FileImport:
        return self._import(way, file, self._transact, self._report, lambda: self._settle(self._transact, [file]))

    def _transact(self, work: Callable[[Connection], T]) -> T:
        def under_lease(connection: Connection) -> T:
            if not self._take_lease(connection, None):
                raise ImportBusy(f"Import {self._id} was taken over by another process.")
            return work(connection)

        return _run_again(under_lease)

    def _report(self, connection: Connection, file: str, rejections: list[Rejection]) -> None:
        imports_sql.insert_rejections(connection, self._id, file, rejections)

    def _run_strictly(self, way: _Way) -> None:
        """Import all in one transaction; after any rejection keep nothing but the report."""
        kept: list[tuple[str, Rejection]] = []

        def report(_connection: Connection, file: str, rejections: list[Rejection]) -> None:
            kept.extend((file, rejection) for rejection in rejections[: _MOST_KEPT - len(kept)])

        def work(connection: Connection) -> None:
            kept.clear()
            if way.first is not None:
                way.first(connection)

            def inside(part: Callable[[Connection], T]) -> T:
                return part(connection)

            _, files = get_import(connection, self._id)
            in_time = all(self._import(way, file, inside, report, None).run(way.has_time) for file in files)
            _, files = get_import(connection, self._id)
            if message := _objection(files, in_time=in_time):
                raise _Undo(message, files)
            # Last: it locks the products, which nobody could sell until the end.
            self._settle(inside, files)
            self._end(connection, "done", None)

        try:
            _run_again(work)
        except _Undo as undone:
            message, files = undone.message, undone.files  # the name ends with this block
            self._transact(lambda connection: self._end_undone(connection, message, files, kept))

    def _end_undone(
        self, connection: Connection, message: str, files: Sequence[Any], kept: Sequence[tuple[str, Rejection]]
    ) -> None:
        """Keep what became known of the files: how many rows are bad, which, and why."""
        for file in files:
            known = {
                name: getattr(file, name) for name in ("records_done", "bytes_done", "rejected", "notes", "error")
            }
            imports_sql.update_file(connection, file.id, {**known, "state": "failed"})
        for name, part in groupby(kept, key=lambda pair: pair[0]):
            self._report(connection, name, [rejection for _, rejection in part])
        if len(kept) == _MOST_KEPT:
            message += f" The first {_MOST_KEPT:,} reasons are kept."
        self._end(connection, "failed", message)

    def _settle(self, transact: Transact, files: Sequence[Any]) -> None:
        """Bring the counters of stock in step with the units of `files`."""
        if any(file.table_name == "inventory_items" for file in files):
            imported_stock.book_imported(transact, reference=f"import:{self._id}", actor=self._requested_by)

    def _settle_what_is_left(self, found: Any) -> None:
        """Count what an import that nobody continues has brought; a strict one has left nothing."""
        if found.strict:
            return
        try:
            _, files = run(lambda connection: get_import(connection, self._id), writes=False)
            self._settle(self._transact, files)
        except ImportBusy:
            raise
        except Exception:  # it ends as it would have: the next import of units counts again
            logging.failure("stock not counted after an import", import_id=self._id)

    def _import(
        self, way: _Way, file: Any, transact: Transact, report: Report, settle: Callable[[], None] | None
    ) -> FileImport:
        return FileImport(
            way.store,
            _TABLES[file.table_name],
            file,
            stamp=self._stamp,
            transact=transact,
            report=report,
            on_progress=way.on_progress,
            batch_rows=way.batch_rows,
            settle=settle,
        )

    def _take_lease(self, connection: Connection, dead: str | None) -> bool:
        now = clock.now()
        return imports_sql.take_lease(connection, self._id, self._holder, dead=dead, now=now, until=now + self._lease)

    def _release(self) -> None:
        self._transact(lambda connection: imports_sql.release_lease(connection, self._id, self._holder))

    def _end_as_files_did(self, connection: Connection) -> None:
        errors = _errors(imports_sql.list_files(connection, [self._id]))
        self._end(connection, "failed" if errors else "done", errors or None)

    def _end(self, connection: Connection, state: str, message: str | None) -> None:
        short = message and message[:1000]
        values = {"state": state, "message": short, "finished_at": clock.now(), "lease_until": None}
        if not imports_sql.end_import(connection, self._id, self._holder, values):
            raise ImportBusy(f"Import {self._id} was taken over by another process.")
        files = imports_sql.list_files(connection, [self._id])
        counts = {name: sum(getattr(file, name) for file in files) for name in ("inserted", "updated", "rejected")}
        told = {"import_id": self._id, "state": state, **counts}
        outbox.record(connection, "import.finished", f"import:{self._id}", told)
        logging.info("import ended", import_id=self._id, state=state)


class _Undo(Exception):
    """A strict import keeps nothing: why, and the files as far as they were read."""

    def __init__(self, message: str, files: Sequence[Any]) -> None:
        super().__init__(message)
        self.message = message
        self.files = files


def _objection(files: Sequence[Any], *, in_time: bool) -> str | None:
    """Return what speaks against keeping a strict import."""
    if not in_time:
        return "It takes longer than one run of the function: import without strict, or by command."
    if errors := _errors(files):
        return f"Nothing was imported: {errors}."
    rejected = sum(file.rejected for file in files)
    return f"Nothing was imported: {rejected:,} rows were rejected." if rejected else None


def _errors(files: Sequence[Any]) -> str:
    return "; ".join(f"{file.table_name}: {file.error}" for file in files if file.error)


def _run_again(work: Callable[[Connection], T]) -> T:
    """Run `work` in a transaction, anew where others wrote the same rows meanwhile: it then decides by those."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(RowsRefused):
            return run(work, writes=True)
    return run(work, writes=True)
