"""Changing many products by a sheet: what it would change (preview), and changing just that (apply).

A preview's fingerprint holds the file's hash and the version of each row's product: what is applied is what was seen.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.commerce import distribution_centers, products
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, FieldError
from chalicelib.csv_import import cells, product_sheet
from chalicelib.csv_import.product_sheet import CellError, Sheet, SheetError, SheetRow

# Each page of an export can be sent back as it is, in JSON of any spelling.
_MAX_PAGE_BYTES = 900_000
_CHUNK = 500
_MOST_NAMED = 100  # errors that a refusal names
_MARKS = ("id", "version")


class PreviewStale(Conflict):
    """Somebody has changed one of the products since the preview; `errors` names the rows."""

    code = "preview-stale"
    title = "Changed since the preview"


class NotPreviewed(Conflict):
    """The fingerprint is of another file."""

    code = "not-previewed"
    title = "Not the file of the preview"


class SheetRefused(Conflict):
    """A row cannot be taken, so none is; `errors` names the rows."""

    code = "sheet-refused"
    title = "Sheet refused"


@dataclass(slots=True)
class RowPlan:
    """What becomes of a row: its product (None for a new one), the columns to set, and what forbids it."""

    row: SheetRow
    product: Any = None
    values: dict[str, Any] = field(default_factory=dict)
    # Old and new text by field, of those that differ.
    changes: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """What is done: create, update, unchanged, or error."""
        if self.row.errors:
            return "error"
        if self.product is None:
            return "create"
        return "update" if self.changes else "unchanged"

    @property
    def version(self) -> int:
        """The version of the product; 0 where there is none yet."""
        return 0 if self.product is None else int(self.product.version)


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a file. `fingerprint` is None when it cannot be applied."""

    rows: list[RowPlan]
    fingerprint: str | None


def export(connection: Connection, *, after: int, status: str | None, limit: int) -> tuple[str, int | None]:
    """Return a page of all products as CSV, and the id to go on behind when more follow."""
    lines = [cells.write_line(product_sheet.NAMES)]
    size, last, count = len(lines[0]), after, 0
    while count < limit:
        wanted = min(_CHUNK, limit - count)
        rows = products.list_whole(connection, after=last, status=status, limit=wanted + 1)
        for row in rows[:wanted]:
            line = cells.write_line(product_sheet.cells(_texts(row)))
            size += len(json.dumps(line))
            if size > _MAX_PAGE_BYTES:
                return "".join(lines), last
            lines.append(line)
            last = row.id
        count += len(rows[:wanted])
        if len(rows) <= wanted:
            return "".join(lines), None
    return "".join(lines), last


def preview(connection: Connection, text: str) -> Plan:
    """Return what a sheet would change."""
    plans = _plan(connection, text, lock=False)
    refused = not plans or any(plan.row.errors for plan in plans)
    return Plan(plans, None if refused else _fingerprint(text, [plan.version for plan in plans]))


def apply(connection: Connection, text: str, fingerprint: str, *, by: str) -> tuple[Plan, list[int]]:
    """Change what the preview of the same sheet has shown, all or nothing; return it and the ids of new products.

    Raises:
        NotPreviewed, PreviewStale, SheetRefused: it is not what was seen.
        Conflict: what the rules of products raise.
    """
    versions = _versions(text, fingerprint)
    plans = _plan(connection, text, lock=True)
    if len(versions) != len(plans):
        raise _not_previewed()
    moved = [(plan, seen) for plan, seen in zip(plans, versions, strict=True) if plan.version != seen]
    if moved:
        errors = [FieldError(f"line {plan.row.line}", _moved(plan, seen)) for plan, seen in moved[:_MOST_NAMED]]
        raise PreviewStale(f"{len(moved)} rows have changed since the preview: preview again.", errors=errors)
    _refuse_errors(plans)
    changed = {plan.product.id: plan for plan in plans if plan.action == "update"}
    products.change_products(
        connection,
        {each: plan.product for each, plan in changed.items()},
        {each: plan.values for each, plan in changed.items()},
        by=by,
    )
    new = [plan.values for plan in plans if plan.action == "create"]
    return Plan(plans, None), products.create_products(connection, new, by=by) if new else []


