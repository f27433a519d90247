"""Who and what sells most: products, categories, brands, regions and so on, by a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.days import Compare, Span
from chalicelib.analytics.sales import figures_sql, scopes, series
from chalicelib.analytics.sales.figures import By, add, measure, nothing, ratio
from chalicelib.analytics.sales.scopes import Pieces, Scope
from chalicelib.analytics.sales.series import Pair, Sold
from chalicelib.commerce.catalogue import spellings
from chalicelib.commerce.catalogue.spellings import Named
from chalicelib.core.database import Connection

# Groups whose values are ids or folded, and have a name of their own.
_NAMED = ("category", "brand", "distribution_center", "product")


@dataclass(frozen=True, slots=True)
class Group:
    """A value of a dimension with what was sold of it, and its share of the total (None of nothing)."""

    value: str
    named: Named | None
    sold: Pair
    share: float | None


@dataclass(frozen=True, slots=True)
class Groups:
    """A page of groups, how many there are in all, and what was sold of everything that they are of."""

    found: list[Group]
    count: int
    total: Pair


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which groups: of what, by which figure, which page of them, compared with what."""

    dimension: str
    scope: Scope
    span: Span
    by: By
    limit: int
    skip: int = 0
    compare: Compare | None = None
    customers: bool = False


def list_groups(connection: Connection, wanted: Wanted) -> Groups:
    """Return the groups with most of a figure, most first. At most ten statements.

    Raises:
        InvalidInput: the ledger has to be read, and the days are too many.
    """
    scope, span = wanted.scope, wanted.span
    if not scope.is_shop or wanted.customers:
        scopes.require_short(span.days, "filters or customers of groups")
    total = series.total(connection, scope, span, wanted.compare, customers=wanted.customers)
    rows = figures_sql.list_top(
        connection, _groups(wanted, span), wanted.by, counted="items", limit=wanted.limit, skip=wanted.skip
    )
    chosen = [row.value for row in rows]
    now = _sold(connection, wanted, span, rows)
    before = _before(connection, wanted, chosen)
    named = spellings.spell(connection, wanted.dimension, chosen) if wanted.dimension in _NAMED else {}
    whole = measure(total.now.sums, wanted.by)
    found = [
        Group(
            value,
            named.get(value),
            Pair(now[value], before.get(value)),
            ratio(measure(now[value].sums, wanted.by), whole),
        )
        for value in chosen
    ]
    return Groups(found, _count(connection, wanted, rows), total)


def _count(connection: Connection, wanted: Wanted, rows: Sequence[Any]) -> int:
    if not rows and (wanted.skip or not wanted.limit):
        rows = figures_sql.list_top(connection, _groups(wanted, wanted.span), wanted.by, counted="items", limit=1)
    return rows[0].all_groups if rows else 0


def _groups(wanted: Wanted, span: Span) -> Any:
    if not wanted.scope.is_shop:
        return figures_sql.groups_from_ledger(wanted.dimension, wanted.scope.values, [span])
    pieces = Pieces.of(span)
    return figures_sql.groups_from_summaries(wanted.dimension, pieces.months, pieces.days)


def _before(connection: Connection, wanted: Wanted, chosen: Sequence[str]) -> dict[str, Sold]:
    if wanted.compare is None or not chosen:
        return {}
    span = shop_days.compared(wanted.span, wanted.compare)
    found = _sold(
        connection, wanted, span, figures_sql.list_groups(connection, _groups(wanted, span), chosen), chosen
    )
    return {value: found.get(value) or Sold(span, nothing(), 0 if wanted.customers else None) for value in chosen}


def _sold(
    connection: Connection, wanted: Wanted, span: Span, rows: Sequence[Any], chosen: Sequence[str] = ()
) -> dict[str, Sold]:
    values = chosen or [row.value for row in rows]
    customers: dict[str, int] = {}
    if wanted.customers and values:
        customers = figures_sql.list_group_customers(connection, wanted.dimension, wanted.scope.values, values, span)
    return {
        row.value: Sold(span, add([row]), customers.get(row.value, 0) if wanted.customers else None) for row in rows
    }
