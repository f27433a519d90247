"""Currencies: those that divide into hundredths, and no others."""

from __future__ import annotations

import pytest

from chalicelib.core.config import ConfigurationError, load
from chalicelib.core.currencies import check_currency


@pytest.mark.parametrize(("given", "code"), [("usd", "usd"), ("EUR", "eur"), (" gbp ", "gbp"), ("huf", "huf")])
def test_a_currency_of_hundredths_is_taken_in_lower_case(given: str, code: str) -> None:
    assert check_currency(given) == code
    assert load({"CURRENCY": given}).currency == code


def test_without_a_setting_prices_are_in_us_dollars() -> None:
    assert load({}).currency == load({"CURRENCY": ""}).currency == "usd"


@pytest.mark.parametrize("code", ["jpy", "JPY", "krw", "clp", "kwd", "bhd", "mga", "isk", "uyw"])
def test_a_currency_without_hundredths_is_refused_and_the_reason_told(code: str) -> None:
    with pytest.raises(ConfigurationError, match=r"CURRENCY: '[a-z]{3}' does not divide into hundredths"):
        load({"CURRENCY": code})


@pytest.mark.parametrize("code", ["dollar", "us", "u$d", "zzz", "usd eur", "\uff55\uff53\uff44"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(ConfigurationError, match="no currency of ISO 4217"):
        load({"CURRENCY": code})
