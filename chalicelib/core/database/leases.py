"""The table of leases, and its SQL; the rule is `core.leases`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, String, or_, select, update

from chalicelib.core.database.dialect import insert_new
from chalicelib.core.database.types import AnyRow, UtcDateTime, shop_table

# Who does what only one may do at a time, and until when.
leases = shop_table(
    "leases",
    Column("name", String(64), primary_key=True),
    Column("holder", String(100)),
    Column("held_until", UtcDateTime, nullable=False),
)

_COLUMNS = leases.c


def find_lease(connection: Connection, name: str) -> AnyRow | None:
    """Return who holds a lease, and until when."""
    return connection.execute(select(leases).where(_COLUMNS.name == name)).first()


def insert_lease(connection: Connection, name: str, now: datetime) -> None:
    """Make a lease that is free, where there is none of that name."""
    insert_new(connection, leases, {"name": name, "holder": None, "held_until": now})


def take_lease(
    connection: Connection, name: str, holder: str, *, dead: str | None, now: datetime, until: datetime
) -> bool:
    """Take a lease that is over, or that of a `dead` holder."""
    free = or_(
        _COLUMNS.held_until <= now,
        *([_COLUMNS.holder == dead] if dead else []),
    )
    statement = update(leases).where(_COLUMNS.name == name, free)
    return connection.execute(statement.values(holder=holder, held_until=until)).rowcount == 1


def renew_lease(connection: Connection, name: str, holder: str, until: datetime) -> bool:
    """Hold on to what `holder` still holds; False when it was taken over, also by one who has let go since."""
    mine = (_COLUMNS.name == name) & (_COLUMNS.holder == holder)
    return connection.execute(update(leases).where(mine).values(held_until=until)).rowcount == 1


def release_lease(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """Let others take what `holder` holds."""
    mine = (_COLUMNS.name == name) & (_COLUMNS.holder == holder)
    connection.execute(update(leases).where(mine).values(holder=None, held_until=now))


def list_held(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    """Return the leases that somebody holds."""
    return connection.execute(select(leases).where(_COLUMNS.holder.is_not(None), _COLUMNS.held_until > now)).all()
