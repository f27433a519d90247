"""The SQL of jobs and their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from chalicelib.core.database import AnyRow, Connection, insert_row
from chalicelib.core.database.dialect import insert_new
from chalicelib.core.database.pages import fetch_page
from chalicelib.core.paging import Page, PageRequest
from chalicelib.jobs.job_tables import job_runs, jobs

_runs = job_runs.c


def list_jobs(connection: Connection) -> Sequence[AnyRow]:
    """Return how each job stands that ever ran or was asked for."""
    return connection.execute(select(jobs)).all()


def find_job(connection: Connection, name: str) -> AnyRow | None:
    """Return how a job stands; None when it never ran nor was asked for."""
    return connection.execute(select(jobs).where(jobs.c.name == name)).first()


def list_asked(connection: Connection, now: datetime) -> Sequence[AnyRow]:
    """Return the jobs that somebody wants run by now, who waits longest first."""
    return connection.execute(select(jobs).where(jobs.c.asked_at <= now).order_by(jobs.c.asked_at)).all()


def change_job(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    """Change how a job stands, which may be known for the first time."""
    insert_new(connection, jobs, {"name": name, "failed_in_a_row": 0, "left_to_do": 0})
    if values:
        connection.execute(update(jobs).where(jobs.c.name == name).values(**values))


def drop_request(connection: Connection, name: str, asked_by: str) -> None:
    """Forget the wish to run a job that somebody had."""
    mine = (jobs.c.name == name) & (jobs.c.asked_by == asked_by)
    connection.execute(update(jobs).where(mine).values(asked_at=None, asked_by=None))


def note_failure(connection: Connection, name: str, finished_at: datetime) -> None:
    """Count a failure."""
    changes = {"finished_at": finished_at, "failed_in_a_row": jobs.c.failed_in_a_row + 1}
    connection.execute(update(jobs).where(jobs.c.name == name).values(**changes))


def take_request(connection: Connection, name: str, asked_at: datetime) -> bool:
    """Take a wish to run a job; False when another has, or it was asked for anew."""
    mine = (jobs.c.name == name) & (jobs.c.asked_at == asked_at)
    return connection.execute(update(jobs).where(mine).values(asked_at=None, asked_by=None)).rowcount == 1


def insert_run(connection: Connection, values: Mapping[str, Any]) -> int:
    """Note a run and return its id."""
    return insert_row(connection, job_runs, values)


def list_runs(connection: Connection, page: PageRequest, name: str) -> Page[AnyRow]:
    """Return runs of a job, newest first."""
    return fetch_page(connection, select(job_runs).where(_runs.job == name), page, order=[_runs.id], descending=True)


def list_latest(connection: Connection) -> dict[str, AnyRow]:
    """Return the last run of each job that is kept."""
    last = select(func.max(_runs.id)).group_by(_runs.job)
    return {row.job: row for row in connection.execute(select(job_runs).where(_runs.id.in_(last)))}


def delete_old_runs(connection: Connection, before: datetime, limit: int) -> int:
    """Delete runs that began before a moment, at most `limit`; return how many."""
    old = connection.scalars(select(_runs.id).where(_runs.started_at < before).order_by(_runs.id).limit(limit)).all()
    if not old:
        return 0
    return connection.execute(delete(job_runs).where(_runs.id.in_(old))).rowcount
