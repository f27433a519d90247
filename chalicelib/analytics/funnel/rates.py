"""What counts of people at each step say: rates from step to step, and where people are lost. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.analytics.funnel.steps import STEPS

COUNTS = (*STEPS, "orders")
# As they stand in an answer, and in the columns of the file.
NAMES = (
    *COUNTS,
    "cart_rate",
    "checkout_rate",
    "order_rate",
    "conversion_rate",
    "cart_drop_off",
    "checkout_drop_off",
    "order_drop_off",
)


def add_up(rows: Iterable[Any]) -> dict[str, int]:
    """Return the sums of the counts; sums of integers are Decimal on MySQL."""
    sums = dict.fromkeys(COUNTS, 0)
    for row in rows:
        for name in COUNTS:
            sums[name] += int(getattr(row, name))
    return sums


def figures_of(counts: Mapping[str, int]) -> dict[str, Any]:
    """Return the counts with their rates, None where there is nothing to divide by."""
    viewed, carted, begun, ordered = (counts[step] for step in STEPS)
    rates = {"cart": _share(carted, viewed), "checkout": _share(begun, carted), "order": _share(ordered, begun)}
    return {
        **{name: counts[name] for name in COUNTS},
        **{f"{name}_rate": rate for name, rate in rates.items()},
        "conversion_rate": _share(ordered, viewed),
        "cart_drop_off": viewed - carted,
        "checkout_drop_off": carted - begun,
        "order_drop_off": begun - ordered,
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
