"""What recommendations bring over a time, beside all that the shop sold in the same days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.analytics import day_steps
from chalicelib.analytics import days as shop_days
from chalicelib.analytics.day_steps import Steps
from chalicelib.analytics.days import Compare, Span, compared
from chalicelib.analytics.sales import sold
from chalicelib.analytics.spans import MOST_DAYS, Stand
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.money import from_cents
from chalicelib.recommendations.measuring import figures
from chalicelib.recommendations.measuring.figures import By

_MOST_GROUPS = 100
MOST_EXPERIMENTS = 20
_COUNTS = ("impressions", "clicks", "orders", "items", "revenue_cents")
# As they stand in an answer, and in the columns of the file.
NAMES = (
    "impressions",
    "clicks",
    "click_rate",
    "orders",
    "items",
    "revenue",
    "net_revenue",
    "revenue_share",
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some days and their figures."""

    span: Span
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of UTC: what recommendations brought on it."""

    day: Any
    impressions: int
    clicks: int
    orders: int
    items: int
    revenue_cents: int


@dataclass(frozen=True, slots=True)
class Recommended:
    """A time, and the one it is compared with, if any; its steps, surfaces and model versions, and experiments."""

    stand: Stand
    total: Part
    compared: Part | None
    change: dict[str, float | None] | None
    series: list[Part]
    compared_series: list[Part] | None
    surfaces: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    experiments: list[dict[str, Any]]


def show(connection: Connection, span: Span, steps: Steps, compare: Compare | None) -> Recommended:
    """Return what recommendations brought in some days. Statements by their number alone."""
    total, series, net_cents = _read(connection, span, steps)
    before, before_series, change = None, None, None
    if compare is not None:
        before, before_series, _ = _read(connection, compared(span, compare), steps)
        change = day_steps.changes(before.figures, total.figures, NAMES)
    start, end = shop_days.start_of(span.first, "UTC"), shop_days.start_of(span.last + shop_days.DAY, "UTC")
    return Recommended(
        Stand(figures.as_of(connection), settings().time_zone),
        total,
        before,
        change,
        series,
        before_series,
        _groups(connection, span, "surface", net_cents),
        _groups(connection, span, "version", net_cents),
        figures.list_kept_results(connection, start, end, limit=MOST_EXPERIMENTS),
    )


def _read(connection: Connection, span: Span, steps: Steps) -> tuple[Part, list[Part], int]:
    found = figures.list_figures(connection, span.first, span.last, "day", limit=MOST_DAYS)
    days = [_Day(row.group, *(int(getattr(row, name)) for name in _COUNTS)) for row in found]
    net = sold.net_by_day(connection, span)
    pairs = zip(day_steps.by_step(days, span, steps), day_steps.by_step(net, span, steps), strict=True)
    series = [Part(each, _figures(of_step, _sum(sold_then))) for (each, of_step), (_, sold_then) in pairs]
    return Part(span, _figures(days, _sum(net))), series, _sum(net)


def _sum(net: Iterable[Any]) -> int:
    return sum(int(row.net_cents) for row in net)


def _figures(rows: Iterable[Any], net_cents: int) -> dict[str, Any]:
    found = list(rows)
    sums = {name: sum(int(getattr(row, name)) for row in found) for name in _COUNTS}
    return {
        "impressions": sums["impressions"],
        "clicks": sums["clicks"],
        "click_rate": sums["clicks"] / sums["impressions"] if sums["impressions"] else None,
        "orders": sums["orders"],
        "items": sums["items"],
        "revenue": from_cents(sums["revenue_cents"]),
        "net_revenue": from_cents(net_cents),
        "revenue_share": sums["revenue_cents"] / net_cents if net_cents else None,
    }


def _groups(connection: Connection, span: Span, by: By, net_cents: int) -> list[dict[str, Any]]:
    rows = figures.list_figures(connection, span.first, span.last, by, limit=_MOST_GROUPS)
    groups = []
    for row in rows:
        told = _figures([row], net_cents)
        del told["net_revenue"]
        groups.append({"name": None if row.group in ("", "-") else row.group, **told})
    return groups


def definitions() -> dict[str, str]:
    """Say of each figure what it is."""
    days = settings().attribution_days
    return {
        "impressions": "Recommended products that were seen, by the day on which they were.",
        "clicks": "Recommended products that were clicked, likewise.",
        "click_rate": "clicks / impressions.",
        "items": f"Units that a customer ordered and kept after the latest click on that product within {days} days "
        "before, or, without any, after the latest impression within a day; by the day of the order.",
        "orders": "Orders with such a unit; each counts once, where its latest click or impression was.",
        "revenue": "What these units were sold for, without tax that is added.",
        "net_revenue": "What everything that was ordered in these days was sold for, less what came back and what "
        "was given back, as the sales figures have it.",
        "revenue_share": "revenue / net_revenue of the same days. Recommendations are counted by days of UTC, sales "
        "by the days of the shop: where these differ, the share of a single day is off by a few hours.",
        "surfaces": "By where recommendations were shown; null: it was not told. The 100 most seen.",
        "versions": "By the version of the model that made them; null: there was no model. The 100 most seen.",
        "experiments": f"Those that ran at some time in these days, the latest {MOST_EXPERIMENTS}, with their "
        "results as the schedule last worked them out: over all of their time, not these days alone.",
        "uplift": "By how much an arm is above the control, with its 95 % interval; significant where that leaves 0 "
        "out.",
    }
