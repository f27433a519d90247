"""How one request flows, shown on a small API of the test's own behind the Lambda entry."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from chalice import Chalice
from pydantic import BaseModel, ConfigDict, Field
from pymysql.err import OperationalError as PyMySQLError
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError

from chalicelib.commerce.tables import distribution_centers
from chalicelib.core import errors, http
from chalicelib.core.auth import ADMIN, PUBLIC, SIGNED_IN, STAFF, STAFF_OR_OWNER, Access, Caller, Role
from chalicelib.core.config import Settings
from chalicelib.core.database import Connection, insert_row, read, use_engine
from chalicelib.core.database.dialect import make_engine
from chalicelib.core.inputs import MAX_BODY_BYTES, UnsupportedMediaType
from chalicelib.core.logging import JsonFormatter, logger, request_id
from chalicelib.core.routes import Reply, Routes, Text
from infra.server import own_requests_per_thread
from tests.client import Answer, Client
from tests.factories import NOON, counted_statements, make_center, signed_in

CALLERS = {
    "shopper": Caller(1, "shopper", Role.CUSTOMER, 7, 1),
    "visitor": Caller(2, "visitor", Role.CUSTOMER, None, 2),
    "staff": Caller(3, "staff", Role.STAFF, None, 3),
    "admin": Caller(4, "admin", Role.ADMIN, None, 4),
    "robot": Caller(5, "robot", Role.SERVICE, None, 5),
}


class Edge:
    """A small API; `tokens` of the callers above are their names."""

    def __init__(self, area: Routes) -> None:
        self.app = Chalice(app_name="edge", configure_logs=False)
        own_requests_per_thread(self.app)
        http.mount(self.app, [area], authenticate=self._find_caller)

    def _find_caller(self, connection: Connection, token: str, _now: datetime) -> Caller | None:
        connection.execute(text("SELECT 1"))  # as looking a token up does, it takes the database
        return CALLERS.get(token)

    def call(
        self,
        method: str,
        resource: str,
        *,
        path: str | None = None,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, list[str]] | None = None,
        body: Any = None,
        encoded: bool = False,
        address: str = "192.0.2.7",
    ) -> Answer:
        """Send an event as API Gateway does; `body` is JSON unless it is text."""
        event = {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": resource,
                "path": path or resource.format(**parameters or {}),
                "identity": {"sourceIp": address},
            },
            "headers": dict(headers or {}),
            "pathParameters": parameters,
            "multiValueQueryStringParameters": query,
            "stageVariables": None,
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
            "isBase64Encoded": encoded,
        }
        raw = self.app(event, None)
        assert not raw.get("isBase64Encoded")
        return Answer(raw["statusCode"], {**raw["headers"], **raw["multiValueHeaders"]}, raw["body"])

    def get(self, resource: str, **given: Any) -> Answer:
        return self.call("GET", resource, **given)

    def post(self, resource: str, **given: Any) -> Answer:
        return self.call("POST", resource, **given)


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=0, le=500)


def center(name: str) -> dict[str, Any]:
    return {"name": name, "latitude": 0, "longitude": 0, "created_at": NOON, "updated_at": NOON}


def center_names() -> list[str]:
    with read() as connection:
        return list(connection.execute(select(distribution_centers.c.name)).scalars())


def problem_of(answer: Answer) -> dict[str, Any]:
    """Return the problem details, after a look at what all of them share."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json
    assert set(found) == {"type", "title", "status", "detail", "instance", "request_id", "errors"}
    assert found["status"] == answer.status
    assert found["request_id"] == answer.headers["X-Request-Id"]
    assert re.fullmatch(r"urn:shopkeeper:problem:[a-z-]+", found["type"])
    assert found["title"]
    assert found["detail"]
    return found


# --- errors ------------------------------------------------------------------------------------------------------


