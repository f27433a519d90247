"""The SQL of cohorts: what customers did, by the month of their first order and by month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, func, select

from chalicelib.analytics.customers.customer_tables import (
    COHORT_FIGURES,
    customer_cohorts,
    customer_days,
    touched_customers,
)
from chalicelib.core.database import AnyRow, Connection
from chalicelib.core.database.sums import add_from
from chalicelib.core.database.times import first_of_month

_day, _cohort = customer_days.c, customer_cohorts.c


def add_touched(connection: Connection, *, sign: int) -> None:
    """Add what the touched customers did to their cohorts, all of their months; take it off with sign -1."""
    first = func.min(_day.day).over(partition_by=_day.customer_id)
    touched = touched_customers.join(customer_days, _day.customer_id == touched_customers.c.customer_id)
    did = select(_day.customer_id, _day.day, first.label("first"), _day.orders, _day.net_cents, _day.cost_cents)
    row = did.select_from(touched).subquery().c
    cohort, month = first_of_month(connection, row.first), first_of_month(connection, row.day)
    figures = (
        sign * func.count(row.customer_id.distinct()),
        *(func.sum(sign * amount) for amount in (row.orders, row.net_cents, row.cost_cents)),
    )
    # Never false: see `add_from`.
    found = select(cohort, month, *figures).where(row.orders > 0).group_by(cohort, month)
    add_from(connection, customer_cohorts, found, keys=["cohort", "month"], sums=COHORT_FIGURES)


def delete_empty(connection: Connection) -> None:
    """Delete the months of cohorts in which nobody of them ordered any more."""
    connection.execute(delete(customer_cohorts).where(_cohort.customers == 0))


def delete_all(connection: Connection) -> None:
    """Forget everything."""
    connection.execute(delete(customer_cohorts))


def list_cohorts(connection: Connection, first: date, last: date) -> Sequence[AnyRow]:
    """Return what the cohorts from one month to another did, the earliest first: see `customer_cohorts`."""
    found = (
        select(customer_cohorts).where(_cohort.cohort.between(first, last)).order_by(_cohort.cohort, _cohort.month)
    )
    return connection.execute(found).all()
