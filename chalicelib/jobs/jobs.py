"""Running jobs: never two of one at a time, each noted, a failure raised and counted; asked for by hand as well.

A run that had something to do, failed, or was asked for is kept; one that found nothing to do only moves the time at
which the job was last well. What a run leaves for want of time is gone on with at once, not at the next schedule.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from chalicelib.core import clock, leases, logging, metrics
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import NotFound
from chalicelib.core.leases import Lease
from chalicelib.core.paging import Page, PageRequest
from chalicelib.jobs import jobs_sql
from chalicelib.jobs.job import Done, Job, Jobs, TimeLeft

SCHEDULE = "schedule"
CONTINUED = "continued"
RETRIED = "retried"

# With less time left nothing is begun any more.
_LEAST_MS = 20_000
_LONG_MS = 5_000
_MOST_ERROR = 1000
_KEPT_FOR = timedelta(days=30)
_BATCH = 500
# After a failure it is tried again: first so soon, then after twice as long each time.
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)

State = Literal["idle", "running", "failing", "late", "new"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands: its row and its last kept run, None where there is none, and its state in a word."""

    job: Job
    row: Any
    last: Any
    state: State


def run_job(job: Job, *, time_left_ms: TimeLeft, requested_by: str = SCHEDULE) -> Done | None:
    """Run a job once; None where another process is at it.

    Whatever it raises is noted and raised: who called must see it.
    """
    try:
        with leases.held(_lease_of(job.name)) as lease:
            return _run(job, lease, time_left_ms, requested_by)
    except leases.Busy:
        logging.info("a job runs already", job=job.name)
        return None


def scheduled(job: Job) -> Callable[[Any], None]:
    """Return the function that a schedule calls, of the job's name."""

    def handle(event: Any) -> None:
        run_job(job, time_left_ms=event.context.get_remaining_time_in_millis)

    handle.__name__ = job.name
    handle.__doc__ = f"{job.title}."
    return handle


def _lease_of(name: str) -> str:
    return f"job {name}"[:64]


def _run(job: Job, lease: Lease, time_left_ms: TimeLeft, requested_by: str) -> Done:
    started, began = clock.now(), time.perf_counter()
    run(partial(_note_start, job=job, started=started), writes=True)
    noted = {"job": job.name, "requested_by": requested_by, "holder": lease.holder, "started_at": started}
    try:
        done = job.work(time_left_ms)
    except (KeyboardInterrupt, SystemExit):  # somebody wants it to stop: no failure
        cut_off = {**noted, "outcome": "interrupted", "rows": 0, **_ended(began)}
        run(partial(_note_stop, name=job.name, values=cut_off), writes=True)
        raise
    except Exception as error:
        reason = logging.redact(f"{type(error).__name__}: {error}")[:_MOST_ERROR]
        failed = {**noted, "outcome": "failed", "rows": 0, "error": reason, **_ended(began)}
        run(partial(_note_failure, job=job, values=failed), writes=True)
        _measure(failed, left=0)
        logging.warning("a job failed", job=job.name, reason=reason, elapsed_ms=failed["elapsed_ms"])
        raise
    ended = {**noted, "outcome": "more" if done.left else "done", "rows": done.rows, **_ended(began)}
    # Most runs of most jobs find nothing to do: to keep them would hide those that did something.
    kept = bool(done.rows or done.left) or requested_by != SCHEDULE or ended["elapsed_ms"] >= _LONG_MS
    run(partial(_note_success, job=job, done=done, values=ended, kept=kept), writes=True)
    if kept:
        _measure(ended, left=done.left)
        logging.info("a job ran", job=job.name, rows=done.rows, left=done.left, elapsed_ms=ended["elapsed_ms"])
    return done


def _ended(began: float) -> dict[str, Any]:
    return {"finished_at": clock.now(), "elapsed_ms": round((time.perf_counter() - began) * 1000)}


def _measure(values: Mapping[str, Any], *, left: int) -> None:
    failed = values["outcome"] == "failed"
    metrics.emit(
        {"Job": values["job"]},
        {
            "Succeeded": (int(not failed), "Count"),
            "Failed": (int(failed), "Count"),
            "Duration": (values["elapsed_ms"], "Milliseconds"),
            "Rows": (values["rows"], "Count"),
            "Left": (left, "Count"),
        },
    )


def _note_start(connection: Connection, job: Job, started: datetime) -> None:
    """Note that a run begins, and, since none goes on under our lease, that the one before was cut off."""
    row = jobs_sql.find_job(connection, job.name)
    if row is not None and was_cut_off(row):
        _note_interruption(connection, job, row)
    jobs_sql.change_job(connection, job.name, {"started_at": started})


def was_cut_off(row: Any) -> bool:
    """Tell whether the last run of a job that nobody is at has never ended."""
    return row.started_at is not None and (row.finished_at is None or row.finished_at < row.started_at)


def _note_interruption(connection: Connection, job: Job, row: Any) -> None:
    values = {"job": job.name, "outcome": "interrupted", "requested_by": "unknown", "holder": "unknown", "rows": 0}
    reason = "The process was killed, or ran out of time or memory; what it had done is kept."
    ended = {"started_at": row.started_at, "finished_at": clock.now(), "error": reason}
    logging.warning("a job was cut off", job=job.name, started_at=str(row.started_at))
    _note_failure(connection, job, {**values, **ended})


def _note_stop(connection: Connection, name: str, values: Mapping[str, Any]) -> None:
    jobs_sql.insert_run(connection, values)
    jobs_sql.change_job(connection, name, {"finished_at": values["finished_at"]})