def raising(error: Exception) -> Edge:
    """Return an API whose one view raises `error`."""
    area = Routes("Test")

    @area.get("/things/{thing_id}", access=PUBLIC, response=dict[str, Any])
    def get_thing(thing_id: int) -> Any:
        """Raise."""
        raise error

    return Edge(area)


STATUSES = [
    (errors.MalformedInput, 400),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.PreconditionFailed, 412),
    (errors.TooLarge, 413),
    (UnsupportedMediaType, 415),
    (errors.InvalidInput, 422),
    (errors.TooManyRequests, 429),
    (errors.PreconditionRequired, 428),
    (errors.Unavailable, 503),
]


@pytest.mark.parametrize(("kind", "status"), STATUSES)
def test_an_error_is_a_problem_document_with_its_status(kind: type[errors.AppError], status: int) -> None:
    error = kind("Do it another way.", errors=[errors.FieldError("body.name", "is too long")])
    answer = raising(error).get("/things/{thing_id}", path="/api/things/5", parameters={"thing_id": "5"})
    assert answer.status == status
    problem = problem_of(answer)
    assert problem["type"] == f"urn:shopkeeper:problem:{kind.code}"
    assert (problem["title"], problem["detail"]) == (kind.title, "Do it another way.")
    assert problem["instance"] == "/api/things/5"
    assert problem["errors"] == [{"location": "body.name", "message": "is too long"}]


def test_every_status_in_the_table_is_tried_here() -> None:
    assert {kind for kind, _ in STATUSES} == set(http.STATUS)


@pytest.mark.parametrize(("kind", "status"), STATUSES)
def test_only_a_401_asks_for_a_token(kind: type[errors.AppError], status: int) -> None:
    answer = raising(kind("No.")).get("/things/{thing_id}", parameters={"thing_id": "5"})
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)
    if status == 401:
        schemes = re.findall(r'(\w+) realm="[^"]+"', answer.headers["WWW-Authenticate"])
        assert schemes == ["Bearer", "Token"]


def test_an_error_says_when_to_come_back() -> None:
    answer = raising(errors.TooManyRequests("Slowly.", retry_after_s=17)).get(
        "/things/{thing_id}", parameters={"thing_id": "5"}
    )
    assert answer.headers["Retry-After"] == "17"
    assert (
        "Retry-After"
        not in raising(errors.NotFound("No.")).get("/things/{thing_id}", parameters={"thing_id": "5"}).headers
    )


@pytest.mark.parametrize(
    "error", [RuntimeError("the password is geheim"), KeyError("geheim"), RecursionError(), errors.AppError("geheim")]
)
def test_an_unknown_error_is_a_500(error: Exception) -> None:
    answer = raising(error).get("/things/{thing_id}", parameters={"thing_id": "5"})
    assert answer.status == 500
    assert problem_of(answer)["errors"] == []


def test_a_500_tells_nothing_and_is_found_in_the_logs_by_its_request_id(log_lines: list[dict[str, Any]]) -> None:
    answer = raising(RuntimeError("the shelf fell down")).get(
        "/things/{thing_id}", parameters={"thing_id": "5"}, headers={"X-Request-Id": "find-me"}
    )
    assert problem_of(answer)["request_id"] == "find-me"
    assert not re.search("shelf|RuntimeError|Traceback|test_http", answer.text)
    (failure,) = [line for line in log_lines if line["level"] == "error"]
    assert failure["request_id"] == "find-me"
    assert "RuntimeError: the shelf fell down" in failure["exception"]
    assert "Traceback" in failure["exception"]


def test_an_answer_that_cannot_be_written_as_json_is_a_500() -> None:
    area = Routes("Test")

    @area.get("/odd", access=PUBLIC, response=dict[str, Any])
    def get_odd() -> Any:
        """Answer what JSON cannot say."""
        return {"thing": object()}

    assert Edge(area).get("/odd").status == 500


# --- input -------------------------------------------------------------------------------------------------------


