"""The SQL of the sales funnel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, insert, select

from chalicelib.analytics.funnel.funnel_tables import funnel_carts, funnel_days
from chalicelib.core.database import AnyRow, Connection

_days = funnel_days.c
_carts = funnel_carts.c
# Of carts in one statement.
_MOST_AT_ONCE = 1000
_COUNTS = ("viewed", "carted", "checked_out", "ordered", "orders")


# --- carts -------------------------------------------------------------------------------------------------------


def keep_carts(connection: Connection, rows: Iterable[tuple[date, int, int | None]]) -> None:
    """Note carts into which something was put on a day: (day, cart, customer); whose one is, as it was said last.

    SQLite gives the id of a cart that was deleted to another one.
    """
    noted = {(day, cart_id): customer_id for day, cart_id, customer_id in rows}
    keys = sorted(noted)
    for at in range(0, len(keys), _MOST_AT_ONCE):
        part = keys[at : at + _MOST_AT_ONCE]
        for day in {day for day, _ in part}:
            of_day = [cart_id for each, cart_id in part if each == day]
            connection.execute(delete(funnel_carts).where(_carts.day == day, _carts.cart_id.in_(of_day)))
        connection.execute(
            insert(funnel_carts),
            [{"day": day, "cart_id": cart_id, "customer_id": noted[day, cart_id]} for day, cart_id in part],
        )


def list_carts(connection: Connection, day: date) -> Sequence[AnyRow]:
    """Return the carts into which something was put on a day: cart_id, customer_id."""
    return connection.execute(select(_carts.cart_id, _carts.customer_id).where(_carts.day == day)).all()


def delete_carts_before(connection: Connection, first: date) -> None:
    """Forget carts of days that are not counted any more."""
    connection.execute(delete(funnel_carts).where(_carts.day < first))


def delete_carts_of(connection: Connection, customer_id: int) -> None:
    """Forget the carts of a customer."""
    connection.execute(delete(funnel_carts).where(_carts.customer_id == customer_id))


# --- days --------------------------------------------------------------------------------------------------------


def replace_day(connection: Connection, day: date, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put the figures of a day in the place of those that were there."""
    connection.execute(delete(funnel_days).where(_days.day == day))
    if rows:
        connection.execute(insert(funnel_days), rows)


def list_days(connection: Connection, segment: str, first: date, last: date) -> Sequence[AnyRow]:
    """Return everybody of a segment from `first` to `last` by day: day and sums of the counts."""
    sums = [func.sum(_days[name]).label(name) for name in _COUNTS]
    within = (_days.segment == segment) & (_days.day >= first) & (_days.day <= last)
    return connection.execute(select(_days.day, *sums).where(within).group_by(_days.day).order_by(_days.day)).all()


def list_names(connection: Connection, segment: str, first: date, last: date, limit: int) -> Sequence[AnyRow]:
    """Return the sums of each name of a segment, the most viewed first: name and the counts."""
    sums = [func.sum(_days[name]).label(name) for name in _COUNTS]
    within = (_days.segment == segment) & (_days.day >= first) & (_days.day <= last)
    statement = select(_days.name, *sums).where(within).group_by(_days.name)
    return connection.execute(statement.order_by(func.sum(_days.viewed).desc(), _days.name).limit(limit)).all()


def find_first_day(connection: Connection) -> date | None:
    """Return the first day that has figures."""
    found: date | None = connection.scalar(select(func.min(_days.day)))
    return found
