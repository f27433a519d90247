"""Stock cover and dead stock over HTTP, for staff."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.analytics.spans import Figures, answer, csv_answer
from chalicelib.analytics.stock import stock_report
from chalicelib.analytics.stock.states import StockState
from chalicelib.analytics.stock.stock_report import StockSort, Wanted
from chalicelib.core.auth import STAFF
from chalicelib.core.database import Connection
from chalicelib.core.inputs import Line
from chalicelib.core.money import Money
from chalicelib.core.paging import MAX_ID, PageRequest, PairQuery, decode_cursor, encode_cursor
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")

_MOST_LINES = 5_000


class StockFilters(BaseModel):
    """Which products to answer, and in which order."""

    model_config = ConfigDict(extra="forbid")

    state: StockState | None = Field(None, description="Only those that stand so.")
    category: Annotated[Line, Field(max_length=255)] | None = Field(
        None, description="Only those of this category; case does not matter."
    )
    distribution_center_id: int | None = Field(
        None, ge=1, le=MAX_ID, description="Only those with a free unit there; their figures are of all centers."
    )
    sort: StockSort = Field(
        StockSort.COVER,
        description="`cover`: what lasts the least long first. `value`: what has cost the most first. `sold`: what "
        "sells best first.",
    )

    def wanted(self) -> Wanted:
        """Return what is asked for."""
        return Wanted(self.state, self.category, self.distribution_center_id, self.sort)


class StockQuery(PairQuery, StockFilters):
    """Which products to list."""


class StockLinesQuery(StockFilters):
    """Which products to answer as CSV."""

    limit: int = Field(_MOST_LINES, ge=1, le=_MOST_LINES)
    after: str = Field(
        "", pattern=r"^(([0-7][0-9a-f]{15}){2})?$", description="Continue behind this cursor (from `X-Next-Cursor`)."
    )


class StockSums(BaseModel):
    """What lies on the shelves."""

    products: int
    units: int
    value_at_cost: Money
    value_at_price: Money


class StockOfState(StockSums):
    """The products that stand alike."""

    state: StockState


class StockOfCategory(StockSums):
    """The products of a category."""

    category: str


class StockOfCenter(StockSums):
    """What lies in a center."""

    distribution_center_id: int
    name: str | None


class UnitsOfCenter(BaseModel):
    """Where units of a product lie."""

    distribution_center_id: int
    free: int


class StockedProduct(BaseModel):
    """How the stock of a product stands; `definitions` says what each figure is."""

    product_id: int
    name: str | None
    sku: str | None
    brand: str | None
    category: str
    state: StockState
    units: int
    value_at_cost: Money
    value_at_price: Money
    sold: int
    sold_before: int
    sold_per_day: float
    cover_days: float | None
    oldest_at: AwareDatetime | None
    centers: list[UnitsOfCenter]


class StockReport(Figures):
    """How the stock stands. Totals are of the whole shop, whichever products are listed."""

    totals: StockSums
    by_state: list[StockOfState]
    by_category: list[StockOfCategory] = Field(description="The 200 of the greatest value at cost.")
    by_center: list[StockOfCenter] = Field(description="Likewise.")
    total: int | None = Field(description="How many products the filters find; null when paging by cursor.")
    next_after: str | None = Field(description="For `after`, when more products follow; else null.")
    products: list[StockedProduct]


@routes.get("/analytics/stock", access=STAFF, response=StockReport)
def show_stock(connection: Connection, query: StockQuery) -> dict[str, Any]:
    """Show what the stock is worth, how long each product lasts, what is out, low, too much, or dead.

    Gone over every hour; `as_of` is when the last whole pass began.
    """
    page = stock_report.list_products(connection, query.page(), query.wanted())
    return answer(
        stock_report.stand_of(connection),
        stock_report.definitions(),
        **stock_report.totals(connection),
        total=page.total,
        next_after=None if page.next_key is None else encode_cursor(page.next_key),
        products=page.items,
    )


_COLUMNS = [name for name in StockedProduct.model_fields if name != "centers"]


@routes.get("/analytics/stock.csv", access=STAFF, response="text/csv")
def download_stock(connection: Connection, query: StockLinesQuery) -> Text:
    """Answer the products and how their stock stands as CSV; `X-Next-Cursor` where more follow."""
    request = PageRequest(query.limit, after=decode_cursor(query.after, PairQuery.key_types))
    page = stock_report.list_products(connection, request, query.wanted())
    text = csv_answer("stock", _COLUMNS, page.items)
    if page.next_key is not None:
        text.headers["X-Next-Cursor"] = encode_cursor(page.next_key)
    return text
