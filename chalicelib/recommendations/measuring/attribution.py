"""Which recommendation brought about which purchase. Pure rules."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

# How long a product that was merely shown is thought to be the reason; a click counts for a setting's days.
VIEW_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Touch:
    """A recommended product that a customer clicked, or was shown. `event_id` tells which came later at one time."""

    customer_id: int
    product_id: int
    kind: Literal["click", "impression"]
    at: datetime
    event_id: int
    request_id: str
    surface: str | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """One unit that a customer bought and kept."""

    item_id: int
    order_id: int
    customer_id: int
    product_id: int
    cents: int
    at: datetime


@dataclass(slots=True)
class _Trail:
    """The touches of one customer with one product of one kind, by time."""

    times: list[datetime] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)

    def latest(self, moment: datetime, window: timedelta) -> Touch | None:
        """Return the last touch at or before `moment`, unless it was before the window; its begin is included."""
        place = bisect_right(self.times, moment)
        return self.touches[place - 1] if place > bisect_left(self.times, moment - window) else None


def attribute(
    purchases: Iterable[Purchase], touches: Iterable[Touch], *, click_window: timedelta
) -> dict[int, Touch]:
    """Return the touch behind each purchase that has one, by item id.

    It is the latest click on that product by that customer within `click_window` before the order; without any, the
    latest time that it was shown within `VIEW_WINDOW`.
    """
    trails: defaultdict[Any, _Trail] = defaultdict(_Trail)
    for touch in sorted(touches, key=lambda each: (each.at, each.event_id)):
        trail = trails[touch.customer_id, touch.product_id, touch.kind]
        trail.times.append(touch.at)
        trail.touches.append(touch)
    found: dict[int, Touch] = {}
    for purchase in purchases:
        for kind, window in (("click", click_window), ("impression", VIEW_WINDOW)):
            trail = trails.get((purchase.customer_id, purchase.product_id, kind), _NONE)
            latest = trail.latest(purchase.at, window)
            if latest is not None:
                found[purchase.item_id] = latest
                break
    return found


_NONE = _Trail()