@pytest.fixture
def things() -> Edge:
    """An API that takes things."""
    area = Routes("Test")

    @area.post("/things", access=PUBLIC, response=Thing, status=201)
    def create_thing(body: Thing) -> dict[str, Any]:
        """Take a thing."""
        return {"name": body.name}

    @area.get("/things", access=PUBLIC, response=dict[str, Any])
    def list_things(query: Filter) -> dict[str, Any]:
        """Answer the limit."""
        return {"limit": query.limit}

    @area.get("/plain", access=PUBLIC, response=dict[str, Any])
    def get_plain() -> dict[str, Any]:
        """Take nothing."""
        return {}

    return Edge(area)


JSON = {"Content-Type": "application/json"}


def test_a_body_reaches_the_view(things: Edge) -> None:
    answer = things.post("/things", headers=JSON, body={"name": "chair"})
    assert (answer.status, answer.json) == (201, {"name": "chair"})


def test_a_body_that_the_gateway_encoded_is_decoded(things: Edge) -> None:
    encoded = base64.b64encode(json.dumps({"name": "Stühle 🪑"}, ensure_ascii=False).encode()).decode()
    answer = things.post("/things", headers=JSON, body=encoded, encoded=True)
    assert (answer.status, answer.json) == (201, {"name": "Stühle 🪑"})


