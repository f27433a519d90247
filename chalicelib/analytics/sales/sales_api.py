"""Sales over HTTP, for staff: step by step, by what and whom, and having them counted anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, Field

from chalicelib.analytics import spans
from chalicelib.analytics.days import Granularity, Span
from chalicelib.analytics.sales import series, summaries, tops
from chalicelib.analytics.sales.asked import (
    ByQuery,
    ComparedSales,
    Dimension,
    SalesQuery,
    columns,
    line,
    present_pair,
)
from chalicelib.analytics.sales.figures import CHANGE, DEFINITIONS, SHARE
from chalicelib.analytics.sales.series import Pair
from chalicelib.analytics.sales.tops import Group, Groups, Wanted
from chalicelib.analytics.spans import FiguresOfSpan
from chalicelib.core.auth import ADMIN, STAFF, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import NotFound
from chalicelib.core.routes import Reply, Routes, Text
from chalicelib.jobs import jobs as job_rules
from chalicelib.jobs.job import Jobs

routes = Routes("Analytics")

_CSV = ".csv"
_DIMENSIONS = get_args(Dimension)


class SalesSeries(FiguresOfSpan):
    """Sales step by step. Every step is there, those without sales too."""

    granularity: Granularity
    total: ComparedSales
    series: list[ComparedSales]


class SalesGroup(ComparedSales):
    """What was sold of one product, category and so on."""

    value: str = Field(description="As filters take it; empty is none, as of guests that have no country.")
    name: str = Field(description="As the catalogue writes it.")
    sku: str | None = Field(description="Of products, as `category` and `brand`; null of all else.")
    category: str | None
    brand: str | None
    share: float | None


class SalesGroups(FiguresOfSpan):
    """Sales by group, most first."""

    dimension: Dimension
    by: str
    count: int = Field(description="How many groups there are in all.")
    total: ComparedSales
    results: list[SalesGroup]


class Rebuilding(BaseModel):
    """That all days will be counted anew, and where to see how far that is."""

    job: str
    days_due: int
    watch: str


# --- step by step ------------------------------------------------------------------------------------------------


@routes.get("/analytics/sales", access=STAFF, response=SalesSeries)
def show_sales(connection: Connection, query: SalesQuery) -> dict[str, Any]:
    """Show sales by hour, day, week or month, with the days to compare with."""
    span, steps, found = _series(connection, query)
    stand = series.stand(connection)
    total = series.total(connection, query.scope(), span, query.compare, customers=query.customers)
    return spans.answer(
        stand,
        {**DEFINITIONS, **CHANGE},
        span,
        granularity=steps,
        total=present_pair(total),
        series=[present_pair(each) for each in found],
    )


@routes.get("/analytics/sales.csv", access=STAFF, response="text/csv")
def download_sales(connection: Connection, query: SalesQuery) -> Text:
    """Answer sales step by step as CSV."""
    _, steps, found = _series(connection, query)
    first = ("from", "to", "at") if steps == "hour" else ("from", "to")
    names = columns(*first, compared=query.compare is not None)
    return spans.csv_answer("sales", names, [line(each) for each in found])


def _series(connection: Connection, query: SalesQuery) -> tuple[Span, Granularity, list[Pair]]:
    span = query.span()
    steps = query.steps(span)
    found = series.series(connection, query.scope(), span, steps, query.compare, customers=query.customers)
    return span, steps, found


# --- by what and whom --------------------------------------------------------------------------------------------


@routes.get(
    "/analytics/sales/by/{dimension}", access=STAFF, response=SalesGroups, or_type="text/csv", errors=[NotFound]
)
def list_sales_by(connection: Connection, dimension: str, query: ByQuery) -> dict[str, Any] | Text:
    """List what sold most: products, categories, brands, departments, countries, traffic sources or centers.

    `.csv` behind the dimension answers the list as CSV. Groups that nothing was sold of are left out.
    """
    name = dimension.removesuffix(_CSV)
    if name not in _DIMENSIONS:
        raise NotFound(f"Sales are grouped by {', '.join(_DIMENSIONS)}.")
    span, stand = query.span(), series.stand(connection)
    wanted = Wanted(
        name, query.scope(), span, query.by, query.limit, query.skip, query.compare, customers=query.customers
    )
    found = tops.list_groups(connection, wanted)
    if dimension != name:
        return _groups_csv(name, found, compared=query.compare is not None)
    return spans.answer(
        stand,
        {**DEFINITIONS, **CHANGE, **SHARE},
        span,
        dimension=name,
        by=query.by,
        count=found.count,
        total=present_pair(found.total),
        results=[{**_named(each), **present_pair(each.sold)} for each in found.found],
    )


def _named(group: Group) -> dict[str, Any]:
    named = group.named
    return {
        "value": group.value,
        "name": group.value if named is None else named.name,
        "sku": named and named.sku,
        "category": named and named.category,
        "brand": named and named.brand,
        "share": group.share,
    }


def _groups_csv(dimension: str, found: Groups, *, compared: bool) -> Text:
    first = ("value", "name", "sku", "category", "brand", "share", "from", "to")
    rows: list[Mapping[str, Any]] = [{**_named(each), **line(each.sold)} for each in found.found]
    return spans.csv_answer(f"sales-by-{dimension}", columns(*first, compared=compared), rows)


# --- counting anew -----------------------------------------------------------------------------------------------


def rebuild_routes(jobs: Callable[[], Jobs]) -> Routes:
    """Return the route that has all counted anew; `jobs` tells which there are, once they are declared."""
    rebuilding = Routes("Analytics")

    @rebuilding.post("/analytics/sales/rebuild", access=ADMIN, response=Rebuilding, status=202)
    def rebuild_sales(connection: Connection, caller: Caller, base_path: str) -> Reply:
        """Have all sales counted anew, a slice of days at a time; the figures stay readable meanwhile."""
        name = summaries.summarize_sales.__name__
        summaries.mark_all(connection)
        job_rules.ask_for(connection, job_rules.find_job(jobs(), name), by=caller.actor)
        watch = f"{base_path}/jobs/{name}"
        due = summaries.SALES.count_due(connection)
        return Reply({"job": name, "days_due": due, "watch": watch}, {"Location": watch})

    return rebuilding
