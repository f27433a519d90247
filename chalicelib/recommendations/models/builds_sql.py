"""The SQL of builds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.recommendations.models.model_tables import recommendation_builds

_COLUMNS = recommendation_builds.c


def insert_build(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert a build and return its id."""
    return insert_row(connection, recommendation_builds, values)


def find_build(connection: Connection, build_id: int) -> AnyRow | None:
    """Return a build."""
    return connection.execute(select(recommendation_builds).where(_COLUMNS.id == build_id)).first()


def find_queued(connection: Connection) -> AnyRow | None:
    """Return the build that has waited longest to be begun."""
    waiting = select(recommendation_builds).where(_COLUMNS.state == "queued")
    return connection.execute(waiting.order_by(_COLUMNS.id).limit(1)).first()


def find_newest(connection: Connection, states: Sequence[str]) -> AnyRow | None:
    """Return the newest build in one of `states`."""
    found = select(recommendation_builds).where(_COLUMNS.state.in_(states))
    return connection.execute(found.order_by(_COLUMNS.id.desc()).limit(1)).first()


def list_running(connection: Connection) -> Sequence[AnyRow]:
    """Return the builds that were begun and not ended, oldest first: one, and those of killed processes."""
    running = select(recommendation_builds).where(_COLUMNS.state == "running")
    return connection.execute(running.order_by(_COLUMNS.id)).all()


def update_build(connection: Connection, build_id: int, values: Mapping[str, Any], *, state: str) -> bool:
    """Change a build that is in `state`; False when it is not."""
    there = (_COLUMNS.id == build_id) & (_COLUMNS.state == state)
    return connection.execute(update(recommendation_builds).where(there).values(**values)).rowcount == 1
