"""Alerts over HTTP, for staff."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.analytics import spans
from chalicelib.analytics.alerts import alerts
from chalicelib.analytics.alerts.alerts import Wanted
from chalicelib.analytics.alerts.changes import shown
from chalicelib.analytics.spans import Figures
from chalicelib.core.auth import STAFF, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import Conflict, InvalidInput, NotFound
from chalicelib.core.inputs import Day, Prose
from chalicelib.core.money import Money
from chalicelib.core.paging import Page, PageRequest, TimelineQuery, decode_cursor, encode_cursor
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")

_MOST_LINES = 5_000  # of one CSV

State = Literal["open", "acknowledged", "resolved"]
Figure = Literal["orders", "revenue", "return_rate", "cancel_rate", "conversion", "stock"]
Severity = Literal["warning", "critical"]

DEFINITIONS = {
    "orders": "Orders of a day of which something was not cancelled.",
    "revenue": "What a day's items that were not cancelled were sold for, of the shop or of a category. What came "
    "back is not taken off: of the last days that is not known yet.",
    "return_rate": "Of a day's items that were not cancelled, the share that came back; looked at for five weeks, "
    "upwards alone.",
    "cancel_rate": "Of all items of a day's orders, the share that was cancelled; upwards alone.",
    "conversion": "Of the people of a day who looked at a product, the share that ordered.",
    "stock": "Free units of a best seller. `warning`: fewer than are expected to be sold until goods arrive. "
    "`critical`: none. `expected` is that demand, `low` the stock at which to order again.",
    "expected": "The median of the same weekday in the eight weeks before.",
    "low": "Where the usual range begins; it ends at `high`.",
    "severity": "`critical`: more than 1.6 times as far from `expected` as the range reaches, or nothing at all.",
    "state": "`open`: nobody has taken note of it yet. `acknowledged`: somebody has. `resolved`: after a correction "
    "the figure is within its range, or the product is there again.",
}


class Alert(BaseModel):
    """A figure outside its usual range. Revenue is an amount of money, rates are shares from 0 to 1."""

    id: int
    figure: Figure
    dimension: Literal["shop", "category", "product"]
    subject: str = Field(description="The category in lower case, the id of the product; empty of the shop.")
    day: date = Field(description="The day of the figure; of stock, on which it was found.")
    direction: Literal["low", "high"]
    severity: Severity
    state: State
    value: Money | float
    expected: Money | float
    low: Money | float | None
    high: Money | float | None
    found_at: AwareDatetime
    changed_at: AwareDatetime = Field(description="When what is told of it changed last.")
    resolved_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by: int | None = Field(description="The account of who did.")
    note: str | None


class Alerts(Figures):
    """Alerts, those that were found last first. `as_of` is of the sales that were looked at."""

    next_cursor: str | None = Field(description="For `after`; null on the last page.")
    results: list[Alert]


class AlertFilters(BaseModel):
    """Which alerts to answer."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    figure: Figure | None = None
    severity: Severity | None = None
    from_: Day | None = Field(None, alias="from", description="Only of this day or later ones.")
    to: Day | None = Field(None, description="Only of this day or earlier ones.")

    def wanted(self) -> Wanted:
        """Return the filter on columns.

        Raises:
            InvalidInput: the last day is before the first.
        """
        if self.from_ is not None and self.to is not None and self.from_ > self.to:
            raise InvalidInput.at("query.from", "must not be after `to`")
        return Wanted(self.state, self.figure, self.severity, self.from_, self.to)


class AlertQuery(TimelineQuery, AlertFilters):
    """Which alerts to list."""


class AlertLinesQuery(AlertFilters):
    """Which alerts to answer as CSV."""

    limit: int = Field(_MOST_LINES, ge=1, le=_MOST_LINES)
    after: str = Field(
        "", pattern=r"^(([0-7][0-9a-f]{15}){2})?$", description="Continue behind this cursor (from `X-Next-Cursor`)."
    )


class Acknowledgement(BaseModel):
    """What one has to say of an alert."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "A holiday."}]})

    note: Annotated[Prose, Field(max_length=2000)] | None = None


@routes.get("/analytics/alerts", access=STAFF, response=Alerts)
def list_alerts(connection: Connection, query: AlertQuery) -> dict[str, Any]:
    """List figures outside their usual range, those that were found last first."""
    found = alerts.list_alerts(connection, query.page(), query.wanted())
    results = [_present(row) for row in found.items]
    return spans.answer(alerts.stand(connection), DEFINITIONS, next_cursor=_next(found), results=results)


@routes.get("/analytics/alerts.csv", access=STAFF, response="text/csv")
def download_alerts(connection: Connection, query: AlertLinesQuery) -> Text:
    """Answer alerts as CSV; `X-Next-Cursor` where more follows."""
    page = PageRequest(query.limit, after=decode_cursor(query.after, TimelineQuery.key_types))
    found = alerts.list_alerts(connection, page, query.wanted())
    answer = spans.csv_answer("alerts", tuple(Alert.model_fields), [_present(row) for row in found.items])
    cursor = _next(found)
    if cursor is None:
        return answer
    return Text(answer.body, answer.content_type, {**answer.headers, "X-Next-Cursor": cursor})


@routes.get("/analytics/alerts/{alert_id}", access=STAFF, response=Alert, errors=[NotFound])
def get_alert(connection: Connection, alert_id: int) -> dict[str, Any]:
    """Show one alert."""
    return _present(alerts.find(connection, alert_id))


@routes.post("/analytics/alerts/{alert_id}/acknowledge", access=STAFF, response=Alert, errors=[NotFound, Conflict])
def acknowledge_alert(connection: Connection, caller: Caller, alert_id: int, body: Acknowledgement) -> dict[str, Any]:
    """Note that one has taken note of an alert. The first one who does stays; 409 once it is resolved."""
    return _present(alerts.acknowledge(connection, alert_id, by=caller.account_id, note=body.note))


def _next(page: Page[Any]) -> str | None:
    return encode_cursor(page.next_key) if page.next_key else None


def _present(row: Any) -> dict[str, Any]:
    same = ("id", "figure", "dimension", "subject", "day", "direction", "severity", "state", "found_at")
    told = ("resolved_at", "acknowledged_at", "acknowledged_by", "note")
    return {
        **{name: getattr(row, name) for name in same},
        **{name: shown(row.figure, getattr(row, name)) for name in ("value", "expected", "low", "high")},
        "changed_at": row.checked_at,
        **{name: getattr(row, name) for name in told},
    }
