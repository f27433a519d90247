"""Ids of answers: they name model and variant, and no two are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.recommendations.serving import request_ids

ALNUM = "ABCXYZabcxyz0189"
versions = st.text(ALNUM + "._-", min_size=1, max_size=26)
variants = st.text(ALNUM + "_-", min_size=1, max_size=12)


@given(version=versions, variant=variants)
def test_an_id_names_the_version_and_the_variant_that_made_it(version: str, variant: str) -> None:
    made = request_ids.make(version, variant)
    assert len(made) <= 64
    assert set(made) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    assert request_ids.parse(made) == (version, variant)
    assert request_ids.make(version, variant) != made


def test_without_a_model_and_an_experiment_both_are_a_dash() -> None:
    made = request_ids.make(None)
    assert made.startswith("rec_-.-.")
    assert request_ids.parse(made) == ("-", "-")
    assert len(made.rpartition(".")[2]) == 16


def test_long_names_leave_less_room_but_enough_to_be_unique() -> None:
    made = request_ids.make("v" * 40, "b" * 10)
    assert len(made) == 64
    assert request_ids.parse(made) == ("v" * 40, "b" * 10)
    with pytest.raises(ValueError, match="no request id"):
        request_ids.make("v" * 40, "b" * 11)


@pytest.mark.parametrize(("version", "variant"), [("a/b", "-"), ("v", "a.b"), ("v", ""), ("v\n", "-")])
def test_names_that_no_id_can_hold_are_refused(version: str, variant: str) -> None:
    with pytest.raises(ValueError, match="no request id"):
        request_ids.make(version, variant)


@pytest.mark.parametrize(
    "text",
    ["", "rec_", "rec_v.-", "rec_v.-.xyz", "rec_v.-.0123456", "abc_v.-.0123456789abcdef", "rec_v.-.0123456789abcdef0",
     "rec_v.-.0123456789abcdef\n", "rec_" + "v" * 41 + ".-.0123456789abcdef", "x" * 10_000],
)  # fmt: skip
def test_what_is_no_id_of_ours_is_parsed_as_none(text: str) -> None:
    assert request_ids.parse(text) is None
