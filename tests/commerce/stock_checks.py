"""What must always be true of stock, read from the bare rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import text

from chalicelib.core.database import Connection, read

STATES = ("free", "reserved", "sold", "written_off")
Levels = dict[tuple[int, int], dict[str, int]]


def levels(connection: Connection | None = None) -> Levels:
    """Return the counters of each product and center, without those that are all nought."""
    if connection is None:
        with read() as reading:
            return levels(reading)
    rows = connection.execute(text("SELECT * FROM stock_levels")).mappings()
    found: Levels = {}
    for row in rows:
        counters = dict(row)
        place = counters.pop("product_id"), counters.pop("distribution_center_id")
        if any(counters.values()):
            found[place] = counters
    return found


def assert_stock_adds_up(connection: Connection | None = None) -> None:
    """Compare counters, units and ledger."""
    if connection is None:
        with read() as reading:
            assert_stock_adds_up(reading)
        return
    found = levels(connection)
    from_units: dict[Any, Counter[str]] = defaultdict(Counter)
    for unit in connection.execute(text("SELECT * FROM inventory_items")).mappings():
        state = "written_off" if unit["written_off_at"] else "sold" if unit["sold_at"] else "free"
        state = "reserved" if state == "free" and unit["reserved_at"] else state
        from_units[unit["product_id"], unit["product_distribution_center_id"]][state] += 1
    assert {place: {state: counts[state] for state in STATES} for place, counts in from_units.items()} == {
        place: {state: counters[state] for state in STATES}
        for place, counters in found.items()
        if any(counters[state] for state in STATES)
    }
    from_ledger: dict[Any, Counter[str]] = defaultdict(Counter)
    for entry in connection.execute(text("SELECT * FROM stock_movements")).mappings():
        balance = from_ledger[entry["product_id"], entry["distribution_center_id"]]
        balance[entry["from_state"]] -= entry["units"]
        balance[entry["to_state"]] += entry["units"]
    assert {
        place: {
            "received": -balance["outside"],
            "transferred": -balance["transit"],
            **{state: balance[state] for state in STATES},
        }
        for place, balance in from_ledger.items()
        if any(balance.values())
    } == found
    transferred: Counter[int] = Counter()
    for (product_id, _), counters in found.items():
        assert counters["received"] + counters["transferred"] == sum(counters[state] for state in STATES)
        transferred[product_id] += counters["transferred"]
    assert not any(transferred.values())
