"""The rules of products: finding them, and how staff makes, changes and retires them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.commerce.catalogue import distribution_centers, products_sql, search
from chalicelib.core import clock
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, FieldError, NotFound, PreconditionFailed
from chalicelib.core.money import from_cents
from chalicelib.core.text import fold
from chalicelib.events import outbox

DRAFT, PUBLISHED, ARCHIVED = "draft", "published", "archived"
STATUSES = (DRAFT, PUBLISHED, ARCHIVED)

# What may be changed, by its name on the wire, and the column that keeps it.
COLUMNS = {
    "name": "name",
    "category": "category",
    "brand": "brand",
    "department": "department",
    "sku": "sku",
    "cost": "cost_cents",
    "retail_price": "retail_price_cents",
    "distribution_center_id": "distribution_center_id",
    "status": "status",
    "description": "description",
    "image_key": "image_key",
    "image_alt": "image_alt",
    "low_stock_level": "low_stock_level",
}
_FIELDS = {column: field for field, column in COLUMNS.items()}
_KEYS = {"category": "category_key", "brand": "brand_key"}
_KEY_LENGTH = 255


class SkuTaken(Conflict):
    """Another product has this SKU."""

    code = "sku-taken"
    title = "SKU taken"


class NotPublishable(Conflict):
    """A shopper would miss something."""

    code = "product-not-publishable"
    title = "Product not ready to be published"


class ProductArchived(Conflict):
    """An archived product is restored before it is published."""

    code = "product-archived"
    title = "Product archived"


# --- finding -------------------------------------------------------------------------------------------------------


def get_product(connection: Connection, product_id: int, *, unpublished: bool) -> Any:
    """Return a product; drafts and archived ones only when `unpublished`.

    Raises:
        NotFound: there is none of that id to be seen.
    """
    row = products_sql.find_product(connection, product_id)
    if row is None or not (unpublished or row.status == PUBLISHED):
        raise _not_found(product_id)
    return row


def list_whole(connection: Connection, *, after: int, status: str | None, limit: int) -> Sequence[Any]:
    """Return products with every column, by id, behind the id `after`."""
    return products_sql.list_whole_products(connection, after=after, status=status, limit=limit)


def list_described(connection: Connection, *, after: int, limit: int) -> Sequence[Any]:
    """Return by what shoppers know published and archived products, by id, behind the id `after`.

    Each has id, name, category, brand, department and retail_price_cents. Archived ones tell what people liked.
    """
    return products_sql.list_described_products(connection, after=after, statuses=[PUBLISHED, ARCHIVED], limit=limit)


def find_whole(connection: Connection, product_ids: Iterable[int], *, lock: bool) -> dict[int, Any]:
    """Return products with every column, by id; `lock` keeps others from changing them."""
    return dict(products_sql.find_products(connection, product_ids, lock=lock))


def find_published(connection: Connection, product_ids: Iterable[int]) -> set[int]:
    """Return those of the ids that are of published products."""
    return products_sql.find_published_ids(connection, product_ids)


def find_sku_owners(connection: Connection, skus: Iterable[str]) -> dict[str, int]:
    """Return the ids of the products that have one of `skus`, by SKU."""
    return products_sql.find_sku_owners(connection, skus)


def _not_found(product_id: int) -> NotFound:
    return NotFound(f"There is no product {product_id}.")


# --- changing -----------------------------------------------------------------------------------------------------


def lock_product(connection: Connection, product_id: int, expected_version: int | None) -> Any:
    """Return the whole product and keep others from changing it; any version will do where none is expected.

    Raises:
        NotFound: there is none of that id.
        PreconditionFailed: somebody has changed it since.
    """
    row = products_sql.find_products(connection, [product_id], lock=True).get(product_id)
    if row is None:
        raise _not_found(product_id)
    if expected_version not in (None, row.version):
        raise PreconditionFailed(
            f"Product {product_id} is at version {row.version} by now, your change is of version {expected_version}: "
            "read it again."
        )
    return row


def create_product(connection: Connection, values: Mapping[str, Any], *, by: str) -> int:
    """Make a product of its columns and return its id.

    Raises:
        SkuTaken, NotPublishable, DistributionCenterUnavailable: the shop cannot have it so.
    """
    return create_products(connection, [values], by=by)[0]


def create_products(connection: Connection, rows: Sequence[Mapping[str, Any]], *, by: str) -> list[int]:
    """Make products of their columns and return their ids; raises as `create_product`."""
    now, empty = clock.now(), dict.fromkeys(COLUMNS.values())
    made = [{**empty, **row, **_keys_of({**empty, **row}), "created_at": now, "updated_at": now} for row in rows]
    for row in made:
        if row["status"] == PUBLISHED:
            check_publishable(row)
    distribution_centers.require_open(
        connection, {row["distribution_center_id"] for row in made if row["status"] != ARCHIVED}
    )
    _require_free_skus(connection, {row["sku"]: None for row in made})
    try:
        ids = products_sql.insert_products(connection, made)
    except products_sql.NotUnique:
        raise _sku_taken() from None
    changes = {ids[row["sku"]]: {"status": (None, row["status"])} for row in made}
    _note(connection, "product.created", changes, {ids[row["sku"]]: (row, 1) for row in made}, by)
    return [ids[row["sku"]] for row in made]


def change_product(
    connection: Connection, product_id: int, values: Mapping[str, Any], *, expected_version: int | None, by: str
) -> None:
    """Set columns of a product; what is equal already is no change.

    Raises:
        NotFound, PreconditionFailed: it is gone, or somebody has changed it since.
        SkuTaken, NotPublishable, DistributionCenterUnavailable: the shop cannot have it so.
    """
    row = lock_product(connection, product_id, expected_version)
    change_products(connection, {product_id: row}, {product_id: values}, by=by)


def change_products(
    connection: Connection, held: Mapping[int, Any], wanted: Mapping[int, Mapping[str, Any]], *, by: str
) -> None:
    """Set columns of products whose rows `held` are locked; raises as `change_product`."""
    changes = {each: differences(held[each], values) for each, values in wanted.items()}
    changes = {each: found for each, found in changes.items() if found}
    after = {each: {**held[each]._mapping, **_new(found)} for each, found in changes.items()}
    for each, found in changes.items():
        if after[each]["status"] == PUBLISHED and found.keys() & {"status", "retail_price_cents", "name", "category"}:
            check_publishable(after[each])
    distribution_centers.require_open(
        connection,
        {
            after[each]["distribution_center_id"]
            for each, found in changes.items()
            if after[each]["status"] != ARCHIVED and found.keys() & {"status", "distribution_center_id"}
        },
    )
    _require_free_skus(connection, {after[each]["sku"]: each for each, found in changes.items() if "sku" in found})
    now = clock.now()
    values = {each: {**_new(found), **_keys_of(_new(found)), "updated_at": now} for each, found in changes.items()}
    try:
        products_sql.update_products(connection, values)
    except products_sql.NotUnique:
        raise _sku_taken() from None
    _note(
        connection, "product.changed", changes, {each: (after[each], held[each].version + 1) for each in changes}, by
    )


def set_status(
    connection: Connection, product_id: int, status: str, *, expected_version: int | None, by: str
) -> None:
    """Publish or archive a product; one that has the status stays as it is.

    Raises:
        ProductArchived: an archived one is not published before it was restored.
        NotFound, PreconditionFailed, NotPublishable, DistributionCenterUnavailable: as in `change_product`.
    """
    row = lock_product(connection, product_id, expected_version)
    if status == PUBLISHED and row.status == ARCHIVED:
        raise ProductArchived(f"Product {product_id} is archived: restore it, look at it, then publish it.")
    change_products(connection, {product_id: row}, {product_id: {"status": status}}, by=by)


def restore(connection: Connection, product_id: int, *, expected_version: int | None, by: str) -> None:
    """Make a draft of an archived product; any other stays as it is. Raises as `set_status`."""
    row = lock_product(connection, product_id, expected_version)
    if row.status == ARCHIVED:
        change_products(connection, {product_id: row}, {product_id: {"status": DRAFT}}, by=by)


def differences(row: Any, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return (old, new) of the columns in which `values` differ from a row."""
    held = row._mapping
    return {name: (held[name], value) for name, value in values.items() if held[name] != value}


