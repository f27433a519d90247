"""What the engine remembers from one turn to the next: a bounded set of JSON values. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib.conversations.assistant.turns import Language, ProductFact

_MOST_SHOWN = 10
_MOST_ORDERS = 10
_NAME = 200


@dataclass(slots=True)
class Shown:
    """A product that was shown: enough to know which one is meant. What is said of it is looked up again."""

    id: int
    name: str
    brand: str | None
    price_cents: int


@dataclass(slots=True)
class Memory:
    """`search` are the arguments of the last search; `waits` the call that waits for a yes; `asked` what the last
    answer asked back: {"what": …, "for": …, …}; `missed` how often in a row nothing was understood.
    """

    language: Language | None = None
    shown: list[Shown] = field(default_factory=list)
    search: dict[str, Any] = field(default_factory=dict)
    focus: int | None = None
    orders: list[int] = field(default_factory=list)
    order: int | None = None
    waits: dict[str, Any] | None = None
    asked: dict[str, Any] | None = None
    missed: int = 0

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> Memory:
        """Return what a state holds; one that another version wrote is forgotten."""
        try:
            given = {name: state[name] for name in cls.__dataclass_fields__ if name in state}
            given["shown"] = [Shown(**each) for each in given.get("shown", [])]
            return cls(**given)
        except (TypeError, AttributeError):
            return cls()

    def state(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    def show(self, products: Sequence[ProductFact]) -> None:
        """Remember what is shown now; the only one is what is talked about."""
        self.shown = [
            Shown(each.id, each.name[:_NAME], each.brand, each.price_cents) for each in products[:_MOST_SHOWN]
        ]
        self.focus = products[0].id if len(products) == 1 else None

    def show_orders(self, ids: Sequence[int]) -> None:
        """Remember the orders that are shown now; the only one is what is talked about."""
        self.orders = list(ids[:_MOST_ORDERS])
        if len(ids) == 1:
            self.order = ids[0]
