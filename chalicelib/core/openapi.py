"""The API document (OpenAPI 3.1), made from the routes: what is declared is what is described."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter

from chalicelib import __version__
from chalicelib.core.errors import (
    AppError,
    Conflict,
    Forbidden,
    InvalidInput,
    MalformedInput,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from chalicelib.core.idempotency import HEADER, KEY_PATTERN, REPLAYED_HEADER
from chalicelib.core.inputs import UnsupportedMediaType
from chalicelib.core.paging import MAX_ID, PageQuery
from chalicelib.core.routes import Route

# The areas of the API in the order in which they are read; each tag of a route is one of them.
AREAS = {
    "Catalogue": "What is for sale: products, their search and images, changes in bulk; where they lie.",
    "Carts": "What somebody is about to buy, and what it would cost; for guests too.",
    "Checkout": "From a cart to a paid order: units are held at a price while the payment is made.",
    "Orders": "What was bought: parcels, deliveries, cancellations, returns and refunds, and who did what.",
    "Inventory": "Every unit, counted by product and center, and the ledger of what changed the counts.",
    "Prices": "Promotions, taxes and shipping.",
    "Payments": "How to pay here, and notices of payment providers.",
    "Customers": "Who buys: profiles and addresses.",
    "Accounts": "Who may sign in: tokens, registration, passwords, roles.",
    "Events": "What happened, and webhooks that are told of it.",
    "Imports": "CSV files into the shop.",
    "Recommendations": "What to show to whom.",
    "Conversations": "Who talks and about what: profiles, sessions and the figures of each.",
    "Messages": "What people and the assistant say: written, searched, rated by reactions.",
    "Templates": "Sessions to start from: what staff prepared, taken over by whoever talks.",
    "Assistant": "Questions about goods and orders, answered from what the shop knows at that moment.",
    "Privacy": "Everything one has said here: taken along, or forgotten.",
    "Help desk": "For staff: all conversations, taken over, with notes; what was answered badly or not at all.",
    "Analytics": "Figures to decide from.",
    "Jobs": "Scheduled work: when it runs, whether it does well, and running it by hand.",
    "Service": "The service itself, and this document.",
}

_ABOUT = (
    "A shop's back end that sells, recommends and talks. Prices are exact decimals, times are UTC. Paths are taken "
    "with and without a trailing slash. Errors are `application/problem+json`; `type` ends in the code that is named "
    "with each status. To sign in, send `POST /api/auth/token` and put the token into `Authorization`. What changes "
    "something takes an `Idempotency-Key`, so that it may safely be sent again. What stands under `/api/` about "
    "conversations is found under `/api/conversations/` too."
)

_REF = "#/components/schemas/{model}"


class ProblemField(BaseModel):
    """One wrong value of a request."""

    location: str
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457); `detail` says what to change, `request_id` finds it in the logs."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[ProblemField]


def document(
    routes: Sequence[Route], status_of: Callable[[type[AppError]], int], base_path: str, *, aliases: bool = True
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of `routes`, served below `base_path`; `aliases`: with their other paths."""
    routes = [route for route in routes if aliases or not route.is_alias]
    schemas, components = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas, status_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shopkeeper",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_path or "/"}],
        "tags": _tags(routes),
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer <token>`"},
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token <token>`, the token from POST /api/auth/token/.",
                },
            },
        },
    }


def _tags(routes: Sequence[Route]) -> list[dict[str, str]]:
    used = dict.fromkeys(route.tag for route in routes)
    known = [{"name": name, "description": said} for name, said in AREAS.items() if name in used]
    return known + [{"name": name} for name in used if name not in AREAS]


def _schemas(routes: Sequence[Route]) -> tuple[dict[tuple[str, str], dict[str, Any]], dict[str, Any]]:
    """Return the schema of each (operation, "body" or "response") and the components they refer to."""
    adapters: list[tuple[Any, Any, TypeAdapter[Any]]] = [(("", "problem"), "serialization", TypeAdapter(Problem))]
    for route in routes:
        if route.body is not None:
            adapters.append(((route.name, "body"), "validation", TypeAdapter(route.body)))
        if not isinstance(route.response, str) and route.response is not None:
            adapters.append(((route.name, "response"), "serialization", TypeAdapter(route.response)))
    found, definitions = TypeAdapter.json_schemas(adapters, ref_template=_REF)
    return {key: schema for (key, _mode), schema in found.items()}, definitions.get("$defs", {})


