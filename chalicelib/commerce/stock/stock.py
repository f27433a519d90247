"""Stock: every unit is a row, every change of its state stands in the ledger, the counters add both up.

Units are taken without waiting for others who take the same product: each locks units that nobody else has. Only the
counters are hot; they are locked last, in order of product and center, for the moment before the commit.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from chalicelib.commerce.stock import stock_sql
from chalicelib.commerce.stock.ledger import Entry, Place, State, changes
from chalicelib.commerce.stock.nearest import Point, Source, in_turn
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import Conflict, FieldError
from chalicelib.events import outbox

__all__ = [
    "Contended",
    "OutOfStock",
    "Point",
    "Unit",
    "UnitStateError",
    "book",
    "patiently",
    "release_units",
    "sell_units",
    "take_back_units",
    "take_units",
    "units_of_state",
]

T = TypeVar("T")

_TRIES = 8
_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Unit:
    """A physical unit and the center that it lies in."""

    id: int
    product_id: int
    center_id: int


class OutOfStock(Conflict):
    """There are fewer free units than are wanted; `errors` says of which products."""

    code = "out-of-stock"
    title = "Out of stock"

    @classmethod
    def of(cls, wanted: Mapping[int, int], free: Mapping[int, int]) -> OutOfStock:
        """Make the error of what is `wanted` while `free` units are there, both by product."""
        return cls("Not all of it is in stock.", errors=_shortages(wanted, free))


class Contended(Conflict):
    """Others have units of these products in hand and may still put them back: see `patiently`."""

    code = "contended"
    title = "Being taken by others"

    def __init__(self, wanted: Mapping[int, int]) -> None:
        super().__init__("Others are taking units of the same products; try again.", retry_after_s=1)
        self.wanted = dict(wanted)


class UnitStateError(Exception):
    """A unit is not in the state that the caller takes for granted: a mistake in the program, so all is undone."""


def patiently(work: Callable[[Connection], T]) -> T:
    """Run `work` in a transaction, again after a short pause while others hold units that it wants.

    Raises:
        OutOfStock: there were none left, or others held the last ones all the time.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            return run(work, writes=True)
        except Contended as contended:
            wanted = contended.wanted
        if attempt < _TRIES:
            # Each after a moment of its own, or the same transactions would meet again.
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_S, _PAUSE_S * 2**attempt)))  # noqa: S311 - no secret
    free = run(lambda connection: stock_sql.count_free(connection, list(wanted)), writes=False)
    if _shortages(wanted, free):
        raise OutOfStock.of(wanted, free)
    errors = [
        FieldError("body.items", f"product {product_id}: {units} wanted, others are buying the last ones")
        for product_id, units in sorted(wanted.items())
    ]
    raise OutOfStock("Others are buying the last units; try again in a moment.", errors=errors, retry_after_s=2)


def _shortages(wanted: Mapping[int, int], free: Mapping[int, int]) -> list[FieldError]:
    return [
        FieldError("body.items", f"product {product_id}: {units} wanted, {free.get(product_id, 0)} free")
        for product_id, units in sorted(wanted.items())
        if free.get(product_id, 0) < units
    ]


def take_units(
    connection: Connection, wanted: Mapping[int, int], *, near: Point | None, reference: str, actor: str
) -> list[Unit]:
    """Reserve `wanted` free units (product id -> how many) and return them, by product.

    Each product comes from the nearest center that has all of it, else from the nearest ones together; without a
    place from its own center first. `reference` says what for (checkout:17). Call it through `patiently`.

    Raises:
        OutOfStock: the counters say that there are fewer.
        Contended: the counters say that there are enough, but others hold some of them.
    """
    sources: dict[int, list[Source]] = {product_id: [] for product_id in sorted(wanted) if wanted[product_id] > 0}
    for row in stock_sql.list_sources(connection, list(sources)) if sources else ():
        place = Point(row.latitude, row.longitude)
        sources[row.product_id].append(Source(row.distribution_center_id, row.free, bool(row.own), place))
    free = {product_id: sum(source.free for source in found) for product_id, found in sources.items()}
    if _shortages(wanted, free):
        raise OutOfStock.of(wanted, free)
    taken: list[Unit] = []
    for product_id, found in sources.items():
        taken += _lock_units(connection, product_id, in_turn(found, near, wanted[product_id]), wanted)
    _change(connection, taken, State.FREE, {"reserved_at": clock.now()})
    _book_units(connection, taken, State.FREE, State.RESERVED, kind="reserved", reference=reference, actor=actor)
    return taken


