"""Cohorts over HTTP, for staff."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from chalicelib.analytics.customers import cohorts
from chalicelib.analytics.customers.cohorts import Cell
from chalicelib.analytics.spans import FiguresOfSpan, SpanQuery, answer, csv_answer, today
from chalicelib.core.auth import STAFF
from chalicelib.core.database import Connection
from chalicelib.core.money import Money, from_cents, mean_cents
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")

# Without `from` the cohorts of a year; never more than of five.
_LATEST, _MOST = 365, 1_830


class By(StrEnum):
    """What the matrix shows."""

    RETENTION = "retention"
    REVENUE = "revenue"
    ORDERS = "orders"


class CohortsQuery(SpanQuery):
    """The cohorts of which months, and what of them."""

    by: By = Field(
        By.RETENTION,
        description="What `value` is: the retention, the net revenue per customer or the orders per customer, the "
        "last two from the cohort's first month up to this one.",
    )


class CohortCell(BaseModel):
    """What a cohort did in a month; `definitions` says what each figure is."""

    after: int
    month: date
    complete: bool
    value: Money | float = Field(description="What `by` asks for.")
    customers: int
    retention: float
    orders: int
    orders_per_customer: float
    net_revenue: Money
    margin: Money
    revenue_per_customer: Money


class CohortShown(BaseModel):
    """A cohort with its months, its own first."""

    cohort: date
    size: int
    months: list[CohortCell]


class CohortsShown(FiguresOfSpan):
    """Cohorts, the earliest first."""

    by: By
    cohorts: list[CohortShown]
    overall: list[float | None]


@routes.get("/analytics/cohorts", access=STAFF, response=CohortsShown)
def show_cohorts(connection: Connection, query: CohortsQuery) -> dict[str, Any]:
    """Show how many of the customers of a month came back in the months behind it, and what they spent.

    The cohorts are those of the months in which the days from `from` to `to` are: without them of the last year. Each
    is followed until the present month, which is marked as not complete.
    """
    span = query.span(latest=_LATEST, most=_MOST)
    found = cohorts.show(connection, span, today())
    shown = [
        {"cohort": each.month, "size": each.size, "months": [_present(cell, query.by) for cell in each.cells]}
        for each in found.cohorts
    ]
    return answer(found.stand, cohorts.DEFINITIONS, span, by=query.by, cohorts=shown, overall=found.overall)


@routes.get("/analytics/cohorts.csv", access=STAFF, response="text/csv")
def download_cohorts(connection: Connection, query: CohortsQuery) -> Text:
    """Answer the matrix as CSV: a line for each cohort, a column for each month behind its own."""
    found = cohorts.show(connection, query.span(latest=_LATEST, most=_MOST), today())
    columns = ["cohort", "size", *(str(after) for after in range(len(found.overall)))]
    lines = [
        {
            "cohort": each.month,
            "size": each.size,
            **{str(cell.after): _value(cell, query.by) for cell in each.cells},
        }
        for each in found.cohorts
    ]
    return csv_answer(f"cohorts-{query.by.value}", columns, lines)


def _value(cell: Cell, by: By) -> Decimal | float:
    if by is By.RETENTION:
        return cell.retention
    return mean_cents(cell.total_net_cents, cell.size) if by is By.REVENUE else cell.total_orders / cell.size


def _present(cell: Cell, by: By) -> dict[str, Any]:
    return {
        "after": cell.after,
        "month": cell.month,
        "complete": cell.complete,
        "value": _value(cell, by),
        "customers": cell.customers,
        "retention": cell.retention,
        "orders": cell.orders,
        "orders_per_customer": cell.total_orders / cell.size,
        "net_revenue": from_cents(cell.net_cents),
        "margin": from_cents(cell.net_cents - cell.cost_cents),
        "revenue_per_customer": mean_cents(cell.total_net_cents, cell.size),
    }
