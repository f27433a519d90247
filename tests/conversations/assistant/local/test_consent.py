# ruff: noqa: RUF001  (signs that look like others are what is tried here)
"""A yes is a yes and nothing else: whatever takes something back, asks or means another deed is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.conversations.assistant.local.consent import is_no, is_yes


@pytest.mark.parametrize(
    "text",
    [
        "yes", "Yes.", "YES!!", "yes please", "Yes, do it", "ok, thanks", "that\u2019s right", "ja", "Ja, gerne!",
        "natürlich", "👍", "👍🏽", "✔️", "yes 🙂", "yes :)", "**yes**", "yes - do it", "\nyes\n",
    ],
)  # fmt: skip
def test_a_yes_with_courtesies_is_one(text: str) -> None:
    assert is_yes(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "?", "yes?", "yes？", "yes؟", "yes‽", "yes ⁇", "yes¿", "yes...", "ok…", "hmm yes", "yes but",
        "yes no", "yes / no",
        "yes/no", "~~yes~~", "<!-- yes -->", '"yes"', "yes :(", "yes =/", "yes ☹", "yes 🙄", "sure 🤨",
        "yes 🚫", "yes ⛔", "yes ✖", "yes ❎", "👍👎", "💔👍", "yes ≠", "yes ×", "yes нет", "yes 不", "yes x2",
        "yes 2", "yes ½", "yes\u202eon", "y\u200bes?", "not 👍", "danke", "thanks 👍", "yes " * 60, "👍" * 300,
    ],
)  # fmt: skip
def test_a_doubt_is_no_yes(text: str) -> None:
    assert not is_yes(text)


def test_a_text_that_names_a_deed_is_a_yes_to_that_deed_alone() -> None:
    assert is_yes("add it", "add_to_cart")
    assert is_yes("ok, send it back", "start_return")
    for text, to in (("add it", "start_return"), ("return it", "add_to_cart"), ("leg rein", None)):
        assert not is_yes(text, to)


@pytest.mark.parametrize("text", ["no", "No, thanks", "nein, danke", "👎", "cancel that", "lieber nicht"])
def test_a_no_is_never_a_yes(text: str) -> None:
    assert is_no(text)
    assert not is_yes(text)


@pytest.mark.parametrize(
    "text", ["no", "No!", "no thanks", "ach nee, lass mal", "actually no", "nein danke", "👎", "hm, not yet"]
)
def test_a_no_may_begin_with_a_sigh(text: str) -> None:
    assert is_no(text)
    assert not is_yes(text)


@pytest.mark.parametrize("text", ["no, two of them", "nobody", "no problem with my order", "ok", "oh", "👍 no"])
def test_what_goes_on_after_a_no_is_none(text: str) -> None:
    assert not is_no(text)


_YES_WORDS = st.sampled_from(["yes", "ja", "ok", "sure", "do it", "passt", "please", "danke", "👍", ",", "!"])
_DOUBTS = st.sampled_from(
    ["no", "nein", "not", "nicht", "dont", "nee", "?", "yes?", "🤔", "🤷", "👎", "❌", "but", "aber", "if", "wenn",
     "maybe", "vielleicht", "...", "later", "three"]
)  # fmt: skip


@given(
    st.lists(_YES_WORDS, max_size=4),
    _DOUBTS,
    st.lists(_YES_WORDS, max_size=4),
    st.sampled_from([None, "add_to_cart"]),
)
def test_a_doubt_anywhere_makes_it_no_yes(before: list[str], doubt: str, after: list[str], to: str | None) -> None:
    assert not is_yes(" ".join((*before, doubt, *after)), to)
