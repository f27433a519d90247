"""What all tests stand on: each database engine once per run, an empty shop per test, a client of the entry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, text

from chalicelib.core import config
from chalicelib.core.config import Settings
from chalicelib.core.database import metadata, use_engine
from chalicelib.core.database.dialect import make_engine
from infra.migrate import migrate
from infra.private_mariadb import PrivateServer, find_server, install_hint, private_server
from tests.client import Client

hypothesis_settings.register_profile(
    "shop",
    deadline=None,
    # The database fixtures are cleaned once a test, not once an example; such tests clean up by themselves.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=50,
)
hypothesis_settings.load_profile("shop")

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, which a fresh clone does not have."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data sets are not here (../shared/data)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def mariadb() -> Iterator[PrivateServer]:
    """A private server of this run."""
    if find_server() is None:
        pytest.fail(install_hint())
    with private_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'shop.db'}"


@pytest.fixture(scope="session")
def mysql_url(request: pytest.FixtureRequest) -> str:
    """A database that the tests may empty: TEST_DATABASE_URL, or one on the private server."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    server: PrivateServer = request.getfixturevalue("mariadb")
    return server.create_database("shop_tests")


@pytest.fixture(scope="session", params=["sqlite", "mysql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each engine in turn: a test that uses this, or what stands on it, runs on both."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database of the engine at hand."""
    # As many connections as the races have threads.
    made = make_engine(database_url, Settings(db_pool_size=40))
    migrate(made)
    yield made
    made.dispose()


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of the test: its database, and a data folder of its own."""
    made = Settings(
        database_url=database_url, data_dir=tmp_path, cors_origins=("http://localhost:3000", "https://shop.example")
    )
    set_settings(monkeypatch, made)
    return made


def set_settings(monkeypatch: pytest.MonkeyPatch, made: Settings) -> None:
    """Make `made` the settings of this process for the rest of the test."""
    config.settings.cache_clear()
    monkeypatch.setattr(config, "load", lambda _environment: made)


@pytest.fixture
def shop(engine: Engine, settings: Settings) -> Iterator[Engine]:
    """An empty shop on the engine at hand. Work is really committed; at the end every table is emptied."""
    before = use_engine(engine)
    yield engine
    use_engine(before)
    config.settings.cache_clear()
    empty(engine)


def empty(engine: Engine) -> None:
    """Delete every row, children first."""
    with engine.connect() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f"DELETE FROM {table.name}"))


@pytest.fixture
def client(shop: Engine) -> Client:
    """A client of the Lambda entry on an empty shop; every answer is checked against the API document."""
    return Client()