def _lock_units(
    connection: Connection, product_id: int, sources: Sequence[Source], wanted: Mapping[int, int]
) -> list[Unit]:
    """Lock the wanted units of a product, from one source after the other."""
    units: list[Unit] = []
    for source in sources:
        missing = wanted[product_id] - len(units)
        if not missing:
            break
        place = Place(product_id, source.center_id)
        found = stock_sql.lock_free_units(connection, place, missing)
        units += [Unit(unit_id, product_id, source.center_id) for unit_id in found]
    if len(units) < wanted[product_id]:
        raise Contended(wanted)
    return units


def release_units(connection: Connection, unit_ids: Sequence[int], *, reference: str, actor: str) -> None:
    """Make reserved units free again.

    Raises:
        UnitStateError: one of them is not reserved.
    """
    units = _expect(connection, unit_ids, State.RESERVED)
    _change(connection, units, State.RESERVED, {"reserved_at": None})
    _book_units(connection, units, State.RESERVED, State.FREE, kind="released", reference=reference, actor=actor)


def sell_units(connection: Connection, unit_ids: Sequence[int], *, at: datetime, reference: str, actor: str) -> None:
    """Make reserved units sold ones, sold `at` that time.

    Raises:
        UnitStateError: one of them is not reserved.
    """
    units = _expect(connection, unit_ids, State.RESERVED)
    _change(connection, units, State.RESERVED, {"reserved_at": None, "sold_at": at})
    _book_units(connection, units, State.RESERVED, State.SOLD, kind="sold", reference=reference, actor=actor)


def take_back_units(
    connection: Connection,
    unit_ids: Sequence[int],
    *,
    resellable: bool,
    reference: str,
    actor: str,
    reason: str | None = None,
    center_id: int | None = None,
) -> None:
    """Make sold units free again, or written off where they cannot be sold; in `center_id`, else where they were.

    Raises:
        UnitStateError: one of them is not sold.
    """
    units = _expect(connection, unit_ids, State.SOLD)
    values: dict[str, Any] = {"sold_at": None, "reserved_at": None}
    if not resellable:
        values["written_off_at"] = clock.now()
    if center_id is not None:
        values["product_distribution_center_id"] = center_id
    _change(connection, units, State.SOLD, values)
    target = State.FREE if resellable else State.WRITTEN_OFF
    entries: list[Entry] = []
    for place, count in _places(units).items():
        if center_id in (None, place.center_id):
            entries.append(Entry(place, State.SOLD, target, count))
        else:
            to_place = Place(place.product_id, center_id)
            entries += [
                Entry(place, State.SOLD, State.TRANSIT, count),
                Entry(to_place, State.TRANSIT, target, count),
            ]
    book(connection, entries, kind="returned", reference=reference, actor=actor, reason=reason)


def units_of_state(connection: Connection, unit_ids: Sequence[int], state: str) -> list[int]:
    """Return which of the units are in a state, locked: imported orders may name units that went on since.

    What lies in no center, as an import may leave it, is not counted yet and is none of them.
    """
    rows = stock_sql.lock_units(connection, sorted(set(unit_ids))) if unit_ids else []
    return [int(row.id) for row in rows if row.state == state and _center(row)]


