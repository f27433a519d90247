"""The SQL of signals: taking events in, one person's latest, and the stream of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, bindparam, case, insert, select, union_all

from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.columns import fetch_integers
from chalicelib.core.database.dialect import epoch_s
from chalicelib.recommendations.signals.signal_tables import behaviour_events, visitors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_events = behaviour_events.c


# --- taking in ----------------------------------------------------------------------------------------------------


def list_known_keys(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Return those of at most some hundred keys that are there."""
    return set(connection.scalars(select(_events.event_key).where(_events.event_key.in_(sorted(keys)))))


def insert_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert events, all of the same columns."""
    connection.execute(insert(behaviour_events), rows)


# --- one person ---------------------------------------------------------------------------------------------------


def _latest(condition: Any) -> Select[Any]:
    return (
        select(_events.id, _events.product_id, _events.kind, _events.at)
        .where(condition, _events.interest == 1)
        .order_by(_events.at.desc(), _events.id.desc())
        .limit(bindparam("limit"))
    )


# Made once: each recommendation asks one of them.
_VISITOR = select(visitors.c.id).where(visitors.c.public_id == bindparam("visitor")).scalar_subquery()
_BY_CUSTOMER = _latest(_events.customer_id == bindparam("customer_id"))
_BY_VISITOR = _latest(_events.visitor_id == _VISITOR)
# What was done at the visitor before anybody signed in there; what a customer did is read as its own.
_NOBODYS = _latest((_events.visitor_id == _VISITOR) & _events.customer_id.is_(None))
_BY_BOTH = union_all(select(_BY_CUSTOMER.subquery("own")), select(_NOBODYS.subquery("before")))


def list_latest(
    connection: Connection, *, customer_id: int | None, visitor: str | None, limit: int
) -> Sequence[AnyRow]:
    """Return the latest signs of interest: id, product_id, kind, at; up to `limit` of each source, in any order."""
    given = {"customer_id": customer_id, "visitor": visitor, "limit": limit}
    if visitor is None:
        return connection.execute(_BY_CUSTOMER, given).all()
    if customer_id is None:
        return connection.execute(_BY_VISITOR, given).all()
    return connection.execute(_BY_BOTH, given).all()


# --- everybody ----------------------------------------------------------------------------------------------------


def fetch_page(
    connection: Connection, kinds: Sequence[str], *, after_id: int, before: datetime, limit: int
) -> list[NDArray[np.int64]]:
    """Return signs of interest by id: id, person (customer, or less than 0: visitor), product, place of the kind
    in `kinds`, time in s since 1970.
    """
    person = case((_events.customer_id.is_not(None), _events.customer_id), else_=-_events.visitor_id)
    kind = case({name: place for place, name in enumerate(kinds)}, value=_events.kind)
    statement = (
        select(_events.id, person.label("person"), _events.product_id, kind.label("kind"))
        .add_columns(epoch_s(connection, _events.at).label("at"))
        .where(_events.id > after_id, _events.kind.in_(kinds), _events.at <= before)
        .order_by(_events.id)
        .limit(limit)
    )
    return fetch_integers(connection, statement)
