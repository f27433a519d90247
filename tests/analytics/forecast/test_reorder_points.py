"""When to order and how much, worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.analytics.forecast.reorder_points import Demand, Suggestion, steady, suggest, urgency_key

# 2 a day: 18 within the lead time of 9 days, 50 within the period of 25; 65 in nine of ten cases at most.
# Safety 15, of the lead time 15 x sqrt(9 / 25) = 9: time to order at 27, up to 65.
STEADY = Demand(lead=18, period=50, high=65, lead_days=9, period_days=25)


def test_an_order_fills_up_what_the_period_may_ask_for() -> None:
    assert suggest(20, 0, STEADY) == Suggestion(
        urgency="low", quantity=45, safety=15, reorder_point=27, order_up_to=65, days_of_cover=10, short=0
    )


@pytest.mark.parametrize(
    ("free", "urgency", "quantity", "short"),
    [(27, "low", 38, 0), (18, "low", 47, 0), (17, "will_sell_out", 48, 1), (0, "sold_out", 65, 18)],
)
def test_urgency_follows_what_is_left_when_goods_arrive(free: int, urgency: str, quantity: int, short: float) -> None:
    found = suggest(free, 0, STEADY)
    assert found is not None
    assert (found.urgency, found.quantity, found.short) == (urgency, quantity, short)


def test_above_the_reorder_point_it_is_not_time() -> None:
    assert suggest(28, 0, STEADY) is None


def test_the_level_that_the_shop_has_set_is_heeded() -> None:
    found = suggest(40, 40, STEADY)
    assert found is not None
    assert (found.reorder_point, found.quantity, found.urgency) == (40, 25, "low")
    # Low by that level, but there is more than the period may ask for.
    assert suggest(66, 100, STEADY) is None


def test_what_nobody_is_expected_to_buy_is_not_ordered() -> None:
    assert suggest(0, 5, Demand(lead=0, period=0, high=3, lead_days=9, period_days=25)) is None


def test_a_whole_unit_is_not_ordered_for_the_dust_of_a_sum() -> None:
    found = suggest(0, 0, Demand(lead=1, period=2, high=3 + 1e-12, lead_days=9, period_days=18))
    assert found is not None
    assert found.quantity == 3


def test_a_steady_rate_is_as_chance_has_it() -> None:
    # 91 in 91 days are 1 a day: 16 in 16 days, of deviation 4.
    demand = steady(91, 91, 4, 16)
    assert (demand.lead, demand.period, demand.daily) == (4, 16, 1)
    assert demand.high == pytest.approx(16 + 1.2816 * 4)


def test_for_what_nothing_is_known_of_no_more_than_twice_the_demand_is_ordered() -> None:
    wild = suggest(0, 0, Demand(lead=18, period=50, high=900, lead_days=9, period_days=25))
    assert wild is not None
    assert (wild.safety, wild.quantity) == (50, 100)
    few = suggest(0, 0, Demand(lead=0.1, period=0.25, high=9, lead_days=9, period_days=25))
    assert few is not None
    assert (few.safety, few.quantity) == (1.0, 2)  # twice the root of a quarter


def test_what_goes_in_batches_needs_more_in_reserve() -> None:
    assert steady(91, 91, 4, 16, uneven=4.0).high == pytest.approx(16 + 1.2816 * 8)


def test_the_most_urgent_come_first_then_those_of_which_most_is_missing() -> None:
    keys = []
    for product_id, free in ((1, 20), (2, 10), (9, 0), (4, 2), (3, 0)):
        found = suggest(free, 0, STEADY)
        assert found is not None
        keys.append(urgency_key(found, product_id))
    assert [key[-1] for key in sorted(keys)] == [3, 9, 4, 2, 1]


@given(
    free=st.integers(0, 500),
    rate=st.floats(0.01, 20),
    spread=st.floats(0, 100),
    lead=st.integers(1, 90),
    cover=st.integers(1, 90),
    level=st.integers(0, 50),
)
def test_an_order_brings_stock_to_where_it_lasts_and_no_unit_further(
    free: int, rate: float, spread: float, lead: int, cover: int, level: int
) -> None:
    period = rate * (lead + cover)
    found = suggest(free, level, Demand(rate * lead, period, period + spread, lead, lead + cover))
    if found is None:
        assert free >= rate * lead  # there is enough until goods would arrive
        return
    assert found.quantity >= 1
    assert found.order_up_to <= period + spread + 1e-6
    assert found.order_up_to - 1e-6 <= free + found.quantity < found.order_up_to + 1
    assert math.isclose(found.days_of_cover * rate, free, abs_tol=1e-6)
