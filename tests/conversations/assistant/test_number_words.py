"""Numbers as words become digits, and words that are none stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.conversations.assistant.number_words import with_digits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("forty-nine dollars", "49 dollars"),
        ("one hundred and twenty", "120"),
        ("Two thousand three hundred five", "2305"),
        ("only one left", "only 1 left"),
        ("neunundvierzig Euro", "49 Euro"),
        ("zweihundertfünfzig", "250"),
        ("tausendzweihundert", "1200"),
        ("dreißigtausendeinhundertelf", "30111"),
        ("noch eine auf Lager", "noch 1 auf Lager"),
        ("ein Schuh für eine Dame", "ein Schuh für eine Dame"),
        ("someone often weighs", "someone often weighs"),
        ("Achtung, Zweifel", "Achtung, Zweifel"),
        ("", ""),
    ],
)
def test_number_words_become_digits(text: str, expected: str) -> None:
    assert with_digits(text) == expected


_ONES = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split()  # noqa: SIM905
_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()  # noqa: SIM905


@given(st.integers(1, 9), st.integers(0, 7), st.integers(0, 9), st.integers(0, 9))
def test_compounds_are_read_by_their_parts(ones: int, tens: int, hundreds: int, thousands: int) -> None:
    def part(number: int) -> str:
        return "ein" if number == 1 else _ONES[number]

    word = f"{part(ones)}und{_TENS[tens]}"
    value = (tens + 2) * 10 + ones
    if hundreds:
        word, value = f"{part(hundreds)}hundert{word}", value + hundreds * 100
    if thousands:
        word, value = f"{part(thousands)}tausend{word}", value + thousands * 1000
    assert with_digits(f"für {word} Euro") == f"für {value} Euro"
