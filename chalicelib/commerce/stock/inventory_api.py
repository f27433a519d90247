"""Managing stock over HTTP: what changes it, the units, the ledger. What there is stands in `stock_levels_api`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from chalicelib.commerce.stock import inventory, inventory_sql, stock
from chalicelib.commerce.stock.inventory import CenterArchived, NotEnoughFree, Reason, Said, SamePlace, WrongReason
from chalicelib.commerce.stock.inventory_sql import StockFilter
from chalicelib.commerce.stock.ledger import Place
from chalicelib.commerce.stock.stock_levels_api import Level, present_level
from chalicelib.core.auth import STAFF, Caller
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import NotFound
from chalicelib.core.inputs import BodyMoney, Id, whole
from chalicelib.core.money import Money, floor_cents, from_cents
from chalicelib.core.paging import MAX_ID, Page, PageQuery, TimelineQuery
from chalicelib.core.routes import Routes

routes = Routes("Inventory")

MOST_UNITS = 10_000  # of one change: a request has 29 seconds

# Without control characters: SQLite would end the text at a NUL.
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Note = Annotated[str, Field(max_length=400, pattern=_PLAIN, description="For the ledger.")]
Reference = Annotated[
    str,
    Field(max_length=64, pattern=_PLAIN, description="What it belongs to, such as the number of a delivery note."),
]
UnitState = Literal["free", "reserved", "sold", "written_off"]
Kind = Literal[
    "received", "adjusted", "counted", "transferred", "reserved", "released", "sold", "returned", "imported"
]


def _not_nought(value: int) -> int:
    if value == 0:
        raise ValueError("must not be 0")
    return value


Units = Annotated[int, Field(ge=1, le=MOST_UNITS), BeforeValidator(whole)]
Difference = Annotated[
    int,
    Field(ge=-MOST_UNITS, le=MOST_UNITS),
    BeforeValidator(whole),
    AfterValidator(_not_nought),
    WithJsonSchema({"type": "integer", "minimum": -MOST_UNITS, "maximum": MOST_UNITS, "not": {"const": 0}}),
]
Counted = Annotated[int, Field(ge=0, le=MOST_UNITS), BeforeValidator(whole)]


def _body(**example: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class NewReceipt(BaseModel):
    """Units that came in."""

    model_config = _body(product_id=7, distribution_center_id=1, quantity=20, cost=12.5, reference="delivery 4711")

    product_id: Id
    distribution_center_id: Id
    quantity: Units
    cost: BodyMoney | None = Field(None, description="What each unit cost; else the cost of the product.")
    reference: Reference | None = None
    note: Note | None = None


class NewAdjustment(BaseModel):
    """Units that are not what they seemed."""

    model_config = _body(product_id=7, distribution_center_id=1, quantity=-2, reason="damaged", note="water")

    product_id: Id
    distribution_center_id: Id
    quantity: Difference = Field(
        description="Below 0: free units that are written off; above: units that were found."
    )
    reason: Literal["damaged", "lost", "stolen", "expired", "found", "count", "other"]
    note: Note | None = None


class NewTransfer(BaseModel):
    """Free units that move to another center."""

    model_config = _body(product_id=7, from_distribution_center_id=1, to_distribution_center_id=2, quantity=5)

    product_id: Id
    from_distribution_center_id: Id
    to_distribution_center_id: Id
    quantity: Units
    reference: Reference | None = None
    note: Note | None = None


class NewCount(BaseModel):
    """What was counted on a shelf."""

    model_config = _body(product_id=7, distribution_center_id=1, counted=18)

    product_id: Id
    distribution_center_id: Id
    counted: Counted = Field(description="Free and reserved units together, without sold ones that wait to be sent.")
    note: Note | None = None


class StockChange(BaseModel):
    """What became of a change: how many units it was about, and the counters of the centers afterwards."""

    product_id: int
    quantity: int
    levels: list[Level]


class InventoryItem(BaseModel):
    """One physical unit; its times say what state it is in."""

    id: int
    product_id: int
    distribution_center_id: int | None
    state: UnitState
    cost: Money
    created_at: AwareDatetime
    reserved_at: AwareDatetime | None
    sold_at: AwareDatetime | None
    written_off_at: AwareDatetime | None


class StockMovement(BaseModel):
    """An entry of the ledger: `units` left `from_state` for `to_state`."""

    id: int
    product_id: int
    distribution_center_id: int
    kind: str
    from_state: str
    to_state: str
    units: int
    reason: str | None
    reference: str | None
    actor: str
    created_at: AwareDatetime


class ItemOrder(BaseModel):
    """An order that the unit was an item of."""

    order_id: int
    order_item_id: int
    status: str
    created_at: AwareDatetime
    shipped_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    returned_at: AwareDatetime | None


class ItemCheckout(BaseModel):
    """A checkout that the unit was held for; with its order when there is one."""

    id: int
    state: str
    created_at: AwareDatetime
    order_id: int | None


class InventoryItemHistory(InventoryItem):
    """A unit, what its product was when it came in, and its way since: each list newest first, 500 at most.

    `movements` are the entries of the ledger that were made for these orders and checkouts; each may be about more
    units than this one.
    """

    product_sku: str | None
    product_name: str | None
    product_category: str | None
    product_brand: str | None
    product_department: str | None
    product_retail_price: Money | None
    orders: list[ItemOrder]
    checkouts: list[ItemCheckout]
    movements: list[StockMovement]


class InventoryItemQuery(PageQuery):
    """Which units to list."""

    product_id: int | None = Field(None, ge=1, le=MAX_ID)
    distribution_center_id: int | None = Field(None, ge=1, le=MAX_ID)
    state: UnitState | None = None


class StockMovementQuery(TimelineQuery):
    """Which entries to list."""

    product_id: int | None = Field(None, ge=1, le=MAX_ID)
    distribution_center_id: int | None = Field(None, ge=1, le=MAX_ID)
    kind: Kind | None = None
    reference: Reference | None = None


def _changed(product_id: int, quantity: int, levels: list[Any]) -> dict[str, Any]:
    return {"product_id": product_id, "quantity": quantity, "levels": [present_level(row) for row in levels]}


@routes.post(
    "/inventory/receipts",
    access=STAFF,
    response=StockChange,
    status=201,
    errors=[NotFound, CenterArchived],
)
def create_receipt(connection: Connection, caller: Caller, body: NewReceipt) -> dict[str, Any]:
    """Take new units into a distribution center."""
    place = Place(body.product_id, body.distribution_center_id)
    said = Said(caller.username, body.reference, body.note)
    cost_cents = None if body.cost is None else floor_cents(body.cost)
    levels = inventory.receive(connection, place, body.quantity, cost_cents, said)
    return _changed(body.product_id, body.quantity, levels)


@routes.post(
    "/inventory/adjustments",
    access=STAFF,
    response=StockChange,
    status=201,
    errors=[NotFound, CenterArchived, WrongReason, NotEnoughFree],
)
def create_adjustment(connection: Connection, caller: Caller, body: NewAdjustment) -> dict[str, Any]:
    """Write off free units, or add units that were found.

    Damaged, lost, stolen and expired units can only get fewer, found ones only more; `count` and `other` fit both.
    """
    place = Place(body.product_id, body.distribution_center_id)
    said = Said(caller.username, note=body.note)
    levels = inventory.adjust(connection, place, body.quantity, Reason(body.reason), said)
    return _changed(body.product_id, body.quantity, levels)


@routes.post(
    "/inventory/transfers",
    access=STAFF,
    response=StockChange,
    status=201,
    errors=[NotFound, CenterArchived, SamePlace, NotEnoughFree],
)
def create_transfer(connection: Connection, caller: Caller, body: NewTransfer) -> dict[str, Any]:
    """Move free units to another distribution center, the oldest first."""
    place = Place(body.product_id, body.from_distribution_center_id)
    said = Said(caller.username, body.reference, body.note)
    levels = inventory.transfer(connection, place, body.to_distribution_center_id, body.quantity, said)
    return _changed(body.product_id, body.quantity, levels)


@routes.post(
    "/inventory/counts",
    access=STAFF,
    response=StockChange,
    status=201,
    errors=[NotFound, CenterArchived, NotEnoughFree, stock.OutOfStock],
)
def create_count(caller: Caller, body: NewCount) -> dict[str, Any]:
    """Set what was counted on a shelf; `quantity` is the difference that was booked, 0 when there was none."""
    place = Place(body.product_id, body.distribution_center_id)
    said = Said(caller.username, note=body.note)
    difference, levels = stock.patiently(lambda connection: inventory.count(connection, place, body.counted, said))
    return _changed(body.product_id, difference, levels)


def present_unit(row: Any) -> dict[str, Any]:
    """Return a unit's row as it goes over the wire."""
    shown = as_dict(row)
    shown["cost"] = from_cents(shown.pop("cost_cents"))
    return shown


