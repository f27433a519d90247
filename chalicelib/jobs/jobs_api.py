"""Jobs over HTTP: how they stand, what they did, and running one by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from chalicelib.core.auth import ADMIN, STAFF, Caller
from chalicelib.core.database import Connection, as_dict
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import Page, PageQuery
from chalicelib.core.routes import Routes
from chalicelib.jobs import jobs as rules
from chalicelib.jobs.job import Jobs
from chalicelib.jobs.jobs import Standing


class Run(BaseModel):
    """A run that did something, failed, was asked for, or took long. `rows` is whatever the job counts."""

    id: int
    outcome: Literal["done", "more", "failed", "interrupted"] = Field(
        description="`more`: it had more to do than time; `interrupted`: it was stopped, or its process died."
    )
    requested_by: str = Field(description="`schedule`, `continued`, `retried`, or who asked for it.")
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    rows: int
    elapsed_ms: int | None
    error: str | None


class JobStatus(BaseModel):
    """A job and how it stands."""

    name: str
    title: str
    every_s: int = Field(description="How often it runs, in seconds.")
    state: Literal["idle", "running", "failing", "late", "new"] = Field(
        description="`late`: its last success is too long ago; `new`: it has not run here yet."
    )
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    succeeded_at: AwareDatetime | None
    failed_in_a_row: int
    left_to_do: int
    asked_by: str | None = Field(description="Who wants it run now; it runs within a minute.")
    last_run: Run | None = Field(description="The last that is kept; runs that found nothing to do are not.")


def job_routes(jobs: Callable[[], Jobs]) -> Routes:
    """Return the routes; `jobs` tells which there are, once they are declared."""
    routes = Routes("Jobs")

    @routes.get("/jobs", access=STAFF, response=dict[str, list[JobStatus]])
    def list_jobs(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        """List all jobs: when they run, and whether they do well."""
        return {"jobs": [_present(each) for each in rules.list_standings(connection, jobs())]}

    @routes.get("/jobs/{name}", access=STAFF, response=JobStatus, errors=[NotFound])
    def read_job(connection: Connection, name: str) -> dict[str, Any]:
        """Read how a job stands."""
        job = rules.find_job(jobs(), name)
        [found] = [each for each in rules.list_standings(connection, jobs()) if each.job is job]
        return _present(found)

    @routes.get("/jobs/{name}/runs", access=STAFF, response=list[Run], errors=[NotFound])
    def list_job_runs(connection: Connection, name: str, query: PageQuery) -> Page[Any]:
        """List the runs of a job, newest first: those of the last 30 days that did something or failed."""
        page = rules.list_runs(connection, query.page(), rules.find_job(jobs(), name))
        return page.with_items([_present_run(row) for row in page.items])

    @routes.post("/jobs/{name}/runs", access=ADMIN, response=JobStatus, status=202, errors=[NotFound])
    def ask_for_run(connection: Connection, caller: Caller, name: str) -> dict[str, Any]:
        """Have a job run now, whatever its schedule says: within a minute. Asked for twice it runs once."""
        job = rules.find_job(jobs(), name)
        rules.ask_for(connection, job, by=caller.actor)
        [found] = [each for each in rules.list_standings(connection, jobs()) if each.job is job]
        return _present(found)

    return routes


def _present(standing: Standing) -> dict[str, Any]:
    row, job = standing.row, standing.job
    known = {} if row is None else as_dict(row)
    return {
        "name": job.name,
        "title": job.title,
        "every_s": int(job.every.total_seconds()),
        "state": standing.state,
        "started_at": known.get("started_at"),
        "finished_at": known.get("finished_at"),
        "succeeded_at": known.get("succeeded_at"),
        "failed_in_a_row": known.get("failed_in_a_row", 0),
        "left_to_do": known.get("left_to_do", 0),
        "asked_by": known.get("asked_by"),
        "last_run": None if standing.last is None else _present_run(standing.last),
    }


def _present_run(row: Any) -> dict[str, Any]:
    shown = as_dict(row)
    return {name: shown[name] for name in Run.model_fields}
