"""Which days figures are asked for, in which steps, compared with what; and what every answer says of its figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.days import Compare, Granularity, Span
from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.errors import InvalidInput
from chalicelib.core.inputs import Day
from chalicelib.core.routes import Text
from chalicelib.csv_import import cells

LATEST_DAYS = 30
MOST_DAYS = 3_660
# Above these an answer would be too long to read or to send: days that can be shown hour by hour, steps at all.
MOST_HOUR_DAYS = 31
MOST_STEPS = 1_000


class SpanQuery(BaseModel):
    """From when to when; the base of every query for figures."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    from_: Day | None = Field(
        None, alias="from", description="The first day, of the shop's time zone; without it the 30 days until `to`."
    )
    to: Day | None = Field(None, description="The last day, itself included; without it today.")

    def span(self, *, latest: int = LATEST_DAYS, most: int = MOST_DAYS) -> Span:
        """Return the days that are asked for.

        Raises:
            InvalidInput: the last is before the first, or they are too many.
        """
        last = self.to or today()
        first = self.from_ or max(last - (latest - 1) * shop_days.DAY, date(2000, 1, 1))
        if first > last:
            raise InvalidInput.at("query.from", "must not be after `to`")
        if (last - first).days >= most:
            raise InvalidInput.at("query.from", f"must be less than {most} days before `to`")
        return Span(first, last)


class SeriesQuery(SpanQuery):
    """From when to when, in which steps, compared with what."""

    granularity: Granularity | None = Field(
        None,
        description="Steps: weeks from Monday on, months, cut off at the ends; hours for 31 days at most. Without it "
        "what fits the span.",
    )
    compare: Compare | None = Field(
        None, description="`previous`: as many days right before. `year`: the same days of the year before."
    )

    def steps(self, span: Span) -> Granularity:
        """Return in which steps the span is shown.

        Raises:
            InvalidInput: there would be too many.
        """
        chosen = self.granularity or shop_days.choose_granularity(span)
        if chosen == "hour" and span.days > MOST_HOUR_DAYS:
            raise InvalidInput.at("query.granularity", f"hours are shown for {MOST_HOUR_DAYS} days at most")
        if chosen == "day" and span.days > MOST_STEPS:
            raise InvalidInput.at("query.granularity", f"days are shown for {MOST_STEPS} days at most")
        return chosen


class Figures(BaseModel):
    """What every answer with figures says of them."""

    model_config = ConfigDict(populate_by_name=True)

    as_of: AwareDatetime | None = Field(
        description="All that had happened until then is counted; null before the first run."
    )
    time_zone: str = Field(description="In which the days begin and end.")
    definitions: dict[str, str] = Field(description="What each figure is.")


class FiguresOfSpan(Figures):
    """Figures of some days."""

    from_: date = Field(alias="from")
    to: date


@dataclass(frozen=True, slots=True)
class Stand:
    """Of when figures are, and in which time zone their days are."""

    as_of: datetime | None
    time_zone: str


def today() -> date:
    """Return the day that it is in the shop."""
    return shop_days.day_of(clock.now(), settings().time_zone)


def answer(stand: Stand, definitions: Mapping[str, str], span: Span | None = None, **figures: Any) -> dict[str, Any]:
    """Return the body of an answer: see `Figures` and `FiguresOfSpan`."""
    days = {} if span is None else {"from": span.first, "to": span.last}
    said = {"as_of": stand.as_of, "time_zone": stand.time_zone, "definitions": dict(definitions)}
    return {**said, **days, **figures}


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Text:
    """Return rows as a file, its columns in this order. What a spreadsheet would take for a formula is quoted."""
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\r\n")
    out.writerow(columns)
    out.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Text(written.getvalue(), "text/csv; charset=utf-8", headers)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return cells.guard(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value
