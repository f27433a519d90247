"""Folded keys: spellings that people take for one word meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.text import fold


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Levi's", "levi's"),
        ("  Men \t", "men"),
        ("STRASSE", "strasse"),
        ("Stra\u00dfe", "strasse"),
        ("\uff2e\uff29\uff2b\uff25", "nike"),  # full-width letters
        ("\ufb01ne", "fine"),  # a ligature
        ("Cafe\u0301", "caf\u00e9"),  # an accent written after its letter
        ("S\u00e3o Paulo", "s\u00e3o paulo"),
        ("", ""),
    ],
)
def test_spellings_meet(text: str, key: str) -> None:
    assert fold(text) == key


def test_accents_make_a_difference() -> None:
    assert fold("caf\u00e9") != fold("cafe")


def test_a_key_is_cut_to_its_column_and_ends_in_no_space() -> None:
    assert fold("\ufdfa", 5) == fold("\ufdfa")[:5].strip()  # one character that unfolds to eighteen
    assert fold("AB CD", 3) == "ab"


@given(st.text(), st.integers(1, 20))
def test_folding_a_key_again_changes_nothing(text: str, length: int) -> None:
    assert fold(fold(text)) == fold(text)
    assert len(fold(text, length)) <= length


@given(st.text(st.characters(codec="ascii")))
def test_the_short_way_of_ascii_text_is_the_long_way(text: str) -> None:
    assert fold(text) == fold(text + "\u00e9")[:-1].strip()
