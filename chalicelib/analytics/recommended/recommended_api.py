"""What recommendations bring over HTTP, for staff."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.analytics.day_steps import DaysQuery, Steps
from chalicelib.analytics.recommended import recommended
from chalicelib.analytics.recommended.recommended import NAMES, Part
from chalicelib.analytics.spans import FiguresOfSpan, answer, csv_answer
from chalicelib.core.auth import STAFF
from chalicelib.core.database import Connection
from chalicelib.core.money import Money
from chalicelib.core.routes import Routes, Text

routes = Routes("Analytics")


class Table(StrEnum):
    """What a file has a line for."""

    SERIES = "series"
    SURFACES = "surfaces"
    VERSIONS = "versions"
    EXPERIMENTS = "experiments"


class RecommendedLinesQuery(DaysQuery):
    """Which days, and a line for what."""

    table: Table = Field(Table.SERIES, description="A line for each step, surface, model version, or arm.")


class RecommendedFigures(BaseModel):
    """What recommendations brought; `definitions` says what each figure is. Null: there is nothing to divide by."""

    impressions: int
    clicks: int
    click_rate: float | None
    orders: int
    items: int
    revenue: Money
    revenue_share: float | None


class RecommendedOfSpan(RecommendedFigures):
    """The figures of some days, both ends included."""

    model_config = ConfigDict(populate_by_name=True)

    from_: date = Field(alias="from")
    to: date
    net_revenue: Money


class RecommendedGroup(RecommendedFigures):
    """The figures of a surface or a model version."""

    name: str | None


class Uplift(BaseModel):
    """By how much an arm is above the control: as it is, and as a share of the control's."""

    difference: float
    low: float | None
    high: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    significant: bool


class Uplifts(BaseModel):
    """The uplift of each figure."""

    clicks_per_person: Uplift
    conversion: Uplift
    revenue_per_person: Uplift


class Arm(BaseModel):
    """What the people of an arm did; the first arm is the control, which has no uplift."""

    name: str
    share: int
    people: int
    clicks: int
    clicks_per_person: float
    buyers: int
    conversion: float
    orders: int
    revenue: Money
    revenue_per_person: float
    uplift: Uplifts | None


class ExperimentShown(BaseModel):
    """An experiment and what it shows; without arms where nothing is worked out yet."""

    id: int
    name: str
    state: str
    started_at: AwareDatetime
    stopped_at: AwareDatetime | None
    as_of: AwareDatetime | None
    final: bool
    arms: list[Arm]
    warnings: list[str]


class RecommendationsShown(FiguresOfSpan):
    """What recommendations bring."""

    granularity: Steps
    totals: RecommendedOfSpan
    compared: RecommendedOfSpan | None = Field(description="Of the days that are compared with; null where none are.")
    change: dict[str, float | None] | None = Field(
        description="By which share each figure has changed against `compared`: 0.1 is a tenth more; null where "
        "there was none."
    )
    series: list[RecommendedOfSpan]
    compared_series: list[RecommendedOfSpan] | None
    surfaces: list[RecommendedGroup]
    versions: list[RecommendedGroup]
    experiments: list[ExperimentShown]


@routes.get("/analytics/recommendations", access=STAFF, response=RecommendationsShown)
def show_recommendations(connection: Connection, query: DaysQuery) -> dict[str, Any]:
    """Show what recommendations bring: seen, clicked, ordered, their share of net revenue, and what experiments show.

    Counted every hour; late events and returns change past days.
    """
    span = query.span()
    steps = query.day_steps(span)
    found = recommended.show(connection, span, steps, query.compare)
    return answer(
        found.stand,
        recommended.definitions(),
        span,
        granularity=steps,
        totals=_present(found.total),
        compared=None if found.compared is None else _present(found.compared),
        change=found.change,
        series=[_present(each) for each in found.series],
        compared_series=None if found.compared_series is None else [_present(each) for each in found.compared_series],
        surfaces=found.surfaces,
        versions=found.versions,
        experiments=[_experiment(each) for each in found.experiments],
    )


_ARM_COLUMNS = [name for name in Arm.model_fields if name != "uplift"]
_COLUMNS = {
    Table.SERIES: ["from", "to", *NAMES],
    Table.SURFACES: ["name", *(name for name in NAMES if name != "net_revenue")],
    Table.VERSIONS: ["name", *(name for name in NAMES if name != "net_revenue")],
    Table.EXPERIMENTS: [
        "experiment",
        *_ARM_COLUMNS,
        *(f"{figure}_{part}" for figure in Uplifts.model_fields for part in ("ratio", "ratio_low", "ratio_high")),
    ],
}


@routes.get("/analytics/recommendations.csv", access=STAFF, response="text/csv")
def download_recommendations(connection: Connection, query: RecommendedLinesQuery) -> Text:
    """Answer what recommendations bring as CSV: a line for each step, surface, model version, or arm."""
    span = query.span()
    found = recommended.show(connection, span, query.day_steps(span), None)
    rows = {
        Table.SERIES: [_present(each) for each in found.series],
        Table.SURFACES: found.surfaces,
        Table.VERSIONS: found.versions,
        Table.EXPERIMENTS: [
            _arm_line(each, arm) for each in map(_experiment, found.experiments) for arm in each["arms"]
        ],
    }
    return csv_answer(f"recommendations-{query.table.value}", _COLUMNS[query.table], rows[query.table])


def _present(part: Part) -> dict[str, Any]:
    return {"from": part.span.first, "to": part.span.last, **part.figures}


def _experiment(row: dict[str, Any]) -> dict[str, Any]:
    results = row["results"] or {}
    told = {name: row[name] for name in ("id", "name", "state", "started_at", "stopped_at")}
    said = {"as_of": results.get("as_of"), "final": results.get("final", False)}
    return {**told, **said, "arms": results.get("arms", []), "warnings": results.get("warnings", [])}


def _arm_line(experiment: dict[str, Any], arm: dict[str, Any]) -> dict[str, Any]:
    uplifts = arm["uplift"] or {}
    parts = {f"{figure}_{part}": value for figure, told in uplifts.items() for part, value in told.items()}
    return {"experiment": experiment["name"], **arm, **parts}