def _note_failure(connection: Connection, job: Job, values: Mapping[str, Any]) -> None:
    at = values["finished_at"]
    jobs_sql.insert_run(connection, values)
    jobs_sql.change_job(connection, job.name, {})
    jobs_sql.note_failure(connection, job.name, at)
    row = jobs_sql.find_job(connection, job.name)
    pause = pause_after(0 if row is None else row.failed_in_a_row)
    # A wish that came meanwhile is kept, and a schedule that comes sooner does it.
    if row is not None and row.asked_at is None and pause < job.every:
        jobs_sql.change_job(connection, job.name, {"asked_by": RETRIED, "asked_at": at + pause})


def pause_after(failures: int) -> timedelta:
    """Return how long a job waits after so many failures in a row until it is tried again."""
    doublings = min(max(failures - 1, 0), 10)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


def _note_success(connection: Connection, job: Job, done: Done, values: Mapping[str, Any], *, kept: bool) -> None:
    if kept:
        jobs_sql.insert_run(connection, values)
    at = values["finished_at"]
    changes = {"finished_at": at, "succeeded_at": at, "failed_in_a_row": 0, "left_to_do": done.left}
    if done.left:
        changes |= {"asked_by": CONTINUED, "asked_at": at}
    jobs_sql.change_job(connection, job.name, changes)
    jobs_sql.drop_request(connection, job.name, RETRIED)


# --- by hand -----------------------------------------------------------------------------------------------------


def find_job(jobs: Jobs, name: str) -> Job:
    """Return a job by its name.

    Raises:
        NotFound: there is none.
    """
    found = jobs.by_name.get(name)
    if found is None:
        raise NotFound(f"There is no job {name[:64]!r}; GET /jobs lists them.")
    return found


def ask_for(connection: Connection, job: Job, *, by: str) -> None:
    """Have a job run as soon as may be, whatever its schedule says; asked for twice it runs once."""
    jobs_sql.change_job(connection, job.name, {"asked_by": by[:150], "asked_at": clock.now()})


def run_asked(jobs: Jobs, *, time_left_ms: TimeLeft) -> Done:
    """Run the jobs that were asked for, or had more to do than time, while there is time; all, even if one fails."""
    ran, errors = 0, []
    _find_cut_off(jobs)
    for row in run(partial(jobs_sql.list_asked, now=clock.now()), writes=False):
        job = jobs.by_name.get(row.name)
        if time_left_ms() < _LEAST_MS:
            break
        if not run(partial(jobs_sql.take_request, name=row.name, asked_at=row.asked_at), writes=True) or job is None:
            continue
        try:
            if run_job(job, time_left_ms=time_left_ms, requested_by=row.asked_by) is None:
                run(partial(_ask_again, row=row), writes=True)
            ran += 1
        except Exception as error:  # the others must not wait for it
            errors.append(error)
    if errors:
        raise errors[0]
    return Done(ran)


def _find_cut_off(jobs: Jobs) -> None:
    """Note the runs whose process has died, so that their jobs are gone on with."""
    held = run(leases.list_held, writes=False)
    for row in run(jobs_sql.list_jobs, writes=False):
        job = jobs.by_name.get(row.name)
        if job is None or _lease_of(row.name) in held or not was_cut_off(row):
            continue
        try:
            with leases.held(_lease_of(row.name)):
                run(partial(_note_if_cut_off, job=job), writes=True)
        except leases.Busy:  # it has just begun anew, and notes that itself
            continue


def _note_if_cut_off(connection: Connection, job: Job) -> None:
    row = jobs_sql.find_job(connection, job.name)
    if row is not None and was_cut_off(row):
        _note_interruption(connection, job, row)


def _ask_again(connection: Connection, row: Any) -> None:
    """Keep a wish whose job ran at that moment for another reason: it began before it was asked for."""
    jobs_sql.change_job(connection, row.name, {"asked_by": row.asked_by, "asked_at": row.asked_at})


# --- how they stand ----------------------------------------------------------------------------------------------


def list_standings(connection: Connection, jobs: Jobs) -> Sequence[Standing]:
    """Return how each job stands, in the order in which they are declared."""
    rows = {row.name: row for row in jobs_sql.list_jobs(connection)}
    latest = jobs_sql.list_latest(connection)
    held = leases.list_held(connection)
    now = clock.now()
    return [
        Standing(job, rows.get(job.name), latest.get(job.name), _state(job, rows.get(job.name), held, now))
        for job in jobs
    ]


def _state(job: Job, row: Any | None, held: set[str], now: datetime) -> State:
    if _lease_of(job.name) in held:
        return "running"
    if row is None or row.finished_at is None:
        return "new"
    if row.failed_in_a_row:
        return "failing"
    if row.succeeded_at is None:  # stopped by hand before it ever ended
        return "new"
    return "late" if now - row.succeeded_at > job.late_after else "idle"


def list_runs(connection: Connection, page: PageRequest, job: Job) -> Page[Any]:
    """Return the runs of a job that are kept, newest first."""
    return jobs_sql.list_runs(connection, page, job.name)


def purge_runs(time_left_ms: TimeLeft) -> Done:
    """Delete runs of long ago."""
    before, deleted = clock.now() - _KEPT_FOR, 0
    while time_left_ms() >= _LEAST_MS:
        count = run(partial(jobs_sql.delete_old_runs, before=before, limit=_BATCH), writes=True)
        deleted += count
        if count < _BATCH:
            break
    return Done(deleted)
