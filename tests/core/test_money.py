"""Money: exact cents, never a float; limits keep their meaning and means are rounded to even."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chalicelib.core.money import MAX_CENTS, MoneyLimit, ceil_cents, floor_cents, from_cents, mean_cents
from chalicelib.core.responses import to_json

cents = st.integers(-MAX_CENTS, MAX_CENTS)
amounts = st.decimals(0, 999_999_999, allow_nan=False, places=6)


@pytest.mark.parametrize(("given_cents", "amount"), [(1050, "10.50"), (0, "0.00"), (7, "0.07"), (-5, "-0.05")])
def test_cents_are_an_amount_with_two_places(given_cents: int, amount: str) -> None:
    assert str(from_cents(given_cents)) == amount


@given(cents)
def test_an_amount_is_back_in_cents_without_loss(given_cents: int) -> None:
    amount = from_cents(given_cents)
    assert floor_cents(amount) == ceil_cents(amount) == given_cents


@given(cents)
def test_an_amount_stays_exact_as_json(given_cents: int) -> None:
    text = to_json({"price": from_cents(given_cents)})
    assert json.loads(text, parse_float=Decimal)["price"] == Decimal(given_cents) / 100
    assert text.partition(".")[2].removesuffix("}").isdigit()
    assert len(text.partition(".")[2]) == 3


@given(amounts)
def test_a_limit_between_two_cents_lets_the_same_prices_through(amount: Decimal) -> None:
    below, above = floor_cents(amount), ceil_cents(amount)
    assert Fraction(below, 100) <= Fraction(amount) <= Fraction(above, 100)
    assert above - below == (0 if Fraction(amount) * 100 == below else 1)


@pytest.mark.parametrize(
    ("total", "count", "mean"),
    [(1000, 4, "2.50"), (5, 2, "0.02"), (7, 2, "0.04"), (100, 3, "0.33"), (200, 3, "0.67"), (0, 9, "0.00")],
)
def test_a_mean_is_rounded_half_to_even(total: int, count: int, mean: str) -> None:
    assert str(mean_cents(total, count)) == mean


@given(st.integers(0, MAX_CENTS * 1000), st.integers(1, 10**9))
def test_a_mean_is_within_half_a_cent(total: int, count: int) -> None:
    assert abs(Fraction(mean_cents(total, count)) - Fraction(total, count * 100)) <= Fraction(1, 200)


def test_the_mean_of_nothing_is_nothing() -> None:
    assert str(mean_cents(0, 0)) == "0.00"


@pytest.mark.parametrize("text", ["-0.01", "NaN", "Infinity", "-Infinity", "1000000000", "1e400", "ten", ""])
def test_what_cannot_be_a_price_limit_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(MoneyLimit).validate_python(text)


@pytest.mark.parametrize(("text", "amount"), [("0", 0), ("999999999.99", Decimal("999999999.99")), ("1e2", 100)])
def test_a_price_limit_is_read_exactly(text: str, amount: Decimal) -> None:
    assert TypeAdapter(MoneyLimit).validate_python(text) == amount


def test_a_price_limit_of_a_hundred_thousand_places_is_no_trouble() -> None:
    tiny = TypeAdapter(MoneyLimit).validate_python("1e-100000")
    assert (floor_cents(tiny), ceil_cents(tiny)) == (0, 1)
