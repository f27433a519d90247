"""What counts of returns say: rates, shares and means. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.core.money import from_cents

COUNTS = ("requested", "received", "refused", "items", "value_cents", "waited_s", "timed")
# As they stand in an answer, and in the columns of the file.
NAMES = (
    "requested",
    "received",
    "refused",
    "items",
    "value",
    "avg_days_to_return",
    "orders",
    "returned_orders",
    "return_rate",
)
_DAY_S = 86_400


def add_up(rows: Iterable[Any], names: Iterable[str] = COUNTS) -> dict[str, int]:
    """Return the sums of counts; sums of integers are Decimal on MySQL."""
    sums = dict.fromkeys(names, 0)
    for row in rows:
        for name in sums:
            sums[name] += int(getattr(row, name))
    return sums


def figures_of(came_back: Iterable[Any], placed: Iterable[Any]) -> dict[str, Any]:
    """Return the figures of some days: of what came back in them, and of the orders placed in them."""
    sums, orders = add_up(came_back), add_up(placed, ("orders", "returned"))
    return {
        **{name: sums[name] for name in ("requested", "received", "refused", "items")},
        "value": from_cents(sums["value_cents"]),
        "avg_days_to_return": mean_days(sums["waited_s"], sums["timed"]),
        "orders": orders["orders"],
        "returned_orders": orders["returned"],
        "return_rate": share(orders["returned"], orders["orders"]),
    }


def mean_days(seconds: int, items: int) -> float | None:
    """Return the mean in days, None of nothing."""
    return seconds / items / _DAY_S if items else None


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole, None of nothing."""
    return part / whole if whole else None
