"""Which figures are watched, and their values by day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.analytics.alerts.changes import REVENUE
from chalicelib.analytics.alerts.unusual import Day, Rule
from chalicelib.analytics.days import Span
from chalicelib.analytics.funnel import daily as funnel_daily
from chalicelib.analytics.sales import daily
from chalicelib.core.database import Connection

SHOP, CATEGORY = "shop", "category"
CONVERSION = "conversion"
# Of fewer orders a day chance alone makes any figure.
_LEAST, _LEAST_TRIALS = 20, 50


@dataclass(frozen=True, slots=True)
class Watched:
    """A figure: by what rule it is judged, and how many of the last days are looked at."""

    rule: Rule
    days: int = 7


FIGURES: Mapping[str, Watched] = {
    "orders": Watched(Rule("count", _LEAST)),
    REVENUE: Watched(Rule("amount", _LEAST)),
    # What comes back takes its weeks: a day is looked at for as long. Until then it has too few, so upwards alone.
    "return_rate": Watched(Rule("rate", _LEAST_TRIALS, ("high",)), 35),
    "cancel_rate": Watched(Rule("rate", _LEAST_TRIALS, ("high",))),
    CONVERSION: Watched(Rule("rate", _LEAST_TRIALS)),
}


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a figure by day, up to the last one that is over."""

    figure: str
    dimension: str
    subject: str
    days: Mapping[date, Day]
    last: date


def of_shop(connection: Connection, days: Span) -> Iterator[Series]:
    """Return what is watched of the shop's sales. A day without a sale counts as 0: the shop was there."""
    rows = {row.day: row for row in daily.by_day(connection, SHOP, [""], days)}
    found: dict[str, dict[date, Day]] = {name: {} for name in FIGURES if name != CONVERSION}
    for day in days:
        row = rows.get(day)
        lines, items, orders, units = (row.lines, row.items, row.orders, row.units) if row else (0, 0, 0, 0)
        found["orders"][day] = Day(orders, orders)
        found[REVENUE][day] = Day(int(row.sold_cents) if row else 0, orders)
        found["return_rate"][day] = Day(items - units, items)
        found["cancel_rate"][day] = Day(lines - items, lines)
    for name, values in found.items():
        yield Series(name, SHOP, "", values, days.last)


def of_categories(connection: Connection, categories: Collection[str], days: Span) -> Iterator[Series]:
    """Return the revenue of some categories."""
    found = {name: {day: Day(0, 0) for day in days} for name in categories}
    for row in daily.by_day(connection, CATEGORY, categories, days) if categories else ():
        found[row.value][row.day] = Day(int(row.sold_cents), row.orders)
    for name, values in found.items():
        yield Series(REVENUE, CATEGORY, name, values, days.last)


def of_funnel(connection: Connection, days: Span) -> Iterator[Series]:
    """Return the conversion: of those who looked, who ordered."""
    rows = funnel_daily.by_day(connection, days)
    values = {row.day: Day(int(row.ordered), int(row.viewed)) for row in rows}
    yield Series(CONVERSION, SHOP, "", values, days.last)
