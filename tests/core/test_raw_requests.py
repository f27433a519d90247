"""Views that take a request as it came: the bytes that a signature is about, bounded, and described as such."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from chalicelib.core import http
from chalicelib.core.auth import PUBLIC
from chalicelib.core.errors import TooLarge
from chalicelib.core.inputs import MAX_BODY_BYTES, RawRequest, raw_request
from chalicelib.core.openapi import document
from chalicelib.core.routes import Routes
from tests.core.test_http import Edge


def taking_raw() -> tuple[Routes, list[RawRequest]]:
    area, taken = Routes("Test"), list[RawRequest]()

    @area.post("/notices", access=PUBLIC, response=dict[str, Any])
    def take_notice(raw: RawRequest) -> Any:
        """Take it as it is."""
        taken.append(raw)
        return {}

    return area, taken


@pytest.mark.parametrize("text", ['{"a": 1}', '{ "a":1.0}\r\n', "not JSON at all", "é€😀", ""])
def test_the_body_comes_byte_for_byte(text: str) -> None:
    area, taken = taking_raw()
    edge = Edge(area)
    assert edge.post("/notices", body=text, headers={"Content-Type": "text/weird"}).status == 200
    coded = base64.b64encode(text.encode()).decode()
    assert edge.post("/notices", body=coded, encoded=True).status == 200
    assert [raw.body for raw in taken] == [text.encode(), text.encode()]


def test_no_body_is_an_empty_one() -> None:
    area, taken = taking_raw()
    assert Edge(area).post("/notices").status == 200
    assert taken[0].body == b""


def test_headers_are_found_in_lower_case() -> None:
    area, taken = taking_raw()
    Edge(area).post("/notices", body="x", headers={"Stripe-Signature": "T=1,v1=Ab"})
    assert taken[0].headers["stripe-signature"] == "T=1,v1=Ab"
    assert raw_request(b"", {"X-Y": "Z"}).headers == {"x-y": "Z"}


def test_a_body_that_is_too_long_never_reaches_the_view() -> None:
    area, taken = taking_raw()
    edge = Edge(area)
    assert edge.post("/notices", body="é" * (MAX_BODY_BYTES // 2)).status == 200
    assert edge.post("/notices", body="é" * (MAX_BODY_BYTES // 2) + "x").status == 413
    assert len(taken) == 1


def test_raw_requests_are_described() -> None:
    area, _ = taking_raw()
    made = json.loads(json.dumps(document(area.all, http.status_of, "")))
    assert list(OpenAPIV31SpecValidator(made).iter_errors()) == []
    operation = made["paths"]["/notices"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["type"] == "object"
    assert str(http.status_of(TooLarge)) in operation["responses"]


def test_a_view_takes_either_a_model_or_the_raw_request() -> None:
    class Body(BaseModel):
        name: str

    def take_both(body: Body, raw: RawRequest) -> Any:
        """Take both."""

    take_both.__annotations__.update(body=Body, raw=RawRequest)
    with pytest.raises(TypeError, match="either body or raw"):
        Routes("Test").post("/notices", access=PUBLIC, response=None)(take_both)
