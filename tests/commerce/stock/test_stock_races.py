"""Many buyers at once: nothing is sold twice, nothing is lost, no deadlock reaches anybody."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine

from chalicelib.commerce.stock import stock
from chalicelib.commerce.stock.stock import OutOfStock, Unit
from chalicelib.core.database import Connection, run
from tests.commerce.stock.test_stock import events
from tests.commerce.stock_checks import assert_stock_adds_up, levels
from tests.factories import NOON, make_center, make_product, make_stock

T = TypeVar("T")

THREADS = 16
SEEDS = [1, 2, 3]
SAID: dict[str, Any] = {"reference": "checkout:17", "actor": "robin"}


def at_once(work: Callable[[int], T], threads: int = THREADS) -> list[T]:
    """Run `work` in as many threads, all of them starting together."""
    start = Barrier(threads)

    def wait_and_work(number: int) -> T:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(wait_and_work, range(threads)))


def take(wanted: dict[int, int]) -> list[Unit]:
    """Take as a checkout does; none where they are out of stock."""

    def work(connection: Connection) -> list[Unit]:
        return stock.take_units(connection, wanted, near=None, **SAID)

    try:
        return stock.patiently(work)
    except OutOfStock:
        return []


def no_unit_twice(taken: list[Unit]) -> list[int]:
    ids = [unit.id for unit in taken]
    assert len(ids) == len(set(ids))
    return sorted(ids)


@pytest.mark.parametrize("seed", SEEDS)
def test_more_takers_than_units_take_exactly_all_of_them(shop: Engine, seed: int) -> None:
    product_id = make_product(low_stock_level=3)
    made = make_stock(product_id, 5 + seed)
    make_stock(product_id, 2, center_id=make_center())
    found = [unit for taken in at_once(lambda _number: take({product_id: 1})) for unit in taken]
    assert len(no_unit_twice(found)) == 7 + seed
    assert set(made) <= {unit.id for unit in found}
    assert sum(counters["free"] for counters in levels().values()) == 0
    # Whoever took it over the threshold, in whichever center, told it: once.
    assert [(kind, payload["free"]) for kind, _, payload in events()] == [("stock.low", 3), ("stock.out", 0)]
    assert_stock_adds_up()


@pytest.mark.parametrize("seed", SEEDS)
def test_takers_of_many_products_in_any_order_never_deadlock(shop: Engine, seed: int) -> None:
    products = [make_product() for _ in range(4)]
    for product_id in products:
        make_stock(product_id, 20)
        make_stock(product_id, 20, center_id=make_center())

    def work(number: int) -> list[Unit]:
        draw = random.Random(seed * 100 + number)
        taken: list[Unit] = []
        for _ in range(6):
            chosen = draw.sample(products, draw.randint(2, 4))
            taken += take({product_id: draw.randint(1, 2) for product_id in chosen})
        return taken

    found = [unit for taken in at_once(work) for unit in taken]
    no_unit_twice(found)
    assert sum(counters["reserved"] for counters in levels().values()) == len(found)
    assert_stock_adds_up()


@pytest.mark.parametrize("seed", SEEDS)
def test_takes_race_with_releases_sales_and_returns(shop: Engine, seed: int) -> None:
    products = [make_product(low_stock_level=0) for _ in range(3)]
    centers = [make_center() for _ in range(2)]
    for product_id in products:
        make_stock(product_id, 6)

    def work(number: int) -> None:
        draw = random.Random(seed * 100 + number)
        for _ in range(6):
            ids = [unit.id for unit in take(dict.fromkeys(draw.sample(products, 2), 1))]
            draw.shuffle(ids)
            if draw.random() < 0.4:
                run(partial(stock.release_units, unit_ids=ids, **SAID), writes=True)
                continue
            run(partial(stock.sell_units, unit_ids=ids, at=NOON, **SAID), writes=True)
            resellable, to = draw.random() < 0.8, draw.choice([None, *centers])
            back = partial(stock.take_back_units, unit_ids=ids, resellable=resellable, center_id=to, **SAID)
            run(back, writes=True)

    at_once(work)
    assert sum(counters["free"] + counters["written_off"] for counters in levels().values()) == 18
    assert_stock_adds_up()
