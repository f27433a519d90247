"""The SQL of what a model was used for, by account and day; account 0 is all together."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update

from chalicelib.conversations.assistant.assistant_tables import assistant_usage
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.dialect import insert_new

_table = assistant_usage


def take(connection: Connection, account_id: int, day: date, *, tokens: int, requests: int, limit: int) -> bool:
    """Add to what an account uses in a day, unless that would pass the limit; tell whether it was added."""
    statement = (
        update(_table)
        .where(_table.c.account_id == account_id, _table.c.day == day, _table.c.tokens <= limit - tokens)
        .values(tokens=_table.c.tokens + tokens, requests=_table.c.requests + requests)
    )
    if connection.execute(statement).rowcount:
        return True
    if tokens > limit:
        return False
    empty = {"account_id": account_id, "day": day, "requests": 0, "tokens": 0, "cost_micros": 0}
    insert_new(connection, _table, empty)
    return bool(connection.execute(statement).rowcount)


def add(connection: Connection, account_id: int, day: date, *, tokens: int, cost_micros: int) -> None:
    """Add to (or take from) what an account has used in a day, whatever the limit; its row is there."""
    connection.execute(
        update(_table)
        .where(_table.c.account_id == account_id, _table.c.day == day)
        .values(tokens=_table.c.tokens + tokens, cost_micros=_table.c.cost_micros + cost_micros)
    )


def find_usage(connection: Connection, account_id: int, day: date) -> AnyRow | None:
    """Return what an account has used in a day."""
    return connection.execute(select(_table).where(_table.c.account_id == account_id, _table.c.day == day)).first()
