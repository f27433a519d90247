"""A client that calls the Lambda entry with API Gateway's events and checks each answer against the API document."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from jsonschema import Draft202012Validator

from app import app, routes
from chalicelib.core import http
from chalicelib.core.openapi import document
from infra.server import own_requests_per_thread

# Chalice keeps one request per application; tests, like the local server, have several threads.
own_requests_per_thread(app)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


@cache
def api_document() -> dict[str, Any]:
    """The API document that answers are checked against."""
    made: dict[str, Any] = json.loads(json.dumps(document(routes, http.status_of, "")))
    return made


@cache
def _validator(path: str, method: str, status: str, media_type: str) -> Draft202012Validator:
    operation = api_document()["paths"][path][method]
    assert status in operation["responses"], f"{method} {path} answers {status}, which is not documented"
    content = operation["responses"][status].get("content", {})
    assert media_type in content, f"{method} {path} answers {status} as {media_type}, which is not documented"
    return Draft202012Validator({**content[media_type]["schema"], "components": api_document()["components"]})


class Client:
    """Requests as one caller; `as_token` makes a client for another."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token

    def as_token(self, token: str) -> Client:
        """Return a client that sends `token`."""
        return Client(token)

    def get(self, target: str, **headers: str) -> Answer:
        """GET a path with its query."""
        return self.request("GET", target, None, headers)

    def post(self, target: str, body: Any = None, **headers: str) -> Answer:
        """POST a JSON body."""
        return self.request("POST", target, body, headers)

    def patch(self, target: str, body: Any = None, **headers: str) -> Answer:
        """PATCH with a JSON body."""
        return self.request("PATCH", target, body, headers)

    def put(self, target: str, body: Any = None, **headers: str) -> Answer:
        """PUT a JSON body, or bytes."""
        return self.request("PUT", target, body, headers)

    def delete(self, target: str, **headers: str) -> Answer:
        """DELETE a path."""
        return self.request("DELETE", target, None, headers)

    def request(
        self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None, *, check: bool = True
    ) -> Answer:
        """Send a request. `body` is JSON unless it is str or bytes; header names may be written with `_` for `-`."""
        path, _, query = target.partition("?")
        path = path.rstrip("/") or "/"
        pattern, parameters = _match(path)
        sent = {name.replace("_", "-").lower(): value for name, value in (headers or {}).items()}
        if self.token is not None:
            sent.setdefault("authorization", f"Token {self.token}")
        if body is not None and not isinstance(body, str | bytes):
            body = json.dumps(body)
            sent.setdefault("content-type", "application/json")
        event = {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": pattern,
                "path": target.partition("?")[0],
                "identity": {"sourceIp": "192.0.2.1"},
            },
            "headers": sent,
            "pathParameters": parameters,
            "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
            "stageVariables": None,
            "body": body,
            "isBase64Encoded": False,
        }
        raw = app(event, None)
        answer = Answer(raw["statusCode"], {**raw["headers"], **raw["multiValueHeaders"]}, raw["body"])
        if check and method not in ("HEAD", "OPTIONS"):
            _check(answer, pattern, method.lower())
        return answer


def _match(path: str) -> tuple[str, dict[str, str]]:
    # Fixed paths before those with parameters, as the gateway does.
    for pattern in sorted(app.routes):
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern), path)
        if found:
            return pattern, found.groupdict()
    raise AssertionError(f"no route matches {path}")


def _check(answer: Answer, pattern: str, method: str) -> None:
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    if not answer.text or media_type.startswith(("text/", "image/")):
        assert str(answer.status) in api_document()["paths"][pattern][method]["responses"]
        return
    _validator(pattern, method, str(answer.status), media_type).validate(answer.json)
