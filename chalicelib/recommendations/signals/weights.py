"""How much each thing that people do says of what they want; 1 is one unit bought and kept. Pure rules.

The order is what counts: who puts something into the cart wants it more than who looks at it. A click on a
recommendation says a little less than a view, which follows it anyway. That something was shown says nothing.
"""

from __future__ import annotations

import math
from typing import Final

PURCHASE: Final = "purchase"

WEIGHTS: Final = {"view": 0.15, "click": 0.1, "cart": 0.5, "impression": 0.0}
KINDS: Final = tuple(WEIGHTS)
# What is somebody's own doing, and so a sign of interest.
INTEREST: Final = tuple(kind for kind, weight in WEIGHTS.items() if weight)


def weight_of(kind: str) -> float:
    """Return the weight of an event of `kind`, below 1.

    Raises:
        KeyError: there is no such kind.
    """
    return WEIGHTS[kind]


def weight_of_purchase(quantity: int) -> float:
    """Return the weight of `quantity` units (at least 1) of a product in one order: 1 + ln(quantity).

    The second unit says less than the first: ten pairs of socks are not ten times the wish for socks.

    Raises:
        ValueError: there is no unit.
    """
    if quantity < 1:
        raise ValueError(f"no purchase of {quantity} units")
    return 1.0 + math.log(quantity)