def _operation(route: Route, schemas: dict[Any, Any], status_of: Callable[[type[AppError]], int]) -> dict[str, Any]:
    summary, _, rest = inspect.cleandoc(route.view.__doc__ or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": summary.rstrip("."),
        "description": f"{rest.strip()}\n\nFor: {route.access.name}.".strip(),
        "parameters": [*_path_parameters(route), *_query_parameters(route.query), *_header_parameters(route)],
        "responses": _responses(route, schemas, status_of),
        "security": _security(route),
    }
    if route.is_alias:
        operation["deprecated"] = True  # kept for clients that know it; new ones have one path to choose
    if route.body is not None:
        schema = schemas[(route.name, "body")]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if "raw" in route.wants:
        signed = {"type": "object", "description": "As its sender signed it."}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": signed}}}
    if "upload" in route.wants:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _security(route: Route) -> list[dict[str, list[str]]]:
    schemes: list[dict[str, list[str]]] = [{"bearer": []}, {"token": []}]
    if not route.access.public:
        return schemes
    return [{}, *schemes] if "caller" in route.wants else []


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    whole = {"type": "integer", "minimum": 1, "maximum": MAX_ID, "examples": [1]}
    return [
        {"name": name, "in": "path", "required": True, "schema": whole if kind is int else {"type": "string"}}
        for name, kind in route.path_types.items()
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema()
    parameters = []
    for name, given in schema["properties"].items():
        described = _without_null({key: value for key, value in given.items() if key != "title"})
        entry: dict[str, Any] = {"name": name, "in": "query", "required": name in schema.get("required", [])}
        if "description" in described:
            entry["description"] = described.pop("description")
        if "$ref" in described:
            described = schema["$defs"][described["$ref"].rpartition("/")[2]]
        parameters.append({**entry, "schema": described})
    return parameters


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    parameters = []
    if "expected_version" in route.wants:
        described = "The ETag that a GET of this answered; `*` changes whatever version is there."
        schema: dict[str, Any] = {"type": "string", "pattern": '^(\\*|"v[0-9]{1,9}(\\.[0-9a-f]*)?")$'}
        schema["examples"] = ['"v1"']
        parameters.append(_header("If-Match", described, schema, required=True))
    if route.idempotency is not None:
        schema = {"type": "string", "pattern": KEY_PATTERN, "examples": ["6f1b2c9e-5d0a-4b7e-9c1d-3a8f2e7b4d10"]}
        parameters.append(_header(HEADER, _KEY_DESCRIBED, schema, required=route.idempotency == "required"))
    return parameters


_KEY_DESCRIBED = (
    "A value of your own, such as a UUID, that names this request: when it comes again with the same value within 24 "
    f"hours, it is not carried out again but answered as before, with `{REPLAYED_HEADER}: true`. 409 while the first "
    "is being carried out, 422 when the value came with another request."
)


def _header(name: str, described: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": described, "schema": schema}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the one type beside null: a query parameter that is not sent is simply absent."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if len(options) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**options[0], **rest}


def _responses(route: Route, schemas: dict[Any, Any], status_of: Callable[[type[AppError]], int]) -> dict[str, Any]:
    found: dict[str, Any] = {str(route.status): _success(route, schemas)}
    if route.or_status is not None:
        found[str(route.or_status)] = found[str(route.status)]
    if route.method == "GET":
        found["304"] = {"description": "Not modified: the caller's copy (If-None-Match) is current."}
    problem = {"application/problem+json": {"schema": schemas[("", "problem")]}}
    named: dict[int, dict[str, str]] = {}
    for kind in _errors(route):
        named.setdefault(status_of(kind), {})[kind.code] = kind.title
    for status, titles in named.items():
        described = "; ".join(f"{title} (`{code}`)" for code, title in titles.items())
        found[str(status)] = {"description": described, "content": problem}
    return dict(sorted(found.items()))


def _errors(route: Route) -> list[type[AppError]]:
    kinds: list[type[AppError]] = [InvalidInput, *route.errors]
    if route.body is not None:
        kinds += [MalformedInput, TooLarge, UnsupportedMediaType]
    if route.wants & {"raw", "upload"}:
        kinds.append(TooLarge)
    if "expected_version" in route.wants:
        kinds += [PreconditionFailed, PreconditionRequired]
    if route.writes and "connection" in route.wants:
        kinds.append(Conflict)  # others kept getting in the way
    if route.idempotency is not None:
        kinds += [MalformedInput, Conflict, Unavailable]  # about the key: malformed, in flight, nowhere to look
    if not route.access.public:
        kinds.append(Forbidden)
    if route.asks_who:
        kinds.append(Unauthenticated)
    if route.asks_who or "connection" in route.wants:
        kinds.append(Unavailable)
    return kinds


def _success(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    headers: dict[str, Any] = {"X-Request-Id": {"schema": text, "description": "Finds the request in the logs."}}
    if route.method == "GET":
        headers["ETag"] = {"schema": text, "description": "For If-None-Match."}
    if route.idempotency is not None:
        replayed = {"type": "string", "enum": ["true"]}
        headers[REPLAYED_HEADER] = {"schema": replayed, "description": "The answer of a request that came before."}
    if route.query is not None and "after" in route.query.model_fields:
        if issubclass(route.query, PageQuery):
            by_skip = {"schema": {"type": "integer"}, "description": "Rows in all, when paging by skip."}
            headers["X-Total-Count"] = by_skip
        headers["X-Next-Cursor"] = {"schema": text, "description": "For `after`, when more rows follow."}
        headers["Link"] = {"schema": text, "description": "Neighbouring pages (RFC 8288)."}
    answer: dict[str, Any] = {"description": "Success", "headers": headers}
    if isinstance(route.response, str):
        answer["content"] = {route.response: {"schema": text}}
    elif route.response is not None:
        answer["content"] = {"application/json": {"schema": schemas[(route.name, "response")]}}
    if route.or_type is not None:
        answer["content"][route.or_type] = {"schema": text}
    return answer
