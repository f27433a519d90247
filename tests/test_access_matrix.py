"""Who may do what: every operation, called by everybody. Written by hand, so that no slip in a route repeats here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from chalice.config import Config
from chalice.local import LocalGateway
from sqlalchemy import Engine

from app import app, routes
from chalicelib.core import auth, blobs, clock
from chalicelib.core.auth import Role
from chalicelib.csv_import import imports
from tests.client import Answer, Client
from tests.factories import (
    PASSWORD,
    make_account_row,
    make_customer,
    make_order,
    make_product,
    make_token,
)

Statuses = dict[str, int]

STAFF = ("staff", "admin", "service")
BAD = ("expired", "revoked", "switched off", "garbage")
CALLERS = ("nobody", "customer", "other", "unlinked", *STAFF, *BAD)


def _statuses(**given: int) -> Statuses:
    """Name the status of each caller; a token that is not good is refused everywhere."""
    staff = given.pop("staff")
    return {**given, **dict.fromkeys(STAFF, staff), **dict.fromkeys(BAD, 401)}


def anybody(ok: int = 200) -> Statuses:
    return _statuses(nobody=ok, customer=ok, other=ok, unlinked=ok, staff=ok)


def whoever(ok: int = 200) -> Statuses:
    """For all, since nobody is asked for a token: a bad one does no harm."""
    return dict.fromkeys(CALLERS, ok)


def signed_in(ok: int = 200) -> Statuses:
    return _statuses(nobody=401, customer=ok, other=ok, unlinked=ok, staff=ok)


def owner(other: int) -> Statuses:
    """For staff and for the customer whose row it is; `other` is what another customer is told."""
    return _statuses(nobody=401, customer=200, other=other, unlinked=403, staff=200)


def staff(ok: int = 200) -> Statuses:
    return _statuses(nobody=401, customer=403, other=403, unlinked=403, staff=ok)


def admin(ok: int = 200) -> Statuses:
    return staff(403) | {"admin": ok}


@dataclass(frozen=True)
class Case:
    """One operation: a request that is good but for the caller, and what each caller is answered."""

    statuses: Statuses
    target: str | None = None
    body: dict[str, Any] | None = field(default=None)


# Words in braces stand for the ids of a `World`.
MATRIX = {
    "GET /": Case(whoever()),
    "GET /health": Case(whoever()),
    "GET /openapi.json": Case(whoever()),
    "GET /docs": Case(whoever()),
    "GET /docs/{asset}": Case(whoever(), "/docs/start.js"),
    "POST /api/auth/token": Case(whoever(), body={"username": "target", "password": PASSWORD}),
    "POST /api/auth/logout": Case(signed_in(204)),
    "POST /api/auth/logout-all": Case(signed_in()),
    "GET /api/auth/me": Case(signed_in()),
    "GET /accounts": Case(admin()),
    "POST /accounts": Case(admin(201), body={"username": "new", "password": PASSWORD, "role": "staff"}),
    "GET /accounts/{account_id}": Case(admin(), "/accounts/{account}"),
    "PATCH /accounts/{account_id}": Case(admin(), "/accounts/{account}", {"role": "admin"}),
    "DELETE /accounts/{account_id}/tokens": Case(admin(), "/accounts/{account}/tokens"),
    "GET /distribution-centers": Case(whoever()),
    "GET /distribution-centers/{center_id}": Case(whoever(), "/distribution-centers/{center}"),
    "GET /products": Case(anybody()),
    "GET /products/search": Case(anybody(), "/products/search?q=jeans"),
    "GET /products/facets": Case(whoever()),
    "GET /products/suggest": Case(whoever(), "/products/suggest?q=jea"),
    "GET /products/{product_id}": Case(anybody(), "/products/{product}"),
    "GET /users": Case(owner(other=200)),  # it sees itself
    "GET /users/{user_id}": Case(owner(other=404), "/users/{customer}"),
    "GET /orders": Case(owner(other=200), "/orders?user_id={customer}"),  # it sees none
    "GET /orders/{order_id}": Case(owner(other=404), "/orders/{order}"),
    "POST /ai/recommendations": Case(owner(other=404), body={"user_id": "{customer}"}),
    "GET /analytics/sales-summary": Case(staff()),
    "GET /analytics/top-products": Case(staff()),
    "POST /imports": Case(staff(202), body={"folder": "january"}),
    "GET /imports": Case(staff()),
    "GET /imports/{import_id}": Case(staff(), "/imports/{import}"),
    "GET /imports/{import_id}/rejections": Case(staff(), "/imports/{import}/rejections"),
}


class World:
    """A shop with one of everything, and the callers."""

    def __init__(self, data_dir: Path) -> None:
        bucket = data_dir / "bucket" / "january"
        bucket.mkdir(parents=True)
        (bucket / "distribution_centers.csv").write_text("id,name,latitude,longitude\n1,Memphis TN,35,-89\n")
        # A mark in every text of what belongs to the customer.
        self.customer = make_customer(first_name="Marked", last_name="Marked", email="marked@example.com")
        self.other = make_customer()
        product = make_product(category="Jeans", brand="Levi")
        self.order = make_order(self.customer, (make_product(category="Marked", brand="Marked"), 1000))
        make_order(None, (product, 1000))
        self.ids = {
            "customer": self.customer,
            "order": self.order,
            "product": product,
            "center": 0,
            "account": make_account_row(Role.STAFF, username="target"),
            "import": imports.request_import(
                blobs.store(), "january", source="january", strict=False, requested_by="robin"
            ),
        }

    def target(self, operation: str, case: Case) -> str:
        target = case.target or operation.partition(" ")[2]
        return target.format_map(self.ids)

    def body(self, case: Case) -> dict[str, Any] | None:
        if case.body is None:
            return None
        return {name: self._filled(value) for name, value in case.body.items()}

    def _filled(self, value: Any) -> Any:
        return self.ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value

    def token(self, caller: str) -> str | None:
        if caller == "nobody":
            return None
        if caller == "garbage":
            return "shk_garbage"
        role = Role.ADMIN if caller in BAD else Role(caller) if caller in STAFF else Role.CUSTOMER
        customer_id = {"customer": self.customer, "other": self.other}.get(caller)
        account_id = make_account_row(role, customer_id=customer_id, is_active=caller != "switched off")
        if caller == "expired":
            return make_token(account_id, expires_at=clock.now() - timedelta(seconds=1))
        token = make_token(account_id)
        if caller == "revoked":
            assert Client(token).post("/api/auth/logout").status == 204
        return token


@pytest.fixture
def world(shop: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(auth, "password_matches", lambda password, _hash: password == PASSWORD)
    made = World(tmp_path)
    made.ids["center"] = Client().get("/distribution-centers").json[0]["id"]
    return made


def test_every_operation_has_its_line_and_every_line_its_operation() -> None:
    declared = [f"{route.method} {route.path}" for route in routes]
    assert len(declared) == len(set(declared))
    assert set(MATRIX) == set(declared)
    served = {
        f"{method} {path}"
        for path, methods in app.routes.items()
        for method in methods
        if method not in ("HEAD", "OPTIONS")
    }
    assert served == set(declared), "nothing is served that is not declared"


def test_every_line_speaks_of_every_caller() -> None:
    assert {tuple(sorted(case.statuses)) for case in MATRIX.values()} == {tuple(sorted(CALLERS))}


@pytest.mark.parametrize("operation", MATRIX)
def test_each_caller_is_answered_what_is_its_due(world: World, operation: str) -> None:
    method, case = operation.partition(" ")[0], MATRIX[operation]
    answered = {}
    for caller in CALLERS:
        client = Client(world.token(caller))
        target = world.target(operation, case)
        answer = client.request(method, target, world.body(case))
        answered[caller] = answer.status
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"]
        if answer.status >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
        if method == "GET":
            head = client.request("HEAD", target)
            assert (head.status, head.text) == (answer.status, "")
    assert answered == case.statuses


@pytest.mark.parametrize("header", ["", "Token", "Token ", "Basic cm9iaW46eA==", "shk_garbage", "Bearer \u00e9"])
def test_a_header_that_carries_no_token_opens_nothing(shop: Engine, header: str) -> None:
    for operation, case in MATRIX.items():
        if case.statuses["nobody"] == 401:
            method, _, path = operation.partition(" ")
            target = path.replace("{", "").replace("}", "")
            assert Client().request(method, target, None, {"Authorization": header}).status == 401


# Every way to ask for the rows of the customer.
OWNED = [
    ("GET /users", "/users", None),
    ("GET /users", "/users?after=", None),
    ("GET /users/{user_id}", "/users/{customer}", None),
    ("GET /orders", "/orders", None),
    ("GET /orders", "/orders?after=", None),
    ("GET /orders", "/orders?user_id={customer}", None),
    ("GET /orders", "/orders?user_id={customer}&status=complete&after=", None),
    ("GET /orders/{order_id}", "/orders/{order}", None),
    ("POST /ai/recommendations", "/ai/recommendations", {"user_id": "{customer}"}),
    ("POST /ai/recommendations", "/ai/recommendations", {"user_id": "{customer}", "category": "Marked"}),
]


def test_every_operation_on_rows_of_customers_is_among_those_that_are_tried() -> None:
    owned = {f"{route.method} {route.path}" for route in routes if route.access.owned}
    assert {operation for operation, _, _ in OWNED} == owned


@pytest.mark.parametrize("caller", ["other", "unlinked"])
@pytest.mark.parametrize(("operation", "target", "body"), OWNED)
def test_a_customer_never_sees_another_customers_row(
    world: World, caller: str, operation: str, target: str, body: dict[str, Any] | None
) -> None:
    def ask(who: str) -> Answer:
        client, case = Client(world.token(who)), Case({}, target, body)
        return client.request(operation.partition(" ")[0], world.target(operation, case), world.body(case))

    assert ask("customer").status == 200
    answer = ask(caller)
    assert "arked" not in answer.text
    if answer.status == 200:
        assert all(row["id"] == world.other for row in answer.json)
    else:
        assert answer.status in (403, 404)


@pytest.mark.parametrize("operation", [name for name in MATRIX if MATRIX[name].statuses["admin"] < 300])
def test_every_path_is_also_taken_with_a_trailing_slash(world: World, operation: str) -> None:
    """As the gateway routes it: by Chalice's own matching of paths, not by the test client's."""
    case, method = MATRIX[operation], operation.partition(" ")[0]
    path, _, query = world.target(operation, case).partition("?")
    body = world.body(case)
    gateway = LocalGateway(app, Config.create(chalice_app=app, project_dir="."))
    statuses: list[int] = []
    for spelling in dict.fromkeys((path, path.rstrip("/") + "/")):
        if operation == "POST /accounts":
            body = {**(body or {}), "username": f"new{len(statuses)}"}
        sent = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Token {world.token('admin')}", "content-type": "application/json"}
        target = spelling + ("?" + query if query else "")
        statuses.append(gateway.handle_request(method, target, headers, sent)["statusCode"])
    assert set(statuses) == {case.statuses["admin"]}