def _moved(plan: RowPlan, seen: int) -> str:
    what = (
        f"product {plan.product.id} is at version {plan.version}"
        if plan.product is not None
        else "its product is gone"
    )
    return f"{what}, the preview has shown version {seen}"


def _refuse_errors(plans: Iterable[RowPlan]) -> None:
    errors = [
        FieldError(f"line {plan.row.line}", f"{error.column} {error.reason}".strip())
        for plan in plans
        for error in plan.row.errors.values()
    ]
    if errors:
        first = f"{errors[0].location}, {errors[0].message}"
        message = f"{len(errors)} values cannot be taken, so nothing was changed: {first}."
        raise SheetRefused(message, errors=errors[:_MOST_NAMED])


# --- planning -----------------------------------------------------------------------------------------------------


def _plan(connection: Connection, text: str, *, lock: bool) -> list[RowPlan]:
    try:
        sheet = product_sheet.read(text)
    except SheetError as error:
        row = SheetRow(error.line, errors={error.column: CellError(error.column, error.column, error.reason)})
        return [RowPlan(row)]
    plans = [RowPlan(row) for row in sheet.rows]
    _find_products(connection, plans, lock=lock)
    for plan in plans:
        if not plan.row.errors.get(""):
            _take_values(sheet, plan)
            plan.changes = _changes(plan)
    _check_skus(connection, plans)
    _check_centers(connection, plans)
    for plan in plans:
        _check_status(plan)
    return plans


def _find_products(connection: Connection, plans: Iterable[RowPlan], *, lock: bool) -> None:
    """Give each plan its product; refuse ids that are unknown or stand there twice, and versions that are over."""
    wanted = [(plan, product_id) for plan in plans if isinstance(product_id := plan.row.values.get("id"), int)]
    held = products.find_whole(connection, {product_id for _, product_id in wanted}, lock=lock)
    seen: dict[int, int] = {}
    for plan, product_id in wanted:
        row, product = plan.row, held.get(product_id)
        first = seen.setdefault(product_id, row.line)
        if first != row.line:
            row.refuse("id", f"stands on line {first} already")
        elif product is None:
            row.refuse("id", "is no product: leave it empty to make a new one")
        else:
            plan.product = product
            version = row.values.get("version")
            if version is not None and version != product.version:
                row.refuse(
                    "version", f"is not the present one, {product.version}: somebody has changed the product since"
                )


def _take_values(sheet: Sheet, plan: RowPlan) -> None:
    """Set the columns of a plan from the cells; a cell as it was exported is no change, whatever it holds."""
    row, product = plan.row, plan.product
    is_new = product is None and row.values.get("id") is None and "id" not in row.errors
    exported = (
        {} if product is None else dict(zip(product_sheet.NAMES, product_sheet.cells(_texts(product)), strict=True))
    )
    for column in product_sheet.COLUMNS:
        name = column.name
        if name in _MARKS:
            continue
        if name in exported and row.texts.get(name) == exported[name]:
            row.errors.pop(name, None)
        elif name in row.values:
            plan.values[column.target] = row.values[name]
        elif name not in sheet.names and is_new:
            plan.values[column.target] = None
            if column.required and name != "status":
                row.refuse(name, "is required for a new product")
    if "status" in plan.values:
        _take_status(plan)


def _take_status(plan: RowPlan) -> None:
    """Read a status in any case; a new product without one is a draft."""
    given = plan.values["status"]
    status = given.lower() if isinstance(given, str) else products.DRAFT if plan.product is None else None
    if status not in products.STATUSES:
        plan.row.refuse("status", f"must be one of {', '.join(products.STATUSES)}")
    plan.values["status"] = status


