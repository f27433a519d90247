"""CSV imports over HTTP: for files that were put into the bucket."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.core import blobs
from chalicelib.core.auth import STAFF, Caller
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import MAX_ID, Page, PageQuery, PageRequest
from chalicelib.core.routes import Reply, Routes, Text
from chalicelib.csv_import import imports, imports_sql
from chalicelib.csv_import.cells import REJECTION_NAMES, rejection_line, write_line

routes = Routes("Imports")


class NewImport(BaseModel):
    """Which files to import."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"folder": "imports/january"}]})

    folder: str = Field(
        max_length=400,
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?$",
        description="A folder of the bucket that holds some of the six CSV files, each with or without .gz.",
    )
    strict: bool = Field(False, description="Import nothing unless every row is good.")


class ImportedFile(BaseModel):
    """How far a file is."""

    table: str
    file: str
    state: Literal["waiting", "running", "done", "failed"]
    size_bytes: int
    bytes_done: int
    rows_read: int
    inserted: int
    updated: int
    unchanged: int
    rejected: int
    notes: list[str]
    error: str | None


class Import(BaseModel):
    """An import and how far it is. `progress` is a share of the bytes, 0 to 1."""

    id: int
    folder: str
    strict: bool
    state: Literal["queued", "running", "done", "failed"]
    message: str | None
    progress: float
    requested_by: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    notes: list[str]
    files: list[ImportedFile]
    rejected: int
    rejections_csv: str


class RejectionQuery(BaseModel):
    """Which rejected rows to answer."""

    model_config = ConfigDict(extra="forbid")

    # The answer of a function may have 6 MB, and a value 200 characters.
    limit: int = Field(5_000, ge=1, le=5_000)
    after: int = Field(
        0, ge=0, le=MAX_ID, description="Continue behind the row of this number (from `X-Next-Cursor`)."
    )


def _present(row: Any, files: list[Any], base_path: str) -> dict[str, Any]:
    size = sum(file.size_bytes for file in files)
    done = sum(file.bytes_done for file in files)
    return {
        "id": row.id,
        "folder": row.source,
        "strict": bool(row.strict),
        "state": row.state,
        "message": row.message,
        "progress": round(done / size, 4) if size else 1.0,
        "requested_by": row.requested_by,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "notes": json.loads(row.notes),
        "files": [_present_file(file) for file in files],
        "rejected": sum(file.rejected for file in files),
        "rejections_csv": f"{base_path}/imports/{row.id}/rejections",
    }


def _present_file(file: Any) -> dict[str, Any]:
    return {
        "table": file.table_name,
        "file": file.blob_key.rpartition("/")[2],
        "state": file.state,
        "size_bytes": file.size_bytes,
        "bytes_done": file.bytes_done,
        "rows_read": file.records_done,
        "inserted": file.inserted,
        "updated": file.updated,
        "unchanged": file.unchanged,
        "rejected": file.rejected,
        "notes": json.loads(file.notes),
        "error": file.error,
    }


@routes.post("/imports", access=STAFF, response=Import, status=202, errors=[NotFound])
def create_import(caller: Caller, base_path: str, body: NewImport) -> Reply:
    """Ask for CSV files in the bucket to be imported.

    A scheduled function works on it in steps that fit its time limit; look at the import to see how far it is.
    """
    folder = body.folder.strip("/")
    import_id = imports.request_import(
        blobs.store(), folder, source=folder, strict=body.strict, requested_by=caller.username
    )
    row, files = run(lambda connection: imports.get_import(connection, import_id), writes=False)
    return Reply(_present(row, list(files), base_path), {"Location": f"{base_path}/imports/{import_id}"})


@routes.get("/imports", access=STAFF, response=list[Import])
def list_imports(connection: Connection, base_path: str, query: PageQuery) -> Page[dict[str, Any]]:
    """List the imports, newest first."""
    page = imports_sql.list_imports(connection, query.page())
    files = imports_sql.list_files(connection, [row.id for row in page.items])
    return page.with_items(
        [_present(row, [file for file in files if file.import_id == row.id], base_path) for row in page.items]
    )


@routes.get("/imports/{import_id}", access=STAFF, response=Import, errors=[NotFound])
def get_import(connection: Connection, base_path: str, import_id: int) -> dict[str, Any]:
    """Show how far an import is, file by file; `rejections_csv` is where the rejected rows are."""
    row, files = imports.get_import(connection, import_id)
    return _present(row, list(files), base_path)


@routes.get("/imports/{import_id}/rejections", access=STAFF, response="text/csv", errors=[NotFound])
def list_import_rejections(connection: Connection, import_id: int, query: RejectionQuery) -> Text:
    """Answer the rejected rows of an import as CSV: file, line, column, value, reason.

    Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    imports.get_import(connection, import_id)
    page = imports_sql.list_rejections(connection, import_id, PageRequest(query.limit, after=(query.after,)))
    lines = [write_line(REJECTION_NAMES), *map(rejection_line, page.items)]
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}-rejections.csv"'}
    if page.next_key:
        headers["X-Next-Cursor"] = str(page.next_key[0])
    return Text("".join(lines), "text/csv; charset=utf-8", headers)
