"""What people did, for those who learn from it: everybody's as a stream of arrays, one person's as a short list.

Purchases come from the orders, all else from the events. What was cancelled or sent back does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from chalicelib.commerce.sales import sales
from chalicelib.core.database import Connection, run
from chalicelib.recommendations.signals import signals_sql, weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Interactions as parallel arrays (n,): who (above 0 a customer, below 0 a visitor), with what, when (seconds
    since 1970), and how much it says (1: one unit bought and kept).
    """

    people: NDArray[np.int64]
    products: NDArray[np.int64]
    times: NDArray[np.int64]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.people)


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that somebody did: `kind` is purchase, view, cart or click."""

    product_id: int
    kind: str
    at: datetime
    weight: float


def stream(*, now: datetime, page: int = PAGE) -> Iterator[Batch]:
    """Yield all that people did until `now`: purchases by order, then events by id. No batch is empty.

    Memory is that of one page, about `page` rows; each is a short read of its own, so that nothing is held up and
    what happens meanwhile is in or is not.
    """
    yield from _purchases(now, page)
    yield from _events(now, page)


def _purchases(now: datetime, page: int) -> Iterator[Batch]:
    last: int | None = 0
    while last is not None:
        units = run(partial(sales.list_purchases, after_order_id=last, limit=page, before=now), writes=False)
        last = units.last_order_id
        if len(units.orders):
            yield _by_order(units)


def _by_order(units: sales.Units) -> Batch:
    """Return units as one interaction for each product of an order, at the time of its first unit."""
    import numpy as np  # rebuilds alone need it: the functions of the API must not load it

    order = np.lexsort((units.times, units.products, units.orders))
    orders, products = units.orders[order], units.products[order]
    differs = (orders[1:] != orders[:-1]) | (products[1:] != products[:-1])
    firsts = np.flatnonzero(np.concatenate([[True], differs]))
    quantities = np.diff(firsts, append=len(orders))
    by_quantity = np.array([0.0, *map(weights.weight_of_purchase, range(1, int(quantities.max()) + 1))], np.float32)
    kept = order[firsts]
    return Batch(units.customers[kept], products[firsts], units.times[kept], by_quantity[quantities])


def _events(now: datetime, page: int) -> Iterator[Batch]:
    import numpy as np  # rebuilds alone need it: the functions of the API must not load it

    by_kind = np.array([weights.weight_of(kind) for kind in weights.INTEREST], np.float32)
    last = 0
    while True:
        read = partial(signals_sql.fetch_page, kinds=weights.INTEREST, after_id=last, before=now, limit=page)
        ids, people, products, kinds, times = run(read, writes=False)
        if len(ids):
            last = int(ids.max())
            yield Batch(people, products, times, by_kind[kinds])
        if len(ids) < page:
            return


def history_of(
    connection: Connection,
    *,
    customer_id: int | None,
    visitor: str | None,
    limit: int,
    purchases: Iterable[sales.Purchase] | None = None,
) -> list[Signal]:
    """Return the last `limit` things that somebody did, newest last: what it bought and kept, viewed, clicked, put
    into the cart.

    With a customer, of the visitor (its `public_id`) only what was done before anybody signed in there: what others
    did is none of the customer's. Without one, all that was done at the visitor. One statement for the events, one
    for the purchases of a customer, unless they are known already.
    """
    if limit < 1 or (customer_id is None and visitor is None):
        return []
    rows = signals_sql.list_latest(connection, customer_id=customer_id, visitor=visitor, limit=limit)
    # By id where the times are the same: in the order in which they were sent.
    events = sorted(rows, key=lambda row: (row.at, row.id))
    found = [Signal(row.product_id, row.kind, row.at, weights.weight_of(row.kind)) for row in events]
    if customer_id is not None:
        if purchases is None:
            purchases = sales.purchases_of(connection, customer_id, limit)
        found = [*map(_bought, purchases), *found]
        found.sort(key=lambda signal: signal.at)
    return found[-limit:]


def _bought(purchase: sales.Purchase) -> Signal:
    weight = weights.weight_of_purchase(purchase.quantity)
    return Signal(purchase.product_id, weights.PURCHASE, purchase.at, weight)
