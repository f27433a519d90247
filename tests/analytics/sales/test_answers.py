"""Whatever was sold, and whatever is asked: the answers equal what plain Python counts from the raw tables."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from chalicelib.analytics import days as shop_days
from chalicelib.analytics.days import Compare, Granularity, Span
from chalicelib.analytics.sales import contract, series, tops
from chalicelib.analytics.sales.figure_tables import FIGURES
from chalicelib.analytics.sales.figures import By
from chalicelib.analytics.sales.scopes import Scope
from chalicelib.analytics.sales.series import Sold
from chalicelib.analytics.sales.tops import Wanted
from chalicelib.core.database import read
from tests.analytics.sales.raw_count import Row, customers_of, figures_of, lines_of, value_of
from tests.analytics.sales.test_reconciliation import World
from tests.conftest import empty

ZONE = "Europe/Berlin"
DIMENSIONS = ("product", "category", "brand", "department", "country", "traffic_source", "distribution_center")
HAPPENED = st.tuples(
    st.sampled_from(("order", "order", "order", "cancel", "give_back", "goodwill", "move_customer", "edit_product")),
    st.integers(0, 11),
    st.integers(0, 40),
)
# Days around those on which things are sold: two changes of clocks, the end of a year.
FIRST, LAST = date(2025, 12, 20), date(2026, 11, 5)
QUESTIONS = st.fixed_dictionaries(
    {
        "first": st.dates(FIRST, LAST),
        "days": st.one_of(st.integers(1, 9), st.integers(10, 320)),
        "steps": st.sampled_from(("hour", "day", "week", "month")),
        "compare": st.sampled_from((None, "previous", "year")),
        "filters": st.sets(st.sampled_from(DIMENSIONS), max_size=2),
        "pick": st.integers(0, 40),
        "dimension": st.sampled_from(DIMENSIONS),
        "by": st.sampled_from(("revenue", "units", "orders", "margin")),
        "customers": st.booleans(),
    }
)


def chosen(lines: list[Row], scope: Scope, span: Span) -> list[Row]:
    """Return the lines of some days with the values of a scope."""
    return [
        line
        for line in lines
        if span.first <= line["day"] <= span.last
        and all(value_of(line, dimension) == value for dimension, value in scope.values)
    ]


def require_equal(sold: Sold, lines: list[Row]) -> None:
    assert tuple(sold.sums[name] for name in FIGURES) == figures_of(lines)
    assert sold.customers in (None, customers_of(lines))


def scope_of(lines: list[Row], filters: set[str], pick: int) -> Scope:
    """Return a scope with values of one line: such as have sales, and together have some."""
    if not lines:
        return Scope()
    line = lines[pick % len(lines)]
    return Scope(tuple((name, value_of(line, name)) for name in sorted(filters)))


def require_series(connection: Any, lines: list[Row], scope: Scope, span: Span, asked: dict[str, Any]) -> None:
    steps: Granularity = asked["steps"]
    compare: Compare | None = asked["compare"]
    if steps == "hour":
        span = Span(span.first, min(span.last, span.first + timedelta(days=5)))
    found = series.series(connection, scope, span, steps, compare, customers=asked["customers"])
    hours: dict[tuple[date, int], list[Row]] = defaultdict(list)
    for line in chosen(lines, scope, Span(date(2020, 1, 1), LAST)):
        hours[line["day"], line["hour"]].append(line)
    if steps == "hour":
        places = [(day, hour) for day in span for hour in range(len(shop_days.hours_of(day, ZONE)))]
        assert len(found) == len(places)
        for pair, place in zip(found, places, strict=True):
            require_equal(pair.now, hours[place])
        return
    assert [pair.now.span for pair in found] == shop_days.buckets(span, steps)
    for pair in found:
        for sold in (pair.now, pair.before):
            if sold is not None:
                require_equal(sold, chosen(lines, scope, sold.span))
        if asked["customers"]:
            assert pair.now.customers is not None


def require_groups(connection: Any, lines: list[Row], scope: Scope, span: Span, asked: dict[str, Any]) -> None:
    by: By = asked["by"]
    wanted = Wanted(asked["dimension"], scope, span, by, 100, compare=asked["compare"], customers=asked["customers"])
    found = tops.list_groups(connection, wanted)
    by_value: dict[str, list[Row]] = defaultdict(list)
    for line in chosen(lines, scope, span):
        by_value[value_of(line, wanted.dimension)].append(line)
    # A group is there where something was bought, cancelled or not.
    bought = {value for value, group in by_value.items() if any(not line["cancelled"] for line in group)}
    assert {group.value for group in found.found} == bought
    assert found.count == len(bought)
    measures = []
    for group in found.found:
        require_equal(group.sold.now, by_value[group.value])
        sums = dict(zip(FIGURES, figures_of(by_value[group.value]), strict=True))
        net = sums["gross_cents"] - sums["discount_cents"] - sums["returned_cents"] - sums["refund_cents"]
        measures.append({"revenue": net, "margin": net - sums["cost_cents"], **sums}[by])
        if group.sold.before is not None:
            before = chosen(lines, scope, group.sold.before.span)
            require_equal(
                group.sold.before, [line for line in before if value_of(line, wanted.dimension) == group.value]
            )
    assert measures == sorted(measures, reverse=True)


@settings(max_examples=20)
@given(happened=st.lists(HAPPENED, min_size=1, max_size=25), questions=st.lists(QUESTIONS, min_size=3, max_size=5))
def test_answers_equal_the_raw_tables(
    shop: Engine, monkeypatch: pytest.MonkeyPatch, happened: list[Any], questions: list[dict[str, Any]]
) -> None:
    empty(shop)
    world = World(monkeypatch)
    world.set_zone(ZONE)
    for each in happened:
        world.happen(*each)
    world.count()
    lines = lines_of(ZoneInfo(ZONE))
    with read() as connection:
        for asked in questions:
            span = Span(asked["first"], asked["first"] + timedelta(days=asked["days"] - 1))
            scope = scope_of(lines, asked["filters"], asked["pick"])
            total = series.total(connection, scope, span, asked["compare"], customers=asked["customers"])
            for sold in (total.now, total.before):
                if sold is not None:
                    require_equal(sold, chosen(lines, scope, sold.span))
            require_series(connection, lines, scope, span, asked)
            require_groups(connection, lines, scope, span, asked)
            own = contract.of_span(connection, scope, span, total.now.sums, customers=True)
            booked = [line for line in chosen(lines, scope, span) if line["booked"]]
            assert own.orders == len({line["order_id"] for line in booked})
            assert own.customers == len({line["customer_id"] for line in booked} - {None})
            assert own.revenue_cents == sum(line["sale_cents"] for line in booked)
            assert own.categories == len({line["category"] for line in booked})
