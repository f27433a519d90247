"""Hundreds of buyers at once for too few units: `python -m tests.commerce.race_checkouts --seeds 20`.

Each seed is a shop of its own on a private MariaDB, twice: one product that 500 buyers want 100 units of, then carts
of several products that share what little there is. A line a seed; exit status 1 where something was not as it must.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.engine import ExceptionContext

from chalicelib.commerce.sales import checkouts, payments
from chalicelib.commerce.stock.stock import OutOfStock
from chalicelib.core import logging
from chalicelib.core.config import Settings
from chalicelib.core.database import read, use_engine
from chalicelib.core.database.dialect import make_engine
from chalicelib.core.errors import AppError
from infra.migrate import migrate
from infra.private_mariadb import private_server
from tests.commerce.invariants import assert_settled
from tests.commerce.races import THREADS, WISH, at_once, make_carts, random_carts
from tests.commerce.stock_checks import levels
from tests.factories import make_center, make_product, make_stock

BUYERS, UNITS = 500, 100


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a race: paid carts, clean refusals by code, units sold and left, charges, seconds."""

    paid: int
    refused: Mapping[str, int]
    sold_units: int
    free_units: int
    charges: int
    seconds: float


def buy(cart_id: str) -> None:
    """Check a cart out and pay for it, as two requests do; return how many units it had."""
    checkout_id = checkouts.begin(cart_id, None, WISH, None)
    payments.pay(checkout_id, None, "pm_test_success", None)


def one_product(seed: int, buyers: int = BUYERS, units: int = UNITS) -> Result:
    """Let many buyers want one unit each of a product of which there is too little, in two centers."""
    chance = random.Random(seed)
    product_id = make_product()
    first = chance.randint(1, units - 1)
    make_stock(product_id, first)
    make_stock(product_id, units - first, center_id=make_center())
    return _race([{product_id: 1}] * buyers)


def several_products(seed: int, buyers: int = 200) -> Result:
    """Let buyers want two to four of six products of which there is little, in one or two centers."""
    chance = random.Random(seed)
    products = [make_product() for _ in range(6)]
    for product_id in products:
        make_stock(product_id, chance.randint(5, 30))
        if chance.random() < 0.5:
            make_stock(product_id, chance.randint(1, 10), center_id=make_center())
    return _race(random_carts(chance, products, buyers))


@contextmanager
def deadlocks() -> Iterator[list[str]]:
    """Collect the statements that ended in a deadlock, or waited in vain, inside the block."""
    found: list[str] = []

    def note(context: ExceptionContext) -> None:
        arguments = getattr(context.original_exception, "args", ())
        if arguments and arguments[0] in (1205, 1213):
            found.append(context.statement or "")

    event.listen(Engine, "handle_error", note)
    try:
        yield found
    finally:
        event.remove(Engine, "handle_error", note)


def _race(contents: Sequence[Mapping[int, int]]) -> Result:
    carts = make_carts(contents)
    started = time.perf_counter()
    with deadlocks() as found:
        outcomes = at_once(*[partial(buy, cart_id) for cart_id in carts], threads=THREADS)
    seconds = time.perf_counter() - started
    refusals = [outcome for outcome in outcomes if isinstance(outcome, AppError)]
    others = [refusal for refusal in refusals if not isinstance(refusal, OutOfStock)]
    assert not others, f"not a clean refusal: {others}"
    # They would be tried again, and under load some would come to a buyer: nobody locks what is another's.
    assert not found, found
    assert_settled()  # by themselves: the schedule has nothing to mend
    bought = sum(
        sum(content.values())
        for content, outcome in zip(contents, outcomes, strict=True)
        if not isinstance(outcome, AppError)
    )
    counted: Counter[str] = Counter()
    for counters in levels().values():
        counted.update(counters)
    assert counted["sold"] == bought, f"{counted['sold']} units are sold, {bought} were bought"
    with read() as connection:
        charges = int(connection.execute(text("SELECT COUNT(*) FROM test_charges")).scalar_one())
    codes = Counter(refusal.code for refusal in refusals)
    return Result(len(outcomes) - len(refusals), codes, counted["sold"], counted["free"], charges, seconds)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds, from 1 on")
    parser.add_argument("--seed", type=int, help="only this one")
    given = parser.parse_args(arguments)
    logging.configure("ERROR")
    failed = 0
    with private_server() as server:
        for seed in [given.seed] if given.seed else range(1, given.seeds + 1):
            for name, race in (("one product", one_product), ("several products", several_products)):
                failed += not _report(server, seed, name, race)
    return 1 if failed else 0


def _report(server: Any, seed: int, name: str, race: Any) -> bool:
    database = f"race_{seed}"
    engine = make_engine(server.create_database(database), Settings(db_pool_size=40))
    migrate(engine)
    before = use_engine(engine)
    try:
        result = race(seed)
    except AssertionError as error:
        sys.stdout.write(f"seed {seed:3} {name:16} FAILED: {error}\n")
        return False
    finally:
        use_engine(before)
        engine.dispose()
        server.drop_database(database)
    sys.stdout.write(
        f"seed {seed:3} {name:16} {result.paid:3} paid, refused {dict(result.refused)}, {result.sold_units} units"
        f" sold, {result.free_units} free, {result.charges} charges, {result.seconds:.1f} s\n"
    )
    sys.stdout.flush()
    return True


if __name__ == "__main__":
    sys.exit(main())
