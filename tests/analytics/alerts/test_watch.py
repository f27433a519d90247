"""The job that watches figures: what opens, escalates and resolves an alert, once, whoever runs it how often."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from chalicelib.analytics.alerts import watch
from chalicelib.analytics.alerts.alert_tables import alerts
from chalicelib.analytics.forecast.forecast_tables import reorder_runs, reorder_suggestions
from chalicelib.analytics.funnel.funnel_tables import funnel_days
from chalicelib.analytics.funnel.summaries import FUNNEL
from chalicelib.analytics.sales.figure_tables import FIGURES, sales_days
from chalicelib.analytics.sales.summaries import SALES
from chalicelib.core import clock, config
from chalicelib.core.database import read, transaction
from chalicelib.events.tables import outbox_events
from tests.conftest import set_settings
from tests.factories import NOON

DAY = timedelta(days=1)
LAST = NOON.date() - DAY
FIRST = LAST - 99 * DAY
NOW = {"at": NOON}


@pytest.fixture(autouse=True)
def summed_up(monkeypatch: pytest.MonkeyPatch, shop: Engine) -> None:
    NOW["at"] = NOON
    monkeypatch.setattr(clock, "now", lambda: NOW["at"])
    with transaction() as connection:
        for subject in (SALES, FUNNEL):
            subject.note(connection, as_of=NOON, seen_until=NOON, time_zone="UTC")


def usual(day: date) -> int:
    """100 orders a day, 150 on Saturdays, and an even jitter that is the same every time."""
    return (150 if day.weekday() == 5 else 100) + day.toordinal() * 7 % 5 - 2


def sold(counts: dict[date, int], dimension: str = "shop", value: str = "", **figures: dict[date, int]) -> None:
    """So many orders of two items at 10.00 a day, all else as is said by day."""
    with transaction() as connection:
        connection.execute(delete(sales_days).where(sales_days.c.dimension == dimension, sales_days.c.value == value))
        rows = [
            dict.fromkeys(FIGURES, 0)
            | {"dimension": dimension, "value": value, "day": day, "customers": n, "orders": n}
            | {"lines": 2 * n, "items": 2 * n, "units": 2 * n, "gross_cents": 2000 * n}
            | {name: of_day[day] for name, of_day in figures.items() if day in of_day}
            for day, n in counts.items()
            if n
        ]
        connection.execute(insert(sales_days), rows)


def days(**other: int) -> dict[date, int]:
    """A hundred days as usual, but for those that are told of: `ago3=40`, 40 orders three days before the last."""
    found = {FIRST + n * DAY: usual(FIRST + n * DAY) for n in range(100)}
    return found | {LAST - int(name.removeprefix("ago")) * DAY: count for name, count in other.items()}


def look() -> int:
    NOW["at"] += timedelta(minutes=1)
    return watch.watch_figures(lambda: 300_000).rows


def found(**wanted: Any) -> list[Any]:
    statement = select(alerts)
    for name, value in wanted.items():
        statement = statement.where(alerts.c[name] == value)
    with read() as connection:
        return list(connection.execute(statement.order_by(alerts.c.id)).all())


def told() -> list[tuple[str, str]]:
    with read() as connection:
        rows = connection.execute(select(outbox_events).order_by(outbox_events.c.id)).all()
    return [(row.kind, row.aggregate) for row in rows if row.kind.startswith("alert.")]


def test_before_sales_are_summed_up_nothing_is_judged() -> None:
    assert look() == 0


def test_usual_days_make_no_alert_and_today_is_not_judged() -> None:
    sold({**days(), NOON.date(): 1})
    assert (look(), found()) == (0, [])


def test_a_bad_day_makes_an_alert_of_orders_and_one_of_revenue_once() -> None:
    sold(days(ago2=55))
    assert look() == 2
    assert {(row.figure, row.day, row.direction, row.state) for row in found()} == {
        ("orders", LAST - 2 * DAY, "low", "open"),
        ("revenue", LAST - 2 * DAY, "low", "open"),
    }
    (orders,) = found(figure="orders")
    before = sorted(usual(LAST - 2 * DAY - week * 7 * DAY) for week in range(1, 9))
    assert (orders.value, orders.expected) == (55, (before[3] + before[4]) / 2)
    once = (found(), told())
    assert look() == 0
    assert (found(), told()) == once
    assert sorted(told()) == sorted(("alert.opened", f"alert:{row.id}") for row in found())


def test_a_day_without_any_order_is_critical_even_if_it_is_the_last_one() -> None:
    sold(days(ago0=0))
    look()
    assert {(row.figure, row.severity, row.day) for row in found()} == {
        ("orders", "critical", LAST),
        ("revenue", "critical", LAST),
    }


def test_a_corrected_day_resolves_its_alerts_and_one_that_gets_bad_again_opens_them_again() -> None:
    sold(days(ago2=55))
    look()
    sold(days())
    assert look() == 2
    assert {row.state for row in found()} == {"resolved"}
    assert look() == 0
    sold(days(ago2=55))
    assert look() == 2
    assert {(row.state, row.resolved_at) for row in found()} == {("open", None)}
    assert [kind for kind, _ in told()] == ["alert.opened"] * 2 + ["alert.resolved"] * 2 + ["alert.opened"] * 2


def test_an_alert_of_a_day_weeks_ago_is_resolved_when_it_is_corrected() -> None:
    sold(days(ago2=55))
    look()
    with transaction() as connection:
        SALES.note(connection, as_of=NOON + 30 * DAY)
    later = {LAST + n * DAY: usual(LAST + n * DAY) for n in range(1, 31)}
    sold(days(ago2=55) | later)
    look()
    assert [row.state for row in found(day=LAST - 2 * DAY)] == ["open", "open"]
    sold(days() | later)
    look()
    assert [row.state for row in found(day=LAST - 2 * DAY)] == ["resolved", "resolved"]


def test_a_warning_that_gets_worse_is_told_once_and_is_open_again() -> None:
    sold(days(ago2=55))
    look()
    with transaction() as connection:
        connection.execute(update(alerts).values(state="acknowledged", acknowledged_by=1))
    assert {row.severity for row in found(figure="orders")} == {"warning"}
    sold(days(ago2=5))
    look()
    look()
    (orders,) = found(figure="orders")
    assert (orders.severity, orders.state, orders.acknowledged_by) == ("critical", "open", None)
    assert told().count(("alert.escalated", f"alert:{orders.id}")) == 1


def test_while_past_days_are_to_be_counted_anew_nothing_is_judged() -> None:
    sold(days(ago2=55))
    with transaction() as connection:
        SALES.mark(connection, [LAST - 20 * DAY])
    assert look() == 0
    with transaction() as connection:
        SALES.strike_off(connection, SALES.list_due(connection))
        SALES.mark(connection, [NOON.date()])  # which always is
    assert look() == 2


def test_two_runners_make_one_alert() -> None:
    sold(days(ago2=55))
    barrier, done = threading.Barrier(2), list[int]()

    def runner() -> None:
        barrier.wait()
        done.append(watch.watch_figures(lambda: 300_000).rows)

    threads = [threading.Thread(target=runner) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(done) == [0, 2]
    assert (len(found()), len(told())) == (2, 2)


def test_categories_that_sell_most_are_watched() -> None:
    sold(days())
    sold(days(ago1=20), "category", "jeans")
    look()
    assert [(row.figure, row.dimension, row.subject) for row in found()] == [("revenue", "category", "jeans")]


def test_many_returns_and_cancellations_are_found_but_few_are_no_alert() -> None:
    counts = days()
    returned = {day: 2 * n - n // 5 for day, n in counts.items()}  # a tenth came back
    cancelled = {day: 2 * n + n // 10 for day, n in counts.items()}
    bad, worse = LAST - 20 * DAY, LAST - 3 * DAY
    returned[bad] = counts[bad]
    cancelled[worse] = 3 * counts[worse]
    returned[LAST] = 2 * counts[LAST]  # nothing is back yet
    sold(counts, units=returned, lines=cancelled)
    look()
    assert {(row.figure, row.day, row.direction) for row in found()} == {
        ("return_rate", bad, "high"),
        ("cancel_rate", worse, "high"),
    }


def test_conversion_is_watched_by_the_funnel() -> None:
    sold(days())
    rows = [
        {"day": LAST - n * DAY, "segment": "kind", "name": "guests", "viewed": 1000, "carted": 300}
        | {"checked_out": 100, "ordered": 10 if n == 1 else 50, "orders": 50}
        for n in range(80)
    ]
    with transaction() as connection:
        connection.execute(insert(funnel_days), rows)
    look()
    (one,) = found()
    assert (one.figure, one.day, one.value, one.expected) == ("conversion", LAST - DAY, 0.01, 0.05)


# --- stock -------------------------------------------------------------------------------------------------------


def short(urgency: str | None, free: int = 3) -> None:
    """Product 7 is on the list of what to order, as urgent as this; None: it is not."""
    numbers = ("daily", "lead_demand", "period_demand", "safety", "reorder_point", "order_up_to", "short")
    with transaction() as connection:
        for table in (reorder_suggestions, reorder_runs):
            connection.execute(delete(table))
        made = {"id": 1, "made_at": NOON, "last_day": LAST, "lead_days": 14, "cover_days": 30, "suggestions": 1}
        connection.execute(insert(reorder_runs).values(**made))
        if urgency:
            row = dict.fromkeys(numbers, 28.0) | {"position": 1, "product_id": 7, "sku": "A", "name": "Shirt"}
            row |= {"urgency": urgency, "free": free, "low_stock_level": 5, "suggested": 80, "days_of_cover": 1.0}
            connection.execute(insert(reorder_suggestions).values(**row, model="average"))


def test_a_best_seller_that_runs_out_is_one_alert_an_episode() -> None:
    sold(days())
    sold(days(), "product", "7")
    short("low")
    assert look() == 0
    short("will_sell_out")
    assert look() == 1
    short("will_sell_out", free=2)
    NOW["at"] += DAY
    look()
    short("sold_out", free=0)
    look()
    (one,) = found(figure="stock")
    assert (one.subject, one.day, one.severity, one.value, one.state) == ("7", NOON.date(), "critical", 0, "open")
    short(None)
    look()
    look()
    short("sold_out", free=0)
    look()
    first, second = found(figure="stock")
    assert (first.state, second.state, second.day) == ("resolved", "open", NOON.date() + DAY)
    assert [kind for kind, _ in told()] == ["alert.opened", "alert.escalated", "alert.resolved", "alert.opened"]


def test_what_sells_little_is_no_alert_and_what_has_one_is_looked_at_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sold(days())
    short("sold_out")
    assert look() == 0  # nobody bought it
    sold(days(), "product", "7")
    assert look() == 1
    set_settings(monkeypatch, replace(config.settings(), alert_products=0))
    short(None)
    assert look() == 1
    assert [row.state for row in found()] == ["resolved"]
