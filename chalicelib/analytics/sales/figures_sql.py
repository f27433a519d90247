"""The SQL of reading sums of sales: from the summaries by dimension and value, else from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    Table,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.expression import CompoundSelect

from chalicelib.analytics.days import Span
from chalicelib.analytics.sales.facts_sql import CUSTOMERS, FIGURES_OF_FACTS, value_of
from chalicelib.analytics.sales.figure_tables import (
    FIGURES,
    SHOP,
    sale_facts,
    sales_days,
    sales_hours,
    sales_months,
    sales_totals,
)
from chalicelib.core.database import AnyRow, Connection

_fact = sale_facts.c

# What is summed up, and under which dimension and value the shop as a whole is.
SUMMED = FIGURES
WHOLE_SHOP = (SHOP, "")

Values = Sequence[tuple[str, str]]


def within(column: ColumnElement[Any], spans: Sequence[Span]) -> ColumnElement[bool]:
    """Return the condition that a day is in one of some spans."""
    return or_(false(), *(column.between(span.first, span.last) for span in spans))


def _is_one_of(
    column: ColumnElement[Any], known: tuple[str, str], spans: Sequence[Span], kind: str = "day"
) -> ColumnElement[bool]:
    """Return the same for rows of one value: each day is looked up, not all values between the days read."""
    if known[0] == SHOP:
        return within(column, spans)
    return column.in_([day for span in spans for day in span if kind == "day" or day.day == 1])


def list_sums(
    connection: Connection, known: tuple[str, str], months: Sequence[Span], days: Sequence[Span]
) -> Sequence[AnyRow]:
    """Return months and days with sales of a value, in one statement, so of one moment: kind, day, the figures."""
    parts = [
        _of(sales_months, known, "month", months) if months else None,
        _of(sales_days, known, "day", days) if days else None,
    ]
    return connection.execute(_together([part for part in parts if part is not None])).all()


def _of(table: Table, known: tuple[str, str], kind: str, spans: Sequence[Span]) -> Select[Any]:
    rows = table.c
    figures = [rows[name] for name in FIGURES]
    statement = select(literal(kind, String).label("kind"), rows[kind].label("day"), *figures)
    when = _is_one_of(rows[kind], known, spans, kind)
    return statement.where(rows.dimension == known[0], when, rows.value == known[1])


def _together(parts: Sequence[Select[Any]]) -> Select[Any] | CompoundSelect[Any]:
    return parts[0] if len(parts) == 1 else union_all(*parts)


def find_total(connection: Connection) -> AnyRow | None:
    """Return the figures of all time; None where nothing was ever sold."""
    rows = sales_totals.c
    figures = [rows[name] for name in FIGURES]
    return connection.execute(select(*figures).where(rows.dimension == SHOP, rows.value == "")).first()


def count_booked_categories(connection: Connection) -> int:
    """Return of how many categories something was sold, of all time, as the contract counts."""
    rows = sales_totals.c
    statement = select(func.count()).where(rows.dimension == "category", rows.booked_items > 0)
    return connection.scalar(statement) or 0


def list_hours(connection: Connection, days: Sequence[Span]) -> Sequence[AnyRow]:
    """Return the hours with sales of the shop: day, hour, customers, the figures."""
    return connection.execute(select(sales_hours).where(within(sales_hours.c.day, days))).all()


def list_daily_customers(connection: Connection, known: tuple[str, str], days: Sequence[Span]) -> dict[date, int]:
    """Return the customers of each day with sales of a value."""
    rows = sales_days.c
    statement = select(rows.day, rows.customers).where(
        rows.dimension == known[0], _is_one_of(rows.day, known, days), rows.value == known[1]
    )
    return {row.day: row.customers for row in connection.execute(statement)}


# --- from the ledger ---------------------------------------------------------------------------------------------


def matches(values: Values) -> ColumnElement[bool]:
    """Return the condition that a line of the ledger has some values."""
    return and_(true(), *(_is(dimension, value) for dimension, value in values))


def _is(dimension: str, value: str) -> ColumnElement[bool]:
    column = sale_facts.c["product_id" if dimension == "product" else dimension]
    return column == (value if isinstance(column.type, String) else int(value))


def ledger_figures() -> list[ColumnElement[Any]]:
    """Return the figures summed up from the ledger, by their names."""
    return [FIGURES_OF_FACTS[name].label(name) for name in FIGURES]


def list_ledger_days(connection: Connection, values: Values, days: Sequence[Span]) -> Sequence[AnyRow]:
    """Return days with sales of some values: day, the figures. An order is of one day, so they can be added up."""
    statement = select(_fact.day, *ledger_figures()).where(within(_fact.day, days), matches(values))
    return connection.execute(statement.group_by(_fact.day)).all()


def list_ledger_hours(connection: Connection, values: Values, days: Sequence[Span]) -> Sequence[AnyRow]:
    """Return hours with sales of some values: day, hour, customers, the figures."""
    statement = select(_fact.day, _fact.hour, CUSTOMERS.label("customers"), *ledger_figures())
    chosen = statement.where(within(_fact.day, days), matches(values))
    return connection.execute(chosen.group_by(_fact.day, _fact.hour)).all()


def count_customers(connection: Connection, values: Values, spans: Sequence[Span]) -> dict[int, int]:
    """Return the different customers of spans that do not overlap, by the place of each among them."""
    when = [(_fact.day.between(literal(span.first, Date), literal(span.last, Date)), at)
            for at, span in enumerate(spans)]  # fmt: skip
    place = case(*when, else_=-1).label("place")
    lines = (
        select(place, _fact.customer_id)
        .where(within(_fact.day, spans), matches(values), _fact.cancelled == 0, _fact.customer_id.is_not(None))
        .distinct()
        .subquery()
    )
    statement = select(lines.c.place, func.count().label("customers")).group_by(lines.c.place)
    return {row.place: row.customers for row in connection.execute(statement)}


def count_booked(connection: Connection, values: Values, span: Span) -> tuple[int, int]:
    """Return customers and categories of orders of some days that were not returned as a whole."""
    statement = select(
        func.count(_fact.customer_id.distinct()).label("customers"),
        func.count(_fact.category.distinct()).label("categories"),
    )
    found = connection.execute(statement.where(within(_fact.day, [span]), matches(values), _fact.booked == 1)).one()
    return found.customers, found.categories


# --- groups ------------------------------------------------------------------------------------------------------


def groups_from_summaries(dimension: str, months: Sequence[Span], days: Sequence[Span]) -> Select[Any]:
    """Return the statement for the sums of each value of a dimension: value, the figures."""
    parts = [
        _grouped(sales_months, dimension, within(sales_months.c.month, months)) if months else None,
        _grouped(sales_days, dimension, within(sales_days.c.day, days)) if days else None,
    ]
    rows = _together([part for part in parts if part is not None]).subquery("parts").c
    sums = [func.sum(rows[name]).label(name) for name in FIGURES]
    return select(rows.value, *sums).group_by(rows.value)


def _grouped(table: Table, dimension: str, when: ColumnElement[bool]) -> Select[Any]:
    rows = table.c
    sums = [func.sum(rows[name]).label(name) for name in FIGURES]
    return select(rows.value, *sums).where(rows.dimension == dimension, when).group_by(rows.value)


def groups_from_totals(dimension: str) -> Select[Any]:
    """Return the statement for the sums of all time of each value: value, the figures."""
    rows = sales_totals.c
    return select(rows.value, *(rows[name] for name in FIGURES)).where(rows.dimension == dimension)


def groups_from_ledger(dimension: str, values: Values, days: Sequence[Span]) -> Select[Any]:
    """Return the statement for the sums of each value among lines that have some others: value, the figures."""
    value = value_of(dimension)
    statement = select(value.label("value"), *ledger_figures()).where(within(_fact.day, days), matches(values))
    return statement.group_by(value)


def _measure(rows: Any, by: str) -> ColumnElement[Any]:
    net: ColumnElement[Any] = rows.gross_cents - rows.discount_cents - rows.returned_cents - rows.refund_cents
    margin: ColumnElement[Any] = net - rows.cost_cents
    column: ColumnElement[Any] | None = rows.get(by)
    return column if column is not None else {"revenue": net, "margin": margin}[by]


def list_top(
    connection: Connection, groups: Select[Any], by: str, *, counted: str, limit: int, skip: int = 0
) -> Sequence[AnyRow]:
    """Return the groups with most of a figure, most first, of those that have some of what is `counted`.

    Rows: value, the figures, all_groups (how many there are).
    """
    found = groups.subquery("groups_of").c
    statement = select(*found, func.count().over().label("all_groups")).where(found[counted] > 0)
    # Ids are texts here: the shorter one is the smaller one.
    order = (_measure(found, by).desc(), func.length(found.value), found.value)
    return connection.execute(statement.order_by(*order).limit(limit).offset(skip)).all()


def count_groups(connection: Connection, groups: Select[Any], *, counted: str) -> int:
    """Return how many groups have some of what is `counted`."""
    found = groups.subquery("groups_of").c
    return connection.scalar(select(func.count()).where(found[counted] > 0)) or 0


def list_groups(connection: Connection, groups: Select[Any], values: Sequence[str]) -> Sequence[AnyRow]:
    """Return some of the groups: value, the figures."""
    found = groups.subquery("groups_of").c
    return connection.execute(select(*found).where(found.value.in_(values))).all()


def list_group_customers(
    connection: Connection, dimension: str, values: Values, chosen: Sequence[str], span: Span
) -> dict[str, int]:
    """Return the different customers of some groups in some days."""
    value = value_of(dimension)
    statement = select(value.label("value"), CUSTOMERS.label("customers")).where(
        within(_fact.day, [span]), matches(values), value.in_(chosen)
    )
    return {row.value: row.customers for row in connection.execute(statement.group_by(value))}
