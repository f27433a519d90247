"""Every scripted dialogue on SQLite, some on MariaDB too; a known failure has to fail, or it is one no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.core.config import Settings
from chalicelib.core.database.dialect import make_engine
from tests.conversations.assistant.dialogues.script import Dialogue
from tests.conversations.assistant.dialogues.sets import ALL, GROUPS, ON_MARIADB
from tests.conversations.assistant.dialogues.stage import Stage, build, carry_out, opened
from tests.conversations.assistant.dialogues.told import is_told

pytest.importorskip("chalicelib.conversations.assistant.local.engine")


def _stage(url: str, folder: Path) -> Iterator[Stage]:
    engine = make_engine(url, Settings())
    yield build(engine, url, folder)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("dialogues")
    yield from _stage(f"sqlite:///{folder / 'shop.db'}", folder)


@pytest.fixture(scope="session")
def mariadb_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    url: str = request.getfixturevalue("mariadb").create_database("dialogues")
    yield from _stage(url, tmp_path_factory.mktemp("dialogues"))


def _cases(dialogues: list[Dialogue]) -> list[object]:
    return [
        pytest.param(
            each,
            id=each.name.replace(" ", "-"),
            marks=[pytest.mark.xfail(reason=each.known_failure, strict=True)] if each.known_failure else [],
        )
        for each in dialogues
    ]


def _hold(dialogue: Dialogue, stage: Stage) -> None:
    with opened(stage):
        faults = carry_out(dialogue, stage)
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("dialogue", _cases(ALL))
def test_a_dialogue_comes_to_what_it_must(dialogue: Dialogue, sqlite_stage: Stage) -> None:
    _hold(dialogue, sqlite_stage)


@pytest.mark.parametrize("dialogue", _cases(ON_MARIADB))
def test_a_dialogue_comes_to_the_same_on_mariadb(dialogue: Dialogue, mariadb_stage: Stage) -> None:
    _hold(dialogue, mariadb_stage)


def test_the_set_is_as_wide_as_it_says() -> None:
    assert len({each.name for each in ALL}) == len(ALL) >= 140
    assert sum(each.language == "de" for each in ALL) >= 50
    assert sum(len(each.turns) > 1 for each in ALL) >= 45
    assert len(GROUPS["injections"]) + len(GROUPS["German: injections"]) >= 15
    assert all(1 <= len(each.turns) <= 6 for each in ALL)
    assert len(ON_MARIADB) == 12


def test_the_page_says_what_passes_and_what_is_known_to_fail() -> None:
    assert is_told(), "run: make dialogues WRITE=1"
