"""When to order again, and how much: the arithmetic. Pure, worked out by hand in its tests.

Stock is looked at every `cover` days, and what is ordered arrives `lead` days later. So what is ordered now must last
for lead + cover days, the period; and it is time to order as soon as what is left may not last for the lead time.
Source: Silver, Pyke and Thomas, "Inventory and Production Management in Supply Chains", (R, s, S) systems.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Urgency = Literal["sold_out", "will_sell_out", "low"]
URGENCIES: tuple[Urgency, ...] = ("sold_out", "will_sell_out", "low")

# A tenth of outcomes lies above the upper bound of an interval that holds 80 %.
_Z = 1.2816
# Safety is at most the demand itself, or of small demand so many times its root.
_MOST_ROOTS = 2.0


@dataclass(frozen=True, slots=True)
class Demand:
    """Units that are expected: during the lead time, during the whole period, and `high`, the bound that the period
    stays below in nine of ten cases. Times in days.
    """

    lead: float
    period: float
    high: float
    lead_days: int
    period_days: int

    @property
    def daily(self) -> float:
        """Units a day."""
        return self.period / self.period_days


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to order. `safety` is what is kept for a period that goes better than expected, `reorder_point` the stock
    at which it is time, `order_up_to` what there should be then, `short` what will be missing until goods arrive.
    """

    urgency: Urgency
    quantity: int
    safety: float
    reorder_point: float
    order_up_to: float
    days_of_cover: float
    short: float


def suggest(free: int, low_stock_level: int, demand: Demand) -> Suggestion | None:
    """Return what to order of a product of which `free` units are there; None where it is not time yet.

    It is time at `low_stock_level` too, the level that the shop has set itself, whatever is expected.
    """
    # A bound far above what is expected says that little is known; no one orders ten times as much for that.
    safety = min(max(0.0, demand.high - demand.period), max(demand.period, _MOST_ROOTS * math.sqrt(demand.period)))
    # The deviation of a sum grows with the root of its days.
    of_lead = safety * math.sqrt(demand.lead_days / demand.period_days)
    reorder_point = max(demand.lead + of_lead, float(low_stock_level))
    order_up_to = demand.period + safety
    quantity = math.ceil(order_up_to - free - 1e-9)
    if free > reorder_point or quantity <= 0 or demand.period <= 0:
        return None
    return Suggestion(
        urgency="sold_out" if free <= 0 else "will_sell_out" if free < demand.lead else "low",
        quantity=quantity,
        safety=safety,
        reorder_point=reorder_point,
        order_up_to=order_up_to,
        days_of_cover=max(free, 0) / demand.daily,
        short=max(0.0, demand.lead - max(free, 0)),
    )


def steady(sold: int, days: int, lead_days: int, period_days: int, *, uneven: float = 1.0) -> Demand:
    """Return the demand at the rate of the last `days`, for want of a better forecast.

    Its variance is `uneven` times its mean: 1 as chance has it (Poisson), more for what goes in batches.
    """
    rate = sold / days
    period = rate * period_days
    return Demand(rate * lead_days, period, period + _Z * math.sqrt(uneven * period), lead_days, period_days)


def urgency_key(suggestion: Suggestion, product_id: int) -> tuple[int, float, float, int]:
    """Return what suggestions are sorted by: the most urgent first, then where most is missing, then least cover."""
    rank = URGENCIES.index(suggestion.urgency)
    return rank, -suggestion.short, suggestion.days_of_cover, product_id
