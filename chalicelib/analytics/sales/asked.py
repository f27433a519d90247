"""What can be asked of sales, and what is answered of them: the models that several operations share."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.analytics.sales.figures import NAMES, By
from chalicelib.analytics.sales.scopes import MOST_LEDGER_DAYS, Scope
from chalicelib.analytics.sales.series import Pair, Sold
from chalicelib.analytics.spans import SeriesQuery, SpanQuery
from chalicelib.core.inputs import Line
from chalicelib.core.money import Money
from chalicelib.core.paging import MAX_ID, MAX_LIMIT
from chalicelib.core.text import fold

Dimension = Literal[
    "product", "category", "brand", "department", "country", "traffic_source", "distribution_center"
]  # fmt: skip
_FOLDED = ("category", "brand")


class Filters(BaseModel):
    """Which sales; several filters at once are counted in the ledger."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    category: Line | None = Field(None, max_length=255, description="Case does not matter.")
    brand: Line | None = Field(None, max_length=255, description="Case does not matter.")
    department: Line | None = Field(None, max_length=255, description="As it is written.")
    traffic_source: Line | None = Field(None, max_length=255, description="As it is written.")
    country: Line | None = Field(None, max_length=255, description="Of the customer, as it is written.")
    distribution_center: int | None = Field(None, ge=1, le=MAX_ID, description="Its id.")
    product: int | None = Field(None, ge=1, le=MAX_ID, description="Its id.")
    customers: bool = Field(
        False,
        description=f"Count different customers of filters and groups too: for {MOST_LEDGER_DAYS} days at most.",
    )

    def scope(self) -> Scope:
        """Return which sales are asked for."""
        given = {name: getattr(self, name) for name in Filters.model_fields if name != "customers"}
        return Scope(
            tuple(
                (name, fold(value, 255) if name in _FOLDED else str(value))
                for name, value in sorted(given.items())
                if value is not None
            )
        )


class SalesQuery(SeriesQuery, Filters):
    """From when to when, in which steps, compared with what, of which sales."""


class ByQuery(SpanQuery, Filters):
    """Which groups: from when to when, of which sales, by which figure, compared with what."""

    compare: Literal["previous", "year"] | None = Field(
        None, description="`previous`: as many days right before. `year`: the same days of the year before."
    )
    by: By = Field("revenue", description="The figure by which the list is ordered, most first.")
    skip: int = Field(0, ge=0, le=1_000_000, description="How many groups to leave out from the start.")
    limit: int = Field(20, ge=0, le=MAX_LIMIT, description="How many groups to answer at most.")


class SalesFigures(BaseModel):
    """Figures of sales; `definitions` says what each is. Null: not counted, or nothing to divide by."""

    orders: int
    customers: int | None
    items: int
    units: int
    units_per_order: float | None
    gross: Money
    discounts: Money
    discount_rate: float | None
    returns: Money
    return_rate: float | None
    refunds: Money
    net_revenue: Money
    cost: Money
    margin: Money
    margin_rate: float | None
    avg_order_value: Money | None


class SalesOfDays(SalesFigures):
    """The figures of some days, both ends included, or of the hour from `at` on."""

    model_config = ConfigDict(populate_by_name=True)

    from_: date = Field(alias="from")
    to: date
    at: AwareDatetime | None = Field(None, description="Of hours: when it began.")


class ComparedSales(SalesOfDays):
    """The same, with those of the compared days, and how they changed; null where nothing is compared."""

    compared: SalesOfDays | None
    change: dict[str, float | None] | None = Field(
        description="By which share each figure has changed: 0.1 is a tenth more; null where nothing was before."
    )


def present(sold: Sold) -> dict[str, Any]:
    """Return what is answered of some days."""
    at = {} if sold.at is None else {"at": sold.at}
    return {"from": sold.span.first, "to": sold.span.last, **at, **sold.figures}


def present_pair(pair: Pair) -> dict[str, Any]:
    """Return what is answered of some days and of those they are compared with."""
    before = None if pair.before is None else present(pair.before)
    return {**present(pair.now), "compared": before, "change": pair.change}


def columns(*first: str, compared: bool) -> tuple[str, ...]:
    """Return the columns of a file: some, the figures, and those of the compared days where there are any."""
    more = ("compared_from", "compared_to", *(f"compared_{name}" for name in NAMES)) if compared else ()
    return (*first, *NAMES, *more)


def line(pair: Pair) -> dict[str, Any]:
    """Return a row of a file."""
    before = {} if pair.before is None else present(pair.before)
    return {**present(pair.now), **{f"compared_{name}": value for name, value in before.items()}}
