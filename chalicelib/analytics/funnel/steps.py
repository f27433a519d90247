"""Who came how far on one day: from looking at a product to an order. Pure: plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

STEPS = ("viewed", "carted", "checked_out", "ordered")

# Two ways of telling people apart, and what led them: each gives rows of their own.
KIND, SOURCE, SURFACE = "kind", "source", "surface"
CUSTOMERS, GUESTS = "customers", "guests"
# Anybody may invent surfaces, and sources come from files: of each no more than these are kept of a day, the most
# viewed. Other sources are one together, so that all sources sum up to the customers.
MOST_NAMES = 50
OTHER = "other"
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Visit:
    """What somebody did with products: a customer, or a visitor whom nobody signed in at (the other is None).

    `surface` is where a recommendation was clicked, None where none was; `carted` tells of this row alone.
    """

    customer_id: int | None
    visitor_id: int | None
    surface: str | None
    carted: bool


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whose a cart, a checkout or an order is: a customer, or a guest by what tells it from others."""

    customer_id: int | None
    guest: str


@dataclass(slots=True)
class Reached:
    """How many came to each step."""

    viewed: int = 0
    carted: int = 0
    checked_out: int = 0
    ordered: int = 0


@dataclass(slots=True)
class _People:
    """Who was seen at each step, by what it did there."""

    viewed: set[int] = field(default_factory=set)
    carted: set[int] = field(default_factory=set)
    checked_out: set[int] = field(default_factory=set)
    ordered: set[int] = field(default_factory=set)

    def close(self) -> None:
        """Count whoever is at a step at those before it too."""
        self.checked_out |= self.ordered
        self.carted |= self.checked_out
        self.viewed |= self.carted

    def reached(self, among: set[int]) -> Reached:
        """Return how many of some people came to each step."""
        return Reached(*(len(getattr(self, step) & among) for step in STEPS))


@dataclass(slots=True)
class Day:
    """What is known of a day. Fill it by `see` and the lists, then read `groups`."""

    customers: _People = field(default_factory=_People)
    visitors: _People = field(default_factory=_People)
    clicked: dict[str, tuple[set[int], set[int]]] = field(default_factory=dict)
    guests: dict[str, set[str]] = field(default_factory=lambda: {step: set() for step in STEPS})

    def see(self, visits: Iterable[Visit]) -> None:
        """Take in what people did with products."""
        for visit in visits:
            people, person = self.visitors, visit.visitor_id
            if visit.customer_id is not None:
                people, person = self.customers, visit.customer_id
            if person is None:
                continue
            people.viewed.add(person)
            if visit.carted:
                people.carted.add(person)
            if visit.surface is not None:
                both = self.clicked.setdefault(named(visit.surface), (set(), set()))
                both[people is self.visitors].add(person)

    def add(self, step: str, buyers: Iterable[Buyer]) -> None:
        """Take in whose carts, checkouts or orders there were."""
        for buyer in buyers:
            if buyer.customer_id is not None:
                getattr(self.customers, step).add(buyer.customer_id)
            else:
                self.guests[step].add(buyer.guest)

    def customer_ids(self) -> set[int]:
        """Return all customers of the day."""
        return self.customers.viewed | self.customers.carted | self.customers.checked_out | self.customers.ordered

    def groups(self, sources: Mapping[int, str | None]) -> dict[tuple[str, str], Reached]:
        """Return how far people came by (segment, name); `sources` says where customers came from.

        Nothing tells which browser a guest's checkout came from: guests are at a step as many as were seen there at
        least, and no fewer than at the next.
        """
        self.customers.close()
        self.visitors.close()
        everybody = self.customers.viewed
        found = {
            (KIND, CUSTOMERS): self.customers.reached(everybody),
            (KIND, GUESTS): self._guests(),
        }
        found |= {(SOURCE, name): self.customers.reached(ids) for name, ids in self._by_source(sources).items()}
        found |= self._surfaces()
        return {key: reached for key, reached in found.items() if reached.viewed}

    def _by_source(self, sources: Mapping[int, str | None]) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for customer_id in self.customers.viewed:
            found.setdefault(named(sources.get(customer_id) or ""), set()).add(customer_id)
        fewest_last = sorted(found, key=lambda name: (-len(found[name]), name))
        for name in fewest_last[MOST_NAMES:]:
            found.setdefault(OTHER, set()).update(found.pop(name) if name != OTHER else ())
        return found

    def _guests(self) -> Reached:
        ordered = len(self.guests["ordered"])
        checked_out = len(self.guests["checked_out"] | self.guests["ordered"])
        carted = max(len(self.visitors.carted), len(self.guests["carted"]), checked_out)
        return Reached(max(len(self.visitors.viewed), carted), carted, checked_out, ordered)

    def _surfaces(self) -> dict[tuple[str, str], Reached]:
        found = {}
        for name, (customers, visitors) in self.clicked.items():
            of_customers, of_visitors = self.customers.reached(customers), self.visitors.reached(visitors)
            found[SURFACE, name] = Reached(
                *(getattr(of_customers, step) + getattr(of_visitors, step) for step in STEPS)
            )
        most = sorted(found.items(), key=lambda each: (-each[1].viewed, each[0]))[:MOST_NAMES]
        return dict(most)


def named(text: str) -> str:
    """Return a name as the table has it: bounded, and told apart alike on every engine."""
    return text.strip()[:_LONGEST].rstrip()
