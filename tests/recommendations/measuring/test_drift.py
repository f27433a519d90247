"""The alarm: told when figures really fall, once a day, and over by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from chalicelib.core import blobs, clock, logging
from chalicelib.core.auth import Role
from chalicelib.core.database import read, transaction
from chalicelib.events.tables import outbox_events
from chalicelib.recommendations.measuring import drift, measure
from chalicelib.recommendations.measuring.figure_tables import recommendation_days
from chalicelib.recommendations.models import manifests
from tests.factories import NOON, client_of
from tests.recommendations.measuring.happenings import DAY, make_day

TODAY = NOON.date()


def weeks(before: tuple[int, int, int], recent: tuple[int, int, int]) -> None:
    """Make 28 days and the 7 after them: (impressions, clicks, orders) of each, a little more and less in turn."""
    for days_ago in range(1, 36):
        impressions, clicks, orders = recent if days_ago <= 7 else before
        wobble = (days_ago % 3 - 1) * max(clicks // 20, 1)
        make_day(TODAY - days_ago * DAY, impressions=impressions, clicks=clicks + wobble, orders=orders)


def check(now: datetime = NOON) -> list[str]:
    return [fall.metric for fall in drift.check(now)]


def told() -> list[Any]:
    with read() as connection:
        rows = connection.execute(select(outbox_events.c.kind, outbox_events.c.payload).order_by(outbox_events.c.id))
        return [json.loads(row.payload) for row in rows if row.kind == drift.KIND]


def alarm() -> Any:
    return client_of(Role.STAFF).get("/ai/metrics").json["alarm"]


def test_a_fall_of_clicks_is_told(shop: Engine) -> None:
    weeks((1000, 100, 10), (1000, 60, 6))
    assert check() == ["ctr"]
    found = alarm()
    assert found["since"] == "2026-03-01T12:00:00Z"
    (metric,) = found["metrics"]
    assert (metric["metric"], metric["fall"]) == ("ctr", pytest.approx(0.4, abs=0.01))
    assert metric["now"] == pytest.approx(0.06, abs=0.001)
    assert metric["before"] == pytest.approx(0.1, abs=0.001)
    assert metric["p"] < 0.01
    assert told() == [{"metrics": found["metrics"]}]


def test_a_fall_of_orders_is_told(shop: Engine) -> None:
    weeks((1000, 100, 20), (1000, 100, 10))
    assert check() == ["conversion"]


@pytest.mark.parametrize(
    ("before", "recent"),
    [
        ((1000, 100, 10), (1000, 100, 10)),  # no fall
        ((1000, 60, 10), (1000, 100, 16)),  # a rise
        ((1000, 100, 10), (1000, 85, 8)),  # by less than a fifth, however sure
        ((100, 10, 0), (100, 5, 0)),  # too few
    ],
)
def test_what_is_no_fall_or_may_be_chance_is_not_told(
    shop: Engine, before: tuple[int, int, int], recent: tuple[int, int, int]
) -> None:
    weeks(before, recent)
    assert check() == []
    assert (alarm(), told()) == (None, [])


def test_days_that_differ_wildly_are_no_fall(shop: Engine) -> None:
    """A fifth less in sum, from days of which each is twice or half of another."""
    for days_ago in range(1, 36):
        clicks = 30 if days_ago % 2 else 150 if days_ago > 7 else 120
        make_day(TODAY - days_ago * DAY, impressions=1000, clicks=clicks)
    assert check() == []


def test_today_is_not_over_and_does_not_count(shop: Engine) -> None:
    weeks((1000, 100, 10), (1000, 100, 10))
    make_day(TODAY, impressions=100_000, clicks=0)
    assert check() == []


def test_it_is_told_once_a_day_and_shown_all_the_time(shop: Engine) -> None:
    weeks((1000, 100, 10), (1000, 50, 5))
    for hours in (0, 1, 11):
        check(NOON + timedelta(hours=hours))
    assert len(told()) == 1
    with_next = NOON + timedelta(hours=13)
    check(with_next)
    assert len(told()) == 2
    assert alarm()["since"] == "2026-03-01T12:00:00Z"


def test_the_alarm_ends_by_itself(shop: Engine) -> None:
    weeks((1000, 100, 10), (1000, 50, 5))
    check()
    with transaction() as connection:
        connection.execute(delete(recommendation_days))
    weeks((1000, 100, 10), (1000, 100, 10))
    assert check() == []
    assert alarm() is None
    assert len(told()) == 1


def test_the_job_looks_each_time(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its days have no events behind them: those that it counts anew are empty then."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    weeks((1000, 100, 10), (1000, 50, 5))
    monkeypatch.setattr("chalicelib.recommendations.measuring.days.mark_changes", lambda _now: None)
    measure.measure_recommendations(time_left_ms=lambda: 900_000)
    assert len(told()) == 1


def test_a_warning_is_logged_once_a_day(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[tuple[str, Any]] = []
    monkeypatch.setattr(logging, "warning", lambda message, **fields: warnings.append((message, fields)))
    weeks((1000, 100, 10), (1000, 50, 5))
    check()
    check()
    assert warnings == [("recommendations fall", {"metrics": ["ctr"]})]


# --- models ------------------------------------------------------------------------------------------------------


def publish(*figures: tuple[float | None, int], rejected: Sequence[int] = ()) -> None:
    """Store manifests of models, oldest first: NDCG@10 and how many people it was measured of."""
    for number, (figure, people) in enumerate(figures):
        version = f"202602{number + 1:02d}T000000Z-0a1b2c3d"
        manifest = manifests.Manifest(
            format=1,
            version=version,
            built_at=datetime(2026, 2, number + 1, tzinfo=UTC),
            window=manifests.Window(first=None, last=None),
            sizes=manifests.Sizes(people=0, items=0, interactions=0, bytes=0),
            parameters={},
            metrics={"people": people} if figure is None else {"ndcg10": figure, "people": people},
            git_revision="unknown",
            rejected="worse" if number in rejected else None,
            arrays=[],
        )
        data = manifest.model_dump_json().encode()
        blobs.store().put(manifests.manifest_key(version), data, "application/json")


def test_a_model_that_measures_worse_than_those_before_is_told(shop: Engine) -> None:
    publish((0.20, 5000), (0.21, 5000), (0.10, 5000))
    assert check() == ["offline_ndcg10"]
    (metric,) = alarm()["metrics"]
    assert (metric["now"], metric["before"]) == (0.1, 0.205)


@pytest.mark.parametrize(
    "figures",
    [
        [(0.20, 5000)],
        [(0.20, 5000), (0.25, 5000)],
        [(0.20, 5000), (0.17, 5000)],  # by less than a fifth
        [(0.20, 60), (0.10, 60)],  # of so few that it may be chance
        [(0.20, 5000), (0.01, 49)],  # not measured
        [(0.20, 5000), (None, 5000)],
        [(0.0, 5000), (0.0, 5000)],
    ],
)
def test_a_model_that_is_not_clearly_worse_is_not_told(shop: Engine, figures: list[tuple[float | None, int]]) -> None:
    publish(*figures)
    assert check() == []


def test_a_model_that_was_not_published_does_not_count(shop: Engine) -> None:
    publish((0.20, 5000), (0.21, 5000), (0.10, 5000), rejected=[2])
    assert check() == []
