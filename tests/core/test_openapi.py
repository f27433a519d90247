"""The API document: valid, complete, and about what is really served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app, routes
from chalicelib import __version__
from chalicelib.core import http
from chalicelib.core.auth import PUBLIC, Caller
from chalicelib.core.database import Connection
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.openapi import AREAS, document
from chalicelib.core.routes import Route, Routes
from tests.client import Client, api_document

by_route = pytest.mark.parametrize("route", routes, ids=lambda route: f"{route.method} {route.path}")


def operation_of(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = api_document()["paths"][route.path][route.method.lower()]
    return found


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside a document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def resolve(reference: str) -> Any:
    assert reference.startswith("#/")
    found: Any = api_document()
    for step in reference[2:].split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def test_the_document_is_valid_openapi_3_1() -> None:
    assert api_document()["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(api_document()).iter_errors()] == []


def test_a_document_with_a_fault_would_be_seen() -> None:
    broken = json.loads(json.dumps(api_document()))
    del broken["info"]["title"]
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_what_is_served_and_what_is_described_are_the_same() -> None:
    described = {(path, method.upper()) for path, item in api_document()["paths"].items() for method in item}
    served = {(path, method) for path, methods in app.routes.items() for method in methods}
    assert described == {(path, method) for path, method in served if method not in ("HEAD", "OPTIONS")}
    assert {path for path, _ in served} == {path for path, _ in described}


def test_every_reference_leads_somewhere() -> None:
    references = [node["$ref"] for node in nodes(api_document()) if isinstance(node.get("$ref"), str)]
    assert references
    assert all(isinstance(resolve(reference), dict) for reference in references)


def test_no_schema_is_described_and_not_used() -> None:
    used = {node["$ref"].rpartition("/")[2] for node in nodes(api_document()) if "$ref" in node}
    assert set(api_document()["components"]["schemas"]) == used


@by_route
def test_each_operation_says_what_it_does_and_what_it_answers(route: Route) -> None:
    operation = operation_of(route)
    assert operation["summary"] == (route.view.__doc__ or "").partition("\n")[0].rstrip(".")
    assert operation["tags"] == [route.tag]
    assert route.access.name in operation["description"]
    assert str(route.status) in operation["responses"]
    for status, response in operation["responses"].items():
        assert response["description"]
        if status >= "400":
            (schema,) = (content["schema"] for content in response["content"].values())
            assert list(response["content"]) == ["application/problem+json"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


def test_the_operations_stand_in_the_areas_that_are_described_in_their_order() -> None:
    assert {route.tag for route in routes} == set(AREAS)
    assert [(tag["name"], tag["description"]) for tag in api_document()["tags"]] == list(AREAS.items())


@by_route
def test_each_refusal_is_told_apart_by_its_code(route: Route) -> None:
    for error in route.errors:
        described = operation_of(route)["responses"][str(http.status_of(error))]["description"]
        assert f"{error.title} (`{error.code}`)" in described


@by_route
def test_each_body_of_json_has_an_example(route: Route) -> None:
    if route.body is not None:
        (content,) = operation_of(route)["requestBody"]["content"].values()
        schema = content["schema"]
        assert (resolve(schema["$ref"]) if "$ref" in schema else schema)["examples"]


@by_route
def test_each_operation_says_who_may_call(route: Route) -> None:
    security = operation_of(route)["security"]
    named = [scheme for entry in security for scheme in entry]
    if route.access.public:
        assert ("403" in operation_of(route)["responses"]) is (Forbidden in route.errors)
        # An empty entry means: or nobody.
        assert security == [] or {} in security
        assert bool(named) is ("caller" in route.wants)
    else:
        assert {} not in security
        assert set(named) == {"bearer", "token"}
        assert {"401", "403"} <= operation_of(route)["responses"].keys()
    assert set(named) <= set(api_document()["components"]["securitySchemes"])


@by_route
def test_each_operation_tells_of_the_errors_that_any_of_its_kind_has(route: Route) -> None:
    """Bad input happens everywhere; a bad token where it matters who calls, an absent database where it is asked."""
    expected = {"422"} | {str(http.status_of(kind)) for kind in route.errors}
    known = not route.access.public or "caller" in route.wants
    if known:
        expected.add("401")
    if known or "connection" in route.wants:
        expected.add("503")
    if route.body is not None:
        expected |= {"400", "413", "415"}
    if route.wants & {"upload", "raw"}:
        expected.add("413")
    if route.method == "GET":
        expected.add("304")
    if "connection" in route.wants and route.writes:
        expected.add("409")
    if route.idempotency is not None:
        expected |= {"400", "409", "503"}
    if "expected_version" in route.wants:
        expected |= {"412", "428"}
    if not route.access.public:
        expected.add("403")
    expected |= {str(status) for status in (route.status, route.or_status) if status is not None}
    assert set(operation_of(route)["responses"]) == expected


@by_route
def test_each_parameter_is_described_as_it_is_taken(route: Route) -> None:
    given = {(entry["in"], entry["name"]): entry for entry in operation_of(route)["parameters"]}
    in_path = {part[1:-1] for part in route.path.split("/") if part.startswith("{")}
    in_query = set(_query_fields(route))
    in_header = {"If-Match"} if "expected_version" in route.wants else set()
    in_header |= {"Idempotency-Key"} if route.idempotency is not None else set()
    places = {"path": in_path, "query": in_query, "header": in_header}
    assert set(given) == {(place, name) for place, names in places.items() for name in names}
    for (place, name), entry in given.items():
        assert entry["required"] is (place == "path" or _is_required(route, name))
        Draft202012Validator.check_schema(entry["schema"])
        assert "anyOf" not in entry["schema"]


def _is_required(route: Route, name: str) -> bool:
    if name in ("If-Match", "Idempotency-Key"):
        return name == "If-Match" or route.idempotency == "required"
    return bool(_query_fields(route)[name].is_required())


def _query_fields(route: Route) -> dict[str, Any]:
    """Return the fields by the names that the wire knows: `from` is no name in Python."""
    fields = route.query.model_fields if route.query else {}
    return {field.alias or name: field for name, field in fields.items()}


@by_route
def test_each_body_has_an_example_that_would_be_taken(route: Route) -> None:
    body = operation_of(route).get("requestBody")
    assert (body is not None) is (route.body is not None or bool(route.wants & {"upload", "raw"}))
    if body is None or route.body is None:
        return  # a raw body is whatever its sender signs
    assert body["required"]
    schema = body["content"]["application/json"]["schema"]
    described = resolve(schema["$ref"]) if "$ref" in schema else schema
    assert described["examples"]
    for example in described["examples"]:
        Draft202012Validator({**described, "components": api_document()["components"]}).validate(example)
        route.body.model_validate_json(json.dumps(example), strict=True)
    for option in described.get("anyOf", [described]):
        assert (resolve(option["$ref"]) if "$ref" in option else option)["additionalProperties"] is False


@by_route
def test_each_name_is_fit_for_generated_clients(route: Route) -> None:
    assert operation_of(route)["operationId"].isidentifier()
    assert [r.name for r in routes].count(route.name) == 1


def test_lists_tell_of_their_paging_headers() -> None:
    headers = api_document()["paths"]["/products"]["get"]["responses"]["200"]["headers"]
    assert {"X-Total-Count", "X-Next-Cursor", "Link", "ETag", "X-Request-Id"} <= set(headers)


def test_cost_is_for_staff_and_so_not_required() -> None:
    product = api_document()["components"]["schemas"]["Product"]
    assert "cost" in product["properties"]
    assert "cost" not in product["required"]
    assert {"id", "name", "retail_price"} <= set(product["required"])


# --- serving it --------------------------------------------------------------------------------------------------


def test_the_document_is_served() -> None:
    answer = Client().get("/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    whole = api_document()
    assert answer.json == {**whole, "paths": {path: whole["paths"][path] for path in answer.json["paths"]}}
    assert answer.json["info"]["version"] == __version__


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/openapi.json", "/"),
        ("/openapi.json/", "/"),
        ("/api/openapi.json", "/api"),
        ("/api/openapi.json/", "/api"),
        ("/shop/v2/openapi.json", "/shop/v2"),
    ],
)
def test_the_document_says_below_which_stage_it_is_served(path: str, url: str) -> None:
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/openapi.json", "path": path, "identity": {}},
        "headers": {},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": None,
    }
    assert json.loads(app(event, None)["body"])["servers"] == [{"url": url}]


# --- from declarations -------------------------------------------------------------------------------------------


def test_a_declaration_is_all_that_a_description_needs() -> None:
    area = Routes("Things")

    @area.get("/things/{thing_id}", access=PUBLIC, response=list[int], errors=[NotFound])
    def get_thing(connection: Connection, caller: Caller | None, thing_id: int) -> Any:
        """Read a thing.

        It may be large.
        """

    described = document(area.all, http.status_of, "/v1")
    operation = described["paths"]["/things/{thing_id}"]["get"]
    assert operation["summary"] == "Read a thing"
    assert operation["description"].startswith("It may be large.")
    assert operation["parameters"][0]["schema"]["minimum"] == 1
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["items"] == {"type": "integer"}
    assert operation["responses"]["404"]["description"] == "Not found (`not-found`)"
    assert described["servers"] == [{"url": "/v1"}]
    assert described["tags"] == [{"name": "Things"}]
    assert not list(OpenAPIV31SpecValidator(described).iter_errors())


def test_the_document_that_is_served_names_each_operation_once(client: Client) -> None:
    served = client.get("/openapi.json").json
    found = {(method.upper(), path) for path, operations in served["paths"].items() for method in operations}
    assert found == {(route.method, route.path) for route in routes if not route.is_alias}
    assert "/api/conversations" in served["info"]["description"]
