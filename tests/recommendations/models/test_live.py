"""The live model of a process: loaded once, followed when the pointer moves, and never the reason of a failure."""

from __future__ import annotations

import dataclasses
import json
import logging as std_logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalicelib.core import blobs, config
from chalicelib.core.blobs import Blobs, read_bytes
from chalicelib.recommendations.models import artefacts, live, versions
from chalicelib.recommendations.models.manifests import POINTER, folder_of, manifest_key
from chalicelib.recommendations.numeric import model as numeric_model
from tests.conftest import set_settings
from tests.recommendations.models.fakes import CountingModel, write_model

LATER = datetime(2026, 11, 27, 18, tzinfo=UTC)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """No database is needed here."""
    return f"sqlite:///{tmp_path / 'none.db'}"


@pytest.fixture(autouse=True)
def counting_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numeric_model, "Model", CountingModel)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """What is complained of."""
    monkeypatch.setattr(std_logging.getLogger("shop"), "propagate", True)
    caplog.set_level("WARNING", "shop")
    return caplog


def go_live(store: Blobs, **given: Any) -> str:
    version = write_model(store, **given)
    versions.point_to(store, version)
    return version


def spoil(store: Blobs, version: str) -> None:
    store.put(f"{folder_of(version)}/popularity.npy", b"spoilt", "application/octet-stream")


def version_now() -> str | None:
    found = live.current()
    return None if found is None else found.version


def test_without_a_model_there_is_none_and_nobody_complains(store: Blobs, told: pytest.LogCaptureFixture) -> None:
    assert live.current() is None
    assert told.records == []


def test_the_model_that_the_pointer_names_is_loaded_once(store: Blobs) -> None:
    version = go_live(store)
    found = live.current()
    assert found is not None
    assert found.version == version
    assert isinstance(found.model, CountingModel)
    assert found.model.popularity.tolist() == [2.0, 1.0]
    assert found.model.settings == {"kind": "counting"}
    assert found.item_ids.tolist() == [10, 20]
    assert found.built_at == datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert found.manifest["metrics"]["ndcg10"] == 0.2
    assert json.loads(json.dumps(found.manifest))["git_revision"] == "4c7b1f2"
    assert live.current() is found


def test_products_have_codes_and_unknown_ones_have_none(store: Blobs) -> None:
    go_live(store, popularity=[1.0, 2.0, 3.0])
    found = live.current()
    assert found is not None
    codes = found.codes_of([30, 10, 15, 0, 31, 10**15, -5])
    assert codes.tolist() == [2, 0, -1, -1, -1, -1, -1]
    assert codes.dtype == np.int32
    assert found.codes_of([]).tolist() == []


def test_the_model_follows_the_pointer_forth_and_back(store: Blobs) -> None:
    first = go_live(store)
    assert version_now() == first
    second = go_live(store, at=LATER)
    assert version_now() == second
    versions.point_to(store, first)
    assert version_now() == first


