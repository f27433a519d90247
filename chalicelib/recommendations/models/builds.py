"""Builds in the books: asked for, begun, how far, how they ended, and when the next is due. Nothing is computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.core import clock, leases, logging
from chalicelib.core.database import Connection
from chalicelib.events import outbox
from chalicelib.recommendations.models import builds_sql

EVERY = timedelta(hours=6)
# After a build that failed or was killed: not at once, since a build is long and may fail again.
RETRY = timedelta(hours=1)
RETRY_WITHOUT_MODEL = timedelta(minutes=5)
# Imports may come often.
AFTER_IMPORT = timedelta(minutes=5)

# All models are told of as one aggregate, so that receivers hear of them in order.
AGGREGATE = "model:recommendations"

# The state of a build that a Spark job works on; a build that this program works on is "running".
SPARK = "spark"

_SHOWN = ("ndcg10", "recall20", "hit10", "coverage10", "novelty10", "people")

# The lease of who builds.
BUILD = "build"


@dataclass(frozen=True, slots=True)
class Builds:
    """The build under way (`stalled`: its process is gone), the one that waits, and the one that ended last."""

    running: Any | None
    stalled: bool
    queued: Any | None
    last: Any | None


def overview(connection: Connection) -> Builds:
    """Return the builds that matter now."""
    running = builds_sql.find_newest(connection, ["running", SPARK])
    return Builds(
        running=running,
        stalled=is_any_stalled(connection),
        queued=builds_sql.find_queued(connection),
        last=builds_sql.find_newest(connection, ["done", "rejected", "failed"]),
    )


def is_any_stalled(connection: Connection) -> bool:
    """Tell whether a build seems to go on whose process is gone."""
    return bool(builds_sql.list_running(connection)) and not leases.is_held(connection, BUILD)


def request_build(connection: Connection, *, requested_by: str) -> Any:
    """Ask for a build, and return it; one that waits already will do."""
    found = builds_sql.find_queued(connection)
    if found is not None:
        return found
    build_id = builds_sql.insert_build(connection, _new("queued", requested_by))
    return builds_sql.find_build(connection, build_id)


def _new(state: str, requested_by: str) -> dict[str, Any]:
    now = clock.now()
    return {
        "state": state,
        "requested_by": requested_by,
        "created_at": now,
        "started_at": now if state == "running" else None,
        "updated_at": now,
        "progress": 0,
        "rows_read": 0,
    }


def begin(connection: Connection, *, requested_by: str) -> tuple[int, bool]:
    """Begin the build that waits, else a new one; return its id, and whether somebody has asked for it."""
    waiting = builds_sql.find_queued(connection)
    if waiting is None:
        return builds_sql.insert_build(connection, _new("running", requested_by)), False
    now = clock.now()
    values = {"state": "running", "started_at": now, "updated_at": now}
    builds_sql.update_build(connection, waiting.id, values, state="queued")
    return int(waiting.id), True


def note_progress(
    connection: Connection, build_id: int, *, step: str, progress: int, state: str = "running", **values: Any
) -> None:
    """Write down how far a build is, in percent."""
    given = {"step": step[:100], "progress": progress, "updated_at": clock.now(), **values}
    builds_sql.update_build(connection, build_id, given, state=state)


def hand_over(connection: Connection, build_id: int, learned_from: str, rows_read: int) -> None:
    """Write down that all is ready for Spark, which works on the build from now on."""
    values = {"state": SPARK, "step": "Spark: to be started", "learned_from": learned_from, "rows_read": rows_read}
    builds_sql.update_build(connection, build_id, {**values, "updated_at": clock.now()}, state="running")


def find_at_spark(connection: Connection) -> Any | None:
    """Return the build that a Spark job works on."""
    return builds_sql.find_newest(connection, [SPARK])


def note_version(
    connection: Connection,
    build_id: int,
    version: str,
    metrics: Mapping[str, Any],
    learned_from: str,
    state: str = "running",
) -> None:
    """Write down what a build is about to publish: should it be killed, the next one knows what it did."""
    values = {
        "version": version,
        "metrics": json.dumps(in_short(metrics)),
        "learned_from": learned_from,
        "updated_at": clock.now(),
    }
    builds_sql.update_build(connection, build_id, values, state=state)


def end(
    connection: Connection, build_id: int, state: str, message: str | None, *, was: str = "running", **values: Any
) -> None:
    """Write down how a build ended, and tell of it when it made a model."""
    now = clock.now()
    given = {"state": state, "message": message and message[:1000], "finished_at": now, "updated_at": now, **values}
    if state in ("done", "rejected"):
        given |= {"progress": 100, "step": None}
    builds_sql.update_build(connection, build_id, given, state=was)
    logging.info("build ended", build_id=build_id, state=state, reason=message)


def tell(connection: Connection, build_id: int, kind: str, version: str, message: str | None = None) -> None:
    """Record that a version was published, or rejected."""
    row = builds_sql.find_build(connection, build_id)
    metrics = {} if row is None or row.metrics is None else json.loads(row.metrics)
    told = {"version": version, "build_id": build_id, "ndcg10": metrics.get("ndcg10")}
    outbox.record(connection, kind, AGGREGATE, told if message is None else {**told, "reason": message})


def in_short(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a model that are told everywhere; those of plain popularity beside them."""
    popularity = metrics.get("popularity") or {}
    short = {name: metrics[name] for name in _SHOWN if name in metrics}
    if "ndcg10" in popularity:
        short["popularity_ndcg10"] = popularity["ndcg10"]
    return short


def settle_killed(connection: Connection, live: str | None) -> None:
    """End the builds whose processes are gone: their lease is held by who calls this."""
    for row in builds_sql.list_running(connection):
        if row.version is not None and row.version == live:
            # Killed between the move of the pointer and its note.
            end(connection, row.id, "done", None)
            tell(connection, row.id, "model.published", row.version)
        else:
            end(connection, row.id, "failed", f"It was cut off at {row.progress} % ({row.step or 'the beginning'}).")


def is_due(connection: Connection, *, has_model: bool) -> bool:
    """Tell whether a build is to be begun: asked for, six hours after the last, or soon after one that failed.

    What was imported since is learned soon, and a shop whose bucket has lost its model gets one at once.
    """
    if builds_sql.find_queued(connection) is not None:
        return True
    last = builds_sql.find_newest(connection, ["running", "done", "rejected", "failed"])
    if last is None:
        return True
    imported = outbox.last_recorded(connection, "import.finished")
    if imported is not None and imported > last.started_at:
        wait = AFTER_IMPORT
    elif last.state in ("running", "failed"):
        wait = RETRY if has_model else RETRY_WITHOUT_MODEL
    elif last.state == "done" and last.version is not None and not has_model:
        wait = timedelta(0)
    else:
        wait = EVERY
    return bool(clock.now() - last.started_at >= wait)
