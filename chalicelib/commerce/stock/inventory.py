"""Managing stock: goods come in, are found or lost, move between centers, are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.commerce.stock import inventory_sql, stock, stock_sql
from chalicelib.commerce.stock.ledger import Entry, Place, State
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound

MOST_ROWS = 500  # of a list inside an answer


class Reason(StrEnum):
    """Why the number of units was not what it seemed."""

    DAMAGED = "damaged"
    LOST = "lost"
    STOLEN = "stolen"
    EXPIRED = "expired"
    FOUND = "found"
    COUNT = "count"
    OTHER = "other"


_ONLY_LESS = frozenset({Reason.DAMAGED, Reason.LOST, Reason.STOLEN, Reason.EXPIRED})
_ONLY_MORE = frozenset({Reason.FOUND})


class NotEnoughFree(Conflict):
    """Fewer units are free there than are to leave."""

    code = "not-enough-free"
    title = "Not enough free units"


class WrongReason(Conflict):
    """Units are not found by damage, nor lost by finding them."""

    code = "wrong-reason"
    title = "The reason does not fit"


class CenterArchived(Conflict):
    """Nothing comes into a center that is given up."""

    code = "center-archived"
    title = "Distribution center is archived"


class SamePlace(Conflict):
    """A transfer needs two centers."""

    code = "same-center"
    title = "The same center twice"


@dataclass(frozen=True, slots=True)
class Said:
    """What the ledger keeps of a change beside the numbers."""

    actor: str
    reference: str | None = None
    note: str | None = None


def receive(connection: Connection, place: Place, units: int, cost_cents: int | None, said: Said) -> list[Any]:
    """Take in new units, each at `cost_cents` (None: the product's own); return the counters of the center.

    Raises:
        NotFound, CenterArchived: there is no such product or center, or nothing comes there any more.
    """
    _add(connection, place, units, cost_cents)
    _book(connection, [Entry(place, State.OUTSIDE, State.FREE, units)], "received", said, said.note)
    return _levels(connection, place)


def adjust(connection: Connection, place: Place, units: int, reason: Reason, said: Said) -> list[Any]:
    """Write off free units (`units` below 0), or add units that were found; return the counters of the center.

    Raises:
        NotFound, CenterArchived, WrongReason: it cannot be there, or not for this reason.
        NotEnoughFree: fewer are free.
    """
    if reason in (_ONLY_MORE if units < 0 else _ONLY_LESS):
        raise WrongReason(f"{'Fewer' if units < 0 else 'More'} units cannot be {reason.value}.")
    _change_by(connection, place, units, "adjusted", said, _with_note(reason.value, said.note))
    return _levels(connection, place)


def transfer(connection: Connection, place: Place, to_center_id: int, units: int, said: Said) -> list[Any]:
    """Move free units to another center; return the counters of both.

    Raises:
        NotFound, CenterArchived, SamePlace: there is no way from the one to the other.
        NotEnoughFree: fewer are free.
    """
    if place.center_id == to_center_id:
        raise SamePlace("Name two different centers.")
    _product(connection, place.product_id)
    for center_id in sorted((place.center_id, to_center_id)):
        _center(connection, center_id, comes_in=center_id == to_center_id)
    target = Place(place.product_id, to_center_id)
    _move(connection, place, units, {"product_distribution_center_id": to_center_id})
    entries = [Entry(place, State.FREE, State.TRANSIT, units), Entry(target, State.TRANSIT, State.FREE, units)]
    _book(connection, entries, "transferred", said, said.note)
    return _levels(connection, place, target)


def count(connection: Connection, place: Place, counted: int, said: Said) -> tuple[int, list[Any]]:
    """Set what was counted on the shelf: free and reserved units together; return the difference and the counters.

    Call it through `stock.patiently`: it holds the counters, so it cannot wait for units that others hold.

    Raises:
        NotFound, CenterArchived: as for any change.
        NotEnoughFree: more units are missing than are free: some of the reserved ones are.
        Contended: others have the units in hand that are to be written off.
    """
    _product(connection, place.product_id)
    _center(connection, place.center_id, comes_in=counted > 0)
    if place not in stock_sql.find_places(connection, [place.product_id]):
        stock_sql.insert_levels(connection, [place])
    locked = stock_sql.lock_levels(connection, [place.product_id])
    level = next(row for row in locked if row.distribution_center_id == place.center_id)
    difference = counted - (level.free + level.reserved)
    if level.free + difference < 0:
        raise NotEnoughFree(
            f"{-difference} units are missing, but only {level.free} are free: release reserved ones first."
        )
    if difference < 0:
        found = stock_sql.lock_free_units(connection, place, -difference)
        if len(found) < -difference:
            raise stock.Contended({place.product_id: -difference})
        _write_off(connection, place, found, "counted", said)
    elif difference > 0:
        _change_by(connection, place, difference, "counted", said, _with_note(Reason.COUNT.value, said.note))
    return difference, _levels(connection, place)


def _write_off(connection: Connection, place: Place, unit_ids: list[int], kind: str, said: Said) -> None:
    stock_sql.change_units(connection, unit_ids, State.FREE, {"written_off_at": clock.now()})
    entries = [Entry(place, State.FREE, State.WRITTEN_OFF, len(unit_ids))]
    _book(connection, entries, kind, said, _with_note(Reason.COUNT.value, said.note))


def _change_by(connection: Connection, place: Place, units: int, kind: str, said: Said, reason: str | None) -> None:
    if units > 0:
        _add(connection, place, units, None)
        entry = Entry(place, State.OUTSIDE, State.FREE, units)
    else:
        _product(connection, place.product_id)
        _center(connection, place.center_id, comes_in=False)
        _move(connection, place, -units, {"written_off_at": clock.now()})
        entry = Entry(place, State.FREE, State.WRITTEN_OFF, -units)
    _book(connection, [entry], kind, said, reason)


def _add(connection: Connection, place: Place, units: int, cost_cents: int | None) -> None:
    """Insert units, which keep what their product is now."""
    product = _product(connection, place.product_id)
    _center(connection, place.center_id, comes_in=True)
    values = {
        "product_id": product.id,
        "created_at": clock.now(),
        "cost_cents": product.cost_cents if cost_cents is None else cost_cents,
        "product_category": product.category,
        "product_name": product.name,
        "product_brand": product.brand,
        "product_retail_price_cents": product.retail_price_cents,
        "product_department": product.department,
        "product_sku": product.sku,
        "product_distribution_center_id": place.center_id,
    }
    inventory_sql.insert_units(connection, values, units)


def _move(connection: Connection, place: Place, units: int, values: dict[str, Any]) -> None:
    """Change free units, the oldest first."""
    found = inventory_sql.lock_free_units(connection, place, units)
    if len(found) < units:
        raise NotEnoughFree(f"{units} units are to leave, {len(found)} are free there.")
    stock_sql.change_units(connection, found, State.FREE, values)


def _product(connection: Connection, product_id: int) -> Any:
    found = inventory_sql.find_product(connection, product_id)
    if found is None:
        raise NotFound(f"There is no product {product_id}.")
    return found


def _center(connection: Connection, center_id: int, *, comes_in: bool) -> None:
    found = inventory_sql.lock_center(connection, center_id)
    if found is None:
        raise NotFound(f"There is no distribution center {center_id}.")
    if comes_in and found.archived_at is not None:
        raise CenterArchived(f"Distribution center {center_id} is archived: nothing comes in there.")


def _with_note(reason: str, note: str | None) -> str:
    return f"{reason}: {note}" if note else reason


def _book(connection: Connection, entries: list[Entry], kind: str, said: Said, reason: str | None) -> None:
    stock.book(connection, entries, kind=kind, actor=said.actor, reference=said.reference, reason=reason or None)


def _levels(connection: Connection, *places: Place) -> list[Any]:
    centers = [place.center_id for place in places]
    return list(inventory_sql.list_levels_of(connection, places[0].product_id, MOST_ROWS, centers))


@dataclass(frozen=True, slots=True)
class ProductStock:
    """The counters of a product by center (not more than `MOST_ROWS`), and at how many free units it is low."""

    levels: list[Any]
    low_stock_level: int


def stock_of(connection: Connection, product_id: int) -> ProductStock:
    """Return the stock of a product; raises NotFound."""
    product = _product(connection, product_id)
    own = product.low_stock_level
    levels = list(inventory_sql.list_levels_of(connection, product_id, MOST_ROWS))
    return ProductStock(levels, settings().low_stock_level if own is None else own)


def on_shelf(connection: Connection, product_ids: Sequence[int]) -> Sequence[Any]:
    """Return what is free of some products: product_id, sku, name, low_stock_level, free; not archived ones."""
    return inventory_sql.list_on_shelf(connection, product_ids, low_stock_level=settings().low_stock_level)


@dataclass(frozen=True, slots=True)
class UnitHistory:
    """A unit, the orders and checkouts that it was in, and the entries of the ledger that were made for those."""

    unit: Any
    orders: list[Any]
    checkouts: list[Any]
    movements: list[Any]


def history_of(connection: Connection, unit_id: int) -> UnitHistory:
    """Return a unit and what is known of its way; raises NotFound."""
    unit = inventory_sql.find_unit(connection, unit_id)
    if unit is None:
        raise NotFound(f"There is no unit {unit_id}.")
    orders = list(inventory_sql.list_orders_of(connection, unit_id, MOST_ROWS))
    checkouts = list(inventory_sql.list_checkouts_of(connection, unit_id, MOST_ROWS))
    references = sorted({f"order:{row.order_id}" for row in orders} | {f"checkout:{row.id}" for row in checkouts})
    movements: list[Any] = []
    if references:
        movements = list(inventory_sql.list_movements_for(connection, unit.product_id, references, MOST_ROWS))
    return UnitHistory(unit, orders, checkouts, movements)
