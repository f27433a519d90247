from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commerce.catalogue.search_cursors import CURSOR_PATTERN, key_of, numbers_of
from chalicelib.core.paging import encode_cursor

IDS = st.integers(1, 2**63 - 1)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=70)


@given(st.integers(0, 4), st.integers(0, 10**9), IDS)
def test_a_place_in_relevance_comes_back(level: int, place: int, product_id: int) -> None:
    cursor = encode_cursor(numbers_of((level, place, product_id)))
    assert re.fullmatch(CURSOR_PATTERN, cursor)
    assert key_of(cursor, "relevance") == (level, place, product_id)


@given(NAMES, IDS)
def test_a_name_comes_back_letter_by_letter(name: str, product_id: int) -> None:
    cursor = encode_cursor(numbers_of((name, product_id)))
    assert re.fullmatch(CURSOR_PATTERN, cursor)
    assert key_of(cursor, "name") == (name, product_id)


@given(st.from_regex(CURSOR_PATTERN, fullmatch=True), st.sampled_from(["relevance", "price_asc", "newest", "name"]))
def test_whatever_has_the_form_of_a_cursor_is_a_position_in_any_order(cursor: str, sort: str) -> None:
    key = key_of(cursor, sort)
    if cursor == "":
        assert key == ()
        return
    assert len(key) == (3 if sort == "relevance" else 2)
    assert all(isinstance(part, str) or 0 <= part < 2**63 for part in key)
    assert isinstance(key[0], str) == (sort == "name")


@pytest.mark.parametrize("cursor", ["8000000000000000", "0", "zz", "0" * 16 * 44])
def test_what_has_not_the_form_is_none(cursor: str) -> None:
    assert re.fullmatch(CURSOR_PATTERN, cursor) is None
