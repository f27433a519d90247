"""What races share: many threads that start together, a clock that can be put forward, carts by the hundred."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any

from sqlalchemy import insert, select

from chalicelib.commerce import sale_tables
from chalicelib.commerce.sales import payments, sweep
from chalicelib.commerce.sales.checkouts import Address, Wish
from chalicelib.core import clock
from chalicelib.core.database import transaction
from chalicelib.core.errors import AppError
from chalicelib.payments import providers

WISH = Wish(Address("Robin Doe", "1 Main Street", "38103", "Memphis", "United States"), email="robin@example.com")
THREADS = 16


def at_once(*works: Callable[[], Any], threads: int | None = None) -> list[Any]:
    """Run all works in threads that start together; return what each returned, or the AppError that it raised.

    Anything else that is raised is a fault, and leaves. With fewer threads than works each takes its part in turn.
    """
    count = min(threads or len(works), len(works))
    start = Barrier(count)

    def carry_out(number: int) -> list[tuple[int, Any]]:
        start.wait()
        done: list[tuple[int, Any]] = []
        for index in range(number, len(works), count):
            try:
                done.append((index, works[index]()))
            except AppError as error:
                done.append((index, error))
        return done

    with ThreadPoolExecutor(count) as pool:
        parts = list(pool.map(carry_out, range(count)))
    return [outcome for _, outcome in sorted((pair for part in parts for pair in part), key=lambda pair: pair[0])]


@contextmanager
def later(ahead: timedelta) -> Iterator[None]:
    """Put the clock of this process forward."""
    before = clock.now
    clock.now = lambda: before() + ahead
    try:
        yield
    finally:
        clock.now = before


def settle_all() -> None:
    """Do what the schedule does, at moments by which everything that was cut off or left has run out."""
    for ahead in (timedelta(minutes=2), timedelta(minutes=40), timedelta(minutes=80)):
        with later(ahead):
            providers.deliver_test_notices(payments.handle_notice)
            sweep.sweep(lambda: 60_000)


def make_carts(contents: Sequence[Mapping[int, int]], **given: Any) -> list[str]:
    """Make a guest's cart for each of the contents (product id -> quantity) and return their ids."""
    now = clock.now()
    ids = [secrets.token_hex(16) for _ in contents]
    with transaction() as connection:
        rows = [{"public_id": public_id, "created_at": now, "updated_at": now, **given} for public_id in ids]
        connection.execute(insert(sale_tables.carts), rows)
        columns = sale_tables.carts.c
        numbers = {row.public_id: row.id for row in connection.execute(select(columns.id, columns.public_id))}
        items = [
            {"cart_id": numbers[public_id], "product_id": product_id, "quantity": quantity, "added_at": now}
            for public_id, content in zip(ids, contents, strict=True)
            for product_id, quantity in content.items()
        ]
        connection.execute(insert(sale_tables.cart_items), items)
    return ids


def random_carts(chance: random.Random, products: Sequence[int], count: int) -> list[dict[int, int]]:
    """Return contents of carts that share products: two to four of them, one or two units of each."""
    return [
        {product_id: chance.randint(1, 2) for product_id in chance.sample(list(products), chance.randint(2, 4))}
        for _ in range(count)
    ]