@pytest.mark.parametrize(
    ("body", "headers", "status", "location"),
    [
        ("{", JSON, 400, None),
        (None, JSON, 400, None),
        ("", {}, 400, None),
        ({"name": "chair", "colour": "red"}, JSON, 422, "body.colour"),
        ({"name": 5}, JSON, 422, "body.name"),
        ({}, JSON, 422, "body.name"),
        ({"name": "chair"}, {"content-type": "text/plain"}, 415, None),
        ({"name": "chair"}, {"CONTENT-TYPE": "application/xml"}, 415, None),
        ({"name": "x" * MAX_BODY_BYTES}, JSON, 413, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_body_is_refused(
    things: Edge, body: Any, headers: Mapping[str, str], status: int, location: str | None
) -> None:
    answer = things.post("/things", headers=headers, body=body)
    assert answer.status == status
    assert [error["location"] for error in problem_of(answer)["errors"]] == ([location] if location else [])


@pytest.mark.parametrize(
    ("resource", "query"),
    [
        ("/things", {"limit": ["5", "6"]}),
        ("/things", {"colour": ["red"]}),
        ("/things", {"limit": ["501"]}),
        ("/things", {"limit": ["-1"]}),
        ("/things", {"limit": [""]}),
        ("/plain", {"limit": ["5"]}),
    ],
)
def test_a_bad_query_is_refused(things: Edge, resource: str, query: dict[str, list[str]]) -> None:
    answer = things.get(resource, query=query)
    assert answer.status == 422
    assert [error["location"] for error in problem_of(answer)["errors"]] == [f"query.{next(iter(query))}"]


def test_bad_input_of_the_public_costs_no_connection(client: Client, shop: Engine) -> None:
    with counted_statements(shop) as statements:
        assert client.get("/products?limit=-1").status == 422
        assert client.get("/products/none").status == 422
        assert client.get("/orders").status == 401
    assert statements == []


# --- who calls ---------------------------------------------------------------------------------------------------


def guarded(access: Access) -> Edge:
    """Return an API whose one view, for `access`, tells who calls."""
    area = Routes("Test")

    @area.get("/who", access=access, response=dict[str, Any])
    def tell(connection: Connection, caller: Caller | None, owner_id: int | None) -> dict[str, Any]:
        """Tell who calls."""
        return {"name": caller.username if caller else None, "owner_id": owner_id}

    return Edge(area)


def authorised(token: str, scheme: str = "Token") -> dict[str, str]:
    return {"Authorization": f"{scheme} {token}"}


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token", "BEARER"])
def test_both_schemes_name_the_caller(shop: Engine, scheme: str) -> None:
    answer = guarded(SIGNED_IN).get("/who", headers=authorised("staff", scheme))
    assert (answer.status, answer.json["name"]) == (200, "staff")


@pytest.mark.parametrize(
    "header", ["", "Token", "Token ", "Bearer   ", "staff", "Basic c3RhZmY6c3RhZmY=", "Tokenstaff"]
)
@pytest.mark.parametrize("access", [PUBLIC, SIGNED_IN], ids=["public", "signed in"])
def test_a_header_without_a_token_is_refused(access: Access, header: str) -> None:
    answer = guarded(access).get("/who", headers={"Authorization": header})
    assert answer.status == 401
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("access", [PUBLIC, SIGNED_IN, ADMIN], ids=["public", "signed in", "admin"])
def test_an_unknown_token_is_refused_even_where_none_is_needed(shop: Engine, access: Access) -> None:
    assert guarded(access).get("/who", headers=authorised("nobody")).status == 401


@pytest.mark.parametrize("access", [SIGNED_IN, STAFF, ADMIN, STAFF_OR_OWNER], ids=lambda access: access.name)
def test_without_a_token_only_the_public_is_open(shop: Engine, access: Access) -> None:
    assert guarded(access).get("/who").status == 401
    assert guarded(PUBLIC).get("/who").json["name"] is None


@pytest.mark.parametrize(
    ("access", "allowed"),
    [
        (PUBLIC, {"shopper", "visitor", "staff", "admin", "robot"}),
        (SIGNED_IN, {"shopper", "visitor", "staff", "admin", "robot"}),
        (STAFF, {"staff", "admin", "robot"}),
        (ADMIN, {"admin"}),
        (STAFF_OR_OWNER, {"shopper", "staff", "admin", "robot"}),
    ],
    ids=lambda value: value.name if isinstance(value, Access) else "",
)
def test_a_role_that_does_not_suffice_is_a_403(shop: Engine, access: Access, allowed: set[str]) -> None:
    statuses = {name: guarded(access).get("/who", headers=authorised(name)).status for name in CALLERS}
    assert statuses == {name: 200 if name in allowed else 403 for name in CALLERS}


def test_an_owner_is_bound_to_its_own_rows_and_staff_is_not(shop: Engine) -> None:
    edge = guarded(STAFF_OR_OWNER)
    assert edge.get("/who", headers=authorised("shopper")).json["owner_id"] == 7
    assert edge.get("/who", headers=authorised("staff")).json["owner_id"] is None


def test_a_route_for_owners_cannot_forget_the_owner() -> None:
    def list_all(connection: Connection) -> Any:
        """List what everybody has."""

    with pytest.raises(TypeError, match="owner_id"):
        Routes("Test").get("/all", access=STAFF_OR_OWNER, response=list[int])(list_all)


def test_a_view_cannot_ask_for_what_there_is_not() -> None:
    def get_thing(thing_id: int, colour: str) -> Any:
        """Ask for a colour."""

    def get_other() -> Any:
        """Ask for no id."""

    for view in (get_thing, get_other):
        with pytest.raises(TypeError, match=view.__name__):
            Routes("Test").get("/things/{thing_id}", access=PUBLIC, response=list[int])(view)


def test_a_view_is_told_where_the_request_came_from_and_went_to() -> None:
    area = Routes("Test")

    @area.get("/where", access=PUBLIC, response=dict[str, Any])
    def tell(address: str, base_path: str) -> dict[str, Any]:
        """Tell."""
        return {"address": address, "base": base_path}

    edge = Edge(area)
    assert edge.get("/where").json == {"address": "192.0.2.7", "base": ""}
    assert edge.get("/where", path="/api/where/").json == {"address": "192.0.2.7", "base": "/api"}


# --- one transaction ---------------------------------------------------------------------------------------------


def writing(*outcomes: Exception | None, access: Access = PUBLIC) -> Edge:
    """Return an API whose one view inserts a row, then meets the next of `outcomes`."""
    area, waiting = Routes("Test"), list(outcomes)

    @area.post("/rows", access=access, response=None, status=204)
    def create_row(connection: Connection) -> None:
        """Insert a row."""
        insert_row(connection, distribution_centers, center(f"{len(waiting)} left"))
        if waiting and (error := waiting.pop(0)):
            raise error

    return Edge(area)


both_ways = pytest.mark.parametrize(
    ("access", "headers"), [(PUBLIC, {}), (SIGNED_IN, authorised("staff"))], ids=["public", "signed in"]
)


@both_ways
def test_what_a_view_did_is_committed(shop: Engine, access: Access, headers: dict[str, str]) -> None:
    assert writing(access=access).post("/rows", headers=headers).status == 204
    assert center_names() == ["0 left"]


@pytest.mark.parametrize("error", [errors.Conflict("No."), RuntimeError("no")])
@both_ways
def test_what_a_view_did_before_an_error_is_undone(
    shop: Engine, error: Exception, access: Access, headers: dict[str, str]
) -> None:
    assert writing(error, access=access).post("/rows", headers=headers).status in (409, 500)
    assert center_names() == []


def database_error(code: int) -> OperationalError:
    return OperationalError("UPDATE", None, PyMySQLError(code, "as the server says it"))


@both_ways
def test_a_deadlock_is_not_noticed_outside(shop: Engine, access: Access, headers: dict[str, str]) -> None:
    assert writing(database_error(1213), None, access=access).post("/rows", headers=headers).status == 204
    assert center_names() == ["1 left"]


def test_deadlocks_without_end_are_a_conflict(shop: Engine) -> None:
    answer = writing(*[database_error(1213)] * 50).post("/rows")
    assert answer.status == 409
    assert int(answer.headers["Retry-After"]) > 0
    assert center_names() == []


def test_a_read_begins_no_transaction(client: Client, shop: Engine) -> None:
    center_id = make_center()
    with counted_statements(shop) as statements:
        assert client.get(f"/distribution-centers/{center_id}").status == 200
    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


@contextmanager
def no_database() -> Iterator[None]:
    """Let the process have an engine whose server is not there."""
    dead = make_engine("mysql+pymysql://shop:geheim@127.0.0.1:1/shop", Settings())
    before = use_engine(dead)
    try:
        yield
    finally:
        use_engine(before)
        dead.dispose()


def views_for(access: Access) -> Edge:
    """Return an API with views that read, that write, and that manage their own transactions."""
    area = Routes("Test")

    @area.get("/read", access=access, response=dict[str, Any])
    def read_rows(connection: Connection) -> Any:
        """Read."""
        return {"rows": len(connection.execute(select(distribution_centers)).all())}

    @area.post("/write", access=access, response=None, status=204)
    def write_row(connection: Connection) -> None:
        """Write."""

    @area.post("/own", access=access, response=None, status=204)
    def manage_own() -> None:
        """Do without a connection."""

    return Edge(area)


@pytest.mark.parametrize(
    ("access", "target"),
    [
        (PUBLIC, "GET /read"),
        (PUBLIC, "POST /write"),
        (SIGNED_IN, "GET /read"),
        (SIGNED_IN, "POST /write"),
        (SIGNED_IN, "POST /own"),
    ],
    ids=lambda value: value.name if isinstance(value, Access) else value,
)
def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back(access: Access, target: str) -> None:
    method, _, path = target.partition(" ")
    with no_database():
        answer = views_for(access).call(method, path, headers=authorised("staff"))
    assert answer.status == 503
    assert problem_of(answer)["type"].endswith(":unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "geheim" not in answer.text + str(answer.headers)


def test_what_needs_no_database_works_without_one() -> None:
    with no_database():
        assert views_for(PUBLIC).post("/own").status == 204


@pytest.mark.parametrize("header", ["Token unknown", "Basic cm9iaW46eA==", ""])
def test_where_it_does_not_matter_who_calls_a_bad_token_does_no_harm(header: str) -> None:
    """A client that always sends its old token can still sign in."""
    with no_database():
        assert views_for(PUBLIC).post("/own", headers={"Authorization": header}).status == 204


# --- the answer --------------------------------------------------------------------------------------------------


@pytest.fixture
def answers() -> Edge:
    """An API with an answer of each kind."""
    area = Routes("Test")

    @area.get("/values", access=PUBLIC, response=dict[str, Any])
    def get_values() -> dict[str, Any]:
        """Answer values of all kinds."""
        return {"price": Decimal("19.90"), "at": NOON.replace(microsecond=5), "none": None, "said": "naïve 🛒"}

    @area.post("/made", access=PUBLIC, response=dict[str, Any], status=201)
    def make() -> Reply:
        """Answer where the new thing is."""
        return Reply({"id": 7}, {"Location": "/things/7"})

    @area.post("/known", access=PUBLIC, response=dict[str, Any], status=201)
    def find_or_make() -> Reply:
        """Answer with another status than the usual."""
        return Reply({"id": 7}, status=200)

    @area.delete("/things", access=PUBLIC, response=None, status=204)
    def delete_things() -> None:
        """Answer nothing."""

    @area.get("/page", access=PUBLIC, response="text/html")
    def show_page() -> Text:
        """Answer a page."""
        return Text("<p>héllo</p>", "text/html; charset=utf-8", {"Content-Language": "en"})

    return Edge(area)


def test_prices_are_exact_times_are_utc_and_text_is_text(answers: Edge) -> None:
    answer = answers.get("/values")
    assert answer.headers["Content-Type"] == "application/json"
    assert '"price":19.90' in answer.text
    assert "naïve 🛒" in answer.text
    at = datetime.fromisoformat(answer.json["at"])
    assert (at, at.utcoffset()) == (NOON.replace(microsecond=5), NOON.utcoffset())
    assert answer.json["none"] is None


def test_a_reply_may_have_headers_and_a_status_of_its_own(answers: Edge) -> None:
    made = answers.post("/made")
    assert (made.status, made.headers["Location"], made.json) == (201, "/things/7", {"id": 7})
    assert answers.post("/known").status == 200


def test_an_empty_answer_has_no_type(answers: Edge) -> None:
    answer = answers.call("DELETE", "/things")
    assert (answer.status, answer.text) == (204, "")
    assert "Content-Type" not in answer.headers


def test_text_goes_out_as_it_is(answers: Edge) -> None:
    answer = answers.get("/page")
    assert (answer.text, answer.headers["Content-Type"]) == ("<p>héllo</p>", "text/html; charset=utf-8")
    assert answer.headers["Content-Language"] == "en"


@pytest.mark.parametrize("target", ["POST /made", "POST /known", "DELETE /things"])
def test_what_was_changed_is_not_cached(answers: Edge, target: str) -> None:
    method, _, path = target.partition(" ")
    assert answers.call(method, path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("target", ["GET /values", "POST /made", "DELETE /things", "GET /page"])
def test_no_answer_is_to_be_guessed_at(answers: Edge, target: str) -> None:
    method, _, path = target.partition(" ")
    assert answers.call(method, path).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("resource", ["/values", "/page"])
def test_head_answers_the_headers_of_get_without_its_body(answers: Edge, resource: str) -> None:
    sent = {"X-Request-Id": "same", "Origin": "http://localhost:3000"}
    get, head = answers.get(resource, headers=sent), answers.call("HEAD", resource, headers=sent)
    assert (head.status, head.text, head.headers) == (get.status, "", get.headers)
    assert get.text


def test_head_of_an_error_has_no_body_either() -> None:
    answer = raising(errors.NotFound("No.")).call("HEAD", "/things/{thing_id}", parameters={"thing_id": "5"})
    assert (answer.status, answer.text) == (404, "")


def test_a_path_is_taken_with_and_without_a_slash_at_its_end(client: Client) -> None:
    center_id = make_center()
    for path in ("/distribution-centers", f"/distribution-centers/{center_id}"):
        plain, slashed = client.get(path), client.get(f"{path}/")
        assert plain.status == slashed.status == 200
        assert plain.json == slashed.json


# --- request ids -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["a", "abc-123_x.y:z", "x" * 128])
def test_the_callers_request_id_is_kept(answers: Edge, given: str) -> None:
    assert answers.get("/values", headers={"x-request-ID": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", " ", "x" * 129, "a b", "a\nb", "a\n", "é", '"', "<script>", None])
def test_a_request_id_that_could_do_harm_is_replaced(answers: Edge, given: str | None) -> None:
    made = answers.get("/values", headers={} if given is None else {"X-Request-Id": given}).headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{32}", made)


def test_each_request_has_an_id_of_its_own(answers: Edge) -> None:
    assert len({answers.get("/values").headers["X-Request-Id"] for _ in range(50)}) == 50


# --- logs --------------------------------------------------------------------------------------------------------


class _Keeping(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is logged during the test."""
    keeping = _Keeping()
    monkeypatch.setattr(logger, "handlers", [keeping])
    monkeypatch.setattr(logger, "level", logging.INFO)
    return keeping.lines


def test_a_request_is_one_line_without_what_was_sent(things: Edge, log_lines: list[dict[str, Any]]) -> None:
    sent = {**JSON, "X-Request-Id": "find-me"}
    things.post("/things", headers=sent, body={"name": "geheim"}, query=None)
    (line,) = log_lines
    assert (line["message"], line["level"], line["request_id"]) == ("request", "info", "find-me")
    assert (line["method"], line["route"], line["status"]) == ("POST", "/things", 201)
    assert line["elapsed_ms"] >= 0
    assert "geheim" not in json.dumps(line)


def test_the_request_id_ends_with_its_request(things: Edge) -> None:
    things.get("/plain", headers={"X-Request-Id": "first"})
    assert request_id.get() is None


# --- several at once ---------------------------------------------------------------------------------------------


def test_requests_at_once_get_their_own_answers(shop: Engine) -> None:
    area, together = Routes("Test"), threading.Barrier(4, timeout=20)

    @area.post("/echo/{number}", access=SIGNED_IN, response=dict[str, Any])
    def echo(connection: Connection, caller: Caller, number: int, body: Thing) -> dict[str, Any]:
        """Answer what came in."""
        return {"number": number, "caller": caller.username, "name": body.name, "request": request_id.get()}

    edge, names = Edge(area), list(CALLERS)

    def ask(number: int) -> None:
        if number <= 4:
            together.wait()
        name = names[number % len(names)]
        answer = edge.post(
            "/echo/{number}",
            parameters={"number": str(number)},
            headers={**JSON, **authorised(name), "X-Request-Id": f"r{number}"},
            body={"name": f"n{number}"},
        )
        expected = {"number": number, "caller": name, "name": f"n{number}", "request": f"r{number}"}
        assert (answer.json, answer.headers["X-Request-Id"]) == (expected, f"r{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(1, 101)))


def test_readers_at_once_see_the_same_catalogue(client: Client) -> None:
    ids = [make_center(name=f"c{number}") for number in range(8)]
    staff = signed_in(Role.STAFF)

    def ask(number: int) -> tuple[int, str]:
        asking = staff if number % 2 else client
        answer = asking.get(f"/distribution-centers/{ids[number % 8]}")
        return answer.json["id"], answer.json["name"]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(80)))
    assert found == [(ids[number % 8], f"c{number % 8}") for number in range(80)]
