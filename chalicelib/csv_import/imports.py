"""Importing the six files: asked for, worked on in steps, continued after a kill, reported row by row.

Each batch is one transaction: its rows, its rejections and the checkpoint of its file together. A strict import is
one transaction in all.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import groupby
from typing import Any, TypeVar

from chalicelib.core import blobs, clock, logging
from chalicelib.core.blobs import Blob, Blobs
from chalicelib.core.database import Connection, run, transaction
from chalicelib.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from chalicelib.csv_import import imports_sql
from chalicelib.csv_import.columns import TABLE_FILES, TableFile
from chalicelib.csv_import.records import Rejection
from chalicelib.csv_import.steps import FileImport, Progress, Report, Transact

T = TypeVar("T")

LEASE = timedelta(seconds=60)
STRICT_LEASE = timedelta(minutes=16)  # one step, as long as a function may run
_SAFETY_MS = 20_000  # what a step leaves of its function's time
_MOST_KEPT = 10_000  # rejections of a strict import, which are kept in memory until its end

# The source of what a machine imports from a folder of its own: only that machine can continue it.
FOLDER = "folder:"

_TABLES = {file.file_stem: file for file in TABLE_FILES}


class ImportBusy(Conflict):
    """Another process works on this import."""

    code = "import-busy"
    title = "Import is being worked on"


def find_files(store: Blobs, folder: str) -> tuple[list[tuple[TableFile, Blob]], list[str]]:
    """Return the files of the six tables in a folder, parents first, and notes on what is passed over."""
    found: dict[str, Blob] = {}
    notes: list[str] = []
    for blob in store.list(folder):
        name = blob.key.rpartition("/")[2]
        stem = name.lower().removesuffix(".gz").removesuffix(".csv")
        if ".csv" not in name.lower():
            continue
        if stem not in _TABLES:
            notes.append(f"{name} is none of the six files: ignored")
        elif stem in found:
            notes.append(f"{name} is ignored, there is {found[stem].key.rpartition('/')[2]} too")
        else:
            found[stem] = blob
    notes += [f"there is no {stem}.csv" for stem in _TABLES if stem not in found]
    return [(_TABLES[stem], found[stem]) for stem in _TABLES if stem in found], notes


def request_import(
    store: Blobs, folder: str, *, source: str, strict: bool, requested_by: str, location: str = "body.folder"
) -> int:
    """Ask for the files in `folder` to be imported; return the id of the import.

    Raises:
        InvalidInput: there is none of the six files.
    """
    files, notes = find_files(store, folder)
    if not files:
        names = ", ".join(f"{stem}.csv" for stem in _TABLES)
        raise InvalidInput.at(location, f"{source or '/'} holds none of {names} (or these with .gz)")
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


def continue_imports(*, time_left_ms: Callable[[], int]) -> None:
    """Work on what was asked for, oldest first, until nothing is left or the function's time runs short."""
    store = blobs.store()
    for row in run(lambda connection: imports_sql.list_unfinished(connection), writes=False):
        if row.source.startswith(FOLDER):
            continue
        try:
            work_on(row.id, store, time_left_ms=time_left_ms)
        except ImportBusy:
            continue
        if time_left_ms() < _SAFETY_MS:
            return


