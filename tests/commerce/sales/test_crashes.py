"""Purchases cut off by SIGKILL, of the process and of the database: nothing is lost, nothing is there twice.

A sample of the points, another one each day; all of them by `make crashes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from chalicelib.commerce.sales import sweep
from chalicelib.core import config
from chalicelib.core.config import Settings
from chalicelib.core.database import use_engine
from infra.private_mariadb import private_server
from tests.commerce import crash_scenarios, crashes
from tests.commerce.crashes import Place, run_points, shop_at

SEED = datetime.now(UTC).date().toordinal()
POINTS = {"process": 2, "sqlite": 1, "server": 1}

# PyMySQL leaves sockets of failed attempts to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module", params=list(POINTS))
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def place(kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if kind == "sqlite":
        yield Place(f"sqlite:///{tmp_path_factory.mktemp('crashes') / 'shop.db'}")
    elif kind == "process":
        yield Place(request.getfixturevalue("mariadb").create_database("crashes"))
    else:
        with private_server() as server:  # of its own: others do not like theirs to be killed
            yield Place(server.create_database("crashes"), server)


@pytest.fixture(scope="module")
def migrated(place: Place) -> Iterator[Engine]:
    """The shop that is cut off, empty behind each test."""
    with shop_at(place) as engine:
        yield engine


@pytest.fixture
def engine(migrated: Engine, settings: Settings) -> Iterator[Engine]:
    """The same, with the settings of a test."""
    before = use_engine(migrated)
    yield migrated
    use_engine(before)
    config.settings.cache_clear()


@pytest.fixture
def database_url(place: Place) -> str:
    """What the settings name."""
    return place.url


@pytest.mark.parametrize("name", list(crash_scenarios.SCENARIOS))
def test_what_is_cut_off_is_finished_or_undone(place: Place, engine: Engine, kind: str, name: str) -> None:
    statements, _points, wrong = run_points(place, engine, kind, name, seed=SEED, sample=POINTS[kind])
    assert statements > 20
    assert not wrong, "\n".join(wrong)


def test_a_sweep_that_does_nothing_would_be_noticed(
    place: Place, engine: Engine, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = crash_scenarios.SCENARIOS["payment without an answer"]
    monkeypatch.setattr(sweep, "sweep", lambda _time_left_ms: None)
    monkeypatch.setattr("chalicelib.payments.providers.deliver_test_notices", lambda _handle: 0)
    with pytest.raises(AssertionError):
        crashes.count_statements(engine, scenario)
    crashes.empty(engine)
