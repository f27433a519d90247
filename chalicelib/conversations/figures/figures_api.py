"""Figures of conversations over HTTP, for staff."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from chalicelib.conversations.figures import figures
from chalicelib.conversations.figures.figures import MOST_DAYS, Granularity, Span
from chalicelib.core.auth import STAFF
from chalicelib.core.database import Connection
from chalicelib.core.inputs import Day, span_of_days
from chalicelib.core.money import Money
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")

_LATEST = 30  # days, where none are said

Cost = Annotated[Decimal, WithJsonSchema({"type": "number", "examples": [0.001250]})]


class FiguresQuery(BaseModel):
    """From when to when, and in which steps."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    from_: Day | None = Field(
        None, alias="from", description="The first day, in UTC, from 2000 on; without it the 30 days until `to`."
    )
    to: Day | None = Field(None, description="The last day, itself included, before 2200; without it today.")
    granularity: Granularity = Field("day", description="Days, weeks from Monday on, or months; cut off at the ends.")

    def days(self) -> tuple[date, date]:
        """Return the first and the last day.

        Raises:
            InvalidInput: the last is before the first, or they are too far apart.
        """
        return span_of_days(self.from_, self.to, latest=_LATEST, most=MOST_DAYS)


class Figures(BaseModel):
    """What was said, and what came of it; `definitions` says what each is. Null: there is nothing to divide by."""

    conversations: int
    people: int
    messages: int
    questions: int
    answered: int
    asked_back: int
    refused: int
    unanswered: int
    failed: int
    answer_rate: float | None
    avg_response_ms: float | None
    resolved: int
    resolution_rate: float | None
    handoffs: int
    handoff_rate: float | None
    taken_over: int
    avg_wait_s: float | None
    ratings: int
    avg_rating: float | None
    helpful: int
    not_helpful: int
    helpful_rate: float | None
    converted: int
    conversion_rate: float | None
    orders: int
    revenue: Money
    tokens: int
    cost: Cost


class FiguresOfDays(Figures):
    """The figures of some days, both ends included."""

    model_config = ConfigDict(populate_by_name=True)

    from_: date = Field(alias="from")
    to: date


class AskedIntent(BaseModel):
    """How often questions were understood in one way, and how often they got no answer."""

    intent: str
    questions: int
    unanswered: int


class ConversationFigures(BaseModel):
    """Figures of conversations."""

    as_of: AwareDatetime | None = Field(
        description="The moment up to which all is counted; null before the first run."
    )
    time_zone: str = Field(description="In which the days begin and end.")
    granularity: Granularity
    totals: FiguresOfDays
    previous: FiguresOfDays = Field(description="Of as many days before.")
    change: dict[str, float | None] = Field(
        description="By which share each figure has changed against `previous`: 0.1 is a tenth more; null where "
        "there was none."
    )
    series: list[FiguresOfDays]
    top_intents: list[AskedIntent] = Field(description="What was asked most, most first.")
    definitions: dict[str, str]


def _present(span: Span) -> dict[str, Any]:
    return {"from": span.first, "to": span.last, **span.figures}


@routes.get("/analytics/conversations", access=STAFF, response=ConversationFigures)
def show_conversation_figures(connection: Connection, query: FiguresQuery) -> dict[str, Any]:
    """Show what was said in conversations and what came of it, with the time before to compare.

    Counted every hour. Past days change with what becomes of their conversations, and where something is deleted.
    """
    found = figures.summarize(connection, *query.days(), query.granularity)
    return {
        "as_of": found.as_of,
        "time_zone": "UTC",
        "granularity": query.granularity,
        "totals": _present(found.total),
        "previous": _present(found.before),
        "change": found.change,
        "series": [_present(each) for each in found.series],
        "top_intents": found.intents,
        "definitions": figures.definitions(),
    }


@routes.get("/analytics/conversations.csv", access=STAFF, response="text/csv")
def download_conversation_figures(connection: Connection, query: FiguresQuery) -> Text:
    """Answer the figures of conversations as CSV, a line for each day, week or month."""
    found = figures.summarize(connection, *query.days(), query.granularity)
    headers = {"Content-Disposition": 'attachment; filename="conversations.csv"'}
    return Text(figures.as_csv(found.series), "text/csv; charset=utf-8", headers)
