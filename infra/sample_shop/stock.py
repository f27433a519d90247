"""The stock: one physical unit for each item ever ordered, and the units that wait for a buyer."""

from dataclasses import dataclass

import numpy as np

from .behaviour import Items
from .catalogue import Catalogue
from .draw import Flags, Ints, Reals, Rng, pick
from .fulfilment import NEVER
from .rhythm import DAY, Span

SOLD_OUT_SHARE = 0.06
MEAN_SHELF_DAYS = 140


@dataclass(frozen=True)
class Stock:
    """The units in the order they came in (id = row + 1), and the unit of each order item."""

    product: Ints
    created: Ints
    sold: Ints
    unit_of_item: Ints

    def __len__(self) -> int:
        return len(self.product)


def make_stock(
    rng: Rng, size: int, catalogue: Catalogue, items: Items, ordered: Ints, is_sold: Flags, span: Span
) -> Stock:
    """`size` units; `ordered` is the time of each item's order, `is_sold` whether its unit is gone."""
    waiting = pick(rng, _supply(rng, catalogue, items, is_sold), size - len(items))
    # The shop stocked up before it opened, so early units may be older than the shop.
    lag = rng.integers(6 * 3600, 3 * DAY, len(items)) + rng.exponential(35 * DAY, len(items)).astype(np.int64)
    age = rng.exponential(MEAN_SHELF_DAYS * DAY, len(waiting)).astype(np.int64)
    came_in = span.now - np.minimum(age, span.now - span.opening)
    product = np.concatenate([items.product, waiting])
    created = np.concatenate([ordered - lag, came_in])
    sold = np.concatenate([np.where(is_sold, ordered, NEVER), np.full(len(waiting), NEVER)])
    order = np.argsort(created, kind="stable")
    row_of = np.empty(len(order), dtype=np.int64)
    row_of[order] = np.arange(len(order))
    return Stock(product[order], created[order], sold[order], row_of[: len(items)])


def _supply(rng: Rng, catalogue: Catalogue, items: Items, is_sold: Flags) -> Reals:
    """How much is kept of each product: more of what sells, and nothing of what is sold out."""
    demand = np.bincount(items.product, minlength=len(catalogue)) + 0.5
    supply = demand**0.5 * catalogue.popularity**0.2 * rng.lognormal(0, 0.6, len(catalogue))
    # A unit that came back is on the shelf again, so only products without one can be sold out.
    came_back = np.bincount(items.product[~is_sold], minlength=len(catalogue)) > 0
    candidates = np.flatnonzero(~came_back)
    gone = rng.choice(candidates, min(len(candidates), round(SOLD_OUT_SHARE * len(catalogue))), replace=False)
    supply[gone] = 0.0
    return supply
