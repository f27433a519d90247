"""Returns and their reasons over HTTP, for staff."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.analytics.day_steps import DaysQuery, Steps
from chalicelib.analytics.returns import rates, returns
from chalicelib.analytics.returns.returns import Part
from chalicelib.analytics.spans import FiguresOfSpan, answer, csv_answer
from chalicelib.core.auth import STAFF
from chalicelib.core.database import Connection
from chalicelib.core.money import Money
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")

_MOST = 100
_ALL_LINES = 500


class ReturnsQuery(DaysQuery):
    """Which days, and how many products and categories."""

    limit: int = Field(10, ge=0, le=_MOST, description="Of products, and of categories, at most.")


class Table(StrEnum):
    """What a file of returns has a line for."""

    SERIES = "series"
    REASONS = "reasons"
    PRODUCTS = "products"
    CATEGORIES = "categories"


class ReturnLinesQuery(DaysQuery):
    """Which days, and a line for what."""

    table: Table = Field(Table.SERIES, description="A line for each step, reason, or the products or categories.")


class ReturnFigures(BaseModel):
    """What came back; `definitions` says what each figure is. Null: there is nothing to divide by."""

    requested: int
    received: int
    refused: int
    items: int
    value: Money
    avg_days_to_return: float | None
    orders: int
    returned_orders: int
    return_rate: float | None


class ReturnsOfSpan(ReturnFigures):
    """The figures of some days, both ends included."""

    model_config = ConfigDict(populate_by_name=True)

    from_: date = Field(alias="from")
    to: date


class ReturnsOfReason(BaseModel):
    """What came back for one reason."""

    reason: str
    requested: int
    requested_share: float | None
    received: int
    refused: int
    items: int
    items_share: float | None
    value: Money
    avg_days_to_return: float | None


class ReturnedProduct(BaseModel):
    """A product of which much came back."""

    product_id: int
    name: str
    category: str
    brand: str | None
    items: int
    value: Money


class ReturnedCategory(BaseModel):
    """A category of which much came back."""

    category: str
    items: int
    value: Money


class ReturnsShown(FiguresOfSpan):
    """Returns and their reasons."""

    granularity: Steps
    totals: ReturnsOfSpan
    compared: ReturnsOfSpan | None = Field(description="Of the days that are compared with; null where none are.")
    change: dict[str, float | None] | None = Field(
        description="By which share each figure has changed against `compared`: 0.1 is a tenth more; null where "
        "there was none."
    )
    series: list[ReturnsOfSpan]
    compared_series: list[ReturnsOfSpan] | None
    reasons: list[ReturnsOfReason] = Field(description="The one with the most items first.")
    products: list[ReturnedProduct]
    categories: list[ReturnedCategory]


@routes.get("/analytics/returns", access=STAFF, response=ReturnsShown)
def show_returns(connection: Connection, query: ReturnsQuery) -> dict[str, Any]:
    """Show what came back and why, and which share of the orders.

    Counted every quarter of an hour. Past days change with what becomes of their orders.
    """
    span = query.span()
    steps = query.day_steps(span)
    found = returns.show(connection, span, steps, query.compare, query.limit)
    return answer(
        found.stand,
        returns.definitions(),
        span,
        granularity=steps,
        totals=_present(found.total),
        compared=None if found.compared is None else _present(found.compared),
        change=found.change,
        series=[_present(each) for each in found.series],
        compared_series=None if found.compared_series is None else [_present(each) for each in found.compared_series],
        reasons=found.reasons,
        products=found.products,
        categories=found.categories,
    )


_COLUMNS = {
    Table.SERIES: ["from", "to", *rates.NAMES],
    Table.REASONS: list(ReturnsOfReason.model_fields),
    Table.PRODUCTS: list(ReturnedProduct.model_fields),
    Table.CATEGORIES: list(ReturnedCategory.model_fields),
}


@routes.get("/analytics/returns.csv", access=STAFF, response="text/csv")
def download_returns(connection: Connection, query: ReturnLinesQuery) -> Text:
    """Answer returns as CSV: a line for each step, or reason, or the 500 products or categories of most items."""
    span = query.span()
    found = returns.show(connection, span, query.day_steps(span), None, _ALL_LINES)
    rows = {
        Table.SERIES: [_present(each) for each in found.series],
        Table.REASONS: found.reasons,
        Table.PRODUCTS: found.products,
        Table.CATEGORIES: found.categories,
    }
    return csv_answer(f"returns-{query.table.value}", _COLUMNS[query.table], rows[query.table])


def _present(part: Part) -> dict[str, Any]:
    return {"from": part.span.first, "to": part.span.last, **part.figures}
