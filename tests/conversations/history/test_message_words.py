"""The words of messages: whatever is written is found by its own words, and shown around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.conversations.history.message_words import (
    SNIPPET_LENGTH,
    coded_words,
    snippet,
    terms_of,
    tokens_of,
)

texts = st.text(
    st.one_of(st.sampled_from("abc ßüé'\u2019\u0301🎉👍🏽ſﬁ한ｆ½ΣςйЙ_-\n"), st.characters(exclude_categories=["Cs"])),
    max_size=400,
)


def finds(query: str, content: str) -> bool:
    """Tell whether a query finds a message: as the database looks for it, by parts of the coded text."""
    words = coded_words(content)
    terms = terms_of(query)
    return bool(terms) and all(
        any(f" {token}" + ("" if more else " ") in words for token, more in tokens_of(term)) for term in terms
    )


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ("jean", "Blue jeans, please."),
        ("JEANS", "Blue jeans, please."),
        ("jea", "Blue jeans, please."),
        ("dresses", "a dress"),
        ("I", "What shall I wear?"),
        ("grosse größe", "Habt ihr große Größen?"),
        ("GRÖSSE", "Habt ihr große Größen?"),
        ("strasse", "An der Straße"),
        ("cafe", "a Cafe\u0301 table"),
        ("café", "a cafe table"),
        ("womens", "women\u2019s shoes"),
        ("🎉", "Thanks 🎉🎉"),
        ("👍", "ok 👍🏽"),
        ("👍🏽 ok", "👍 ok"),
        ("한국", "한국어"),
        ("кроссовки", "Красные КРОССОВКИ"),
        ("501 blue", "Levi's 501 in blue"),
    ],
)
def test_a_message_is_found_by_its_words_in_any_spelling(query: str, content: str) -> None:
    assert finds(query, content)
    assert snippet(content, terms_of(query)).highlights


@pytest.mark.parametrize(
    ("query", "content"), [("ean", "jeans"), ("blue red", "blue jeans"), ("🎉", "👍"), ("?!", "?!"), ("dres", "🎉")]
)
def test_a_message_is_not_found_by_what_it_does_not_say(query: str, content: str) -> None:
    assert not finds(query, content)


@given(texts)
def test_whatever_is_written_is_found_by_each_of_its_words_and_shown_where_it_stands(content: str) -> None:
    for term in terms_of(content):
        assert finds(term.word, content)
        shown = snippet(content, [term])
        assert len(shown.text) <= SNIPPET_LENGTH
        assert shown.highlights
        for start, end in shown.highlights:
            assert 0 <= start < end <= len(shown.text)
    assert coded_words(content).isascii()


@given(texts, texts)
def test_what_is_highlighted_is_a_word_that_was_looked_for(content: str, query: str) -> None:
    terms = terms_of(query)
    shown = snippet(content, terms)
    ends = [0, *(place for pair in shown.highlights for place in pair)]
    assert ends == sorted(ends)
    for start, end in shown.highlights:
        # A long word may be cut off by the end of the snippet.
        if end < len(shown.text) - 1:
            assert any(finds(term.word, shown.text[start:end]) or finds(term.stem, content) for term in terms)


def test_a_snippet_shows_what_stands_around_the_first_hit() -> None:
    content = "word " * 200 + "Needle in the hay\nand another needle " + "word " * 200
    shown = snippet(content, terms_of("needle"))
    assert (shown.text[0], shown.text[-1], len(shown.text)) == ("…", "…", SNIPPET_LENGTH)
    assert [shown.text[start:end] for start, end in shown.highlights] == ["Needle", "needle"]
    assert shown.text.startswith("…word ")
    assert "hay and another" in shown.text


def test_markup_in_a_message_stays_what_it_was() -> None:
    shown = snippet("<b>sale</b> & <script>alert(1)</script>", terms_of("sale"))
    assert shown.text == "<b>sale</b> & <script>alert(1)</script>"
    assert shown.highlights == ((3, 7),)


@pytest.mark.parametrize("letter", ["한", "Ω", "a", "🎉"])
def test_the_words_of_the_longest_message_fit_into_their_column(letter: str) -> None:
    """Each of the densest scripts, in words that all differ."""
    distinct = [chr(0xAC00 + place) * 3 if letter == "한" else letter * (place % 30 + 1) for place in range(3000)]
    content = " ".join(distinct)[:10_000]
    assert len(coded_words(content)) <= 65_535
    assert finds(distinct[0], content)