def check_publishable(values: Mapping[str, Any]) -> None:
    """Refuse to show what a shopper could not buy.

    Raises:
        NotPublishable: its `errors` name what is missing.
    """
    missing = lacks(values)
    if missing:
        errors = [FieldError(f"body.{field}", message) for field, message in missing.items()]
        raise NotPublishable(f"To be published it needs {', '.join(missing.values())}.", errors=errors)


def lacks(values: Mapping[str, Any]) -> dict[str, str]:
    """Return by field what a product of these columns lacks to be published."""
    found: dict[str, str] = {}
    if not (values["name"] or "").strip():
        found["name"] = "a name"
    if not (values["category"] or "").strip():
        found["category"] = "a category"
    if not values["retail_price_cents"]:
        found["retail_price"] = "a price above 0"
    return found


def as_text(column: str, value: Any) -> str | None:
    """Return the value of a column as it stands in histories and sheets; None of nothing."""
    if value is None:
        return None
    return str(from_cents(value)) if column.endswith("_cents") else str(value)


def _new(changes: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    return {name: new for name, (_old, new) in changes.items()}


def _keys_of(values: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the folded keys of those texts of `values` that have one."""
    return {
        key: None if values[name] is None else fold(values[name], _KEY_LENGTH)
        for name, key in _KEYS.items()
        if name in values
    }


def _require_free_skus(connection: Connection, wanted: Mapping[str, int | None]) -> None:
    owners = products_sql.find_sku_owners(connection, wanted)
    for sku, owner in owners.items():
        if owner != wanted.get(sku):
            raise SkuTaken(f"The SKU {sku!r} belongs to product {owner}.")


def _sku_taken() -> SkuTaken:
    # Somebody was quicker by a moment, or two of one request want the same.
    return SkuTaken("Another product has the SKU.")


def _note(
    connection: Connection,
    event: str,
    changes: Mapping[int, Mapping[str, tuple[Any, Any]]],
    after: Mapping[int, tuple[Mapping[str, Any], int]],
    by: str,
) -> None:
    """Write down what was done to products: every change goes through here, `after` holds (columns, version)."""
    now = clock.now()
    entries = [
        {
            "product_id": product_id,
            "field": _FIELDS[column],
            "old_value": as_text(column, old),
            "new_value": as_text(column, new),
            "actor": by,
            "created_at": now,
        }
        for product_id, found in changes.items()
        for column, (old, new) in found.items()
    ]
    products_sql.insert_changes(connection, entries)
    for product_id, found in sorted(changes.items()):
        values, version = after[product_id]
        payload = {"product_id": product_id, "sku": values["sku"], "status": values["status"], "version": version}
        fields = [_FIELDS[column] for column in found]
        outbox.record(connection, event, f"product:{product_id}", {**payload, "fields": fields})
        if found.get("status", (None, None))[1] == ARCHIVED:
            outbox.record(connection, "product.archived", f"product:{product_id}", payload)
    search.index_products(connection, sorted(changes))
