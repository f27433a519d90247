"""What becomes of the orders: cancelled, on the way, kept or sent back, as time allows."""

from dataclasses import dataclass

import numpy as np

from .behaviour import Orders
from .draw import Flags, Ints, Reals, Rng
from .rhythm import DAY, Span

STATUSES = ("Processing", "Shipped", "Complete", "Cancelled", "Returned")
PROCESSING, SHIPPED, COMPLETE, CANCELLED, RETURNED = range(5)
CANCEL_SHARE, RETURN_SHARE = 0.12, 0.12
NEVER = np.iinfo(np.int64).min  # also numpy's "not a time"


@dataclass(frozen=True)
class Fates:
    """The state of each order at the end of today; times in seconds, or NEVER."""

    status: Ints
    shipped: Ints
    delivered: Ints
    returned: Ints

    def sold(self) -> Flags:
        """Whether the goods are with, or on their way to, the customer."""
        kept: Flags = (self.status != CANCELLED) & (self.status != RETURNED)
        return kept


def make_fates(rng: Rng, orders: Orders, span: Span) -> Fates:
    """Play each order forward: packed in days, delivered within weeks, sent back within a month or so.

    Steps that lie after today have not happened yet, so only the last weeks have open orders: overall about
    three in four orders are complete, one in eight cancelled, one in ten returned.
    """
    size = len(orders)
    cancelled = rng.random(size) < CANCEL_SHARE
    # A person who returned once does so more often, hence a chance per person and not just per order.
    habit = rng.beta(0.8, 0.8 / RETURN_SHARE - 0.8, int(orders.person.max()) + 1)
    goes_back = rng.random(size) < habit[orders.person]
    shipped = orders.created + _lag(rng, size, hours=3, days=1.6, most=12)
    delivered = shipped + _lag(rng, size, hours=16, days=3.2, most=20)
    returned = delivered + _lag(rng, size, hours=24, days=9, most=45)
    has_shipped = ~cancelled & (shipped <= span.now)
    has_arrived = has_shipped & (delivered <= span.now)
    has_returned = has_arrived & goes_back & (returned <= span.now)
    status = PROCESSING + has_shipped * (SHIPPED - PROCESSING) + has_arrived * (COMPLETE - SHIPPED)
    status = np.where(cancelled, CANCELLED, np.where(has_returned, RETURNED, status))
    return Fates(
        status=status,
        shipped=np.where(has_shipped, shipped, NEVER),
        delivered=np.where(has_arrived, delivered, NEVER),
        returned=np.where(has_returned, returned, NEVER),
    )


def _lag(rng: Rng, size: int, *, hours: float, days: float, most: float) -> Ints:
    """A wait in seconds: at least `hours`, `days` more on average, never longer than `most` days."""
    wait: Reals = hours * 3600 + rng.gamma(2.0, days / 2.0, size) * DAY
    return np.minimum(wait, most * DAY).astype(np.int64)
