"""The service about itself: welcome, health, and a documentation page that needs nobody else."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import Engine

from app import app
from chalicelib import __version__
from chalicelib.core import clock
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from chalicelib.core.database import use_engine
from chalicelib.core.database.dialect import make_engine
from tests.client import Client
from tests.factories import counted_statements, signed_in


class Parts(HTMLParser):
    """What a page refers to, and the scripts that stand in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.references: list[tuple[str, str]] = []
        self.inline: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self._in_script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= dict(attrs)
        self.references += [(tag, value or "") for name, value in attrs if name in ("src", "href", "action")]
        self.inline += [f"{name}={value}" for name, value in attrs if name.startswith("on") or name == "style"]
        self._in_script = tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.inline.append(data)


def test_the_welcome_says_what_answers(client: Client, shop: Engine) -> None:
    found = client.get("/").json
    assert set(found) >= {"message", "version", "database", "features", "status"}
    assert found["version"] == __version__
    assert found["database"] == {"sqlite": "SQLite", "mysql": "MySQL"}[shop.dialect.name]
    assert all(isinstance(feature, str) for feature in found["features"])
    assert found["features"]


def test_health_has_the_fields_of_the_contract(client: Client, shop: Engine) -> None:
    with counted_statements(shop) as statements:
        answer = client.get("/health")
    found = answer.json
    assert (answer.status, found["status"], found["database"]) == (200, "healthy", "connected")
    assert abs(datetime.fromisoformat(found["timestamp"]) - clock.now()) < timedelta(minutes=1)
    assert {"api", "database", "ai_engine"} <= set(found["services"])
    assert len(statements) == 1, "health asks the database and nothing more"


@pytest.mark.parametrize("path", ["/health", "/health/"])
def test_health_is_a_503_while_the_database_is_away(path: str) -> None:
    dead = make_engine("mysql+pymysql://shop@127.0.0.1:1/shop", Settings())
    before = use_engine(dead)
    try:
        answer = Client().get(path)
    finally:
        use_engine(before)
        dead.dispose()
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/start.js", "/openapi.json"])
def test_what_needs_no_database_answers_while_it_is_away(path: str) -> None:
    dead = make_engine("mysql+pymysql://shop@127.0.0.1:1/shop", Settings())
    before = use_engine(dead)
    try:
        assert Client().get(path).status == 200
    finally:
        use_engine(before)
        dead.dispose()


# --- the page ----------------------------------------------------------------------------------------------------


def get_page(path: str = "/docs") -> tuple[str, dict[str, str]]:
    """Return the page as it is served under `path`, and its headers."""
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/docs", "path": path, "identity": {}},
        "headers": {},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
    }
    raw: dict[str, Any] = app(event, None)
    assert raw["statusCode"] == 200
    return raw["body"], raw["headers"]


def own_references(page: str) -> list[str]:
    """Return what the page loads, links of data within itself left out."""
    parts = Parts(page)
    found = [target for _, target in parts.references if not target.startswith("data:")]
    return [*found, parts.attributes["data-document"] or ""]


@pytest.mark.parametrize("base", ["", "/api", "/shop/v2"])
@pytest.mark.parametrize("end", ["", "/"])
def test_the_page_loads_from_this_service_alone_below_its_stage(base: str, end: str) -> None:
    page, headers = get_page(f"{base}/docs{end}")
    assert headers["Content-Type"].startswith("text/html")
    references = own_references(page)
    assert len(references) >= 4
    for reference in references:
        assert reference.startswith(f"{base}/")
        assert not reference.startswith("//")
        assert Client().get(reference.removeprefix(base)).status == 200
    assert not re.search(r"(https?:)?//", page.replace("<!doctype html>", ""))


def test_the_page_has_no_script_in_it_so_that_its_policy_can_forbid_them() -> None:
    page, headers = get_page()
    assert Parts(page).inline == []
    rules = (rule.split() for rule in headers["Content-Security-Policy"].split(";"))
    policy = {name: sources for name, *sources in rules}
    assert policy["default-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert "script-src" not in policy
    assert "connect-src" not in policy
    assert set(policy["style-src"]) == {"'self'", "'unsafe-inline'"}
    assert set(policy["img-src"]) == {"'self'", "data:"}
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("asset", "content_type", "words"),
    [
        ("swagger-ui.css", "text/css", ".swagger-ui"),
        ("swagger-ui-bundle.js", "text/javascript", "SwaggerUIBundle"),
        ("start.js", "text/javascript", "SwaggerUIBundle("),
    ],
)
def test_each_part_of_the_page_is_served_as_what_it_is(asset: str, content_type: str, words: str) -> None:
    answer = Client().get(f"/docs/{asset}")
    assert answer.headers["Content-Type"].partition(";")[0] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert words in answer.text
    # The response of a function may have six megabytes.
    assert 100 < len(answer.text.encode()) < 5_000_000


def test_the_page_asks_no_other_service_whether_the_document_is_valid() -> None:
    start = Client().get("/docs/start.js").text
    assert "validatorUrl: null" in start
    assert "http" not in start
    assert "persistAuthorization: false" in start


@pytest.mark.parametrize("asset", ["nothing.js", "..%2f__init__.py", "%2e%2e", "swagger_bundle.js", "", "%00"])
def test_no_other_file_is_served(asset: str) -> None:
    event_path = f"/docs/{asset}"
    if not asset:
        assert Client().get(event_path).headers["Content-Type"].startswith("text/html")
        return
    assert Client().get(event_path).status == 404


def test_the_page_is_for_everybody(client: Client) -> None:
    assert client.get("/docs").text == signed_in(Role.CUSTOMER).get("/docs").text
