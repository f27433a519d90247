"""What the customers of the sample shop did lately: how they came to what they bought, and what they look at now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from chalicelib.core import clock
from chalicelib.core.database import Connection
from infra import demo_sql
from infra.demo_sql import Did

MOST_EVENTS = 20_000
SEED = 7
# How far back there is behaviour at all, and how far back people came just to look.
WAYS, LOOKS = timedelta(days=60), timedelta(days=14)
_SURFACES = ("home", "product", "cart")
_LIST = 5  # what one recommendation shows

Rng = np.random.Generator


def add(connection: Connection) -> int:
    """Put in what people did until now; return how many events."""
    now = clock.now()
    shelves = Shelves(demo_sql.list_shelves(connection))
    bought = demo_sql.list_bought(connection, since=now - timedelta(days=365))
    events = make_behaviour(shelves, bought, now)
    demo_sql.insert_behaviour(connection, events, now)
    return len(events)


class Shelves:
    """The products by what makes them alike: category and brand, or else category."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._kinds = {row.id: (row.category_key, row.brand_key) for row in rows}
        self._alike: dict[Any, list[int]] = defaultdict(list)
        for row in rows:
            self._alike[row.category_key].append(row.id)
            self._alike[row.category_key, row.brand_key].append(row.id)

    def like(self, rng: Rng, product_id: int, count: int) -> list[int]:
        """Return up to `count` other products, about a third of them of the brand where it has as many."""
        category, brand = self._kinds[product_id]
        pools = [self._alike[category, brand], self._alike[category], self._alike[category]]
        drawn = [pools[n % 3][int(rng.integers(len(pools[n % 3])))] for n in range(2 * count)]
        return [each for each in dict.fromkeys(drawn) if each != product_id][:count]

    def __contains__(self, product_id: object) -> bool:
        return product_id in self._kinds


def make_behaviour(shelves: Shelves, bought: Sequence[Any], now: datetime) -> list[Did]:
    """Return what people did until `now`, by time; the same shop and moment give the same.

    `bought`: user_id, product_id, created_at, by time. Those who bought most come first where there is room for a
    part only.
    """
    rng = np.random.default_rng(SEED)
    known = [row for row in bought if row.product_id in shelves and row.created_at <= now]
    events: list[Did] = []
    for row in reversed(known):
        if row.created_at > now - WAYS and len(events) < MOST_EVENTS // 2:
            events += _way(rng, shelves, row)
    by_customer: dict[int, list[int]] = defaultdict(list)
    for row in known:
        by_customer[row.user_id].append(row.product_id)
    visitor = 0
    for customer, products in sorted(by_customer.items(), key=lambda each: (-len(each[1]), each[0])):
        if len(events) > MOST_EVENTS - 100:
            break
        for _ in range(int(rng.integers(1, 4)) + min(5, len(products) // 4)):
            events += _look(rng, shelves, products, now, customer, None)
        if rng.random() < 0.15:  # somebody with the same taste, whom nobody knows
            visitor += 1
            events += _look(rng, shelves, products, now, None, visitor)
    return sorted((each for each in events if each.at <= now), key=lambda each: each.at)[-MOST_EVENTS:]


def _way(rng: Rng, shelves: Shelves, row: Any) -> Iterator[Did]:
    """Yield how somebody came to buy: looked at some that are alike, at this one, put it into the cart."""
    at = row.created_at - timedelta(minutes=float(rng.uniform(15, 90)))
    for product in shelves.like(rng, row.product_id, int(rng.integers(1, 5))):
        yield Did(at, row.user_id, None, "view", product)
        at += timedelta(seconds=float(rng.uniform(20, 120)))
    if rng.random() < 0.3:
        yield from _shown(rng, shelves, row.product_id, at, row.user_id, None)
    yield Did(at + timedelta(seconds=3), row.user_id, None, "view", row.product_id)
    yield Did(at + timedelta(seconds=float(rng.uniform(30, 200))), row.user_id, None, "cart", row.product_id)


def _look(
    rng: Rng, shelves: Shelves, products: Sequence[int], now: datetime, customer: int | None, visitor: int | None
) -> Iterator[Did]:
    """Yield a visit without a purchase: around one of the things that were bought before."""
    at = now - LOOKS * float(rng.random())
    start = products[int(rng.integers(len(products)))]
    found = shelves.like(rng, start, int(rng.integers(3, 9)))
    if found and rng.random() < 0.25:
        yield from _shown(rng, shelves, found[0], at, customer, visitor)
    for product in found:
        at += timedelta(seconds=float(rng.uniform(5, 180)))
        yield Did(at, customer, visitor, "view", product)
    if found and rng.random() < 0.2:
        yield Did(at + timedelta(seconds=20), customer, visitor, "cart", found[-1])


def _shown(
    rng: Rng, shelves: Shelves, clicked: int, at: datetime, customer: int | None, visitor: int | None
) -> Iterator[Did]:
    """Yield a recommendation of some products alike, and a click on one of them."""
    request_id = f"rec_sample.-.{int(rng.integers(2**62)):016x}"
    surface = _SURFACES[int(rng.integers(len(_SURFACES)))]
    shown = shelves.like(rng, clicked, _LIST - 1)
    place = int(rng.integers(len(shown) + 1))
    for position, product in enumerate([*shown[:place], clicked, *shown[place:]]):
        yield Did(at, customer, visitor, "impression", product, request_id, position, surface)
    yield Did(at + timedelta(seconds=2), customer, visitor, "click", clicked, request_id, place, surface)
