"""The SQL of the ledger of sales and of the summaries of it: replaced for some days at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy import update as update_rows

from chalicelib.analytics.sales.figure_tables import (
    DIMENSIONS,
    FIGURES,
    SHOP,
    sale_facts,
    sales_days,
    sales_hours,
    sales_months,
    sales_totals,
)
from chalicelib.core.database import Connection
from chalicelib.core.database.sums import add_from

_fact = sale_facts.c
_KEPT = (1 - _fact.cancelled) * (1 - _fact.returned)


def _distinct(column: ColumnElement[Any], flag: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((flag, column)).distinct())


def _sum(amount: ColumnElement[Any]) -> ColumnElement[int]:
    return func.coalesce(func.sum(amount), 0)


# How each figure of `figure_tables.FIGURES` is summed up from the ledger.
FIGURES_OF_FACTS: dict[str, ColumnElement[Any]] = {
    "lines": func.count(),
    "orders": _distinct(_fact.order_id, _fact.cancelled == 0),
    "items": _sum(1 - _fact.cancelled),
    "units": _sum(_KEPT),
    "booked_orders": _distinct(_fact.order_id, _fact.booked == 1),
    "booked_items": _sum(_fact.booked),
    "gross_cents": _sum((1 - _fact.cancelled) * (_fact.sale_cents + _fact.discount_cents)),
    "discount_cents": _sum((1 - _fact.cancelled) * _fact.discount_cents),
    "returned_cents": _sum(_fact.returned * _fact.sale_cents),
    "refund_cents": _sum(_fact.refund_cents),
    "cost_cents": _sum(_KEPT * _fact.cost_cents),
    "booked_cents": _sum(_fact.booked * _fact.sale_cents),
}
CUSTOMERS = _distinct(_fact.customer_id, _fact.cancelled == 0)


def value_of(dimension: str) -> ColumnElement[str]:
    """Return what a line is summed up under in a dimension, as text."""
    if dimension == SHOP:
        return literal("", String)
    column = sale_facts.c["product_id" if dimension == "product" else dimension]
    return column if isinstance(column.type, String) else cast(column, String(20))


def delete_days(connection: Connection, days: Collection[date]) -> None:
    """Take some days of one month out of the ledger and the summaries by hour and day, the month out of the totals.

    `insert_summaries` brings the month back.
    """
    _add_month_to_totals(connection, min(days).replace(day=1), sign=-1)
    of_days = and_(sales_days.c.dimension.in_(DIMENSIONS), sales_days.c.day.in_(days))
    connection.execute(delete(sales_days).where(of_days))
    for table in (sale_facts, sales_hours):
        connection.execute(delete(table).where(table.c.day.in_(days)))


def insert_facts(connection: Connection, lines: Any) -> None:
    """Take lines into the ledger: the statement of `sale_lines.lines`."""
    connection.execute(insert(sale_facts).from_select([column.name for column in lines.selected_columns], lines))


def set_refunds(connection: Connection, first: date, last: date, refunds: Mapping[int, int]) -> None:
    """Note what was given back for items that are kept, in cents by item, each of a day from `first` to `last`."""
    if refunds:
        of_item = and_(_fact.day >= first, _fact.day <= last, _fact.item_id == bindparam("item"))
        rows = [{"item": item, "cents": cents} for item, cents in sorted(refunds.items())]
        connection.execute(update_rows(sale_facts).where(of_item).values(refund_cents=bindparam("cents")), rows)


def insert_summaries(connection: Connection, days: Collection[date]) -> None:
    """Sum the ledger of some days of one month up, by hour and by day in each dimension, and the days by month.

    A statement for each dimension of a month: so few groups are summed up in memory, those of years on disk.
    """
    figures = [FIGURES_OF_FACTS[name].label(name) for name in FIGURES]
    hours = select(_fact.day, _fact.hour, CUSTOMERS, *figures).where(_fact.day.in_(days))
    _insert(connection, sales_hours, ["day", "hour", "customers", *FIGURES], hours.group_by(_fact.day, _fact.hour))
    for dimension in DIMENSIONS:
        value = value_of(dimension)
        found = select(literal(dimension, String), _fact.day, value, CUSTOMERS, *figures).where(_fact.day.in_(days))
        grouped = found.group_by(_fact.day) if dimension == SHOP else found.group_by(_fact.day, value)
        _insert(connection, sales_days, ["dimension", "day", "value", "customers", *FIGURES], grouped)
    month = min(days).replace(day=1)
    _replace_month(connection, month)
    _add_month_to_totals(connection, month, sign=1)


def _insert(connection: Connection, table: Table, names: Sequence[str], source: Any) -> None:
    connection.execute(insert(table).from_select(list(names), source))


def _replace_month(connection: Connection, month: date) -> None:
    rows = sales_days.c
    sums = [_sum(rows[name]).label(name) for name in FIGURES]
    end = (month + timedelta(days=31)).replace(day=1)
    for dimension in DIMENSIONS:
        connection.execute(
            delete(sales_months).where(sales_months.c.dimension == dimension, sales_months.c.month == month)
        )
        found = select(literal(dimension, String), literal(month, rows.day.type), rows.value, *sums)
        found = found.where(rows.dimension == dimension, rows.day >= month, rows.day < end).group_by(rows.value)
        _insert(connection, sales_months, ["dimension", "month", "value", *FIGURES], found)


def _add_month_to_totals(connection: Connection, month: date, *, sign: int) -> None:
    rows = sales_months.c
    signed = [(sign * rows[name]).label(name) for name in FIGURES]
    found = select(rows.dimension, rows.value, *signed).where(rows.dimension.in_(DIMENSIONS), rows.month == month)
    add_from(connection, sales_totals, found, keys=["dimension", "value"], sums=FIGURES)


def delete_empty(connection: Connection) -> None:
    """Delete the totals of which no line is left."""
    connection.execute(delete(sales_totals).where(sales_totals.c.lines == 0))


def delete_all(connection: Connection) -> None:
    """Forget everything: the days are cut otherwise now."""
    for table in (sale_facts, sales_days, sales_hours, sales_months, sales_totals):
        connection.execute(delete(table))


def list_bounds(connection: Connection) -> tuple[date | None, date | None]:
    """Return the first and the last day with sales in the summaries."""
    of_shop = sales_days.c.dimension == SHOP
    row = connection.execute(select(func.min(sales_days.c.day), func.max(sales_days.c.day)).where(of_shop)).one()
    return row[0], row[1]
