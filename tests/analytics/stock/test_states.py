"""How the stock of a product stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.analytics.stock.states import ENDLESS, Limits, Shelf, StockState, cover_tenths, state_of
from tests.factories import NOON

LIMITS = Limits(low_days=7, over_days=180, dead_days=90)


def stand(**given: Any) -> StockState | None:
    values = {"free": 100, "sold": 28, "sold_before": 60, "oldest_at": NOON - timedelta(days=200), "low_at": 5}
    return state_of(Shelf(**{**values, "is_sold": True, **given}), LIMITS, NOON)


def test_cover_is_what_is_free_at_the_rate_of_four_weeks() -> None:
    assert cover_tenths(10, 28) == 100
    assert cover_tenths(1, 28 * 4) == 2  # a quarter of a day, rounded down
    assert cover_tenths(0, 28) == 0
    assert cover_tenths(5, 0) == ENDLESS


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, StockState.HEALTHY),
        ({"free": 0}, StockState.OUT),
        # It sold until it ran out, which is more than four weeks ago.
        ({"free": 0, "sold": 0}, StockState.OUT),
        ({"free": 0, "sold": 0, "sold_before": 0}, None),
        ({"free": 0, "is_sold": False}, None),
        ({"free": 6, "sold": 28}, StockState.LOW),
        ({"free": 7, "sold": 28}, StockState.HEALTHY),
        ({"free": 5, "sold": 1}, StockState.LOW),
        ({"free": 180, "sold": 28}, StockState.HEALTHY),
        ({"free": 181, "sold": 28}, StockState.OVER),
        ({"sold": 0}, StockState.OVER),
        ({"sold": 0, "sold_before": 0}, StockState.DEAD),
        ({"free": 1, "sold": 0, "sold_before": 0}, StockState.DEAD),
        ({"sold": 0, "sold_before": 0, "oldest_at": NOON - timedelta(days=89)}, StockState.OVER),
        ({"sold": 0, "sold_before": 0, "oldest_at": NOON - timedelta(days=3)}, StockState.HEALTHY),
    ],
)
def test_the_state_of_a_product(given: dict[str, Any], expected: StockState | None) -> None:
    assert stand(**given) is expected


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_more_stock_never_lasts_less_long(free: int, sold: int, more: int) -> None:
    assert cover_tenths(free + more, sold) >= cover_tenths(free, sold)
    assert cover_tenths(free, sold) < ENDLESS
