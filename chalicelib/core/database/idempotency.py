"""The table of requests that name themselves (Idempotency-Key), and its SQL; the rule is `core.idempotency`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, String, Text, delete, insert, or_, select, update
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError

from chalicelib.core.database.types import AnyRow, BigId, UtcDateTime, shop_table

# MySQL's TEXT ends at 64 KB; an answer of a function may have 6 MB.
_Long = Text().with_variant(mysql.MEDIUMTEXT(), "mysql")

# `request_key` is a hash of caller, operation and key; `fingerprint` one of what was asked. `claim` is a random name
# of who carries the request out (`state` in_flight, until `locked_until`) or did (done: the answer is there;
# forgotten: it was). `operation` is the route's path, `subject` the first id in it.
idempotency_keys = shop_table(
    "idempotency_keys",
    Column("request_key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("claim", String(32), nullable=False),
    Column("locked_until", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", _Long),
    Column("account_id", BigId),
    Column("operation", String(255)),
    Column("subject", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_idempotency_keys_expires_at", "expires_at"),
    Index("ix_idempotency_keys_account", "account_id"),
    Index("ix_idempotency_keys_subject", "subject"),
)

_columns = idempotency_keys.c


def find(connection: Connection, request_key: str) -> AnyRow | None:
    """Return what is known of a request."""
    return connection.execute(select(idempotency_keys).where(_columns.request_key == request_key)).first()


def insert_claim(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Insert a claim on a request; False when there is one already."""
    try:
        connection.execute(insert(idempotency_keys).values(**values))
    except IntegrityError:
        return False
    return True


def change_if(connection: Connection, request_key: str, *, claim: str, state: str, values: Mapping[str, Any]) -> bool:
    """Change the row of a request; False when it is no longer in the `state` that `claim` left it in."""
    return bool(
        connection.execute(update(idempotency_keys).where(*_is(request_key, claim, state)).values(values)).rowcount
    )


def delete_if(connection: Connection, request_key: str, *, claim: str, state: str) -> bool:
    """Delete the row of a request; False when it is no longer in the `state` that `claim` left it in."""
    return bool(connection.execute(delete(idempotency_keys).where(*_is(request_key, claim, state))).rowcount)


def forget(
    connection: Connection,
    values: Mapping[str, Any],
    *,
    operations: Sequence[str],
    account_ids: Sequence[int],
    subjects: Sequence[str],
    state: str,
) -> int:
    """Change the rows of some accounts and those about some subjects, and return how many there were.

    Only those in the `state`, of operations that begin with one of `operations`.
    """
    theirs = or_(_columns.account_id.in_(account_ids), _columns.subject.in_(subjects))
    among = or_(*(_columns.operation.startswith(each, autoescape=True) for each in operations))
    statement = update(idempotency_keys).where(theirs, _columns.state == state, among)
    return int(connection.execute(statement.values(values)).rowcount)


def _is(request_key: str, claim: str, state: str) -> tuple[Any, ...]:
    return _columns.request_key == request_key, _columns.claim == claim, _columns.state == state


def list_expired(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Return the keys of at most `limit` requests whose time is over."""
    due = select(_columns.request_key).where(_columns.expires_at <= now).order_by(_columns.expires_at).limit(limit)
    return sorted(connection.execute(due).scalars())


def delete_expired(connection: Connection, request_keys: Sequence[str], now: datetime) -> int:
    """Delete those of the requests whose time is still over, and return how many were."""
    mine = delete(idempotency_keys).where(_columns.request_key.in_(request_keys), _columns.expires_at <= now)
    return int(connection.execute(mine).rowcount)
