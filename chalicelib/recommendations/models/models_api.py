"""Models over HTTP: which is live and how good it is, how far the next one is, and which one is to be live."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.core import blobs
from chalicelib.core.auth import ADMIN, STAFF, Caller
from chalicelib.core.blobs import Blobs
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.routes import Reply, Routes
from chalicelib.recommendations.models import activation, builds, versions
from chalicelib.recommendations.models.manifests import ArtefactBroken, Manifest

routes = Routes("Recommendations")

MOST_LISTED = 50


class Window(BaseModel):
    """From when to when the interactions are that a model learned from."""

    first: AwareDatetime | None
    last: AwareDatetime | None


class Sizes(BaseModel):
    """How much a model learned from, and the bytes of its arrays."""

    people: int
    items: int
    interactions: int
    bytes: int


class ListedModel(BaseModel):
    """A version and what validation measured."""

    version: str = Field(examples=["20261127T063000Z-5f0c3a9e"])
    live: bool
    built_at: AwareDatetime
    data_window: Window
    sizes: Sizes
    metrics: dict[str, Any] = Field(
        description="What validation measured: `ndcg10`, `recall20`, `hit10`, `coverage10`, `novelty10` over "
        "`people`, and `popularity_ndcg10` of plain popularity. `GET /ai/model` shows more: all of `popularity`, and "
        "`by_length` of history."
    )
    git_revision: str
    rejected: str | None = Field(description="Why the build did not make it live.")


class Model(ListedModel):
    """A version with the parameters that were chosen for it."""

    parameters: dict[str, Any]


class Build(BaseModel):
    """A build and how far it is. `progress` is a share of all work, 0 to 1."""

    id: int
    state: Literal["queued", "running", "done", "failed", "rejected"]
    stalled: bool = Field(description="Its process is gone: the next build ends it.")
    requested_by: str
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    updated_at: AwareDatetime
    finished_at: AwareDatetime | None
    step: str | None
    progress: float = Field(ge=0, le=1)
    rows_read: int
    version: str | None
    message: str | None
    metrics: dict[str, Any] | None


class Overview(BaseModel):
    """What recommends now, and what is being made."""

    live: Model | None = Field(description="Null before the first build, and where the bucket holds none.")
    problem: str | None = Field(description="Why the live version cannot be shown, when it cannot.")
    running: Build | None
    queued: Build | None
    last: Build | None = Field(description="The build that ended last.")


class ModelQuery(BaseModel):
    """How many versions to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(20, ge=1, le=MOST_LISTED, description="How many to answer at most.")


def _present_listed(manifest: Manifest, live: str | None) -> dict[str, Any]:
    return {
        "version": manifest.version,
        "live": manifest.version == live,
        "built_at": manifest.built_at,
        "data_window": manifest.window.model_dump(),
        "sizes": manifest.sizes.model_dump(),
        "metrics": builds.in_short(manifest.metrics),
        "git_revision": manifest.git_revision,
        "rejected": manifest.rejected,
    }


def _present_model(manifest: Manifest, live: str | None) -> dict[str, Any]:
    return {**_present_listed(manifest, live), "metrics": manifest.metrics, "parameters": manifest.parameters}


def _present_build(row: Any, *, stalled: bool = False) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": "running" if row.state == builds.SPARK else row.state,
        "stalled": stalled,
        "requested_by": row.requested_by,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "updated_at": row.updated_at,
        "finished_at": row.finished_at,
        "step": row.step,
        "progress": row.progress / 100,
        "rows_read": row.rows_read,
        "version": row.version,
        "message": row.message,
        "metrics": None if row.metrics is None else json.loads(row.metrics),
    }


def _live_manifest(store: Blobs) -> tuple[Manifest | None, str | None]:
    """Return the live version's manifest, and what is wrong where there should be one."""
    try:
        pointer = versions.read_pointer(store)
        if pointer is None:
            return None, None
        return versions.read_manifest(store, pointer.version, pointer.manifest_sha256), None
    except FileNotFoundError as error:
        return None, f"{error} is missing."
    except ArtefactBroken as error:
        return None, f"{error}."


@routes.get("/ai/model", access=STAFF, response=Overview)
def show_model(connection: Connection) -> dict[str, Any]:
    """Show which model recommends now, how good it measured, and how far the next one is."""
    manifest, problem = _live_manifest(blobs.store())
    found = builds.overview(connection)
    return {
        "live": None if manifest is None else _present_model(manifest, manifest.version),
        "problem": problem,
        "running": None if found.running is None else _present_build(found.running, stalled=found.stalled),
        "queued": None if found.queued is None else _present_build(found.queued),
        "last": None if found.last is None else _present_build(found.last),
    }


@routes.get("/ai/models", access=STAFF, response=list[ListedModel])
def list_models(query: ModelQuery) -> list[dict[str, Any]]:
    """List the versions that are kept, newest first."""
    store = blobs.store()
    live = versions.live_version(store)
    return [_present_listed(manifest, live) for manifest in versions.list_manifests(store, query.limit)]


@routes.post("/ai/models/{version}/activate", access=ADMIN, response=Model, errors=[NotFound, Conflict])
def activate_model(caller: Caller, version: str) -> dict[str, Any]:
    """Make a version live: back to an earlier one, forward again, or one that a build rejected.

    Every byte of it is checked first. It stays until a build publishes another.
    """
    return _present_model(activation.activate(version, by=caller.actor), version)


@routes.post("/ai/models/rebuild", access=ADMIN, response=Build, status=202)
def rebuild_model(connection: Connection, caller: Caller, base_path: str) -> Reply:
    """Ask for a model to be built now; `GET /ai/model` shows how far it is.

    A scheduled function takes it up within minutes. A build that waits already will do: there is never a second one.
    """
    row = builds.request_build(connection, requested_by=caller.actor)
    return Reply(_present_build(row), {"Location": f"{base_path}/ai/model"})
