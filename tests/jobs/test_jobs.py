"""Running jobs: one at a time, noted, raised; asked for by hand; gone on with when time was short."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, select

from chalicelib.core import clock, leases
from chalicelib.core.database import read, run
from chalicelib.core.errors import NotFound
from chalicelib.core.paging import PageRequest
from chalicelib.jobs import jobs
from chalicelib.jobs.job import Done, Job, Jobs, TimeLeft, rate
from chalicelib.jobs.job_tables import job_runs

MINUTE = timedelta(minutes=1)
PLENTY: TimeLeft = lambda: 600_000  # noqa: E731


def job_of(work: Callable[[TimeLeft], Done], name: str = "sweep", every: timedelta = MINUTE) -> Job:
    return Job(name, "Sweep the floor", every, work)


def runs_of(name: str = "sweep") -> list[tuple[str, str, int, str | None]]:
    with read() as connection:
        rows = connection.execute(select(job_runs).where(job_runs.c.job == name).order_by(job_runs.c.id))
        return [(row.outcome, row.requested_by, row.rows, row.error) for row in rows]


def standing(*given: Job) -> jobs.Standing:
    [found] = run(lambda connection: jobs.list_standings(connection, Jobs(given)), writes=False)
    return found


def test_a_run_that_did_something_is_kept_with_what_it_did(shop: Engine) -> None:
    assert jobs.run_job(job_of(lambda _: Done(rows=7)), time_left_ms=PLENTY) == Done(rows=7)
    assert runs_of() == [("done", "schedule", 7, None)]


def test_a_run_that_found_nothing_to_do_only_shows_that_the_job_is_well(shop: Engine) -> None:
    idle = job_of(lambda _: Done())
    assert standing(idle).state == "new"
    jobs.run_job(idle, time_left_ms=PLENTY)
    assert runs_of() == []
    found = standing(idle)
    assert (found.state, found.last, found.row.failed_in_a_row) == ("idle", None, 0)
    assert found.row.succeeded_at is not None


def test_a_failure_is_raised_noted_without_secrets_and_counted_until_it_is_mended(shop: Engine) -> None:
    broken = True

    def work(_time_left_ms: TimeLeft) -> Done:
        if broken:
            raise RuntimeError("no way to mysql://shop:hunter2@db/shop")
        return Done(rows=1)

    job = job_of(work)
    for count in (1, 2):
        with pytest.raises(RuntimeError):
            jobs.run_job(job, time_left_ms=PLENTY)
        found = standing(job)
        assert (found.state, found.row.failed_in_a_row) == ("failing", count)
    [first, _] = runs_of()
    assert first[0] == "failed"
    assert "hunter2" not in str(first[3])
    assert "RuntimeError" in str(first[3])
    broken = False
    jobs.run_job(job, time_left_ms=PLENTY)
    assert standing(job).state == "idle"


def test_two_of_one_job_never_overlap_while_others_run_beside_it(shop: Engine) -> None:
    inside, go_on, other = threading.Event(), threading.Event(), []

    def work(_time_left_ms: TimeLeft) -> Done:
        inside.set()
        assert go_on.wait(20)
        return Done(rows=1)

    slow = job_of(work)
    thread = threading.Thread(target=lambda: jobs.run_job(slow, time_left_ms=PLENTY))
    thread.start()
    try:
        assert inside.wait(20)
        assert standing(slow).state == "running"
        assert jobs.run_job(job_of(lambda _: pytest.fail("at once")), time_left_ms=PLENTY) is None
        quick = job_of(lambda _: Done(rows=2), "mop")
        other.append(jobs.run_job(quick, time_left_ms=PLENTY))
    finally:
        go_on.set()
        thread.join()
    assert other == [Done(rows=2)]
    assert [each[2] for each in runs_of()] == [1]


def test_what_is_left_for_want_of_time_is_gone_on_with_at_once(shop: Engine) -> None:
    left = [2, 1, 0]
    job = job_of(lambda _: Done(rows=1, left=left.pop(0)), every=timedelta(days=1))
    jobs.run_job(job, time_left_ms=PLENTY)
    assert standing(job).row.left_to_do == 2
    asked = Jobs([job])
    assert jobs.run_asked(asked, time_left_ms=PLENTY).rows == 1
    assert jobs.run_asked(asked, time_left_ms=PLENTY).rows == 1
    assert jobs.run_asked(asked, time_left_ms=PLENTY).rows == 0
    assert [each[:2] for each in runs_of()] == [("more", "schedule"), ("more", "continued"), ("done", "continued")]


def test_a_job_that_is_asked_for_twice_runs_once_and_is_kept_though_it_found_nothing(shop: Engine) -> None:
    ran = []
    job = job_of(lambda _: ran.append(1) or Done())  # type: ignore[func-returns-value]
    for by in ("robin", "kim"):
        run(partial(jobs.ask_for, job=job, by=by), writes=True)
    assert standing(job).row.asked_by == "kim"
    jobs.run_asked(Jobs([job]), time_left_ms=PLENTY)
    jobs.run_asked(Jobs([job]), time_left_ms=PLENTY)
    assert ran == [1]
    assert runs_of() == [("done", "kim", 0, None)]
    assert standing(job).row.asked_by is None


def test_a_wish_is_not_lost_when_the_job_runs_just_then(shop: Engine) -> None:
    job = job_of(lambda _: Done(rows=1))
    run(lambda connection: jobs.ask_for(connection, job, by="robin"), writes=True)
    with leases.held("job sweep"):
        jobs.run_asked(Jobs([job]), time_left_ms=PLENTY)
        assert standing(job).row.asked_by == "robin"
    jobs.run_asked(Jobs([job]), time_left_ms=PLENTY)
    assert runs_of() == [("done", "robin", 1, None)]


def test_one_that_fails_keeps_none_of_the_others_waiting(shop: Engine) -> None:
    def fail(_time_left_ms: TimeLeft) -> Done:
        raise RuntimeError("broken")

    both = [job_of(fail, "first"), job_of(lambda _: Done(rows=1), "second")]
    for each in both:
        run(partial(jobs.ask_for, job=each, by="robin"), writes=True)
    with pytest.raises(RuntimeError):
        jobs.run_asked(Jobs(both), time_left_ms=PLENTY)
    assert [each[0] for each in (*runs_of("first"), *runs_of("second"))] == ["failed", "done"]


def test_without_time_nothing_is_begun_and_the_wish_stays(shop: Engine) -> None:
    job = job_of(lambda _: pytest.fail("no time"))
    run(lambda connection: jobs.ask_for(connection, job, by="robin"), writes=True)
    assert jobs.run_asked(Jobs([job]), time_left_ms=lambda: 1_000) == Done(0)
    assert standing(job).row.asked_by == "robin"


def test_a_job_is_late_when_its_last_success_is_three_of_its_times_ago(
    shop: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(lambda _: Done(), every=timedelta(hours=1))
    jobs.run_job(job, time_left_ms=PLENTY)
    now = clock.now()
    for hours, state in ((2.9, "idle"), (3.1, "late")):
        monkeypatch.setattr(clock, "now", lambda hours=hours: now + timedelta(hours=hours))
        assert standing(job).state == state


def test_old_runs_are_deleted(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(lambda _: Done(rows=1))
    jobs.run_job(job, time_left_ms=PLENTY)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=29))
    assert jobs.purge_runs(PLENTY) == Done(0)
    jobs.run_job(job, time_left_ms=PLENTY)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=31))
    assert jobs.purge_runs(PLENTY) == Done(1)
    page = run(lambda connection: jobs.list_runs(connection, PageRequest(10), job), writes=False)
    assert len(page.items) == 1


def test_an_unknown_job_is_told_so() -> None:
    with pytest.raises(NotFound):
        jobs.find_job(Jobs([]), "sweep")
    with pytest.raises(ValueError, match="two jobs"):
        Jobs([job_of(lambda _: Done()), job_of(lambda _: Done())])


@pytest.mark.parametrize(
    ("every", "expression"),
    [
        (MINUTE, "rate(1 minute)"),
        (5 * MINUTE, "rate(5 minutes)"),
        (timedelta(hours=1), "rate(1 hour)"),
        (timedelta(hours=6), "rate(6 hours)"),
        (timedelta(days=1), "rate(1 day)"),
        (timedelta(minutes=90), "rate(90 minutes)"),
    ],
)
def test_a_schedule_is_written_as_aws_reads_it(every: timedelta, expression: str) -> None:
    assert rate(every) == expression