def work_on(
    import_id: int,
    store: Blobs,
    *,
    time_left_ms: Callable[[], int] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> None:
    """Work on an import from its checkpoint to its end, or until time runs short.

    Raises:
        ImportBusy: another process holds the lease.
    """
    worker = _Worker(import_id, store, time_left_ms, on_progress)
    worker.run()


class _Worker:
    """One process working on one import under a lease."""

    def __init__(
        self,
        import_id: int,
        store: Blobs,
        time_left_ms: Callable[[], int] | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._id = import_id
        self._store = store
        self._time_left_ms = time_left_ms
        self._on_progress = on_progress
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"

    def run(self) -> None:
        """Take the lease, then all files in turn."""
        found, files = run(lambda connection: get_import(connection, self._id), writes=False)
        self._lease = STRICT_LEASE if found.strict else LEASE
        self._stamp = found.created_at.strftime("%Y-%m-%d %H:%M:%S.%f")
        dead = found.lease_holder if _is_dead(found.lease_holder) else None
        if not run(lambda connection: self._take_lease(connection, dead), writes=True):
            raise ImportBusy(f"Import {self._id} is being worked on by {found.lease_holder}, or at its end.")
        try:
            work = self._run_strictly if found.strict else self._run_in_batches
            work(files)
        except (Unavailable, ImportBusy, KeyboardInterrupt):
            # To be continued from the checkpoint.
            with suppress(Unavailable):
                self._transact(lambda connection: imports_sql.release_lease(connection, self._id, self._holder))
            raise
        except Exception:
            self._end("failed", "An unexpected error; see the logs.")
            raise

    def _run_in_batches(self, files: Sequence[Any]) -> None:
        waiting = [file for file in files if file.state not in ("done", "failed")]
        if all(self._import(file, self._transact, self._report).run(self._has_time) for file in waiting):
            self._end(*self._outcome())
        else:
            self._transact(lambda connection: imports_sql.release_lease(connection, self._id, self._holder))

    def _transact(self, work: Callable[[Connection], T]) -> T:
        def under_lease(connection: Connection) -> T:
            if not self._take_lease(connection, None):
                raise ImportBusy(f"Import {self._id} was taken over by another process.")
            return work(connection)

        return run(under_lease, writes=True)

    def _report(self, connection: Connection, file: str, rejections: list[Rejection]) -> None:
        imports_sql.insert_rejections(connection, self._id, file, rejections)

    def _run_strictly(self, files: Sequence[Any]) -> None:
        """Import all in one transaction; after any rejection keep nothing but the report."""
        kept: list[tuple[str, Rejection]] = []

        def report(_connection: Connection, file: str, rejections: list[Rejection]) -> None:
            kept.extend((file, rejection) for rejection in rejections[: _MOST_KEPT - len(kept)])

        try:
            with transaction() as connection:

                def inside(work: Callable[[Connection], T]) -> T:
                    return work(connection)

                if not all(self._import(file, inside, report).run(self._has_time) for file in files):
                    raise _Undo("It takes longer than one run of the function: import without strict, or by command.")
                _, after = get_import(connection, self._id)
                if rejected := sum(file.rejected for file in after):
                    raise _Undo(f"Nothing was imported: {rejected} rows were rejected.")
                if errors := [f"{file.table_name}: {file.error}" for file in after if file.error]:
                    raise _Undo(f"Nothing was imported: {'; '.join(errors)}")
        except _Undo as undone:
            self._transact(lambda connection: self._keep_report(connection, kept))
            self._end("failed", str(undone)[:1000])
        else:
            self._end("done", None)

    def _keep_report(self, connection: Connection, kept: Sequence[tuple[str, Rejection]]) -> None:
        imports_sql.delete_rejections(connection, self._id)
        for file, part in groupby(kept, key=lambda pair: pair[0]):
            self._report(connection, file, [rejection for _, rejection in part])

    def _import(self, file: Any, transact: Transact, report: Report) -> FileImport:
        return FileImport(
            self._store,
            _TABLES[file.table_name],
            file,
            stamp=self._stamp,
            transact=transact,
            report=report,
            on_progress=self._on_progress,
        )

    def _has_time(self) -> bool:
        return self._time_left_ms is None or self._time_left_ms() >= _SAFETY_MS

    def _take_lease(self, connection: Connection, dead: str | None) -> bool:
        now = clock.now()
        return imports_sql.take_lease(connection, self._id, self._holder, dead=dead, now=now, until=now + self._lease)

    def _outcome(self) -> tuple[str, str | None]:
        _, files = run(lambda connection: get_import(connection, self._id), writes=False)
        errors = [f"{file.table_name}: {file.error}" for file in files if file.error]
        return ("failed", "; ".join(errors)[:1000]) if errors else ("done", None)

    def _end(self, state: str, message: str | None) -> None:
        values = {"state": state, "message": message, "finished_at": clock.now(), "lease_until": None}
        run(lambda connection: imports_sql.update_import(connection, self._id, values), writes=True)
        logging.info("import ended", import_id=self._id, state=state)


class _Undo(Exception):
    """A strict import keeps nothing; the message says why."""


def _is_dead(holder: str | None) -> bool:
    """Tell whether a holder was a process of this machine that is gone: its lease need not be waited for."""
    host, _, rest = (holder or "").partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
