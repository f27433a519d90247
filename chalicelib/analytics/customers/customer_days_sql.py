"""The SQL that keeps the days of customers and the counts of them: one statement a step, whatever a slice holds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    SmallInteger,
    String,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    union,
)

from chalicelib.analytics.customers.customer_tables import (
    FIRSTS,
    LEVELS,
    SUMS,
    customer_counts,
    customer_days,
    customer_gaps,
    customer_moves,
    touched_customers,
)
from chalicelib.analytics.days import Span
from chalicelib.analytics.sales.figure_tables import sale_facts
from chalicelib.core.database import Connection
from chalicelib.core.database.sums import add_from
from chalicelib.core.database.times import first_of_month, first_of_week

# Before all days: the day before the first one of a customer.
NEVER = date(1000, 1, 1)

_fact, _day, _move, _gap = sale_facts.c, customer_days.c, customer_moves.c, customer_gaps.c


def insert_touched(connection: Connection, days: Collection[date]) -> None:
    """Note whose days have to be replaced: who has something in them as they were, or in the ledger."""
    before = select(_day.customer_id).where(_day.day.in_(days))
    after = select(_fact.customer_id).where(_fact.day.in_(days), _fact.cancelled == 0, _fact.customer_id.is_not(None))
    connection.execute(insert(touched_customers).from_select(["customer_id"], union(before, after)))


def replace_days(connection: Connection, days: Collection[date]) -> None:
    """Put what the ledger says of the customers of some days in the place of what was kept."""
    connection.execute(delete(customer_days).where(_day.day.in_(days)))
    kept = 1 - _fact.returned
    sold = _fact.sale_cents - _fact.refund_cents
    sums: dict[str, Any] = {
        "orders": func.count(_fact.order_id.distinct()),
        "items": func.count(),
        "units": func.sum(kept),
        "gross_cents": func.sum(_fact.sale_cents + _fact.discount_cents),
        "returned_cents": func.sum(_fact.returned * _fact.sale_cents),
        "net_cents": func.sum(sold - _fact.returned * _fact.sale_cents),
        "cost_cents": func.sum(kept * _fact.cost_cents),
    }
    sold_now = and_(_fact.day.in_(days), _fact.cancelled == 0, _fact.customer_id.is_not(None))
    found = (
        select(_fact.day, _fact.customer_id, *(sums[name] for name in SUMS))
        .where(sold_now)
        .group_by(_fact.day, _fact.customer_id)
    )
    connection.execute(insert(customer_days).from_select(["day", "customer_id", *SUMS], found))


# --- pairs of days -----------------------------------------------------------------------------------------------


def insert_moves(connection: Connection, hull: Span, *, side: int) -> None:
    """Count the pairs of days in a row of the touched customers that reach into some days; below zero of side -1."""
    before = func.lag(_day.day).over(partition_by=_day.customer_id, order_by=_day.day)
    touched = touched_customers.join(customer_days, _day.customer_id == touched_customers.c.customer_id)
    pair = (
        select(_day.day.label("later"), func.coalesce(before, literal(NEVER, Date)).label("earlier"))
        .select_from(touched)
        .subquery()
        .c
    )
    columns = ["side", "later", "earlier", "later_week", "later_month", "earlier_month", "pairs"]
    found = (
        select(
            literal(side, SmallInteger),
            pair.later,
            pair.earlier,
            first_of_week(connection, pair.later),
            first_of_month(connection, pair.later),
            first_of_month(connection, pair.earlier),
            side * func.count(),
        )
        .where(pair.later >= hull.first, pair.earlier <= hull.last)
        .group_by(pair.later, pair.earlier)
    )
    connection.execute(insert(customer_moves).from_select(columns, found))


def add_moves(connection: Connection) -> None:
    """Add what has changed between the two sides to the counts."""
    _add_to_counts(connection)
    for level in LEVELS:
        _add_to_gaps(connection, level)


def _add_to_counts(connection: Connection) -> None:
    def pairs_before(since: ColumnElement[Any]) -> ColumnElement[int]:
        return func.sum(case((_move.earlier < since, _move.pairs), else_=0))

    new = func.sum(case((_move.earlier == NEVER, _move.pairs), else_=0))
    firsts = [func.sum(_move.pairs), pairs_before(_move.later_week), pairs_before(_move.later_month), new]
    found = select(_move.later, *firsts).where(_move.pairs != 0).group_by(_move.later)
    add_from(connection, customer_counts, found, keys=["day"], sums=FIRSTS)
    connection.execute(delete(customer_counts).where(customer_counts.c.customers == 0))


def _add_to_gaps(connection: Connection, level: str) -> None:
    later, earlier = _cell_of(level)
    pairs = func.sum(_move.pairs)
    counted = _move.earlier != NEVER
    if level != "dd":
        counted = and_(counted, _move.later_month != _move.earlier_month)
    found = select(literal(level, String), later, earlier, pairs).where(counted).group_by(later, earlier)
    add_from(connection, customer_gaps, found.having(pairs != 0), keys=["level", "later", "earlier"], sums=["pairs"])
    _delete_empty_gaps(connection, level)


def _delete_empty_gaps(connection: Connection, level: str) -> None:
    """Delete the counts of a level that are 0 now: looked for where pairs were taken off, for there are many."""
    later, earlier = _cell_of(level)
    taken = and_(_gap.level == level, _gap.later == later, _gap.earlier == earlier, _move.side == -1, _gap.pairs == 0)
    found = select(_gap.later, _gap.earlier).select_from(customer_moves.join(customer_gaps, taken)).distinct()
    empty = [{"at_later": row.later, "at_earlier": row.earlier} for row in connection.execute(found)]
    if empty:
        cell = and_(_gap.later == bindparam("at_later"), _gap.earlier == bindparam("at_earlier"))
        connection.execute(delete(customer_gaps).where(_gap.level == level, cell), empty)


def _cell_of(level: str) -> tuple[Column[Any], Column[Any]]:
    """Return the two dates under which a level counts a pair."""
    later = _move.later if level.startswith("d") else _move.later_month
    return later, _move.earlier if level.endswith("d") else _move.earlier_month


def delete_work(connection: Connection) -> None:
    """Leave nothing of what the slice worked with."""
    for table in (customer_moves, touched_customers):
        connection.execute(delete(table))


def delete_all(connection: Connection) -> None:
    """Forget everything."""
    for table in (customer_days, customer_counts, customer_gaps):
        connection.execute(delete(table))
