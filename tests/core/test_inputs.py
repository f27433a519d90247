"""From the wire to typed values: what is taken, what is refused, and that the refusal says where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.core.errors import InvalidInput, MalformedInput, TooLarge
from chalicelib.core.inputs import MAX_BODY_BYTES, UnsupportedMediaType, parse_body, parse_path, parse_query
from chalicelib.core.paging import MAX_ID


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = Field(ge=1)


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=10)
    parts: list[Inner] = Field(default_factory=list)

    @field_validator("name")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("Must not be blank")
        return value


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=0, le=500)
    word: str | None = None


def locations(caught: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [error.location for error in caught.value.errors]


# --- path --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.0", "abc", "", " 1", "1e3", "0x1", "²", "\u0661", str(MAX_ID + 1), "9" * 5000]
)
def test_an_id_is_a_whole_number_from_one_that_a_column_can_hold(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_path({"order_id": text}, {"order_id": int})
    assert locations(caught) == ["path.order_id"]


@given(st.integers(1, MAX_ID))
def test_each_id_is_read_as_itself(number: int) -> None:
    assert parse_path({"order_id": str(number)}, {"order_id": int}) == {"order_id": number}


def test_text_in_a_path_is_decoded() -> None:
    assert parse_path({"name": "caf%C3%A9%20x"}, {"name": str}) == {"name": "café x"}


# --- query -------------------------------------------------------------------------------------------------------


def test_a_query_is_read_in_its_types() -> None:
    assert parse_query({"limit": ["20"], "word": ["a b"]}, Filter) == Filter(limit=20, word="a b")
    assert parse_query({}, Filter) == Filter()
    assert parse_query({}, None) is None


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ({"limit": ["1", "2"]}, "query.limit"),
        ({"limit": ["1", "1"]}, "query.limit"),
        ({"colour": ["red"]}, "query.colour"),
        ({"limit": ["ten"]}, "query.limit"),
        ({"limit": [""]}, "query.limit"),
        ({"limit": ["-1"]}, "query.limit"),
        ({"limit": ["501"]}, "query.limit"),
    ],
)
def test_a_bad_query_says_where(query: dict[str, list[str]], location: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_query(query, Filter)
    assert locations(caught) == [location]


def test_an_operation_without_parameters_takes_none() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_query({"limit": ["1"]}, None)
    assert locations(caught) == ["query.limit"]


# --- body --------------------------------------------------------------------------------------------------------


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_body_is_read_as_its_model() -> None:
    expected = Thing(name="chair", parts=[Inner(size=2)])
    raw = body({"name": "chair", "parts": [{"size": 2}]})
    assert parse_body(raw, "application/json", Thing) == expected
    assert parse_body(raw.decode(), "Application/JSON; charset=utf-8", Thing) == expected
    assert parse_body(raw, "", Thing) == expected


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"",
        b"{",
        b'{"name": "chair",}',
        b"\xff\xfe",
        b'{"name": "\xe9"}',
        b'{"name": "\\ud800"}',
        b"{'name': 'chair'}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_malformed(raw: bytes | None) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_body(raw, "application/json", Thing)
    assert type(caught.value) is MalformedInput


@pytest.mark.parametrize(
    ("value", "location"),
    [
        ({}, "body.name"),
        ({"name": None}, "body.name"),
        ({"name": 5}, "body.name"),
        ({"name": "x" * 11}, "body.name"),
        ({"name": "chair", "colour": "red"}, "body.colour"),
        ({"name": "chair", "parts": [{"size": 1}, {"size": 0}]}, "body.parts.1.size"),
        ({"name": "chair", "parts": [{"size": "1"}]}, "body.parts.0.size"),
        ({"name": "chair", "parts": [{"size": True}]}, "body.parts.0.size"),
        ({"name": "chair", "parts": [{"size": 1.0}]}, "body.parts.0.size"),
        ({"name": "chair", "parts": {}}, "body.parts"),
        ([], "body"),
        ("chair", "body"),
        (None, "body"),
    ],
)
def test_a_bad_body_says_where(value: Any, location: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_body(body(value), "application/json", Thing)
    assert locations(caught) == [location]


def test_each_fault_of_a_body_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_body(body({"name": 5, "colour": "red"}), "application/json", Thing)
    assert sorted(locations(caught)) == ["body.colour", "body.name"]
    assert "(and 1 more)" in caught.value.message


def test_the_words_of_a_validator_reach_the_caller_and_the_value_does_not() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_body(body({"name": "   "}), "application/json", Thing)
    assert caught.value.errors[0].message == "must not be blank"
    with pytest.raises(InvalidInput) as caught:
        parse_body(body({"name": "a secret password"}), "application/json", Thing)
    assert "secret" not in caught.value.message + caught.value.errors[0].message


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_another_type_of_body_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        parse_body(body({"name": "chair"}), content_type, Thing)


def test_a_body_is_taken_up_to_its_limit() -> None:
    raw = body({"name": "chair"})
    assert parse_body(raw + b" " * (MAX_BODY_BYTES - len(raw)), "", Thing).name == "chair"
    with pytest.raises(TooLarge):
        parse_body(raw + b" " * (MAX_BODY_BYTES - len(raw) + 1), "", Thing)


def test_a_body_is_measured_in_bytes_not_characters() -> None:
    with pytest.raises(TooLarge):
        parse_body('"' + "ü" * (MAX_BODY_BYTES // 2) + '"', "", Thing)


@given(st.binary(max_size=50))
def test_no_body_whatever_is_more_than_a_bad_one(raw: bytes) -> None:
    with pytest.raises((MalformedInput, InvalidInput)):
        parse_body(raw, "application/json", Thing)


@given(st.dictionaries(st.text(max_size=5), st.lists(st.text(max_size=5), min_size=1, max_size=2), max_size=2))
def test_no_query_whatever_is_more_than_a_bad_one(query: dict[str, list[str]]) -> None:
    if query.keys() <= {"word"} and all(len(values) == 1 for values in query.values()):
        assert parse_query(query, Filter) == Filter(word=query.get("word", [None])[0])
        return
    try:
        parsed = parse_query(query, Filter)
    except InvalidInput:
        return
    assert parsed is not None
    assert query.keys() <= {"limit", "word"}