def test_the_pointer_is_looked_up_no_oftener_than_the_settings_say(
    store: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_settings(monkeypatch, dataclasses.replace(config.settings(), model_ttl_s=60))
    # The settings name a place of their own.
    store = blobs.store()
    first = go_live(store)
    assert version_now() == first
    second = go_live(store, at=LATER)
    start, passed = time.monotonic(), 50
    monkeypatch.setattr(time, "monotonic", lambda: start + passed)
    assert version_now() == first
    passed = 61
    assert version_now() == second


def test_a_version_that_is_spoilt_leaves_the_one_before_at_work_and_is_told_of_once(
    store: Blobs, told: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = go_live(store)
    assert version_now() == first
    second = go_live(store, at=LATER)
    spoil(store, second)
    monkeypatch.setattr(live, "_RETRY_S", 0.0)
    for _ in range(3):
        assert version_now() == first
    (record,) = told.records
    assert second in str(record.__dict__["fields"])
    # Mended, it is taken up.
    third = go_live(store, at=LATER)
    assert version_now() == third


def test_a_first_version_that_is_spoilt_is_none(store: Blobs) -> None:
    spoil(store, go_live(store))
    assert live.current() is None


def test_what_could_not_be_loaded_is_not_tried_at_each_request(store: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []
    load = artefacts.load

    def counted(place: Blobs, version: str, *rest: Any, **named: Any) -> Any:
        tries.append(version)
        return load(place, version, *rest, **named)

    monkeypatch.setattr(artefacts, "load", counted)
    broken = go_live(store)
    spoil(store, broken)
    assert [version_now() for _ in range(5)] == [None] * 5
    assert tries == [broken]
    good = go_live(store, at=LATER)  # another one is tried at once
    assert version_now() == good
    assert tries == [broken, good]


@pytest.mark.parametrize(
    "what", ["the pointer", "a missing manifest", "another manifest", "a missing version", "the store", "the model"]
)
def test_no_request_fails_because_of_a_model(store: Blobs, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    first = go_live(store)
    assert version_now() == first
    second = go_live(store, at=LATER)

    def fail(*_given: object) -> Any:
        raise RuntimeError("anything at all")

    if what == "the pointer":
        store.put(POINTER, b"{", "application/json")
    elif what == "a missing manifest":
        store.delete(manifest_key(second))
    elif what == "another manifest":
        store.put(manifest_key(second), read_bytes(store, manifest_key(first)), "application/json")
    elif what == "a missing version":
        store.delete_folder(folder_of(second))
    elif what == "the store":
        monkeypatch.setattr(type(store), "open", fail)
    else:
        monkeypatch.setattr(numeric_model, "Model", fail)
    assert version_now() == first


def test_when_no_version_is_live_any_more_there_is_no_model(store: Blobs) -> None:
    assert go_live(store) == version_now()
    store.delete(POINTER)
    assert live.current() is None


def test_a_version_may_be_taken_away_while_it_is_at_work(store: Blobs) -> None:
    first = go_live(store)
    held = live.current()
    assert held is not None
    second = go_live(store, at=LATER)
    store.delete_folder(folder_of(first))
    assert version_now() == second
    assert held.model.popularity.tolist() == [2.0, 1.0]


def test_while_one_thread_loads_the_others_go_on_with_the_one_before(
    store: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = go_live(store)
    assert version_now() == first
    loading, finish = threading.Event(), threading.Event()
    load = artefacts.load

    def slow(*given: Any, **named: Any) -> Any:
        loading.set()
        assert finish.wait(20)
        return load(*given, **named)

    monkeypatch.setattr(artefacts, "load", slow)
    second = go_live(store, at=LATER)
    with ThreadPoolExecutor() as pool:
        loader = pool.submit(version_now)
        assert loading.wait(20)
        assert version_now() == first
        finish.set()
        assert loader.result() == second
    assert version_now() == second


def test_many_threads_that_need_a_first_model_load_it_once(store: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    version, loads = go_live(store), []
    load = artefacts.load

    def counted(*given: Any, **named: Any) -> Any:
        loads.append(1)
        return load(*given, **named)

    monkeypatch.setattr(artefacts, "load", counted)
    start = threading.Barrier(8)

    def ask(_number: int) -> str | None:
        start.wait()
        return version_now()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [version] * 8
    assert len(loads) == 1


def test_another_place_has_another_model(store: Blobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert go_live(store) == version_now()
    set_settings(monkeypatch, dataclasses.replace(config.settings(), bucket=None, data_dir=tmp_path / "elsewhere"))
    assert live.current() is None


def test_a_function_keeps_downloads_where_it_may_write(monkeypatch: pytest.MonkeyPatch, store: Blobs) -> None:
    assert live.cache_folder().is_relative_to(config.settings().data_dir)
    set_settings(
        monkeypatch, dataclasses.replace(config.settings(), deployed=True, data_dir=Path("/var/task/.local"))
    )
    assert not live.cache_folder().is_relative_to("/var/task")
