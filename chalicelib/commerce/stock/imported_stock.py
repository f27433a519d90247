"""Bringing counters and ledger in step with units that an import wrote past them.

Slice by slice of products, each slice in one transaction, as often as one likes: what is in step stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, TypeVar

from chalicelib.commerce.stock import imported_stock_sql, stock_sql
from chalicelib.commerce.stock.ledger import COUNTERS, Entry, Place, explain, recount
from chalicelib.core import clock
from chalicelib.core.database import Connection

T = TypeVar("T")

SLICE_PRODUCTS = 1_000  # of one transaction: others who sell these wait for its end


class Transact(Protocol):
    """Run a piece of work in a transaction."""

    def __call__(self, work: Callable[[Connection], T], /) -> T:
        """Run the work and return what it returns."""


def book_imported(transact: Transact, *, reference: str, actor: str) -> int:
    """Count all units anew and book what differs as `imported`; return how many entries that took.

    Each slice is done through `transact`, which may give each the same transaction.
    """
    after: int | None = 0
    entries = 0
    while after is not None:
        booked, after = transact(partial(_book_slice, after=after, reference=reference, actor=actor))
        entries += booked
    return entries


def _book_slice(connection: Connection, *, after: int, reference: str, actor: str) -> tuple[int, int | None]:
    """Book the products behind `after`; return the number of entries, and the last product unless it is the end.

    The rows of the products are locked. Whoever changes stock writes entries of the ledger, whose reference to the
    product needs that row, before it touches the counters: so nobody else does either here until the end, and what
    others did to units without being done is in neither the units nor the counters that are read.
    """
    product_ids = imported_stock_sql.lock_products(connection, after, SLICE_PRODUCTS)
    if not product_ids:
        return 0, None
    last = product_ids[-1]
    imported_stock_sql.fill_centers(connection, after, last)
    units = _by_product(imported_stock_sql.count_units(connection, after, last))
    held = _by_product(imported_stock_sql.list_counters(connection, after, last))
    new: dict[Place, Mapping[str, int]] = {}
    changed: dict[Place, Mapping[str, int]] = {}
    entries: list[Entry] = []
    for product_id in sorted(units.keys() | held.keys()):
        before = held.get(product_id, {})
        for center_id, counters in sorted(recount(before, units.get(product_id, {})).items()):
            place = Place(product_id, center_id)
            was = before.get(center_id, {})
            difference = {name: counters[name] - was.get(name, 0) for name in COUNTERS}
            if any(difference.values()):
                (changed if was else new)[place] = difference
                entries += explain(place, difference)
    if entries:
        imported_stock_sql.insert_entries(connection, entries, reference, actor, clock.now())
    if new:
        imported_stock_sql.insert_counters(connection, new)
    if changed:
        stock_sql.add_to_levels(connection, changed)
    return len(entries), last if len(product_ids) == SLICE_PRODUCTS else None


_Numbers = Mapping[Place, Mapping[str, int]]


def _by_product(numbers: _Numbers) -> dict[int, dict[int, Mapping[str, int]]]:
    found: dict[int, dict[int, Mapping[str, int]]] = defaultdict(dict)
    for place, counted in numbers.items():
        found[place.product_id][place.center_id] = counted
    return found
