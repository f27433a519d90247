"""The arithmetic of stock, in double entry: every unit that enters a state has left another one.

Pure: no database. "outside" and "transit" lie beyond the levels: what came from outside was received, what came out
of transit was transferred from another center.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where units are."""

    OUTSIDE = "outside"
    TRANSIT = "transit"
    FREE = "free"
    RESERVED = "reserved"
    SOLD = "sold"
    WRITTEN_OFF = "written_off"


# The states of a unit, which are also columns of the levels.
UNIT_STATES = (State.FREE, State.RESERVED, State.SOLD, State.WRITTEN_OFF)

# The counter of each state: what lies outside or in transit is counted by what came from there.
_COUNTERS = {State.OUTSIDE: "received", State.TRANSIT: "transferred"} | {state: state.value for state in UNIT_STATES}
_BEYOND = (State.OUTSIDE, State.TRANSIT)

COUNTERS = tuple(_COUNTERS.values())


class Place(NamedTuple):
    """A product in a center; sorted by product, then center, as the counters are locked."""

    product_id: int
    center_id: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: `units` of a product in a center left `source` for `target`."""

    place: Place
    source: State
    target: State
    units: int


def changes(entries: Iterable[Entry]) -> dict[Place, dict[str, int]]:
    """Return what `entries` do to the counters of each place, the places in order."""
    found: dict[Place, dict[str, int]] = {}
    for entry in entries:
        counters = found.setdefault(entry.place, dict.fromkeys(COUNTERS, 0))
        for state, units in ((entry.source, -entry.units), (entry.target, entry.units)):
            counters[_COUNTERS[state]] += -units if state in _BEYOND else units
    return dict(sorted(found.items()))


def explain(place: Place, difference: Mapping[str, int]) -> list[Entry]:
    """Return entries that change the counters of a place by `difference`, which must add up."""
    gains = {
        state: -difference[counter] if state in _BEYOND else difference[counter]
        for state, counter in _COUNTERS.items()
    }
    if sum(gains.values()):
        raise ValueError(f"{place}: {dict(difference)} does not add up")
    targets = [(state, gain) for state, gain in gains.items() if gain > 0]
    entries: list[Entry] = []
    for source, gain in gains.items():
        left = max(0, -gain)
        while left:
            target, open_units = targets.pop()
            units = min(left, open_units)
            entries.append(Entry(place, source, target, units))
            left -= units
            if open_units > units:
                targets.append((target, open_units - units))
    return entries


def recount(
    held: Mapping[int, Mapping[str, int]], units: Mapping[int, Mapping[str, int]]
) -> dict[int, dict[str, int]]:
    """Return the counters of a product by center so that they agree with its `units` (by center, then state).

    What came from other centers stays so; only where more units are gone than came in from outside, the transfers of
    the product are forgotten: they must cancel out, and nothing can have come in less than never.
    """
    found: dict[int, dict[str, int]] = {}
    for center_id in held.keys() | units.keys():
        counted = units.get(center_id, {})
        states = {state.value: counted.get(state.value, 0) for state in UNIT_STATES}
        transferred = held[center_id]["transferred"] if center_id in held else 0
        found[center_id] = {"received": sum(states.values()) - transferred, "transferred": transferred, **states}
    if any(counters["received"] < 0 for counters in found.values()):
        for counters in found.values():
            counters["received"] += counters["transferred"]
            counters["transferred"] = 0
    return found
