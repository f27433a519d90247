"""Models over HTTP: what staff sees of them, and how an admin rolls back, forward, or asks for a new one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from chalicelib.core import clock, leases
from chalicelib.core.auth import Role
from chalicelib.core.blobs import Blobs
from chalicelib.events.tables import outbox_events
from chalicelib.recommendations.models import live, rebuild, versions
from chalicelib.recommendations.models.manifests import POINTER, folder_of, manifest_key
from tests.client import Client
from tests.factories import signed_in
from tests.recommendations.models.conftest import ModelShop
from tests.recommendations.models.fakes import write_model

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in(Role.STAFF)


@pytest.fixture
def admin(client: Client) -> Client:
    return signed_in(Role.ADMIN)


def write_some(store: Blobs, number: int) -> list[str]:
    """Write versions, six hours apart; return them newest first."""
    return [write_model(store, at=NOON + timedelta(hours=6 * each)) for each in reversed(range(number))]


def activated(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        found = connection.execute(select(outbox_events).where(outbox_events.c.kind == "model.activated"))
        return [json.loads(row.payload) for row in found]


# --- showing -----------------------------------------------------------------------------------------------------


def test_a_shop_without_a_model_says_so(staff: Client, store: Blobs) -> None:
    nothing = {"live": None, "problem": None, "running": None, "queued": None, "last": None}
    assert staff.get("/ai/model").json == nothing
    assert staff.get("/ai/models").json == []


def test_the_live_model_is_shown_with_what_it_learned_and_measured(model_shop: ModelShop, staff: Client) -> None:
    done = rebuild.build(requested_by="robin")
    shown = staff.get("/ai/model").json
    assert shown["live"]["version"] == done.version
    assert shown["live"]["live"] is True
    assert shown["live"]["metrics"] == {"ndcg10": 0.2, "recall20": 0.3, "people": 100_000}
    assert shown["live"]["parameters"] == {"kind": "counting", "weights": [1, 2.5]}
    assert {name: shown["live"]["sizes"][name] for name in ("people", "items", "interactions")} == {
        "people": 3,
        "items": 3,
        "interactions": 3,
    }
    assert shown["live"]["data_window"]["first"] == "2026-02-02T02:40:00Z"
    assert (shown["running"], shown["queued"], shown["problem"]) == (None, None, None)
    last = shown["last"]
    assert (last["state"], last["progress"], last["version"]) == ("done", 1.0, done.version)
    assert last["metrics"] == {"ndcg10": 0.2, "recall20": 0.3, "people": 100_000}


def test_a_build_under_way_is_shown_with_how_far_it_is(model_shop: ModelShop, staff: Client) -> None:
    seen: list[Any] = []
    model_shop.trainer.during = lambda: seen.append(staff.get("/ai/model").json)
    rebuild.build(requested_by="robin")
    (shown,) = seen
    assert shown["live"] is None
    assert shown["running"]["state"] == "running"
    assert shown["running"]["stalled"] is False
    assert (shown["running"]["step"], shown["running"]["rows_read"]) == ("choosing", 3)
    assert 0 < shown["running"]["progress"] < 1


def test_a_build_whose_process_is_gone_is_shown_as_such(
    model_shop: ModelShop, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def look_later() -> None:
        moment = clock.now() + leases.LENGTH + timedelta(seconds=1)
        with monkeypatch.context() as patches:
            patches.setattr(clock, "now", lambda: moment)
            seen.append(staff.get("/ai/model").json["running"]["stalled"])

    model_shop.trainer.during = look_later
    rebuild.build(requested_by="robin")
    assert seen == [True]


def test_a_failed_build_tells_why(model_shop: ModelShop, staff: Client) -> None:
    def fail() -> None:
        raise MemoryError("too many people")

    model_shop.trainer.during = fail
    with pytest.raises(MemoryError):
        rebuild.build(requested_by="robin")
    last = staff.get("/ai/model").json["last"]
    assert (last["state"], last["message"]) == ("failed", "MemoryError: too many people")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda store, _version: store.put(POINTER, b"{", "application/json"), "pointer"),
        (lambda store, version: store.delete(manifest_key(version)), "missing"),
        (lambda store, version: store.put(manifest_key(version), b"{}", "application/json"), "checksum"),
    ],
)
def test_a_live_model_that_is_broken_is_told_of(staff: Client, store: Blobs, spoil: Any, said: str) -> None:
    (version,) = write_some(store, 1)
    versions.point_to(store, version)
    spoil(store, version)
    shown = staff.get("/ai/model").json
    assert shown["live"] is None
    assert said in shown["problem"]


def test_versions_are_listed_newest_first_and_which_is_live(staff: Client, store: Blobs) -> None:
    newest, middle, oldest = write_some(store, 3)
    versions.point_to(store, middle)
    listed = staff.get("/ai/models").json
    assert [(each["version"], each["live"]) for each in listed] == [(newest, False), (middle, True), (oldest, False)]
    assert listed[0]["metrics"] == {"ndcg10": 0.2, "people": 500}
    assert [each["version"] for each in staff.get("/ai/models?limit=1").json] == [newest]


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=x", "skip=1"])
def test_the_list_is_bounded(staff: Client, query: str) -> None:
    assert staff.get(f"/ai/models?{query}").status == 422


# --- activating --------------------------------------------------------------------------------------------------


def test_an_admin_rolls_back_and_forward(admin: Client, store: Blobs, shop: Engine) -> None:
    newest, oldest = write_some(store, 2)
    versions.point_to(store, newest)
    for version in (oldest, newest):
        answer = admin.post(f"/ai/models/{version}/activate")
        assert (answer.status, answer.json["version"], answer.json["live"]) == (200, version, True)
        assert versions.live_version(store) == version
        assert admin.get("/ai/model").json["live"]["version"] == version
    assert activated(shop) == [
        {"version": oldest, "previous": newest},
        {"version": newest, "previous": oldest},
    ]


def test_a_rejected_version_may_be_made_live_by_hand(model_shop: ModelShop, admin: Client) -> None:
    rebuild.build(requested_by="robin")
    model_shop.trainer.metrics["ndcg10"] = 0.01
    worse = rebuild.build(requested_by="robin", asked_for=True)
    answer = admin.post(f"/ai/models/{worse.version}/activate")
    assert answer.json["rejected"] == worse.message
    found = live.current()
    assert found is not None
    assert found.version == worse.version


@pytest.mark.parametrize(
    "spoil",
    [
        lambda store, version: store.put(f"{folder_of(version)}/popularity.npy", b"?", "application/octet-stream"),
        lambda store, version: store.delete(f"{folder_of(version)}/item_ids.npy"),
        lambda store, version: store.put(manifest_key(version), b"{}", "application/json"),
    ],
)
def test_a_version_that_is_not_whole_is_not_made_live(admin: Client, store: Blobs, shop: Engine, spoil: Any) -> None:
    newest, oldest = write_some(store, 2)
    versions.point_to(store, newest)
    spoil(store, oldest)
    answer = admin.post(f"/ai/models/{oldest}/activate")
    assert (answer.status, answer.json["type"].rpartition("/")[2].rpartition(":")[2]) == (409, "model-broken")
    assert versions.live_version(store) == newest
    assert activated(shop) == []


@pytest.mark.parametrize("version", ["20261127T120005Z-01234567", "current.json", "..", "a" * 300, "%2e%2e%2fx"])
def test_a_version_that_is_not_there_is_not_found(admin: Client, store: Blobs, version: str) -> None:
    assert admin.post(f"/ai/models/{version}/activate").status == 404


def test_a_version_without_a_manifest_is_not_found(admin: Client, store: Blobs) -> None:
    (version,) = write_some(store, 1)
    store.delete(manifest_key(version))
    assert admin.post(f"/ai/models/{version}/activate").status == 404


def test_nobody_activates_while_versions_are_taken_away(
    admin: Client, store: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.recommendations.models.activation._WAIT_S", 0.0)
    (version,) = write_some(store, 1)
    with leases.held(versions.VERSIONS):
        answer = admin.post(f"/ai/models/{version}/activate")
    assert answer.status == 409
    assert int(answer.headers["Retry-After"]) > 0
    assert versions.live_version(store) is None
    assert admin.post(f"/ai/models/{version}/activate").status == 200


# --- rebuilding --------------------------------------------------------------------------------------------------


def test_an_admin_asks_for_a_build_that_the_schedule_makes(model_shop: ModelShop, admin: Client) -> None:
    rebuild.build(requested_by="robin")
    answer = admin.post("/ai/models/rebuild")
    assert (answer.status, answer.json["state"], answer.headers["Location"]) == (202, "queued", "/ai/model")
    again = admin.post("/ai/models/rebuild")
    assert again.json["id"] == answer.json["id"]
    assert admin.get("/ai/model").json["queued"]["id"] == answer.json["id"]
    rebuild.rebuild_recommendations(time_left_ms=lambda: 900_000)
    shown = admin.get("/ai/model").json
    assert shown["queued"] is None
    assert (shown["last"]["id"], shown["last"]["state"]) == (answer.json["id"], "done")
    assert shown["live"]["version"] == shown["last"]["version"]
