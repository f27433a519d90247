"""The sales funnel as staff sees it."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from chalicelib.analytics.funnel.funnel_tables import funnel_days
from chalicelib.core.auth import Role
from chalicelib.core.database import transaction
from tests.factories import client_of

FIRST = date(2026, 2, 2)  # a Monday
DAY = timedelta(days=1)


def make_day(day: date, viewed: int, carted: int, checked_out: int, ordered: int, **given: Any) -> None:
    values = {"segment": "kind", "name": "customers", "orders": ordered, **given}
    counts = {"viewed": viewed, "carted": carted, "checked_out": checked_out, "ordered": ordered}
    with transaction() as connection:
        connection.execute(insert(funnel_days).values(day=day, **counts, **values))


def show(query: str = "") -> dict[str, Any]:
    return client_of(Role.STAFF).get(f"/analytics/funnel?{query}").json  # type: ignore[no-any-return]


def test_days_add_up_with_rates_and_losses_and_what_they_are_compared_with(shop: Engine) -> None:
    make_day(FIRST - DAY, 50, 20, 5, 1)
    make_day(FIRST, 100, 40, 20, 10, orders=12)
    make_day(FIRST, 20, 10, 0, 0, name="guests")
    make_day(FIRST, 60, 30, 15, 6, segment="source", name="Search", orders=0)
    make_day(FIRST, 40, 10, 5, 4, segment="source", name="", orders=0)
    make_day(FIRST, 7, 3, 1, 1, segment="surface", name="home", orders=0)
    found = show("from=2026-02-02&to=2026-02-02&compare=previous")
    assert found["totals"] == {
        "from": "2026-02-02",
        "to": "2026-02-02",
        "viewed": 120,
        "carted": 50,
        "checked_out": 20,
        "ordered": 10,
        "orders": 12,
        "cart_rate": 50 / 120,
        "checkout_rate": 0.4,
        "order_rate": 0.5,
        "conversion_rate": 10 / 120,
        "cart_drop_off": 70,
        "checkout_drop_off": 30,
        "order_drop_off": 10,
    }
    assert found["compared"]["viewed"] == 50
    assert found["change"]["carted"] == 1.5
    assert found["granularity"] == "day"
    assert found["counted_since"] == "2026-02-01"
    assert [(each["name"], each["viewed"]) for each in found["by_kind"]] == [("customers", 100), ("guests", 20)]
    assert [(each["name"], each["ordered"]) for each in found["by_source"]] == [("Search", 6), (None, 4)]
    assert [(each["name"], each["conversion_rate"]) for each in found["by_surface"]] == [("home", 1 / 7)]
    assert found["time_zone"] == "UTC"
    assert set(found["totals"]) - {"from", "to"} <= set(found["definitions"])


def test_weeks_and_months_are_cut_off_at_the_ends(shop: Engine) -> None:
    for n in range(10):
        make_day(FIRST + n * DAY, n, 0, 0, 0)
    found = show("from=2026-02-03&to=2026-02-10&granularity=week")
    assert [(each["from"], each["to"], each["viewed"]) for each in found["series"]] == [
        ("2026-02-03", "2026-02-08", 1 + 2 + 3 + 4 + 5 + 6),
        ("2026-02-09", "2026-02-10", 7 + 8),
    ]
    assert found["totals"]["viewed"] == sum(range(1, 9))
    assert found["totals"]["order_rate"] is None


def test_the_year_before_is_compared_step_by_step(shop: Engine) -> None:
    make_day(date(2025, 2, 2), 4, 2, 1, 1)
    make_day(FIRST, 8, 2, 1, 0)
    found = show("from=2026-02-02&to=2026-02-02&compare=year")
    assert [each["viewed"] for each in found["compared_series"]] == [4]
    assert (found["change"]["viewed"], found["change"]["ordered"]) == (1.0, -1.0)


def test_the_file_has_a_line_for_each_step(shop: Engine) -> None:
    make_day(FIRST, 8, 2, 1, 0)
    answer = client_of(Role.STAFF).get("/analytics/funnel.csv?from=2026-02-01&to=2026-02-02")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["from"], line["viewed"], line["order_rate"]) for line in lines] == [
        ("2026-02-01", "0", ""),
        ("2026-02-02", "8", "0.0"),
    ]


def test_hours_are_no_steps_and_days_must_be_in_order(shop: Engine) -> None:
    staff = client_of(Role.STAFF)
    assert staff.get("/analytics/funnel?granularity=hour").status == 422
    assert staff.get("/analytics/funnel?from=2026-02-02&to=2026-02-01").status == 422
    assert staff.get("/analytics/funnel?by=source").status == 422
