"""The shop's days: where clocks change, how spans are cut up, what is compared with what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.analytics.days import (
    DAY,
    Span,
    bucket_of,
    buckets,
    choose_granularity,
    compared,
    day_of,
    days_of_hour,
    hours_of,
    runs,
    start_of,
)

BERLIN = "Europe/Berlin"
ZONES = ["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo"]
BOUNDS = (datetime(2005, 1, 1), datetime(2035, 1, 1))  # noqa: DTZ001 (hypothesis adds the zone)
DAYS = st.dates(date(2005, 1, 1), date(2035, 12, 31))


def test_a_day_in_berlin_begins_at_its_midnight() -> None:
    assert start_of(date(2026, 1, 15), BERLIN) == datetime(2026, 1, 14, 23, tzinfo=UTC)
    assert start_of(date(2026, 7, 15), BERLIN) == datetime(2026, 7, 14, 22, tzinfo=UTC)


def test_a_day_on_which_clocks_change_has_23_or_25_hours() -> None:
    assert len(hours_of(date(2026, 3, 29), BERLIN)) == 23
    assert len(hours_of(date(2026, 10, 25), BERLIN)) == 25
    assert len(hours_of(date(2026, 10, 26), BERLIN)) == 24


@given(st.datetimes(*BOUNDS, timezones=st.just(UTC)), st.sampled_from(ZONES))
def test_each_moment_is_of_the_one_day_it_falls_on(moment: datetime, zone: str) -> None:
    day = day_of(moment, zone)
    assert day == moment.astimezone(ZoneInfo(zone)).date()
    assert start_of(day, zone) <= moment < start_of(day + DAY, zone)
    hour = moment.replace(minute=0, second=0, microsecond=0)
    assert day in days_of_hour(hour, zone)


@given(st.sets(DAYS, min_size=1, max_size=40), st.sampled_from(ZONES))
def test_runs_hold_each_day_once_and_tell_its_date_by_their_offset(days: set[date], zone: str) -> None:
    found = runs(days | {day + DAY for day in days}, zone)
    assert [day for run in found for day in Span(run.first, run.last)] == sorted(days | {day + DAY for day in days})
    for run in found:
        assert (run.start, run.end) == (start_of(run.first, zone), start_of(run.last + DAY, zone))
        if run.first != run.last:
            for day in Span(run.first, run.last):
                start = start_of(day, zone)
                for moment in (start, start + timedelta(hours=24) - timedelta(microseconds=1)):
                    assert (moment + timedelta(seconds=run.offset_s)).date() == day


def test_the_granularity_fits_the_span() -> None:
    first = date(2026, 1, 1)
    by_days = {1: "hour", 2: "hour", 3: "day", 62: "day", 63: "week", 366: "week", 367: "month"}
    for days, granularity in by_days.items():
        assert choose_granularity(Span(first, first + (days - 1) * DAY)) == granularity


@given(DAYS, st.integers(0, 500), st.sampled_from(["day", "week", "month"]))
def test_buckets_cover_a_span_without_gap_or_overlap(first: date, more: int, granularity: str) -> None:
    span = Span(first, first + more * DAY)
    found = buckets(span, granularity)  # type: ignore[arg-type]
    assert [day for bucket in found for day in bucket] == list(span)
    for bucket in found:
        of_days = {bucket_of(day, granularity) for day in bucket}  # type: ignore[arg-type]
        assert len(of_days) == 1


@pytest.mark.parametrize(
    ("span", "compare", "expected"),
    [
        (Span(date(2026, 3, 1), date(2026, 3, 31)), "previous", Span(date(2026, 1, 29), date(2026, 2, 28))),
        (Span(date(2026, 3, 1), date(2026, 3, 31)), "year", Span(date(2025, 3, 1), date(2025, 3, 31))),
        (Span(date(2024, 2, 29), date(2024, 2, 29)), "year", Span(date(2023, 2, 28), date(2023, 2, 28))),
    ],
)
def test_a_span_is_compared(span: Span, compare: str, expected: Span) -> None:
    assert compared(span, compare) == expected  # type: ignore[arg-type]
