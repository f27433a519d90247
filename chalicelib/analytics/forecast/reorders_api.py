"""What to order again, over HTTP, for staff."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.analytics import spans
from chalicelib.analytics.forecast import reorders
from chalicelib.analytics.forecast.reorder_points import Urgency
from chalicelib.analytics.forecast.reorders import Listed
from chalicelib.analytics.spans import Figures, Stand
from chalicelib.core.auth import STAFF
from chalicelib.core.config import settings
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.paging import PageQuery, PageRequest, decode_cursor, encode_cursor
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")

_MOST_LINES = 20_000  # of one CSV
_ROUNDED = (
    "daily",
    "lead_demand",
    "period_demand",
    "safety",
    "reorder_point",
    "order_up_to",
    "short",
    "days_of_cover",
)

DEFINITIONS = {
    "free": "Units that can be sold, in all centers, at `made_at`. What is on order already is not known here.",
    "daily": "Units that are expected to be sold a day.",
    "lead_demand": "Units that are expected to be sold within `lead_days`, until goods that are ordered now arrive.",
    "period_demand": "The same within `lead_days` and `cover_days`, for which an order has to last.",
    "safety": "What is kept beyond that: in nine of ten cases the period's demand should stay below both together. "
    "At most the demand itself, or twice its root.",
    "reorder_point": "It is time to order at so many free units: `lead_demand` and its part of `safety`; or at the "
    "low stock level, when that is higher.",
    "order_up_to": "`period_demand` and `safety`: what should be there after ordering.",
    "suggested": "What to order: `order_up_to` less what is free, rounded up.",
    "short": "Units that will be asked for in vain until goods arrive.",
    "days_of_cover": "For how many days what is free will last.",
    "urgency": "`sold_out`: nothing is free. `will_sell_out`: less is free than is expected to be sold until goods "
    "arrive. `low`: at the reorder point.",
    "model": "How demand was foretold; `recent_rate`: by the rate of the last 13 weeks.",
}


class Reorder(BaseModel):
    """What to order of a product."""

    product_id: int
    sku: str
    name: str
    urgency: Urgency
    free: int
    low_stock_level: int
    suggested: int
    days_of_cover: float | None
    daily: float
    lead_demand: float
    period_demand: float
    safety: float
    reorder_point: float
    order_up_to: float
    short: float
    model: str


class Reorders(Figures):
    """What to order, the most urgent first. `as_of` is of the sales, `made_at` of the stock."""

    made_at: AwareDatetime | None
    last_day: date | None
    lead_days: int
    cover_days: int
    suggestions: int = Field(description="How many there are in all.")
    next_cursor: str | None = Field(description="For `after`; null on the last page.")
    results: list[Reorder]


class ReorderFilters(BaseModel):
    """Which suggestions to answer."""

    model_config = ConfigDict(extra="forbid")

    urgency: Urgency | None = None


class ReorderQuery(PageQuery, ReorderFilters):
    """Which suggestions to list."""


class ReorderLinesQuery(ReorderFilters):
    """Which suggestions to answer as CSV."""

    limit: int = Field(_MOST_LINES, ge=1, le=_MOST_LINES)
    after: str = Field(
        "", pattern=r"^([0-7][0-9a-f]{15})?$", description="Continue behind this cursor (from `X-Next-Cursor`)."
    )


@routes.get("/analytics/reorder", access=STAFF, response=Reorders)
def list_reorders(connection: Connection, query: ReorderQuery) -> dict[str, Any]:
    """List what should be ordered now, the most urgent first."""
    found = reorders.list_reorders(connection, query.page(), urgency=query.urgency)
    return spans.answer(_stand(found), DEFINITIONS, **_run(found), results=_results(found))


@routes.get("/analytics/reorder.csv", access=STAFF, response="text/csv")
def download_reorders(connection: Connection, query: ReorderLinesQuery) -> Text:
    """Answer what should be ordered now as CSV; `X-Next-Cursor` where more follows."""
    page = PageRequest(query.limit, after=decode_cursor(query.after, PageQuery.key_types))
    found = reorders.list_reorders(connection, page, urgency=query.urgency)
    answer = spans.csv_answer("reorder", tuple(Reorder.model_fields), _results(found))
    cursor = _next(found)
    return (
        answer
        if cursor is None
        else Text(answer.body, answer.content_type, {**answer.headers, "X-Next-Cursor": cursor})
    )


def _next(found: Listed) -> str | None:
    return encode_cursor(found.page.next_key) if found.page.next_key else None


def _stand(found: Listed) -> Stand:
    return Stand(None, settings().time_zone) if found.set is None else Stand(found.set.as_of, found.set.time_zone)


def _run(found: Listed) -> dict[str, Any]:
    made, wanted = found.run, settings()
    return {
        "made_at": made and made.made_at,
        "last_day": made and made.last_day,
        "lead_days": made.lead_days if made else wanted.reorder_lead_days,
        "cover_days": made.cover_days if made else wanted.reorder_cover_days,
        "suggestions": made.suggestions if made else 0,
        "next_cursor": _next(found),
    }


def _results(found: Listed) -> list[dict[str, Any]]:
    return [_present(row) for row in found.page.items]


def _present(row: Any) -> dict[str, Any]:
    shown = {name: value for name, value in as_dict(row).items() if name != "position"}
    return shown | {name: None if shown[name] is None else round(shown[name], 2) for name in _ROUNDED}
