"""Which pages of other origins may read the answers: those that the settings name, for errors too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import app, routes
from chalicelib.core import config
from chalicelib.core.auth import Role
from chalicelib.core.config import Settings
from tests.client import Answer, Client
from tests.conftest import set_settings
from tests.factories import signed_in

OURS, ALSO_OURS, FOREIGN = "http://localhost:3000", "https://shop.example", "https://evil.example"


@pytest.fixture(autouse=True)
def settings_of_this_test_end_with_it() -> Iterator[None]:
    yield
    config.settings.cache_clear()


def words(answer: Answer, header: str) -> set[str]:
    return {word.strip() for word in answer.headers.get(header, "").split(",")} - {""}


def cors_headers(answer: Answer) -> set[str]:
    return {name for name in answer.headers if name.lower().startswith("access-control-")}


@pytest.mark.parametrize("origin", [OURS, ALSO_OURS])
def test_each_origin_of_the_settings_may_read(client: Client, origin: str) -> None:
    answer = client.get("/products", origin=origin)
    assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    "origin",
    [
        FOREIGN,
        "null",
        "",
        "https://shop.example.evil.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example/",
        f"{OURS},{ALSO_OURS}",
        "*",
    ],
)
def test_another_origin_may_not(client: Client, origin: str) -> None:
    answer = client.get("/products", origin=origin)
    assert answer.status == 200
    assert cors_headers(answer) == set()


def test_without_an_origin_nothing_is_said_of_origins(client: Client) -> None:
    assert cors_headers(client.get("/products")) == set()


@pytest.mark.parametrize(
    ("target", "status"), [("/products/1", 404), ("/products?limit=-1", 422), ("/orders", 401), ("/accounts", 403)]
)
def test_a_page_can_read_errors_too(client: Client, target: str, status: int) -> None:
    asking = signed_in(Role.CUSTOMER) if status == 403 else client
    allowed, refused = asking.get(target, origin=OURS), asking.get(target, origin=FOREIGN)
    assert allowed.status == refused.status == status
    assert allowed.headers["Access-Control-Allow-Origin"] == OURS
    assert cors_headers(refused) == set()


def test_a_page_can_read_the_headers_that_it_needs(client: Client) -> None:
    exposed = words(client.get("/products", origin=OURS), "Access-Control-Expose-Headers")
    needed = {"ETag", "Link", "Location", "Retry-After", "X-Next-Cursor", "X-Request-Id", "X-Total-Count"}
    assert needed <= exposed


@pytest.mark.parametrize("origin", [OURS, FOREIGN, None])
def test_a_cache_keeps_the_answers_apart(client: Client, origin: str | None) -> None:
    sent = {"origin": origin} if origin else {}
    for answer in (
        client.get("/products", **sent),
        client.get("/orders", **sent),
        client.request("OPTIONS", "/products", headers=sent),
    ):
        assert {"Origin", "Authorization"} <= words(answer, "Vary")


def test_credentials_of_the_browser_are_never_asked_for(client: Client) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client.request(method, "/products", headers={"origin": OURS})
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Access-Control-Allow-Origin"] != "*"


# --- asking before ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted({route.path for route in routes}))
def test_a_preflight_is_told_the_methods_of_the_path(client: Client, path: str) -> None:
    declared = {route.method for route in routes if route.path == path}
    concrete = path.replace("{asset}", "start.js").replace("{", "1").replace("}", "")
    answer = client.request("OPTIONS", concrete, headers={"origin": OURS, "access-control-request-method": "GET"})
    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    methods = words(answer, "Access-Control-Allow-Methods")
    assert methods == declared | {"OPTIONS"} | ({"HEAD"} if "GET" in declared else set())
    assert words(answer, "Allow") == methods == set(app.routes[path])


def test_a_preflight_is_told_the_headers_that_may_be_sent(client: Client) -> None:
    answer = client.request("OPTIONS", "/products", headers={"origin": OURS})
    sent = {"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-Id"}
    assert sent <= words(answer, "Access-Control-Allow-Headers")
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


def test_a_preflight_of_another_origin_is_told_nothing(client: Client) -> None:
    answer = client.request("OPTIONS", "/orders", headers={"origin": FOREIGN})
    assert answer.status == 204
    assert cors_headers(answer) == set()


def test_a_preflight_needs_no_token(client: Client) -> None:
    assert client.request("OPTIONS", "/accounts", headers={"origin": OURS}).status == 204


def test_without_origins_in_the_settings_nobody_may(monkeypatch: pytest.MonkeyPatch) -> None:
    set_settings(monkeypatch, Settings(cors_origins=()))
    assert cors_headers(Client().request("OPTIONS", "/products", headers={"origin": OURS})) == set()
