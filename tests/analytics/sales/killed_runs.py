"""Runs of `summarize_sales` that are killed at random statements: a slice is there as a whole or not at all.

`python -m tests.analytics.sales.killed_runs` kills many on SQLite and MariaDB; `make test` a few.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import update

from chalicelib.analytics.sales import summaries
from chalicelib.commerce import tables
from chalicelib.core.config import Settings
from chalicelib.core.database import run, transaction, use_engine
from chalicelib.core.database.dialect import make_engine
from infra.migrate import migrate
from infra.private_mariadb import private_server
from tests.analytics.sales.raw_count import counted_anew, kept_summaries, summed_up_from_ledger
from tests.factories import make_customer, make_order, make_product

FIRST = datetime(2026, 1, 10, 12, tzinfo=UTC)
_MONTHS = 5

# A process that kills itself at a statement, before or after it was carried out; it prints how many there are.
_CHILD = """
    import os, signal, sys
    from sqlalchemy import Engine, event
    from chalicelib.analytics.sales import summaries
    kill_at, when = int(sys.argv[1]), sys.argv[2]
    seen = 0
    def count(*_):
        global seen
        seen += 1
        if seen == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(Engine, f"{when}_cursor_execute", count)
    summaries.summarize_sales(lambda: 900_000)
    print(seen)
"""


def make_shop() -> list[int]:
    """Make a shop with orders in some months; return the ids of the orders."""
    people = [make_customer(country=country) for country in ("France", "Chile")]
    products = [make_product(category=category) for category in ("Jeans", "Socks")]
    orders = []
    for month in range(_MONTHS):
        for n in range(4):
            at = FIRST + timedelta(days=30 * month + n)
            orders.append(make_order(people[n % 2], (products[n % 2], 1_000 + n), (products[0], 99), created_at=at))
    return orders


def _child(url: str, kill_at: int, when: str) -> int:
    environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-c", textwrap.dedent(_CHILD), str(kill_at), when]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, -9):
        raise AssertionError(done.stderr)
    return int(done.stdout) if done.returncode == 0 else 0


def _change_something(chance: random.Random, orders: Sequence[int]) -> None:
    order = chance.choice(orders)
    status = chance.choice(["cancelled", "complete", "returned"])
    with transaction() as connection:
        connection.execute(update(tables.orders).where(tables.orders.c.id == order).values(status=status))
        items = tables.order_items
        connection.execute(update(items).where(items.c.order_id == order).values(status=status))


def kill_runs(url: str, kills: int, seed: int) -> int:
    """Kill runs of a shop that changes; return how many died half-way.

    Raises:
        AssertionError: what is kept is not what its ledger sums up to, or in the end not what the orders say.
    """
    chance, died = random.Random(seed), 0
    orders = make_shop()
    statements = _child(url, 0, "before")
    for _ in range(kills):
        _change_something(chance, orders)
        run(summaries.mark_all, writes=True)
        died += _child(url, chance.randint(1, statements), chance.choice(["before", "after"])) == 0
        if kept_summaries() != summed_up_from_ledger():
            raise AssertionError("a slice is half there")
    summaries.summarize_sales(lambda: 900_000)
    if kept_summaries() != counted_anew("UTC"):
        raise AssertionError("what is kept is not what the orders say")
    return died


def main() -> None:
    """Kill many runs on both engines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(private_server())
        for url in (f"sqlite:///{folder / 'shop.db'}", server.create_database("killed")):
            engine = make_engine(url, Settings())
            migrate(engine)
            use_engine(engine)
            died = kill_runs(url, chosen.kills, chosen.seed)
            told = f"{chosen.kills} runs, {died} killed half-way, nothing half-written, nothing lost"
            sys.stdout.write(f"{engine.dialect.name}: {told}\n")
            engine.dispose()


if __name__ == "__main__":
    main()
