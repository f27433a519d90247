"""Keeping the tables of customers true, slice by slice, in the transaction that replaces the days of the ledger.

What the customers of a slice had added to the counts is taken off, their days are replaced, what they add now is put
on. Others are not looked at: a slice costs what its customers have, whatever the shop has.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from chalicelib.analytics.customers import cohorts_sql
from chalicelib.analytics.customers import customer_days_sql as sql
from chalicelib.analytics.days import Span
from chalicelib.core.database import Connection


def count_days(connection: Connection, days: Collection[date]) -> None:
    """Bring all that is kept of customers up to what the ledger says of some days now."""
    if not days:
        return
    # Pairs of days that lie before or behind all of these cannot change.
    hull = Span(min(days), max(days))
    sql.insert_touched(connection, days)
    sql.insert_moves(connection, hull, side=-1)
    cohorts_sql.add_touched(connection, sign=-1)
    sql.replace_days(connection, days)
    sql.insert_moves(connection, hull, side=1)
    cohorts_sql.add_touched(connection, sign=1)
    cohorts_sql.delete_empty(connection)
    sql.add_moves(connection)
    sql.delete_work(connection)


def delete_all(connection: Connection) -> None:
    """Forget everything: the days are cut otherwise now."""
    sql.delete_all(connection)
    cohorts_sql.delete_all(connection)
