"""The SQL of leases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update

from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import insert_new
from chalicelib.recommendations.models.model_tables import recommendation_leases

_COLUMNS = recommendation_leases.c


def find_lease(connection: Connection, name: str) -> AnyRow | None:
    """Return who holds a lease, and until when."""
    return connection.execute(select(recommendation_leases).where(_COLUMNS.name == name)).first()


def insert_lease(connection: Connection, name: str, now: datetime) -> None:
    """Make a lease that is free, where there is none of that name."""
    insert_new(connection, recommendation_leases, {"name": name, "holder": None, "held_until": now})


def take_lease(
    connection: Connection, name: str, holder: str, *, dead: str | None, now: datetime, until: datetime
) -> bool:
    """Take a lease that is over, or that of a `dead` holder."""
    free = or_(
        _COLUMNS.held_until <= now,
        *([_COLUMNS.holder == dead] if dead else []),
    )
    statement = update(recommendation_leases).where(_COLUMNS.name == name, free)
    return connection.execute(statement.values(holder=holder, held_until=until)).rowcount == 1


def renew_lease(connection: Connection, name: str, holder: str, until: datetime) -> bool:
    """Hold on to what `holder` still holds; False when it was taken over, also by one who has let go since."""
    mine = (_COLUMNS.name == name) & (_COLUMNS.holder == holder)
    return connection.execute(update(recommendation_leases).where(mine).values(held_until=until)).rowcount == 1


def release_lease(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """Let others take what `holder` holds."""
    mine = (_COLUMNS.name == name) & (_COLUMNS.holder == holder)
    connection.execute(update(recommendation_leases).where(mine).values(holder=None, held_until=now))
