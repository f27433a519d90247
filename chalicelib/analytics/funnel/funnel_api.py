"""The sales funnel over HTTP, for staff."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.analytics.day_steps import DaysQuery, Steps
from chalicelib.analytics.funnel import funnel, rates
from chalicelib.analytics.funnel.funnel import Funnel, Part
from chalicelib.analytics.spans import FiguresOfSpan, answer, csv_answer
from chalicelib.core.auth import STAFF
from chalicelib.core.database import Connection
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")


class FunnelFigures(BaseModel):
    """How many people came how far; `definitions` says what each is. Null: there is nothing to divide by."""

    viewed: int
    carted: int
    checked_out: int
    ordered: int
    orders: int
    cart_rate: float | None
    checkout_rate: float | None
    order_rate: float | None
    conversion_rate: float | None
    cart_drop_off: int
    checkout_drop_off: int
    order_drop_off: int


class FunnelOfSpan(FunnelFigures):
    """The figures of some days, both ends included."""

    model_config = ConfigDict(populate_by_name=True)

    from_: date = Field(alias="from")
    to: date


class FunnelGroup(FunnelFigures):
    """The figures of some of the people."""

    name: str | None = Field(description="Null: not known.")


class FunnelOfPlace(BaseModel):
    """How far people came who clicked a recommendation at one place."""

    name: str | None = Field(description="Null: the place was not told.")
    viewed: int
    carted: int
    checked_out: int
    ordered: int
    cart_rate: float | None
    checkout_rate: float | None
    order_rate: float | None
    conversion_rate: float | None


class SalesFunnel(FiguresOfSpan):
    """From looking at a product to an order."""

    granularity: Steps
    counted_since: date | None = Field(description="The first day with figures; null before there are any.")
    totals: FunnelOfSpan
    compared: FunnelOfSpan | None = Field(description="Of the days that are compared with; null where none are.")
    change: dict[str, float | None] | None = Field(
        description="By which share each figure has changed against `compared`: 0.1 is a tenth more; null where "
        "there was none."
    )
    series: list[FunnelOfSpan]
    compared_series: list[FunnelOfSpan] | None
    by_kind: list[FunnelGroup] = Field(description="Customers and guests; together they are everybody.")
    by_source: list[FunnelOfPlace] = Field(description="Customers by where they came from, the most first.")
    by_surface: list[FunnelOfPlace] = Field(description="By where a recommendation was clicked, the most first.")


@routes.get("/analytics/funnel", access=STAFF, response=SalesFunnel)
def show_funnel(connection: Connection, query: DaysQuery) -> dict[str, Any]:
    """Show how many people looked at products, filled carts, began checkouts and ordered, and where they are lost.

    Counted every quarter of an hour. Late events change the days of the last four weeks.
    """
    span = query.span()
    steps = query.day_steps(span)
    found = funnel.show(connection, span, steps, query.compare)
    return answer(
        found.stand,
        funnel.definitions(),
        span,
        granularity=steps,
        counted_since=found.counted_since,
        totals=_present(found.total),
        compared=None if found.compared is None else _present(found.compared),
        change=found.change,
        series=[_present(each) for each in found.series],
        compared_series=None if found.compared_series is None else [_present(each) for each in found.compared_series],
        by_kind=_group(found, "kind"),
        by_source=_group(found, "source"),
        by_surface=_group(found, "surface"),
    )


@routes.get("/analytics/funnel.csv", access=STAFF, response="text/csv")
def download_funnel(connection: Connection, query: DaysQuery) -> Text:
    """Answer the sales funnel as CSV, a line for each day, week or month."""
    span = query.span()
    found = funnel.show(connection, span, query.day_steps(span), None)
    return csv_answer("funnel", ["from", "to", *rates.NAMES], map(_present, found.series))


def _present(part: Part) -> dict[str, Any]:
    return {"from": part.span.first, "to": part.span.last, **part.figures}


def _group(found: Funnel, segment: str) -> list[dict[str, Any]]:
    shown = [{"name": name or None, **figures} for name, figures in found.groups[segment]]
    if segment != "kind":
        for each in shown:
            for name in _OF_ALL:
                del each[name]
    return shown


# What is not told of sources and places.
_OF_ALL = ("orders", "cart_drop_off", "checkout_drop_off", "order_drop_off")
