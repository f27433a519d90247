from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commerce.search_words import (
    MAX_WORDS,
    allowed_distance,
    band_of,
    distance,
    grams,
    nearest,
    price_bands,
    shared_grams,
    split_values,
    split_words,
    stem,
    terms_of,
    token,
    words_in,
    words_text,
)

LETTERS = st.text(alphabet="abcde", min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \t\n", []),
        ("Slim Jeans", ["slim", "jeans"]),
        ("T-Shirt, 3/4 sleeve!", ["t", "shirt", "3", "4", "sleeve"]),
        ("Levi's 501®", ["levis", "501"]),
        ("Women\u2019s CAFÉ", ["womens", "cafe"]),
        ("cafe\u0301", ["cafe"]),
        ("\uff26\uff55ll", ["full"]),
        ("Straße Smørrebrød Łódź", ["strasse", "smorrebrod", "lodz"]),
        ("джинсы", ["джинсы"]),
        ("👖👖 \ufe0f", []),
        ('+-*"()~<>@_%', []),
        ("a\0b", ["a", "b"]),
    ],
)
def test_words_are_taken_without_case_accents_and_punctuation(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("jeans", "jean"),
        ("shoes", "shoe"),
        ("dresses", "dress"),
        ("watches", "watch"),
        ("boxes", "box"),
        ("accessories", "accessory"),
        ("dress", "dress"),
        ("tennis", "tennis"),
        ("plus", "plus"),
        ("gas", "gas"),
        ("501s", "501"),
        ("jean", "jean"),
    ],
)
def test_the_singular_of_a_plural(plural: str, singular: str) -> None:
    assert stem(plural) == singular


def test_a_query_has_each_word_once_and_eight_at_most() -> None:
    assert [term.word for term in terms_of("Slim slim JEANS")] == ["slim", "jeans"]
    assert len(terms_of(" ".join(f"w{number}" for number in range(50)))) == MAX_WORDS == 8


@given(st.text(max_size=60))
def test_a_text_of_words_is_safe_for_every_engine_and_gives_its_words_back(text: str) -> None:
    made = words_text({"n": text, "b": None})
    assert re.fullmatch(r" ([nbcd]_[a-z0-9_]{1,84} ?)* ?", made)
    assert all(3 <= len(each) <= 84 for each in made.split())
    words = {form for word in split_words(text) for form in (word, stem(word))}
    assert words_in(made) == {word: {"n"} for word in words}


@given(st.text(max_size=80), st.integers(1, 40))
def test_the_token_of_a_beginning_is_the_beginning_of_the_token(text: str, length: int) -> None:
    for word in split_words(text):
        assert token("n", word).startswith(token("n", word[:length]))


@given(st.text(max_size=30))
def test_splitting_words_again_changes_nothing(text: str) -> None:
    words = split_words(text)
    assert split_words(" ".join(words)) == words
    assert split_words(text.upper()) == words or not text.isascii()
    assert split_words(unicodedata.normalize("NFD", text)) == split_words(unicodedata.normalize("NFC", text))


# --- slips -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("jeans", "jeans", 0),
        ("jeens", "jeans", 1),
        ("jaens", "jeans", 1),
        ("jean", "jeans", 1),
        ("ejans", "jeans", 1),
        ("kitten", "sitting", 3),
        ("ca", "abc", 3),  # 2 where letters may be put between those that were swapped
        ("sneekers", "sneakers", 1),
        ("snekaers", "sneakers", 1),
        ("seankers", "sneakers", 2),
    ],
)
def test_the_distance_counts_letters_added_lost_changed_and_swapped(first: str, second: str, apart: int) -> None:
    assert distance(first, second) == distance(second, first) == apart


def _one_slip(word: str, alphabet: str) -> set[str]:
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(head + tail[1:] for head, tail in parts if tail),
        *(head + letter + tail for head, tail in parts for letter in alphabet),
        *(head + letter + tail[1:] for head, tail in parts if tail for letter in alphabet),
        *(head + tail[1] + tail[0] + tail[2:] for head, tail in parts if len(tail) > 1),
    }


@given(LETTERS, LETTERS)
def test_words_are_one_slip_apart_exactly_when_one_slip_leads_from_one_to_the_other(first: str, second: str) -> None:
    assert (distance(first, second) <= 1) == (second in _one_slip(first, "abcde") | {first})


@given(LETTERS, LETTERS)
def test_the_distance_is_the_same_both_ways_and_within_its_bounds(first: str, second: str) -> None:
    apart = distance(first, second)
    assert apart == distance(second, first)
    assert abs(len(first) - len(second)) <= apart <= max(len(first), len(second))
    assert (apart == 0) == (first == second)


@given(st.text(alphabet="abcdefgh", min_size=4, max_size=12), st.integers(0, 2**32))
def test_every_word_within_the_allowed_slips_shares_enough_letters_to_be_looked_at(word: str, seed: int) -> None:
    chance = random.Random(seed)
    meant = word
    for _ in range(allowed_distance(word)):
        meant = chance.choice(sorted(_one_slip(meant, "abcdefgh")))
    if len(grams(word)) - 4 * allowed_distance(word) >= 1:
        assert len(grams(word) & grams(meant)) >= shared_grams(word)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("jeens", "jeans"),
        ("jaens", "jeans"),
        ("jens", "jeans"),
        ("jeenz", None),  # two slips in five letters
        ("jen", None),  # too short to guess
        ("50l", None),
        ("5011", None),  # a number is meant as it is
        ("sneekars", "sneakers"),
        ("snxxxers", None),
        ("shirs", "shirt"),  # as near as "shirts", and on more products
    ],
)
def test_an_unknown_word_is_read_as_the_nearest_known_one(word: str, meant: str | None) -> None:
    known = [("jeans", 9), ("sneakers", 5), ("shirt", 7), ("shirts", 3), ("501", 2)]
    assert nearest(word, known) == meant


def test_of_equally_near_words_that_of_more_products_is_meant_then_the_first() -> None:
    assert nearest("boat", [("boot", 2), ("coat", 5)]) == "coat"
    assert nearest("boat", [("coat", 2), ("boot", 2)]) == "boot"


# --- filters and bands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("| |", []),
        ("Jeans", ["Jeans"]),
        ("Jeans|Shorts", ["Jeans", "Shorts"]),
        (" Jeans | Shorts ", ["Jeans", "Shorts"]),
        ("Tops, Tees & more|Jeans", ["Tops, Tees & more", "Jeans"]),
        ("A||B|C", ["A|B", "C"]),
    ],
)
def test_a_filter_holds_several_values_parted_by_bars(text: str, values: list[str]) -> None:
    assert split_values(text) == values


def test_price_bands_hold_both_ends_and_leave_out_what_is_empty() -> None:
    prices = [0, 999, 1000, 2499, 2500, 1_000_000, 99_999_999]
    assert price_bands(Counter(map(band_of, prices))) == [
        (0, 999, 2),
        (1000, 2499, 2),
        (2500, 4999, 1),
        (1_000_000, None, 2),
    ]


@given(st.lists(st.integers(0, 99_999_999_999)))
def test_every_price_is_in_exactly_one_band(prices: list[int]) -> None:
    bands = price_bands(Counter(map(band_of, prices)))
    assert sum(count for _, _, count in bands) == len(prices)
    for low, high, count in bands:
        assert count == sum(low <= cents and (high is None or cents <= high) for cents in prices)
