"""Prices and numbers are read as people write them, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.conversations.assistant.local import amounts, formats
from chalicelib.conversations.assistant.local.wording import folded, words_of
from chalicelib.conversations.assistant.turns import Language
from chalicelib.core.money import MAX_CENTS


def _limits(text: str) -> tuple[int | None, int | None]:
    wish = amounts.find_prices(folded(text))
    return wish.least, wish.most


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("jeans", None, None),
        ("under $50", None, 5000), ("below 49.90", None, 4990), ("up to 80 dollars", None, 8000),
        ("max. 20", None, 2000), ("20 or less", None, 2000), ("for 30 bucks", None, 3000), ("<= 40", None, 4000),
        ("over 100", 10000, None), ("at least 15.5", 1550, None), ("> 20", 2000, None),
        ("between 20 and 40", 2000, 4000), ("between $40 and $20", 2000, 4000), ("20-40 dollars", 2000, 4000),
        ("$20 to $40", 2000, 4000), ("around 100", 7500, 12500), ("under fifty dollars", None, 5000),
        ("under 1,299.00", None, 129900), ("under 2k", None, 200000), ("between 1k and 2k dollars", 100000, 200000),
        ("I do not want to spend more than 80", None, 8000), ("nothing above 80", None, 8000),
        ("nothing below 100", 10000, None), ("not under $30", 3000, None),
        ("over 20 but under 60", 2000, 6000), ("over 60 and under 20", 2000, 6000),
        ("unter 50 €", None, 5000), ("bis 80 Euro", None, 8000), ("höchstens 49,90", None, 4990),
        ("ab 100", 10000, None), ("mindestens 20 Euro", 2000, None), ("zwischen 20 und 40", 2000, 4000),
        ("von 20 bis 40 Euro", 2000, 4000), ("etwa 100 Euro", 7500, 12500), ("unter 1.299,00 €", None, 129900),
        ("nichts über 80", None, 8000), ("nichts unter 100 Euro", 10000, None), ("unter fünfzig Euro", None, 5000),
    ],
)  # fmt: skip
def test_limits_of_a_price(text: str, least: int | None, most: int | None) -> None:
    assert _limits(text) == (least, most)


@given(
    cents=st.integers(1, MAX_CENTS),
    currency=st.sampled_from(["usd", "eur", "gbp"]),
    language=st.sampled_from(["en", "de"]),
)
@example(cents=129900, currency="eur", language="de")
def test_an_amount_that_the_assistant_writes_is_read_back(cents: int, currency: str, language: Language) -> None:
    said = formats.money(cents, currency, language)
    assert _limits(f"{'unter' if language == 'de' else 'under'} {said}") == (None, cents)
    assert _limits(said) == (None, cents)


_PIECES = st.sampled_from(
    ["under", "over", "between", "and", "to", "-", "unter", "uber", "bis", "von", "around", "or less", "$", "eur",
     "not", "nothing", "more than", "20", "1.299,00", "1,299.00", "5k", "fifty", "99999999999", "jeans", "0"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=12).map(" ".join))
def test_the_least_is_never_more_than_the_most(text: str) -> None:
    wish = amounts.find_prices(text)
    assert wish.least is None or wish.most is None or wish.least <= wish.most
    assert all(0 <= start < end <= len(text) for start, end in wish.spans)


def test_a_number_too_large_for_any_price_is_none() -> None:
    assert amounts.cents_of("99999999999999") is None
    assert amounts.cents_of("no number") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("order 2589", 2589), ("order number: 2589", 2589), ("#2589", 2589), ("order no. 12", 12),
        ("bestellung nr. 2589", 2589), ("meine bestellnummer ist 77", 77), ("auftrag 5", 5),
        ("order " + "9" * 40, 10**18), ("jeans 32", None), ("order something", None), ("under 50", None),
    ],
)  # fmt: skip
def test_the_number_of_an_order(text: str, number: int | None) -> None:
    found = amounts.find_order(text)
    assert (found and found[0]) == number


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("the second one", [2]), ("the first and the third", [1, 3]), ("the last", [-1]), ("number 3", [3]),
        ("number two", [2]), ("#4", [4]), ("2", [2]), ("nummer zwei", [2]), ("das zweite", [2]),
        ("die letzte", [-1]), ("den vorletzten", [-2]), ("jeans", []),
    ],
)  # fmt: skip
def test_places_in_a_list(text: str, places: list[int]) -> None:
    assert amounts.find_ordinals(text, words_of(text)) == places


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("two of them", 2), ("3x", 3), ("add 2 pairs", 2), ("just one", 1), ("both", 2), ("zwei davon", 2),
        ("drei stuck", 3), ("nur eins", 1), ("the blue one", None), ("number two", None), ("number 2", None),
        ("nummer zwei", None), ("5-pocket jeans", None), ("it", None), ("0", None),
    ],
)  # fmt: skip
def test_how_many(text: str, count: int | None) -> None:
    assert amounts.find_quantity(text) == count
