"""Which orders conversations led to. Pure.

A conversation led to an item of an order when its customer bought, within the window, a product that the assistant
had shown there; of several conversations it is the one that showed the product last. An order counts once, for the
conversation that showed one of its items last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Bought:
    """An item of an order that was kept."""

    order_id: int
    customer_id: int
    product_id: int
    cents: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """A product that the assistant showed to a customer, with the moment at which it did so first."""

    session_id: int
    customer_id: int
    product_id: int
    at: datetime


@dataclass(slots=True)
class Conversions:
    """What conversations led to: the orders, the conversations that led to them, and the cents of their items."""

    orders: set[int] = field(default_factory=set)
    sessions: set[int] = field(default_factory=set)
    revenue_cents: int = 0

    def add(self, bought: Iterable[Bought], shown: Iterable[Shown], *, window: timedelta) -> None:
        """Add whole orders; `shown` holds what was shown to their customers from `window` before them on."""
        by_pair: dict[tuple[int, int], list[Shown]] = defaultdict(list)
        for each in shown:
            by_pair[each.customer_id, each.product_id].append(each)
        latest: dict[int, Shown] = {}
        for item in bought:
            touched = [
                each
                for each in by_pair.get((item.customer_id, item.product_id), ())
                if item.at - window <= each.at <= item.at
            ]
            if touched:
                self.revenue_cents += item.cents
                before = [latest[item.order_id]] if item.order_id in latest else []
                latest[item.order_id] = max([*touched, *before], key=lambda each: (each.at, each.session_id))
        self.orders.update(latest)
        self.sessions.update(each.session_id for each in latest.values())
