"""The process, or the database, killed before and after every SQL statement: `python -m tests.commerce.crashes`.

A scenario is run once to count its statements, BEGIN and COMMIT among them. Then, for each statement, it is run anew
and cut off by SIGKILL just before and just after it: the process (a forked child), or the server of the database,
which is started again at once or only afterwards. The client then tries again soon, late or never, the schedule runs
with its clock put forward, and everything must add up: see `tests.commerce.invariants`.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError

from chalicelib.core import logging
from chalicelib.core.config import Settings
from chalicelib.core.database import metadata, use_engine
from chalicelib.core.database.dialect import make_engine
from chalicelib.core.errors import AppError
from infra.migrate import migrate
from infra.private_mariadb import PrivateServer, private_server
from tests.commerce.crash_scenarios import SCENARIOS, Data, Scenario
from tests.commerce.invariants import assert_settled
from tests.commerce.races import later, settle_all

_LEASE = timedelta(seconds=61)
_LATE = timedelta(minutes=100)
_EMPTY_AFTER = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where scenarios are cut off: a database, and its server where that is what is killed."""

    url: str
    server: PrivateServer | None = None


@dataclass(frozen=True, slots=True)
class Trap:
    """Strikes at a point of what an engine executes: statement n // 2, before it where n is even, else after it."""

    point: int | None
    strike: Callable[[], None]

    @contextmanager
    def set_on(self, engine: Engine) -> Iterator[Callable[[], int]]:
        """Watch an engine inside the block; gives how many statements it has executed."""
        seen = [0]

        def before(*_given: Any) -> None:
            if self.point == 2 * seen[0]:
                self.strike()

        def after(*_given: Any) -> None:
            point = 2 * seen[0] + 1
            seen[0] += 1
            if self.point == point:
                self.strike()

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        try:
            yield lambda: seen[0]
        finally:
            event.remove(engine, "before_cursor_execute", before)
            event.remove(engine, "after_cursor_execute", after)


@contextmanager
def shop_at(place: Place) -> Iterator[Engine]:
    """Make an empty shop at a place the shop of this process."""
    engine = _engine(place)
    migrate(engine)
    before = use_engine(engine)
    try:
        yield engine
    finally:
        use_engine(before)
        engine.dispose()


def _engine(place: Place) -> Engine:
    return make_engine(place.url, Settings(db_pool_size=5))


def empty(engine: Engine) -> None:
    """Delete every row, children first."""
    with engine.connect() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f"DELETE FROM {table.name}"))


def count_statements(engine: Engine, scenario: Scenario) -> int:
    """Run a scenario to its end, undisturbed, and return how many statements it has."""
    data = scenario.prepare()
    with Trap(None, lambda: None).set_on(engine) as seen:
        scenario.act(data)
        count = seen()
    settle_all()
    assert_settled()
    scenario.check(data, True)
    return count


def cut_off(place: Place, engine: Engine, scenario: Scenario, point: int, chance: random.Random) -> None:
    """Cut a scenario off at a point, let the client and the schedule go on, and look whether all is well."""
    data = scenario.prepare()
    if place.server is None:
        _kill_process(place, engine, scenario, data, point)
    else:
        _kill_server(place.server, engine, scenario, data, point, at_once=chance.random() < 0.5)
    tries = chance.choice(["soon", "late", "never"])
    if tries == "soon":
        with later(_LEASE):
            scenario.act(data)
    settle_all()
    if tries == "late":
        with later(_LATE):
            scenario.act(data)
            settle_all()
    assert_settled()
    scenario.check(data, tries == "soon")


def _kill_process(place: Place, engine: Engine, scenario: Scenario, data: Data, point: int) -> None:
    """Run a scenario in a child that kills itself; it must not share a connection with its parent."""
    engine.dispose()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            own = _engine(place)
            use_engine(own)
            with Trap(point, lambda: os.kill(os.getpid(), signal.SIGKILL)).set_on(own):
                scenario.act(data)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed, f"it ended by itself (status {status}) before it was killed"


def _kill_server(
    server: PrivateServer, engine: Engine, scenario: Scenario, data: Data, point: int, *, at_once: bool
) -> None:
    """Run a scenario whose server dies under it, and comes back at once, as by a failover, or when it is over."""
    struck: list[int] = []

    def strike() -> None:
        struck.append(point)
        server.kill()
        if at_once:
            server.restart()

    # What the scenario makes of it, a 503 say, is its own; what it leaves behind is looked at.
    try:
        with Trap(point, strike).set_on(engine), suppress(AppError, DBAPIError):
            scenario.act(data)
    finally:
        if server.pid is None:
            server.restart()
        engine.dispose()
    assert struck, "it ended before the server was killed"


def run_points(
    place: Place,
    engine: Engine,
    kind: str,
    name: str,
    *,
    seed: int,
    sample: int | None = None,
    only: int | None = None,
) -> tuple[int, int, list[str]]:
    """Cut a scenario off at all its points, or at a sample of them; return statements, points and what went wrong."""
    scenario = SCENARIOS[name]
    statements = count_statements(engine, scenario)
    points: Sequence[int] = range(2 * statements)
    if only is not None:
        points = [only]
    elif sample is not None:
        points = sorted(random.Random(f"{seed}/{kind}/{name}").sample(points, min(sample, len(points))))
    wrong = []
    for done, point in enumerate(points, start=1):
        try:
            cut_off(place, engine, scenario, point, random.Random(f"{seed}/{kind}/{name}/{point}"))
        except (AssertionError, AppError, DBAPIError) as error:
            again = f'make crashes KIND={kind} SCENARIO="{name}" SEED={seed} POINT={point}'
            wrong.append(f"{name}, point {point} of {2 * statements}: {error!r}\nAgain by: {again}")
            empty(engine)
        if done % _EMPTY_AFTER == 0:
            empty(engine)
    empty(engine)
    return statements, len(points), wrong


@contextmanager
def place_of(kind: str) -> Iterator[Place]:
    """Give a place for a kind of crash: `process` and `server` on a private MariaDB, `sqlite` in a file."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield Place(f"sqlite:///{Path(folder) / 'shop.db'}")
        return
    with private_server() as server:
        yield Place(server.create_database("crashes"), server if kind == "server" else None)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=["process", "sqlite", "server"], help="what is killed; all when not said")
    parser.add_argument("--scenario", choices=list(SCENARIOS), help="what is cut off; all when not said")
    parser.add_argument("--seed", type=int, default=1, help="what the client does afterwards is drawn from it")
    parser.add_argument("--point", type=int, help="only this point")
    parser.add_argument("--sample", type=int, help="only so many points of each scenario")
    given = parser.parse_args(arguments)
    logging.configure("CRITICAL")
    failed = False
    for kind in [given.kind] if given.kind else ["process", "sqlite", "server"]:
        with place_of(kind) as place, shop_at(place) as engine:
            for name in [given.scenario] if given.scenario else SCENARIOS:
                started = time.perf_counter()
                statements, points, wrong = run_points(
                    place, engine, kind, name, seed=given.seed, sample=given.sample, only=given.point
                )
                seconds = time.perf_counter() - started
                failed = failed or bool(wrong)
                line = f"{kind:8} {name:26} {statements:3} statements, {points:3} points, {len(wrong)} wrong, "
                sys.stdout.write(f"{line}{seconds:.1f} s\n")
                sys.stdout.write("".join(f"{each}\n" for each in wrong))
                sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
