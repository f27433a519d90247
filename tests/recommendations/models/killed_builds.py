"""Builds and roll-backs killed at every step: `python -m tests.recommendations.models.killed_builds`.

A work is run once to count its points: before and after each SQL statement, before each step of the file system, at
each piece of an array that is written. Then, for each point, it is run anew in a forked child that kills itself there
by SIGKILL; others are killed from outside, at random moments. After each kill the pointer must name a whole version
that loads and answers, and the next build, or roll-back, must succeed at once and put the books in order.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, event, select

from chalicelib.core import blobs, config, logging
from chalicelib.core.blobs import FolderBlobs
from chalicelib.core.config import Settings
from chalicelib.core.database import use_engine
from chalicelib.core.database.dialect import make_engine
from chalicelib.events.tables import outbox_events
from chalicelib.recommendations.models import activation, artefacts, rebuild, versions
from chalicelib.recommendations.models.model_tables import recommendation_builds
from chalicelib.recommendations.numeric import model as numeric_model
from chalicelib.recommendations.numeric import train as numeric_train
from chalicelib.recommendations.numeric.interactions import History
from chalicelib.recommendations.signals import interactions
from infra.migrate import migrate
from infra.private_mariadb import private_server
from tests.factories import make_center, make_product
from tests.recommendations.models.fakes import CountingModel, Stream, Trainer, batch

KEPT = 2
RANDOM_KILLS = 50
_STEPS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}
_CHILD_S = 60.0


@dataclass(frozen=True)
class Site:
    """Where builds are killed: a database and a data folder."""

    url: str
    data_dir: Path

    @property
    def store(self) -> FolderBlobs:
        """The bucket, as the checks see it."""
        return FolderBlobs(self.data_dir / "bucket")


def build() -> None:
    """Build a model, asked for."""
    rebuild.build(requested_by="robin", asked_for=True)


def roll_back() -> None:
    """Make the oldest whole version live."""
    activation.activate(versions.list_manifests(blobs.store(), 100)[-1].version, by="robin")


WORKS: dict[str, Callable[[], None]] = {"build": build, "roll back": roll_back}


# --- a child -----------------------------------------------------------------------------------------------------


def in_child(site: Site, work: Callable[[], Any], *, point: int | None = None, after_s: float | None = None) -> Any:
    """Run `work` in a process of its own; return what it returns, or None when it was killed.

    `point`: it kills itself there. `after_s`: it is killed from outside, unless it is through by then.
    """
    answer, question = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(answer)
            signal.alarm(int(_CHILD_S))
            result = _run(site, work, point)
            os.write(question, json.dumps(result).encode())
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(question)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(answer, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"it was ended by signal {os.WTERMSIG(status)}"
        assert point is not None or after_s is not None
        return None
    assert os.waitstatus_to_exitcode(status) == 0, "it failed; what it said stands above"
    points = json.loads(said)
    # Progress is noted by the clock: a quicker run has some points fewer, and may end before the last ones.
    assert point is None or points <= point, "it passed its point alive"
    return points


def _run(site: Site, work: Callable[[], Any], point: int | None) -> Any:
    made = Settings(database_url=site.url, data_dir=site.data_dir, model_versions_kept=KEPT)
    config.settings.cache_clear()
    config.load = lambda environment: made
    engine = make_engine(site.url, made)
    use_engine(engine)
    numeric_train.train = Trainer()  # type: ignore[assignment]
    numeric_model.Model = CountingModel  # type: ignore[misc,assignment]
    interactions.stream = _stream(engine)  # type: ignore[assignment]
    _watch(engine, site, point)
    work()
    return _points[0]


_points = [0]


def _watch(engine: Engine, site: Site, deadly: int | None) -> None:
    _points[0] = 0

    def pass_point(*_given: Any) -> None:
        if _points[0] == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        _points[0] += 1

    def audit(name: str, given: tuple[Any, ...]) -> None:
        if name in _STEPS and str(given[0]).startswith(str(site.data_dir / "bucket")):
            pass_point()

    event.listen(engine, "before_cursor_execute", pass_point)
    event.listen(engine, "after_cursor_execute", pass_point)
    sys.addaudithook(audit)
    read = artefacts.ArrayStream.readinto

    def readinto(stream: artefacts.ArrayStream, buffer: Any) -> int:
        pass_point()
        return read(stream, buffer)

    artefacts.ArrayStream.readinto = readinto  # type: ignore[method-assign,assignment]


def _stream(engine: Engine) -> Stream:
    with engine.connect() as connection:
        ids = [row[0] for row in connection.exec_driver_sql("SELECT id FROM products ORDER BY id")]
    return Stream([batch(*((person, ids[person % len(ids)], person, 1.0) for person in range(1, 30)))])


# --- what must be true -------------------------------------------------------------------------------------------


def assert_whole(site: Site) -> str:
    """Check that the pointer names a whole version that loads and answers; return it."""
    pointer = versions.read_pointer(site.store)
    assert pointer is not None, "nothing is live"
    versions.check_whole(site.store, pointer.version)
    found = artefacts.load(
        site.store, pointer.version, site.data_dir / "unused", manifest_sha256=pointer.manifest_sha256
    )
    model = CountingModel(found.arrays, found.manifest.parameters)
    scores = model.score(History(np.array([0], np.int32), np.ones(1, np.float32)))
    assert scores.shape == (len(found.item_ids),)
    assert np.isfinite(scores).all()
    return pointer.version


def assert_in_order(site: Site) -> None:
    """Check the books after a build that was not killed: each build has ended, each model was told of once."""
    engine = make_engine(site.url, Settings())
    try:
        with engine.connect() as connection:
            rows = connection.execute(select(recommendation_builds).order_by(recommendation_builds.c.id)).all()
            told = [
                json.loads(row.payload)["version"]
                for row in connection.execute(select(outbox_events))
                if row.kind == "model.published"
            ]
    finally:
        engine.dispose()
    assert {row.state for row in rows} <= {"done", "failed"}, Counter(row.state for row in rows)
    assert Counter(told) == Counter(row.version for row in rows if row.state == "done")
    assert rows[-1].version == versions.live_version(site.store), "the last build is live"
    whole = [each.version for each in versions.list_manifests(site.store, 100)]
    assert len(whole) <= KEPT + 1


# --- killing -----------------------------------------------------------------------------------------------------


def prepare(site: Site) -> None:
    """Make a shop with some products and as many versions as are kept."""
    engine = make_engine(site.url, Settings())
    before = use_engine(engine)
    try:
        migrate(engine)
        center = make_center()
        for _ in range(5):
            make_product(distribution_center_id=center)
    finally:
        use_engine(before)
        engine.dispose()
    for _ in range(KEPT):
        in_child(site, build)


def count_points(site: Site, name: str) -> int:
    """Run a work undisturbed and return how many points it has."""
    points: int = in_child(site, WORKS[name])
    in_child(site, build)
    return points


def kill_at(site: Site, name: str, *, point: int | None = None, after_s: float | None = None) -> bool:
    """Kill a work, look whether all is well, and go on; tell whether it was killed."""
    killed = in_child(site, WORKS[name], point=point, after_s=after_s) is None
    assert_whole(site)
    # At once: the leases of a dead process of this machine are nobody's.
    in_child(site, WORKS[name])
    assert_whole(site)
    in_child(site, build)
    assert_whole(site)
    assert_in_order(site)
    return killed


def run_points(site: Site, name: str, chosen: Callable[[int], Sequence[int]]) -> tuple[int, list[str]]:
    """Kill a work at the `chosen` ones of its points; return how many there are, and what went wrong."""
    points, wrong = count_points(site, name), []
    for point in chosen(points):
        try:
            kill_at(site, name, point=point)
        except Exception as error:
            wrong.append(f"{name}, point {point} of {points}: {error!r}")
    return points, wrong


def run_random(site: Site, name: str, kills: int, chance: random.Random) -> list[str]:
    """Kill a work at random moments so often that it was not through by then; return what went wrong."""
    killed, tries, wrong = 0, 0, []
    span_s = min(_time(site, name) for _ in range(3))
    while killed < kills:
        tries += 1
        assert tries < 20 * kills, "it is through before it can be killed"
        after_s = chance.uniform(0, span_s)
        try:
            killed += kill_at(site, name, after_s=after_s)
        except Exception as error:
            killed += 1
            wrong.append(f"{name}, killed after {after_s:.4f} s: {error!r}")
    return wrong


def _time(site: Site, name: str) -> float:
    started = time.perf_counter()
    in_child(site, WORKS[name])
    return time.perf_counter() - started


@contextmanager
def site_of(kind: str) -> Iterator[Site]:
    """Give a prepared site on a kind of database."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "sqlite":
            site = Site(f"sqlite:///{folder}/shop.db", Path(folder))
            prepare(site)
            yield site
            return
        with private_server() as server:
            site = Site(server.create_database("killed"), Path(folder))
            prepare(site)
            yield site


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 when all was well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=["sqlite", "mysql"], help="the database; both when not said")
    parser.add_argument("--kills", type=int, default=RANDOM_KILLS, help="kills at random moments, of each work")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    logging.configure("CRITICAL")
    failed = False
    for kind in [given.kind] if given.kind else ["sqlite", "mysql"]:
        with site_of(kind) as site:
            for name in WORKS:
                started = time.perf_counter()
                points, wrong = run_points(site, name, range)
                wrong += run_random(site, name, given.kills, random.Random(f"{given.seed}/{kind}/{name}"))
                failed = failed or bool(wrong)
                sys.stdout.write(
                    f"{kind:7} {name:10} killed at {points} points and {given.kills} random moments, "
                    f"{len(wrong)} wrong, {time.perf_counter() - started:.0f} s\n"
                )
                sys.stdout.write("".join(f"{each}\n" for each in wrong))
                sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
