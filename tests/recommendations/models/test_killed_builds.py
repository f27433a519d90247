"""Builds and roll-backs killed by SIGKILL: the pointer always names a whole version, and the next one succeeds.

A sample of the points, another one each day; all of them by `make model-crashes`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.blobs import Blobs, FolderBlobs, read_bytes
from chalicelib.recommendations.models import artefacts, versions
from chalicelib.recommendations.models.manifests import manifest_key
from tests.recommendations.models import killed_builds
from tests.recommendations.models.killed_builds import WORKS, Site

SEED = datetime.now(UTC).date().toordinal()
POINTS = {"build": 12, "roll back": 4}
KILLS = {"build": 4, "roll back": 1}


@pytest.fixture(scope="module", params=["sqlite", "mysql"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("killed")
    url = f"sqlite:///{folder / 'shop.db'}"
    if request.param == "mysql":
        url = request.getfixturevalue("mariadb").create_database("killed_builds")
    made = Site(url, folder)
    killed_builds.prepare(made)
    return made


@pytest.mark.parametrize("name", WORKS)
def test_a_work_that_is_killed_leaves_a_whole_model_live_and_the_next_one_succeeds(site: Site, name: str) -> None:
    chance = random.Random(f"{SEED}/{name}")

    def sample(points: int) -> Sequence[int]:
        return sorted(chance.sample(range(points), POINTS[name]))

    points, wrong = killed_builds.run_points(site, name, sample)
    assert points > 20
    wrong += killed_builds.run_random(site, name, KILLS[name], chance)
    assert not wrong, "\n".join(wrong)


def test_a_build_that_moves_the_pointer_too_early_would_be_noticed(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write, aside = artefacts.write_version, FolderBlobs(tmp_path)

    def hasty(store: Blobs, version: str, *rest: Any, **named: Any) -> Any:
        write(aside, version, *rest, **named)
        store.put(manifest_key(version), read_bytes(aside, manifest_key(version)), "application/json")
        versions.point_to(store, version)
        return write(store, version, *rest, **named)

    monkeypatch.setattr(artefacts, "write_version", hasty)
    _, wrong = killed_builds.run_points(site, "build", lambda points: range(points // 2, points * 3 // 4, 8))
    assert wrong
    assert all("FileNotFoundError" in each for each in wrong)
