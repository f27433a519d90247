"""Runs of `summarize_sales` that are killed, meet each other, or see the clock move on: as one quiet run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from chalicelib.analytics.sales import summaries
from chalicelib.core import clock, config
from chalicelib.core.database import run
from chalicelib.jobs import jobs
from chalicelib.jobs.job import Job
from tests.analytics.sales.killed_runs import kill_runs, make_shop
from tests.analytics.sales.raw_count import counted_anew, kept_summaries
from tests.conftest import set_settings
from tests.factories import make_customer, make_order, make_product

HOUR = timedelta(hours=1)


def test_runs_that_are_killed_leave_whole_slices_and_lose_nothing(shop: Engine) -> None:
    kill_runs(shop.url.render_as_string(hide_password=False), kills=4, seed=3)


@pytest.mark.parametrize("leased", [True, False])
def test_two_runners_at_once_keep_what_one_would(shop: Engine, leased: bool) -> None:
    make_shop()
    job = Job("summarize_sales", "Sum sales up", HOUR, summaries.summarize_sales)
    start = Barrier(2)

    def runner(_: int) -> None:
        start.wait()
        if leased:
            jobs.run_job(job, time_left_ms=lambda: 900_000)
        else:
            summaries.summarize_sales(lambda: 900_000)

    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(runner, range(2)))
        assert kept_summaries() == counted_anew("UTC")
        run(summaries.mark_all, writes=True)


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28, 20, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 24, 20, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 2, 30, tzinfo=UTC)),
        ("UTC", datetime(2026, 12, 31, 20, 30, tzinfo=UTC)),
    ],
)
def test_days_and_clocks_may_change_between_runs(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, zone: str, begin: datetime
) -> None:
    set_settings(monkeypatch, replace(config.settings(), time_zone=zone))
    customer, product = make_customer(), make_product()
    for hour in range(29):
        now = begin + hour * HOUR
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        make_order(customer, (product, 1_000 + hour), created_at=now - HOUR / 4, updated_at=now - HOUR / 4)
        if hour % 2:
            summaries.summarize_sales(lambda: 900_000)
    summaries.summarize_sales(lambda: 900_000)
    kept = kept_summaries()
    assert kept == counted_anew(zone)
    assert sum(hour[3] for hour in kept["sales_hours"].values()) == 29
    run(summaries.mark_all, writes=True)
    summaries.summarize_sales(lambda: 900_000)
    assert kept_summaries() == kept
