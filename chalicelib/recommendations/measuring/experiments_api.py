"""Experiments over HTTP: staff drafts and stops them, admins let them run, staff reads what they show."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chalicelib.core.auth import ADMIN, STAFF, Caller
from chalicelib.core.bodies import Change, without_default
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.inputs import AS_WHOLE
from chalicelib.core.money import Money
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Reply, Routes, versioned
from chalicelib.recommendations.measuring import experiments, experiments_sql, results, statistics

routes = Routes("Recommendations")

Name = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$", examples=["more-diverse"])]
ArmName = Annotated[str, Field(max_length=12, pattern=r"^[a-z][a-z0-9_]*$", examples=["control"])]
Share = Annotated[int, Field(ge=1, le=99, description="Per cent of all people."), AS_WHOLE]
People = Annotated[int, Field(ge=1, le=1_000_000_000), AS_WHOLE]
Diversity = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

_ARMS = (
    "The first is the control. What the shares leave of 100 takes no part. Together at most 100; names differ. At "
    "most five arms."
)
_PLANNED = "How many people each arm is to have before anybody looks; see `people_needed` of the results."


class ExperimentState(StrEnum):
    """Where an experiment is in its life."""

    DRAFT = "draft"
    RUNNING = "running"
    STOPPED = "stopped"


class ArmOverrides(BaseModel):
    """What an arm serves differently; what is left out is as everybody has it."""

    model_config = ConfigDict(extra="forbid")

    diversity: Diversity | None = Field(None, description="Unless the request names one.")
    algorithm: Literal["model", "popularity", "preferences"] | None = Field(
        None,
        description="`model`: the live model; `popularity`: what all buy; `preferences`: what one buys, no model.",
    )


class ExperimentArm(BaseModel):
    """One way to serve, and for how many."""

    model_config = ConfigDict(extra="forbid")

    name: ArmName
    share: Share
    overrides: ArmOverrides = Field(default_factory=ArmOverrides, json_schema_extra={"default": {}})


_EXAMPLE_ARMS: Any = [
    {"name": "control", "share": 50, "overrides": {}},
    {"name": "diverse", "share": 50, "overrides": {"diversity": 0.4}},
]


class NewExperiment(BaseModel):
    """An experiment to be made, as a draft."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "more-diverse", "arms": _EXAMPLE_ARMS, "planned_people": 4000}]},
    )

    name: Name
    arms: list[ExperimentArm] = Field(min_length=2, max_length=5, description=_ARMS)
    planned_people: People | None = Field(None, description=_PLANNED)


class ExperimentChange(Change):
    """What to change of a draft; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "examples": [{"planned_people": 8000}]})

    name: Name = Field("", json_schema_extra=without_default)
    arms: list[ExperimentArm] = Field(
        [], min_length=2, max_length=5, description=_ARMS, json_schema_extra=without_default
    )
    planned_people: People | None = Field(None, description=_PLANNED, json_schema_extra=without_default)


class Experiment(BaseModel):
    """What is tried, and where it stands."""

    id: int
    name: str
    state: ExperimentState
    arms: list[ExperimentArm]
    planned_people: int | None
    started_at: AwareDatetime | None
    stopped_at: AwareDatetime | None
    created_by: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int


class SeenExperiment(BaseModel):
    """Which arm of an experiment somebody was served, and since when."""

    experiment: str
    arm: str
    first_at: AwareDatetime


class ExperimentQuery(PageQuery):
    """Which experiments to list."""

    state: ExperimentState | None = Field(None, description="Only those in this state.")


class UpliftShown(BaseModel):
    """By how much an arm is above the control: as it is, and as a share of the control's (0.1: a tenth more)."""

    difference: float
    low: float | None = Field(description="From `low` to `high`: the interval of the difference, 95 %.")
    high: float | None
    ratio: float | None = Field(description="Null where the control has nothing.")
    ratio_low: float | None
    ratio_high: float | None
    significant: bool = Field(description="Whether the interval of the difference leaves 0 out.")


class ArmUplift(BaseModel):
    """The uplift of each figure."""

    clicks_per_person: UpliftShown
    conversion: UpliftShown
    revenue_per_person: UpliftShown


class ArmResults(BaseModel):
    """What the people of an arm did after they first saw it, and kept."""

    name: str
    share: int
    people: int
    clicks: int = Field(description="On recommendations, wherever they stood.")
    clicks_per_person: float
    buyers: int
    conversion: float = Field(description="Buyers of all people.")
    orders: int
    revenue: Money
    revenue_per_person: float
    uplift: ArmUplift | None = Field(description="Against the control; null of the control itself.")


class SampleRatio(BaseModel):
    """Whether the arms have the people that their shares give them (chi-square)."""

    p: float
    mismatch: bool = Field(description="p is below 0.001: something is wrong, whatever the figures say.")


class ExperimentResults(BaseModel):
    """What an experiment shows."""

    model_config = ConfigDict(populate_by_name=True)

    experiment_id: int
    as_of: AwareDatetime
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    final: bool = Field(description="What is sent back from now on changes nothing any more.")
    arms: list[ArmResults]
    crossed_people: int = Field(
        description="Customers who saw one arm as visitors and another one signed in; they are in none."
    )
    sample_ratio: SampleRatio
    planned_people: int | None
    people_needed: int | None = Field(
        description="In each arm, so that a rise of the control's conversion by `uplift` is seen in 8 of 10 "
        "experiments; null while nobody has bought."
    )
    warnings: list[str]
    note: str


