"""The figures of the shop that clients have always asked for, over HTTP; with parameters they are of some days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from chalicelib.analytics import spans
from chalicelib.analytics.days import Granularity
from chalicelib.analytics.sales import contract, series
from chalicelib.analytics.sales.asked import (
    ComparedSales,
    SalesFigures,
    SalesOfDays,
    SalesQuery,
    columns,
    line,
    present,
    present_pair,
)
from chalicelib.analytics.sales.contract import Booked, TopBy
from chalicelib.analytics.sales.figures import CHANGE, DEFINITIONS, derive
from chalicelib.analytics.sales.series import Pair
from chalicelib.analytics.spans import Figures, SpanQuery, Stand
from chalicelib.core.auth import STAFF
from chalicelib.core.database import Connection
from chalicelib.core.money import Money, from_cents, mean_cents
from chalicelib.core.paging import MAX_LIMIT
from chalicelib.core.routes import Reply, Routes, Text

routes = Routes("Analytics")

_BOOKED = ("total_orders", "unique_customers", "total_revenue", "avg_order_value", "product_categories")
_TOP = (
    "id",
    "name",
    "category",
    "brand",
    "order_count",
    "total_revenue",
    "avg_price",
    "units",
    "net_revenue",
    "margin",
)


class SalesSummary(Figures):
    """All sales but those of returned orders: of all time, or of the days that are asked for."""

    total_orders: int
    unique_customers: int | None
    total_revenue: Money
    avg_order_value: Money
    product_categories: int | None
    from_: date | None = Field(alias="from", description="Null: from the first order on.")
    to: date | None
    figures: SalesFigures | None = Field(description="Null while they are not summed up yet.")
    compared: SalesOfDays | None
    change: dict[str, float | None] | None
    series: list[ComparedSales] | None = Field(description="Where `granularity` is given.")


class TopProduct(BaseModel):
    """A best seller; returned orders are left out of what the contract knows: orders, revenue and price."""

    id: int
    name: str
    category: str
    brand: str | None
    order_count: int
    total_revenue: Money
    avg_price: Money
    units: int | None = Field(None, description="Items that were kept. Where days or an order are asked for.")
    net_revenue: Money | None = Field(None, description="Less discounts, returns and refunds; likewise.")
    margin: Money | None = Field(None, description="Net revenue less cost; likewise.")


class TopQuery(SpanQuery):
    """How many products to answer, of which days, by which figure."""

    by: TopBy = Field(
        "revenue",
        description="`revenue`: `total_revenue`; `orders`: `order_count`; `units` and `margin` as they are called.",
    )
    limit: int = Field(10, ge=0, le=MAX_LIMIT)


# --- the summary -------------------------------------------------------------------------------------------------


@routes.get("/analytics/sales-summary", access=STAFF, response=SalesSummary)
def get_sales_summary(connection: Connection, query: SalesQuery) -> dict[str, Any]:
    """Sum up all sales but those of returned orders; with any parameter those of some days."""
    definitions = {**DEFINITIONS, **CHANGE, **contract.DEFINITIONS}
    if not query.model_fields_set:
        stand, booked = contract.total(connection)
        figures = None if booked.sums is None else derive(booked.sums)
        nothing: dict[str, Any] = {
            "from": None,
            "to": None,
            "figures": figures,
            "compared": None,
            "change": None,
            "series": None,
        }
        return spans.answer(stand, definitions) | _booked(booked) | nothing
    stand, pair, booked = _of_days(connection, query)
    compared = None if pair.before is None else present(pair.before)
    return spans.answer(
        stand,
        definitions,
        pair.now.span,
        **_booked(booked),
        figures=pair.now.figures,
        compared=compared,
        change=pair.change,
        series=_steps(connection, query, query.granularity),
    )


@routes.get("/analytics/sales-summary.csv", access=STAFF, response="text/csv")
def download_sales_summary(connection: Connection, query: SalesQuery) -> Text:
    """Answer the figures of some days as CSV, in one line."""
    _, pair, booked = _of_days(connection, query)
    own = {
        f"contract_{name}" if name == "avg_order_value" else name: value for name, value in _booked(booked).items()
    }
    names = columns("from", "to", *own, compared=pair.before is not None)
    return spans.csv_answer("sales-summary", names, [{**own, **line(pair)}])


def _of_days(connection: Connection, query: SalesQuery) -> tuple[Stand, Pair, Booked]:
    span, scope, stand = query.span(), query.scope(), series.stand(connection)
    pair = series.total(connection, scope, span, query.compare, customers=query.customers)
    return stand, pair, contract.of_span(connection, scope, span, pair.now.sums, customers=query.customers)


def _steps(connection: Connection, query: SalesQuery, steps: Granularity | None) -> list[dict[str, Any]] | None:
    if steps is None:
        return None
    span = query.span()
    found = series.series(
        connection, query.scope(), span, query.steps(span), query.compare, customers=query.customers
    )
    return [present_pair(each) for each in found]


def _booked(booked: Booked) -> dict[str, Any]:
    values = (
        booked.orders,
        booked.customers,
        from_cents(booked.revenue_cents),
        mean_cents(booked.revenue_cents, booked.orders),
        booked.categories,
    )
    return dict(zip(_BOOKED, values, strict=True))


# --- best sellers ------------------------------------------------------------------------------------------------


@routes.get("/analytics/top-products", access=STAFF, response=list[TopProduct])
def list_top_products(connection: Connection, query: TopQuery) -> Reply:
    """List the products of most revenue, or of most of another figure, most first; `X-As-Of` says of when."""
    stand, rows = _top(connection, query)
    headers = {} if stand.as_of is None else {"X-As-Of": stand.as_of.isoformat()}
    return Reply(rows, headers)


@routes.get("/analytics/top-products.csv", access=STAFF, response="text/csv")
def download_top_products(connection: Connection, query: TopQuery) -> Text:
    """Answer the best sellers as CSV."""
    return spans.csv_answer("top-products", _TOP, _top(connection, query)[1])


def _top(connection: Connection, query: TopQuery) -> tuple[Stand, Sequence[dict[str, Any]]]:
    plain = not query.model_fields_set & {"from_", "to", "by"}
    span = query.span() if query.model_fields_set & {"from_", "to"} else None
    stand, found = contract.top_products(connection, query.by, span, query.limit)
    return stand, [_present(each, plain=plain) for each in found]


def _present(top: contract.TopProduct, *, plain: bool) -> dict[str, Any]:
    shown = {
        "id": top.id,
        "name": top.name,
        "category": top.category,
        "brand": top.brand,
        "order_count": top.orders,
        "total_revenue": from_cents(top.revenue_cents),
        "avg_price": mean_cents(top.revenue_cents, top.units),
    }
    if plain or top.sums is None:
        return shown
    figures = derive(top.sums)
    return shown | {name: figures[name] for name in ("units", "net_revenue", "margin")}
