"""Runs that fail, are stopped or are killed: seen, and gone on with after a pause that grows."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from chalicelib.core import clock
from chalicelib.jobs import jobs
from chalicelib.jobs.job import Done, Job, Jobs, TimeLeft
from tests.jobs.test_jobs import PLENTY, job_of, runs_of, standing

DAY = timedelta(days=1)


def test_what_fails_is_tried_again_after_a_pause_that_doubles(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fail(_time_left_ms: TimeLeft) -> Done:
        tried.append(clock.now())
        raise RuntimeError("broken")

    job, now = job_of(fail, every=DAY), clock.now()
    for minute in range(70):
        monkeypatch.setattr(clock, "now", lambda minute=minute: now + timedelta(minutes=minute))
        try:
            if minute == 0:
                jobs.run_job(job, time_left_ms=PLENTY)
            jobs.run_asked(Jobs([job]), time_left_ms=PLENTY)
        except RuntimeError:
            continue
    assert [(at - now) / timedelta(minutes=1) for at in tried] == [0, 1, 3, 7, 15, 31, 63]
    assert {each[1] for each in runs_of()[1:]} == {"retried"}
    assert jobs.pause_after(100) == timedelta(hours=1)


def test_a_job_that_does_well_again_is_not_tried_once_more(shop: Engine) -> None:
    outcomes = [RuntimeError("broken"), None]

    def work(_time_left_ms: TimeLeft) -> Done:
        if (error := outcomes.pop(0)) is not None:
            raise error
        return Done()

    job = job_of(work, every=DAY)
    with pytest.raises(RuntimeError):
        jobs.run_job(job, time_left_ms=PLENTY)
    assert standing(job).row.asked_by == "retried"
    jobs.run_job(job, time_left_ms=PLENTY)
    assert (standing(job).row.asked_by, standing(job).state) == (None, "idle")


def test_a_run_that_somebody_stops_is_kept_and_is_no_failure(shop: Engine) -> None:
    def stop(_time_left_ms: TimeLeft) -> Done:
        raise KeyboardInterrupt

    job = job_of(stop, every=DAY)
    with pytest.raises(KeyboardInterrupt):
        jobs.run_job(job, time_left_ms=PLENTY)
    assert [each[0] for each in runs_of()] == ["interrupted"]
    assert standing(job).row.failed_in_a_row == 0


KILLED = """
    import os, signal
    from datetime import timedelta
    from chalicelib.jobs import jobs
    from chalicelib.jobs.job import Job
    work = lambda _: os.kill(os.getpid(), signal.SIGKILL)
    jobs.run_job(Job("sweep", "Sweep", timedelta(days=1), work), time_left_ms=lambda: 600_000)
"""


def test_a_killed_process_is_seen_and_its_job_gone_on_with(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    url = shop.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED)], check=False, capture_output=True)
    assert died.returncode == -9, died.stderr
    job = Job("sweep", "Sweep", DAY, lambda _: Done(rows=3))
    now = clock.now()
    for minutes in (0, 2):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: now + timedelta(minutes=minutes))
        jobs.run_asked(Jobs([job]), time_left_ms=PLENTY)
    assert [each[0] for each in runs_of()] == ["interrupted", "done"]
    assert standing(job).state == "idle"
