"""The sales funnel over a time: how many people came how far, and where they are lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from chalicelib.analytics import day_steps
from chalicelib.analytics.day_steps import Steps
from chalicelib.analytics.days import Compare, Span, compared
from chalicelib.analytics.funnel import funnel_sql, rates
from chalicelib.analytics.funnel.steps import KIND, MOST_NAMES, SOURCE, SURFACE
from chalicelib.analytics.funnel.summaries import FUNNEL
from chalicelib.analytics.spans import Stand
from chalicelib.core.config import settings
from chalicelib.core.database import Connection

SEGMENTS = (KIND, SOURCE, SURFACE)


@dataclass(frozen=True, slots=True)
class Part:
    """Some days and their figures."""

    span: Span
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Funnel:
    """A time, and the one it is compared with, if any; its steps, and who came from where."""

    stand: Stand
    counted_since: date | None
    total: Part
    compared: Part | None
    change: dict[str, float | None] | None
    series: list[Part]
    compared_series: list[Part] | None
    groups: dict[str, list[tuple[str, dict[str, Any]]]]


def show(connection: Connection, span: Span, steps: Steps, compare: Compare | None) -> Funnel:
    """Return the funnel of some days. Statements by their number alone: six, one more with a comparison."""
    total, series = _read(connection, span, steps)
    before, before_series, change = None, None, None
    if compare is not None:
        before, before_series = _read(connection, compared(span, compare), steps)
        change = day_steps.changes(before.figures, total.figures, rates.NAMES)
    groups = {
        segment: [
            (row.name, rates.figures_of(rates.add_up([row])))
            for row in funnel_sql.list_names(connection, segment, span.first, span.last, MOST_NAMES)
        ]
        for segment in SEGMENTS
    }
    stand = day_steps.stand_of(connection, FUNNEL)
    since = funnel_sql.find_first_day(connection)
    return Funnel(stand, since, total, before, change, series, before_series, groups)


def _read(connection: Connection, span: Span, steps: Steps) -> tuple[Part, list[Part]]:
    rows = funnel_sql.list_days(connection, KIND, span.first, span.last)
    series = [
        Part(each, rates.figures_of(rates.add_up(of_step))) for each, of_step in day_steps.by_step(rows, span, steps)
    ]
    return Part(span, rates.figures_of(rates.add_up(rows))), series


def definitions() -> dict[str, str]:
    """Say of each figure what it is."""
    keep = settings().behaviour_keep_days
    return {
        "viewed": "People who looked at a product, clicked a recommended one, or came to a later step on the same "
        "day. A person counts once a day, on the day of the shop on which it was; days are added up.",
        "carted": "Of these, people who put a product into a cart, or came to a later step on the same day.",
        "checked_out": "Of these, people who began a checkout, or ordered on the same day.",
        "ordered": "Of these, people who ordered by a checkout on that day, whatever became of the order. Imported "
        "orders and those that staff placed went through no checkout and do not count.",
        "orders": "Orders that they placed.",
        "cart_rate": "carted / viewed.",
        "checkout_rate": "checked_out / carted.",
        "order_rate": "ordered / checked_out.",
        "conversion_rate": "ordered / viewed.",
        "cart_drop_off": "viewed - carted.",
        "checkout_drop_off": "carted - checked_out.",
        "order_drop_off": "checked_out - ordered.",
        "customers": "People who are signed in, or signed in later at the same browser.",
        "guests": "All others. Nothing tells which browser a guest's checkout came from: at each step they are as "
        "many as browsers, carts or e-mail addresses were seen there, whichever is the most, and no fewer than at "
        "the next.",
        "source": "Where customers came from, as the shop knows of each; null where it does not. Guests are in none. "
        "The 50 largest of a day, the others as one.",
        "surface": "People who clicked a recommendation at that place on that day, and how far they came, whatever "
        "they bought; of guests as far as their browser tells: up to the cart. One may be at several places. The 50 "
        "largest of a day.",
        "counted_since": "The first day with figures. Days are counted again for four weeks, and stay as they are "
        f"then: checkouts that came to nothing are deleted after a month, what people looked at after {keep} days.",
    }
