"""What is in stock, over HTTP: counters by product and center, what is low, and whether the books are in order."""

from __future__ import annotations

import csv
import io
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.commerce.stock import inventory, inventory_sql
from chalicelib.commerce.stock.inventory_sql import StockFilter
from chalicelib.commerce.stock.ledger import COUNTERS
from chalicelib.core.auth import STAFF
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import MAX_ID, Page, PageRequest, PairQuery, decode_cursor, encode_cursor
from chalicelib.core.routes import Routes, Text

routes = Routes("Inventory")

_MOST_DIFFERENCES = 100
_MOST_LINES = 20_000  # of one CSV: about a megabyte


class Counters(BaseModel):
    """Units by state: `received` and `transferred` together are the sum of the others."""

    received: int = Field(description="Units that came in from outside.")
    transferred: int = Field(description="Units that came from other centers, less those that went there.")
    free: int
    reserved: int
    sold: int
    written_off: int


class Level(Counters):
    """The counters of a product in a distribution center."""

    product_id: int
    distribution_center_id: int


class ProductStock(Counters):
    """The counters of a product in all, and by center (the first 500)."""

    product_id: int
    low_stock_level: int = Field(description="It is low at this many free units, or fewer.")
    low: bool
    centers: list[Level]


class LowProduct(BaseModel):
    """A product at its threshold or below; `cover` is its free units in hundredths of the threshold."""

    product_id: int
    sku: str
    name: str
    low_stock_level: int
    free: int
    cover: int


class LevelFilters(BaseModel):
    """Which counters to answer."""

    model_config = ConfigDict(extra="forbid")

    product_id: int | None = Field(None, ge=1, le=MAX_ID)
    distribution_center_id: int | None = Field(None, ge=1, le=MAX_ID)
    low: bool = Field(False, description="Only of products at their threshold of low stock, or below.")

    def wanted(self) -> StockFilter:
        """Return the filter on columns."""
        return StockFilter(self.product_id, self.distribution_center_id)

    def low_at(self) -> int | None:
        """Return the shop's own threshold where only low products are wanted."""
        return settings().low_stock_level if self.low else None


class LevelQuery(PairQuery, LevelFilters):
    """Which counters to list."""


class LevelLinesQuery(LevelFilters):
    """Which counters to answer as CSV."""

    limit: int = Field(_MOST_LINES, ge=1, le=_MOST_LINES)
    after: str = Field(
        "", pattern=r"^(([0-7][0-9a-f]{15}){2})?$", description="Continue behind this cursor (from `X-Next-Cursor`)."
    )


class StockDifference(Counters):
    """Where the counters have more units (fewer: below 0) than what they are compared with."""

    against: Literal["units", "ledger", "transfers"]
    product_id: int
    distribution_center_id: int | None


class StockAudit(BaseModel):
    """Whether counters, units and ledger agree; of what differs, the first 100."""

    adds_up: bool
    differences: list[StockDifference]


def present_level(row: Any) -> dict[str, Any]:
    """Return a row of counters as it goes over the wire."""
    return as_dict(row)


@routes.get("/inventory/levels", access=STAFF, response=list[Level])
def list_stock_levels(connection: Connection, query: LevelQuery) -> Page[dict[str, Any]]:
    """List the counters, by product and center."""
    page = inventory_sql.list_levels(connection, query.wanted(), query.page(), low_stock_level=query.low_at())
    return page.with_items([present_level(row) for row in page.items])


@routes.get("/inventory/levels.csv", access=STAFF, response="text/csv")
def download_stock_levels(connection: Connection, query: LevelLinesQuery) -> Text:
    """Answer the counters as CSV, by product and center; `X-Next-Cursor` where more follow."""
    after = decode_cursor(query.after, PairQuery.key_types)
    wanted = PageRequest(query.limit, after=after)
    page = inventory_sql.list_levels(connection, query.wanted(), wanted, low_stock_level=query.low_at())
    text = io.StringIO()
    names = ("product_id", "distribution_center_id", *COUNTERS)
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([getattr(row, name) for name in names] for row in page.items)
    headers = {"Content-Disposition": 'attachment; filename="stock-levels.csv"'}
    if page.next_key:
        headers["X-Next-Cursor"] = encode_cursor(page.next_key)
    return Text(text.getvalue(), "text/csv; charset=utf-8", headers)


@routes.get("/inventory/low-stock", access=STAFF, response=list[LowProduct])
def list_low_stock(connection: Connection, query: PairQuery) -> Page[dict[str, Any]]:
    """List the products at their threshold of low stock or below, least cover first; not archived ones."""
    page = inventory_sql.list_low_stock(connection, query.page(), low_stock_level=settings().low_stock_level)
    return page.with_items([as_dict(row) for row in page.items])


@routes.get("/products/{product_id}/stock", access=STAFF, response=ProductStock, errors=[NotFound])
def get_product_stock(connection: Connection, product_id: int) -> dict[str, Any]:
    """Show the stock of a product, in all and by center."""
    found = inventory.stock_of(connection, product_id)
    totals = {name: sum(getattr(row, name) for row in found.levels) for name in COUNTERS}
    return {
        "product_id": product_id,
        "low_stock_level": found.low_stock_level,
        "low": totals["free"] <= found.low_stock_level,
        **totals,
        "centers": [present_level(row) for row in found.levels],
    }


@routes.get("/inventory/audit", access=STAFF, response=StockAudit)
def audit_stock(connection: Connection) -> dict[str, Any]:
    """Compare the counters with the units and with the ledger; while an import of units runs, they may differ."""
    differences = inventory_sql.list_differences(connection, _MOST_DIFFERENCES)
    return {"adds_up": not differences, "differences": differences}