def _changes(plan: RowPlan) -> dict[str, tuple[str | None, str | None]]:
    old = {} if plan.product is None else plan.product._mapping
    return {
        name: (products.as_text(column, old.get(column)), products.as_text(column, plan.values[column]))
        for name, column in products.COLUMNS.items()
        if column in plan.values and plan.values[column] != old.get(column)
    }


def _check_skus(connection: Connection, plans: Iterable[RowPlan]) -> None:
    """Refuse SKUs that another row of the file, or another product, has."""
    wanted = [(plan, sku) for plan in plans if isinstance(sku := plan.values.get("sku"), str)]
    owners = products.find_sku_owners(connection, {sku for _, sku in wanted})
    lines: dict[str, int] = {}
    for plan, sku in wanted:
        owner = owners.get(sku)
        first = lines.setdefault(sku, plan.row.line)
        if first != plan.row.line:
            plan.row.refuse("sku", f"stands on line {first} already")
        elif owner is not None and (plan.product is None or plan.product.id != owner):
            plan.row.refuse("sku", f"belongs to product {owner}")


def _check_centers(connection: Connection, plans: Iterable[RowPlan]) -> None:
    """Refuse homes that are not there or archived, where a row moves to one or comes back to it."""
    wanted: list[tuple[RowPlan, int]] = []
    for plan in plans:
        after = _after(plan)
        center_id = after.get("distribution_center_id")
        moves = "distribution_center_id" in plan.values or "status" in plan.values
        if moves and after.get("status") != products.ARCHIVED and isinstance(center_id, int):
            wanted.append((plan, center_id))
    reasons = distribution_centers.unavailable(connection, {center_id for _, center_id in wanted})
    for plan, center_id in wanted:
        if center_id in reasons:
            plan.row.refuse("distribution_center_id", reasons[center_id])


def _check_status(plan: RowPlan) -> None:
    """Refuse to publish what is archived or lacks something."""
    if plan.row.errors or not plan.changes:
        return
    after = _after(plan)
    if after["status"] != products.PUBLISHED:
        return
    if plan.product is not None and plan.product.status == products.ARCHIVED:
        plan.row.refuse("status", "cannot become published while it is archived: make it a draft first")
    elif plan.changes.keys() & {"status", "name", "category", "retail_price"}:
        for name, what in products.lacks(after).items():
            plan.row.refuse(name, f"a published product needs {what}")


def _after(plan: RowPlan) -> dict[str, Any]:
    """Return the columns of a plan's product as they will be."""
    held: Mapping[str, Any] = {} if plan.product is None else plan.product._mapping
    return {**held, **plan.values}


def _texts(row: Any) -> dict[str, str | None]:
    held = row._mapping
    return {column.name: products.as_text(column.target, held[column.target]) for column in product_sheet.COLUMNS}


# --- fingerprints -------------------------------------------------------------------------------------------------


def _fingerprint(text: str, versions: list[int]) -> str:
    packed = zlib.compress(json.dumps(versions, separators=(",", ":")).encode(), 9)
    return f"{_hash(text)}.{base64.urlsafe_b64encode(packed).rstrip(b'=').decode()}"


def _versions(text: str, fingerprint: str) -> list[int]:
    """Return the versions that a preview of `text` has seen."""
    hashed, _, packed = fingerprint.partition(".")
    if hashed != _hash(text):
        raise _not_previewed()
    try:
        unpacking = zlib.decompressobj()
        # Eleven characters a row hold any version; what unpacks to more is none of ours.
        plain = unpacking.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), 64_000)
        versions = json.loads(plain)
    except (ValueError, zlib.error, RecursionError):
        raise _not_previewed() from None
    if not isinstance(versions, list):
        raise _not_previewed()
    return versions


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _not_previewed() -> NotPreviewed:
    return NotPreviewed("The fingerprint is not that of this file's preview: preview it again.")