class ResultsQuery(BaseModel):
    """What one hopes for."""

    model_config = ConfigDict(extra="forbid")

    uplift: float = Field(0.1, ge=0.01, le=10, description="The rise of conversion that is worth seeing, as a share.")


class NoResults(Conflict):
    """It has not begun, or is so large that the schedule has to work it out first."""

    code = "no-results-yet"
    title = "No results yet"


_HIDDEN = ("salt", "running", "results", "closed_at")


def _present(row: Any) -> dict[str, Any]:
    shown = as_dict(row)
    for name in _HIDDEN:
        del shown[name]
    shown["arms"] = [_present_arm(arm) for arm in json.loads(row.arms)]
    return shown


def _present_arm(arm: dict[str, Any]) -> dict[str, Any]:
    overrides = arm["overrides"]
    return {
        **arm,
        "overrides": {"diversity": overrides.get("diversity"), "algorithm": overrides.get("algorithm")},
    }


def _stored(arms: list[ExperimentArm]) -> list[dict[str, Any]]:
    return [arm.model_dump(exclude_none=True, exclude_defaults=False) for arm in arms]


def _answer(connection: Connection, experiment_id: int, headers: dict[str, str] | None = None) -> Reply:
    row = experiments.get_experiment(connection, experiment_id)
    return versioned(_present(row), row.version, headers)


@routes.get("/ai/experiments", access=STAFF, response=list[Experiment])
def list_experiments(connection: Connection, query: ExperimentQuery) -> Page[dict[str, Any]]:
    """List the experiments, newest first."""
    state = None if query.state is None else query.state.value
    page = experiments_sql.list_experiments(connection, query.page(), state=state)
    return page.with_items([_present(row) for row in page.items])


@routes.post("/ai/experiments", access=STAFF, response=Experiment, status=201, errors=[Conflict])
def create_experiment(connection: Connection, caller: Caller, base_path: str, body: NewExperiment) -> Reply:
    """Draft an experiment. Nobody sees it before it is started."""
    experiment_id = experiments.create_experiment(
        connection, name=body.name, arms=_stored(body.arms), planned_people=body.planned_people, by=caller.actor
    )
    return _answer(connection, experiment_id, {"Location": f"{base_path}/ai/experiments/{experiment_id}"})


@routes.get("/ai/experiments/{experiment_id}", access=STAFF, response=Experiment, errors=[NotFound])
def get_experiment(connection: Connection, experiment_id: int) -> Reply:
    """Read an experiment. Its ETag is for the If-Match of a change."""
    return _answer(connection, experiment_id)


@routes.patch("/ai/experiments/{experiment_id}", access=STAFF, response=Experiment, errors=[NotFound, Conflict])
def change_experiment(
    connection: Connection, experiment_id: int, expected_version: int | None, body: ExperimentChange
) -> Reply:
    """Change a draft; what has begun may not change any more."""
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if "arms" in changes:
        changes["arms"] = _stored(body.arms)
    experiments.change_experiment(connection, experiment_id, changes, expected_version=expected_version)
    return _answer(connection, experiment_id)


@routes.delete(
    "/ai/experiments/{experiment_id}", access=STAFF, response=None, status=204, errors=[NotFound, Conflict]
)
def delete_experiment(connection: Connection, experiment_id: int, expected_version: int | None) -> None:
    """Delete a draft; what has begun stays, with its results."""
    experiments.delete_experiment(connection, experiment_id, expected_version=expected_version)


@routes.post("/ai/experiments/{experiment_id}/start", access=ADMIN, response=Experiment, errors=[NotFound, Conflict])
def start_experiment(
    connection: Connection, caller: Caller, experiment_id: int, expected_version: int | None
) -> Reply:
    """Let a draft run: from now on people are served by their arms. One runs at a time."""
    experiments.start_experiment(connection, experiment_id, expected_version=expected_version, by=caller.actor)
    return _answer(connection, experiment_id)


@routes.post("/ai/experiments/{experiment_id}/stop", access=STAFF, response=Experiment, errors=[NotFound, Conflict])
def stop_experiment(connection: Connection, caller: Caller, experiment_id: int) -> Reply:
    """Stop an experiment, for good: everybody is served alike again, within a minute.

    It can be done without having read it: who sees harm done stops it.
    """
    experiments.stop_experiment(connection, experiment_id, by=caller.actor)
    return _answer(connection, experiment_id)


@routes.get(
    "/ai/experiments/{experiment_id}/results", access=STAFF, response=ExperimentResults, errors=[NotFound, NoResults]
)
def show_results(connection: Connection, experiment_id: int, query: ResultsQuery) -> dict[str, Any]:
    """Show what the people of each arm did since they first saw it, against the control.

    Purchases and clicks count from the moment at which a person first saw its arm until the experiment stopped; what
    was cancelled or sent back does not. Of more than 20,000 people the results are those of the last hourly count.
    """
    row = experiments.get_experiment(connection, experiment_id)
    found = results.results_of(connection, row)
    if found is None:
        raise NoResults(f"Experiment {experiment_id} has no results yet.")
    control = found["arms"][0]
    rate = control["buyers"] / control["people"] if control["people"] else 0.0
    return {**found, "people_needed": statistics.people_needed(rate, query.uplift)}