def _expect(connection: Connection, unit_ids: Sequence[int], state: State) -> list[Unit]:
    """Lock units, which must all be in `state`."""
    rows = stock_sql.lock_units(connection, sorted(set(unit_ids))) if unit_ids else []
    wrong = [f"{row.id} is {row.state}" for row in rows if row.state != state or not _center(row)]
    if len(rows) != len(unit_ids) or wrong:
        gone = set(unit_ids) - {row.id for row in rows}
        raise UnitStateError(f"expected {state}: {wrong[:10]}, not there or named twice: {sorted(gone)[:10]}")
    return [Unit(row.id, row.product_id, _center(row)) for row in rows]


def _center(row: Any) -> int:
    return row.product_distribution_center_id or 0


def _change(connection: Connection, units: Sequence[Unit], state: State, values: Mapping[str, Any]) -> None:
    if units and stock_sql.change_units(connection, [unit.id for unit in units], state, values) != len(units):
        raise UnitStateError(f"units that were {state} a moment ago are not any more")


def _places(units: Sequence[Unit]) -> Counter[Place]:
    return Counter(Place(unit.product_id, unit.center_id) for unit in units)


def _book_units(connection: Connection, units: Sequence[Unit], source: State, target: State, **said: Any) -> None:
    book(connection, [Entry(place, source, target, count) for place, count in _places(units).items()], **said)


def book(
    connection: Connection,
    entries: Sequence[Entry],
    *,
    kind: str,
    actor: str,
    reference: str | None = None,
    reason: str | None = None,
) -> None:
    """Write entries into the ledger and add them to the counters; tell when a product gets low, or runs out.

    The last thing to do in a transaction, after the units themselves were changed: it locks the counters.

    Raises:
        Contended: more than the free units would be gone.
    """
    if not entries:
        return
    shared = {"kind": kind, "reference": reference, "reason": reason, "actor": actor}
    stock_sql.insert_movements(connection, sorted(entries, key=lambda entry: entry.place), shared, clock.now())
    by_place = changes(entries)
    product_ids = sorted({place.product_id for place in by_place})
    # Only what comes from beyond can be the first of a product in its center.
    if any(entry.source in (State.OUTSIDE, State.TRANSIT) for entry in entries):
        # Behind the lock of the product's other counters: a new one in between would be waited for out of turn.
        stock_sql.lock_levels(connection, product_ids)
        missing = set(by_place) - stock_sql.find_places(connection, product_ids)
        stock_sql.insert_levels(connection, sorted(missing))
    # All centers of a product: whether it gets low is seen in their sum, by one taker only.
    levels = stock_sql.lock_levels(connection, product_ids)
    held = {Place(row.product_id, row.distribution_center_id): row for row in levels}
    unknown = [place for place in by_place if place not in held]
    if unknown:
        raise UnitStateError(f"units where there are no counters: {unknown[:10]}")
    short = [place for place, change in by_place.items() if held[place].free + change["free"] < 0]
    if short:
        raise Contended({place.product_id: -by_place[place]["free"] for place in short})
    stock_sql.add_to_levels(connection, by_place)
    for product_id, rows in groupby(levels, key=lambda row: row.product_id):
        gain = sum(change["free"] for place, change in by_place.items() if place.product_id == product_id)
        _tell(connection, product_id, list(rows), gain)


def _tell(connection: Connection, product_id: int, levels: Sequence[Any], gain: int) -> None:
    """Record that the free units of a product reached its threshold, or nought, on their way down."""
    before = sum(level.free for level in levels)
    after = before + gain
    low_at = settings().low_stock_level if levels[0].low_at is None else levels[0].low_at
    payload = {"product_id": product_id, "free": after}
    if before > low_at >= after:
        outbox.record(connection, "stock.low", f"product:{product_id}", payload)
    if before > 0 >= after:
        outbox.record(connection, "stock.out", f"product:{product_id}", payload)
