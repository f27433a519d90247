"""Products as a CSV file over HTTP: export, see what an edited file would change, change just that."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core.auth import STAFF, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict
from chalicelib.core.paging import MAX_ID
from chalicelib.core.routes import Routes, Text
from chalicelib.csv_import import product_bulk
from chalicelib.csv_import.product_bulk import RowPlan
from chalicelib.csv_import.product_sheet import MAX_ROWS

routes = Routes("Catalogue")

_MOST_SHOWN = 500
_EXAMPLE = "id,retail_price,version\r\n1,44.90,1\r\n"


class ExportQuery(BaseModel):
    """Which products to export."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(MAX_ROWS, ge=1, le=MAX_ROWS, description="Rows at most; long texts make a page shorter.")
    after: int = Field(
        0, ge=0, le=MAX_ID, description="Continue behind the product of this id (from `X-Next-Cursor`)."
    )
    status: Literal["draft", "published", "archived"] | None = Field(None, description="Only those of this status.")


class BulkPreviewRequest(BaseModel):
    """An edited file."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"csv": _EXAMPLE}]})

    csv: str = Field(max_length=1_000_000, description=f"The text of the file, {MAX_ROWS} rows at most.")


class BulkApplyRequest(BulkPreviewRequest):
    """An edited file as it was previewed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"csv": _EXAMPLE, "fingerprint": "0123456789abcdef0123456789abcdef.eNqLNowFAAHNAMg"}]
        },
    )

    fingerprint: str = Field(max_length=80_000, pattern=r"^[0-9a-f]{32}\.[A-Za-z0-9_-]+$")


class FieldChange(BaseModel):
    """A field that a row changes; values as text, null where there was or is none."""

    field: str
    old: str | None
    new: str | None


class BulkCellError(BaseModel):
    """A value that cannot be taken; `column` is empty where the row as a whole is at fault."""

    column: str
    value: str
    reason: str


class RowDifference(BaseModel):
    """What becomes of a row of the file. `product_id` is null of a new one."""

    line: int
    action: Literal["create", "update", "error"]
    product_id: int | None
    changes: list[FieldChange]
    errors: list[BulkCellError]


class BulkPreview(BaseModel):
    """What a file would change: rows with errors first, then the others, 500 at most (`truncated` when more)."""

    rows: int
    create: int
    update: int
    unchanged: int
    error: int
    differences: list[RowDifference]
    truncated: bool
    fingerprint: str | None = Field(description="For POST /products/bulk/apply; null while a row has an error.")


class BulkResult(BaseModel):
    """What a file has changed; `created_ids` in the order of its rows."""

    created: int
    updated: int
    unchanged: int
    created_ids: list[int]


def _count(rows: list[RowPlan], action: str) -> int:
    return sum(row.action == action for row in rows)


def _present(plan: RowPlan) -> dict[str, Any]:
    refused = plan.action == "error"
    changes = {} if refused else plan.changes
    return {
        "line": plan.row.line,
        "action": plan.action,
        "product_id": None if plan.product is None else plan.product.id,
        "changes": [{"field": name, "old": old, "new": new} for name, (old, new) in changes.items()],
        "errors": [
            {"column": error.column, "value": error.value, "reason": error.reason}
            for error in plan.row.errors.values()
        ],
    }


@routes.get("/products/export", access=STAFF, response="text/csv")
def export_products(connection: Connection, query: ExportQuery) -> Text:
    """Export products as CSV, by id: to edit in a spreadsheet, then to preview and apply.

    Text that a spreadsheet would take for a formula begins with an apostrophe, which is taken off on the way back.
    Each page can be sent back as it is; `X-Next-Cursor` is there when more follow.
    """
    text, cursor = product_bulk.export(connection, after=query.after, status=query.status, limit=query.limit)
    headers = {"Content-Disposition": 'attachment; filename="products.csv"'}
    if cursor is not None:
        headers["X-Next-Cursor"] = str(cursor)
    return Text(text, "text/csv; charset=utf-8", headers)


@routes.post("/products/bulk/preview", access=STAFF, response=BulkPreview, reads=True)
def preview_bulk_change(connection: Connection, body: BulkPreviewRequest) -> dict[str, Any]:
    """Tell what an edited file would change, row by row, and change nothing.

    A row with an `id` changes that product, one without makes a new one. Columns that the file lacks stay as they
    are, an empty cell clears. With a `version`, a row is refused when its product has changed since the export.
    """
    plan = product_bulk.preview(connection, body.csv)
    shown = sorted((row for row in plan.rows if row.action != "unchanged"), key=lambda row: row.action != "error")
    return {
        "rows": len(plan.rows),
        **{action: _count(plan.rows, action) for action in ("create", "update", "unchanged", "error")},
        "differences": [_present(row) for row in shown[:_MOST_SHOWN]],
        "truncated": len(shown) > _MOST_SHOWN,
        "fingerprint": plan.fingerprint,
    }


@routes.post("/products/bulk/apply", access=STAFF, response=BulkResult, errors=[Conflict])
def apply_bulk_change(connection: Connection, caller: Caller, body: BulkApplyRequest) -> dict[str, Any]:
    """Change what the preview of this file has shown: all of it, or nothing when anything has changed since."""
    plan, created = product_bulk.apply(connection, body.csv, body.fingerprint, by=caller.username)
    return {
        "created": len(created),
        "updated": _count(plan.rows, "update"),
        "unchanged": _count(plan.rows, "unchanged"),
        "created_ids": created,
    }
