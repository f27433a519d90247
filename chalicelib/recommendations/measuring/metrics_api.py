"""Figures of recommendations over HTTP, for staff."""

from __future__ import annotations

import json
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.commerce.sales import kept_sales
from chalicelib.core.auth import STAFF
from chalicelib.core.config import settings
from chalicelib.core.database import Connection
from chalicelib.core.inputs import Day, span_of_days
from chalicelib.core.money import Money, from_cents
from chalicelib.core.routes import Routes
from chalicelib.recommendations.measuring import days_sql
from chalicelib.recommendations.measuring.days import DAY, RECOMMENDATIONS, start_of

routes = Routes("Recommendations")

MOST_DAYS = 400
MOST_GROUPS = 500
_LATEST = 28  # days, where none are said


class Grouping(StrEnum):
    """By what figures are told apart."""

    DAY = "day"
    VERSION = "version"
    VARIANT = "variant"
    SURFACE = "surface"


class MetricsQuery(BaseModel):
    """From when to when, and by what."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    from_: Day | None = Field(
        None, alias="from", description="The first day, in UTC, from 2000 on; without it the 28 days until `to`."
    )
    to: Day | None = Field(None, description="The last day, itself included, before 2200; without it today.")
    group_by: Grouping = Field(Grouping.DAY, description="A day each, or a model version, variant, or surface.")

    def days(self) -> tuple[date, date]:
        """Return the first and the last day.

        Raises:
            InvalidInput: the last is before the first, or they are too far apart.
        """
        return span_of_days(self.from_, self.to, latest=_LATEST, most=MOST_DAYS)


class Figures(BaseModel):
    """What recommendations brought about."""

    impressions: int
    clicks: int
    ctr: float | None = Field(description="Clicks of impressions; null without any.")
    people: int
    attributed_orders: int
    attributed_items: int
    attributed_revenue: Money
    conversion: float | None = Field(description="Attributed orders of clicks; null without any.")


class MetricsGroup(Figures):
    """The figures of one day, version, variant or surface."""

    group: str = Field(description='A day, `YYYY-MM-DD`, or a name; `-` is no model or no experiment, "" no surface.')
    revenue_share: float | None = Field(
        description="Of all revenue: of the day, or of all days; null without any revenue."
    )


class AllFigures(Figures):
    """The figures of all days together, and what the shop sold in all."""

    revenue: Money = Field(description="Of everything that was sold and kept.")
    revenue_share: float | None


class Drift(BaseModel):
    """A figure that has fallen."""

    metric: str = Field(examples=["ctr", "conversion", "offline_ndcg10"])
    now: float
    before: float
    fall: float = Field(description="By which share.")
    p: float = Field(description="How likely by chance.")


class Alarm(BaseModel):
    """What falls, and since when it is known."""

    since: AwareDatetime
    metrics: list[Drift]


class Metrics(BaseModel):
    """Figures of recommendations."""

    model_config = ConfigDict(populate_by_name=True)

    from_: date = Field(alias="from")
    to: date
    group_by: Grouping
    as_of: AwareDatetime | None = Field(
        description="The moment up to which all is counted; null before the first run."
    )
    groups: list[MetricsGroup] = Field(description="Days in their order; others by impressions, 500 at most.")
    total: AllFigures
    alarm: Alarm | None = Field(description="What falls at this time, whatever days are asked for.")
    definitions: dict[str, str]


def _definitions() -> dict[str, str]:
    days = settings().attribution_days
    return {
        "impressions": "Recommended products that were seen, as POST /events told; by the day on which it was.",
        "clicks": "Recommended products that were clicked, counted likewise.",
        "ctr": "clicks / impressions.",
        "people": "Browsers, or customers where no browser was named, that saw or clicked something: each counts "
        "once a day, version, variant and surface.",
        "attributed_items": f"Units that a customer bought and kept after the latest click on that product within "
        f"{days} days before the order, or, without any, after the latest impression within a day. By the day of the "
        "order, at the version, variant and surface of that click or impression. Cancelled and returned units do not "
        "count. Purchases of guests are never attributed.",
        "attributed_orders": "Orders with such a unit; each counts once, where its latest click or impression was.",
        "attributed_revenue": "What these units were sold for, without tax that is added, in the shop's currency.",
        "conversion": "attributed_orders / clicks. Orders after a mere impression count too, so it may be above 1.",
        "revenue_share": "attributed_revenue / all revenue of units that were kept, guests' included, as of now.",
    }


def _figures(row: Any) -> dict[str, Any]:
    # Sums of integers are Decimal on MySQL.
    impressions, clicks, orders = int(row.impressions), int(row.clicks), int(row.orders)
    return {
        "impressions": impressions,
        "clicks": clicks,
        "ctr": clicks / impressions if impressions else None,
        "people": int(row.people),
        "attributed_orders": orders,
        "attributed_items": int(row.items),
        "attributed_revenue": from_cents(int(row.revenue_cents)),
        "conversion": orders / clicks if clicks else None,
    }


def _share(row: Any, revenue_cents: int) -> float | None:
    return int(row.revenue_cents) / revenue_cents if revenue_cents else None


@routes.get("/ai/metrics", access=STAFF, response=Metrics)
def show_metrics(connection: Connection, query: MetricsQuery) -> dict[str, Any]:
    """Show what recommendations brought about: seen, clicked, bought, and their share of all revenue.

    Counted every hour; late events and returns change past days. `definitions` says what each figure is.
    """
    first, last = query.days()
    by = query.group_by
    groups = days_sql.list_figures(connection, first, last, by.value, limit=MOST_GROUPS)
    total = days_sql.list_figures(connection, first, last, limit=1)[0]
    sold = kept_sales.kept_by_day(connection, start_of(first), start_of(last) + DAY)
    revenue, of_day = sum(each.revenue_cents for each in sold), {each.day: each.revenue_cents for each in sold}
    noted = days_sql.find_alarm(connection)
    return {
        "from": first,
        "to": last,
        "group_by": by.value,
        "as_of": RECOMMENDATIONS.watermark(connection).as_of,
        "groups": [
            {
                "group": str(row.group),
                **_figures(row),
                "revenue_share": _share(row, of_day.get(row.group, 0) if by is Grouping.DAY else revenue),
            }
            for row in groups
        ],
        "total": {**_figures(total), "revenue": from_cents(revenue), "revenue_share": _share(total, revenue)},
        "alarm": None if noted is None or noted.alarm is None else json.loads(noted.alarm),
        "definitions": _definitions(),
    }
