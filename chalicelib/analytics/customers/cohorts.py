"""Cohorts: the customers whose first order was in the same month, and what they did in the months from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.customers import cohorts_sql as sql
from chalicelib.analytics.day_steps import stand_of
from chalicelib.analytics.days import Span
from chalicelib.analytics.sales.summaries import SALES
from chalicelib.analytics.spans import Stand
from chalicelib.core.database import AnyRow, Connection

# A cohort is followed for so many months behind its own.
MOST_MONTHS = 120

DEFINITIONS = {
    "cohort": "The month of a customer's first order of which something was not cancelled. Guests are in none.",
    "size": "The customers of the cohort.",
    "after": "How many months behind the cohort's own.",
    "customers": "Those of the cohort who ordered in the month.",
    "retention": "`customers` divided by `size`.",
    "orders": "Their orders of the month.",
    "orders_per_customer": "Their orders from the first month up to this one, divided by `size`.",
    "net_revenue": "What they paid for them: gross less discounts, returns and refunds.",
    "margin": "`net_revenue` less what the units that were kept had cost the shop.",
    "revenue_per_customer": "Their net revenue from the first month up to this one, divided by `size`.",
    "complete": "Whether the month is over: figures of one that is not will grow.",
    "overall": "Retention by `after` of all cohorts together for which that month is over.",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cohort did in one month; `total_*` also in those before."""

    after: int
    month: date
    complete: bool
    size: int
    customers: int
    orders: int
    net_cents: int
    cost_cents: int
    total_orders: int
    total_net_cents: int

    @property
    def retention(self) -> float:
        """Which share of the cohort ordered in the month."""
        return self.customers / self.size


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first order was in `month`."""

    month: date
    size: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Found:
    """Cohorts, the earliest first; `overall` is the retention by months behind, None where no month is over."""

    stand: Stand
    cohorts: Sequence[Cohort]
    overall: Sequence[float | None]


def show(connection: Connection, span: Span, today: date) -> Found:
    """Return the cohorts of the months in which some days are, up to the month of `today`."""
    first, last = shop_days.bucket_of(span.first, "month"), shop_days.bucket_of(span.last, "month")
    rows = sql.list_cohorts(connection, first, last)
    cohorts = [_follow(month, list(found), today) for month, found in groupby(rows, key=lambda row: row.cohort)]
    longest = max((len(each.cells) for each in cohorts), default=0)
    overall = [_overall([each.cells[n] for each in cohorts if n < len(each.cells)]) for n in range(longest)]
    return Found(stand_of(connection, SALES), cohorts, overall)


def _follow(cohort: date, rows: Sequence[AnyRow], today: date) -> Cohort:
    """Return a cohort with all months until the present one, also those in which nobody of it ordered."""
    by_month = {row.month: row for row in rows}
    size, cells = int(by_month[cohort].customers), list[Cell]()
    total_orders = total_net = 0
    for after, month in enumerate(shop_days.buckets(Span(cohort, max(today, rows[-1].month)), "month")):
        if after > MOST_MONTHS:
            break
        row = by_month.get(month.first)
        customers, orders, net, cost = (
            (0, 0, 0, 0) if row is None else (row.customers, row.orders, int(row.net_cents), int(row.cost_cents))
        )
        total_orders, total_net = total_orders + orders, total_net + net
        complete = shop_days.bucket_of(today, "month") > month.first
        cells.append(Cell(after, month.first, complete, size, customers, orders, net, cost, total_orders, total_net))
    return Cohort(cohort, size, cells)


def _overall(cells: Sequence[Cell]) -> float | None:
    over = [cell for cell in cells if cell.complete]
    return sum(cell.customers for cell in over) / sum(cell.size for cell in over) if over else None
