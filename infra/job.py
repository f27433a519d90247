"""Running a job by hand, on the database of the settings: `make job NAME=purge_events`; without it, how all stand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from tqdm import tqdm

from chalicelib.core.config import ConfigurationError
from chalicelib.core.database import run
from chalicelib.core.errors import AppError, NotFound
from chalicelib.jobs import jobs, progress
from chalicelib.jobs.job import Job, Jobs
from chalicelib.jobs.jobs import Standing
from infra.migrate import migrate_configured

# A slice of work: as long as a function may run, so that a run here leaves what a run there would.
_SLICE_MS = 15 * 60 * 1000
_BUSY = 4


class Stuck(Exception):
    """A job has more to do and does nothing of it."""


def work_off(job: Job) -> int | None:
    """Run a job until nothing is left of it; return how many rows it did, None when another process is at it."""
    rows, left_before = 0, None
    with closing(
        tqdm(desc=job.name, unit=" rows", unit_scale=True, disable=None)
    ) as bar:  # none where nobody watches

        def show(done: int, left: int | None) -> None:
            bar.total = None if left is None else rows + done + left
            bar.update(rows + done - bar.n)

        while True:
            with progress.heard(show):
                done = jobs.run_job(job, time_left_ms=lambda: _SLICE_MS, requested_by="command line")
            if done is None:
                return None
            show(done.rows, done.left)
            rows += done.rows
            if not done.left:
                return rows
            if not done.rows and left_before is not None and done.left >= left_before:
                raise Stuck(f"it gets no further; {done.left:,} are left")
            left_before = done.left


def table_of(standings: Sequence[Standing]) -> str:
    """Return how jobs stand, a line each."""
    width = max(len(each.job.name) for each in standings)
    return "\n".join(f"{each.job.name:<{width}}  {each.state:<8} {_told(each)}" for each in standings)


def _told(standing: Standing) -> str:
    row: Any = standing.row
    if row is None or row.succeeded_at is None:
        return standing.job.title
    return f"last well {row.succeeded_at:%Y-%m-%d %H:%M} UTC; {standing.job.title}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0: the job is done, 1: it failed, 2: there is none of that name, 4: another is at it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", help="of the job; without it, how all of them stand")
    name = parser.parse_args(arguments).name
    from app import JOBS  # the whole application: only once the arguments are right

    try:
        migrate_configured()
        if name is None:
            print(table_of(run(lambda connection: jobs.list_standings(connection, JOBS), writes=False)))
            return 0
        return _run(JOBS, name)
    except NotFound:
        print(f"There is no job {name!r}. There are: {', '.join(sorted(JOBS.by_name))}.", file=sys.stderr)
        return 2
    except (ConfigurationError, AppError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: what was done is kept, the next run goes on.", file=sys.stderr)
        return 130


def _run(known: Jobs, name: str) -> int:
    job = jobs.find_job(known, name)
    try:
        rows = work_off(job)
    except AppError:
        raise
    except Exception as error:  # the log has its traceback
        print(f"{name} failed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if rows is None:
        print(f"{name} runs in another process at this moment; try again when it is done.", file=sys.stderr)
        return _BUSY
    print(f"{name}: done, {rows:,} rows.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