@routes.get("/inventory/items", access=STAFF, response=list[InventoryItem])
def list_inventory_items(connection: Connection, query: InventoryItemQuery) -> Page[dict[str, Any]]:
    """List units, by id."""
    wanted = StockFilter(query.product_id, query.distribution_center_id, query.state)
    page = inventory_sql.list_units(connection, wanted, query.page())
    return page.with_items([present_unit(row) for row in page.items])


@routes.get("/inventory/items/{item_id}", access=STAFF, response=InventoryItemHistory, errors=[NotFound])
def get_inventory_item(connection: Connection, item_id: int) -> dict[str, Any]:
    """Read a unit, and what is known of its way."""
    found = inventory.history_of(connection, item_id)
    shown = present_unit(found.unit)
    price_cents = shown.pop("product_retail_price_cents")
    shown["product_retail_price"] = None if price_cents is None else from_cents(price_cents)
    for name in ("orders", "checkouts", "movements"):
        shown[name] = [as_dict(row) for row in getattr(found, name)]
    return shown


@routes.get("/inventory/movements", access=STAFF, response=list[StockMovement])
def list_stock_movements(connection: Connection, query: StockMovementQuery) -> Page[dict[str, Any]]:
    """List the entries of the ledger, newest first."""
    wanted = StockFilter(query.product_id, query.distribution_center_id, kind=query.kind, reference=query.reference)
    page = inventory_sql.list_movements(connection, wanted, query.page())
    return page.with_items([as_dict(row) for row in page.items])
