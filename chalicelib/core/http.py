"""How one request flows: who calls, typed input, once only, one transaction, JSON out, errors to statuses.

The only place where an error gets its status. Knows chalice; knows no domain.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any, TypeGuard

from chalice import Chalice, Response
from chalice.app import CaseInsensitiveMapping

from chalicelib.core import clock, cors, idempotency, inputs, logging, responses
from chalicelib.core.auth import Caller
from chalicelib.core.database import Connection, run
from chalicelib.core.errors import (
    AppError,
    Conflict,
    Forbidden,
    InvalidInput,
    MalformedInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from chalicelib.core.paging import NumberedPage, Page
from chalicelib.core.routes import Bytes, Reply, Route, Routes, Text

Headers = cors.Headers

# (connection, token, now) -> whose token it is, None when it is not good.
Authenticator = Callable[[Connection, str, Any], Caller | None]

STATUS: dict[type[AppError], int] = {
    MalformedInput: 400,
    inputs.UnsupportedMediaType: 415,
    InvalidInput: 422,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    PreconditionRequired: 428,
    TooLarge: 413,
    TooManyRequests: 429,
    Unavailable: 503,
}

# What Chalice sends as bytes: on Lambda in base64, which the gateway undoes for these types.
BINARY_TYPES = ("image/avif", "image/jpeg", "image/png", "image/webp")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CHALLENGE = 'Bearer realm="shopkeeper", Token realm="shopkeeper"'


def status_of(kind: type[AppError]) -> int:
    """Return the status of an error: its own, or that of the nearest parent in the table."""
    return next((STATUS[parent] for parent in kind.__mro__ if parent in STATUS), 500)


def mount(app: Chalice, areas: Iterable[Routes], authenticate: Authenticator) -> list[Route]:
    """Give `app` every route of `areas`, HEAD beside each GET, and a pre-flight answer for each path."""
    routes = [route for area in areas for route in area.all]
    app.api.binary_types = sorted({*app.api.binary_types, *BINARY_TYPES})
    methods: dict[str, list[str]] = {}
    for route in routes:
        view = _view(app, route, authenticate)
        verbs = ["GET", "HEAD"] if route.method == "GET" else [route.method]
        methods.setdefault(route.path, []).extend(verbs)
        app.route(route.path, methods=verbs, name=route.name, content_types=["*/*"])(view)
    for path, verbs in methods.items():
        app.route(path, methods=["OPTIONS"], name=f"options {path}", content_types=["*/*"])(
            cors.preflight(app, verbs)
        )
    return routes


def _view(app: Chalice, route: Route, authenticate: Authenticator) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        request: Any = app.current_request
        started = time.perf_counter()
        request_id = _request_id(request)
        token = logging.request_id.set(request_id)
        try:
            response = _answer(route, request, path, authenticate, request_id)
            _finish(response, request, request_id)
            logging.info(
                "request",
                method=request.method,
                route=route.path,
                status=response.status_code,
                elapsed_ms=round((time.perf_counter() - started) * 1000, 2),
            )
            return response
        finally:
            logging.request_id.reset(token)

    view.__name__ = route.name
    return view


def _request_id(request: Any) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _answer(
    route: Route, request: Any, path: dict[str, str], authenticate: Authenticator, request_id: str
) -> Response:
    try:
        return _call(route, request, path, authenticate, request_id)
    except AppError as error:
        return _failure(error, request, request_id)
    except Exception:
        logging.failure("unexpected error", route=route.path)
        unknown = AppError("Something went wrong; it is logged under the request id.", code="internal-error")
        return _failure(unknown, request, request_id)


def _call(route: Route, request: Any, path: dict[str, str], authenticate: Authenticator, request_id: str) -> Response:
    """Find out who calls, parse what was sent, and run the view with what it asks for."""
    token = _token(request) if route.asks_who else None
    if token is None and not route.access.public:
        raise Unauthenticated("Send a token: `Authorization: Token <token>`, from POST /api/auth/token/.")
    keyed = route.idempotency is not None and idempotency.HEADER in request.headers
    if keyed or token is None or "connection" not in route.wants:
        caller = None
        if token is not None:
            caller = run(lambda connection: _caller(connection, token, route, authenticate), writes=False)
        # Bad input of the public is refused before a connection is taken.
        arguments = _arguments(route, request, path, caller)
        if keyed:
            return _once(route, request, caller, arguments, request_id)
        return _success(route, request, _run_view(route, arguments))

    def work(connection: Connection) -> Any:
        # In the transaction of the view, which saves a connection its round trips.
        caller = _caller(connection, token, route, authenticate)
        return route.view(connection=connection, **_arguments(route, request, path, caller))

    return _success(route, request, run(work, writes=route.writes))


def _run_view(route: Route, arguments: dict[str, Any]) -> Any:
    if "connection" not in route.wants:
        return route.view(**arguments)
    return run(lambda connection: route.view(connection=connection, **arguments), writes=route.writes)


def _once(route: Route, request: Any, caller: Caller | None, arguments: dict[str, Any], request_id: str) -> Response:
    """Carry out a request that brings an Idempotency-Key, or answer what it was answered before."""
    path = _path(request).rstrip("/")
    # Guests behind one address are told apart by their paths, which hold an id that nobody guesses.
    scope = f"address:{_address(request)}" if caller is None else f"account:{caller.account_id}"
    key = idempotency.request_key(scope, request.method, path, request.headers[idempotency.HEADER])
    asked = idempotency.fingerprint(
        # With other rights it is another request: its answer may be none of the caller's business any more.
        "" if caller is None else f"{caller.role}:{caller.customer_id}",
        request.method,
        path,
        _query(request),
        inputs.as_bytes(request.raw_body),
        request.headers.get("if-match"),
    )
    subjects = [str(arguments[name]) for name in route.path_types]
    about = idempotency.Asked(
        account_id=None if caller is None else caller.account_id,
        operation=route.path,
        subject=subjects[0][:64] if subjects else None,
    )
    found = idempotency.claim(key, asked, about)
    if isinstance(found, idempotency.Answer):
        headers = {**found.headers, idempotency.REPLAYED_HEADER: "true"}
        return Response(body=found.body, status_code=found.status, headers=headers)
    if "request_key" in route.wants:
        arguments["request_key"] = key
    try:
        return _carry_out(route, request, arguments, found)
    except Exception as error:
        if not _is_final(error):
            _release(found)
            raise
        response = _failure(error, request, request_id)
        # In a transaction of its own: the view's is rolled back.
        run(lambda connection: idempotency.store(connection, found, _kept(response)), writes=True)
        return response


def _carry_out(route: Route, request: Any, arguments: dict[str, Any], claim: idempotency.Claim) -> Response:
    """Run the view and keep its answer: in the same transaction where the view works in the request's."""

    def work(connection: Connection) -> Response:
        response = _success(route, request, route.view(connection=connection, **arguments))
        idempotency.store(connection, claim, _kept(response))
        return response

    if "connection" in route.wants:
        return run(work, writes=True)
    response = _success(route, request, route.view(**arguments))
    try:
        run(lambda connection: idempotency.store(connection, claim, _kept(response)), writes=True)
    except idempotency.RequestInFlight:
        raise
    except Exception:
        # What the view did is done, whatever becomes of the record: to answer otherwise would make it happen twice.
        logging.failure("an answer was not kept for a retry", route=route.path)
    return response


def _is_final(error: Exception) -> TypeGuard[AppError]:
    """Tell whether a retry is to be answered the same; not what another moment or another token would change."""
    if not isinstance(error, AppError) or error.retry_after_s is not None:
        return False
    return status_of(type(error)) < 500 and not isinstance(error, Unauthenticated | TooManyRequests)


def _release(claim: idempotency.Claim) -> None:
    try:
        idempotency.release(claim)
    except Exception:
        # The lease ends by itself; the error that led here is the one to answer.
        logging.failure("a claim was not released")


def _kept(response: Response) -> idempotency.Answer:
    return idempotency.Answer(response.status_code, response.headers, response.body)


def _token(request: Any) -> str | None:
    header: str | None = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() not in ("token", "bearer") or not token.strip():
        raise Unauthenticated("The Authorization header must read `Token <token>` or `Bearer <token>`.")
    return token.strip()


def _caller(connection: Connection, token: str, route: Route, authenticate: Authenticator) -> Caller:
    caller = authenticate(connection, token, clock.now())
    if caller is None:
        raise Unauthenticated("The token is unknown, expired or revoked; sign in again.")
    if caller.role not in route.access.roles:
        raise Forbidden(f"This operation is for {route.access.name}; your role is {caller.role.value}.")
    if route.access.owned and not caller.is_staff and caller.customer_id is None:
        raise Forbidden("This account is not linked to a customer.")
    return caller


def _arguments(route: Route, request: Any, path: dict[str, str], caller: Caller | None) -> dict[str, Any]:
    arguments = inputs.parse_path(path, route.path_types)
    query = inputs.parse_query(_query(request), route.query)
    if query is not None:
        arguments["query"] = query
    if route.body is not None:
        content_type = request.headers.get("content-type", "")
        arguments["body"] = inputs.parse_body(request.raw_body, content_type, route.body)
    if "raw" in route.wants:
        arguments["raw"] = inputs.raw_request(request.raw_body, request.headers)
    if "upload" in route.wants:
        arguments["upload"] = inputs.read_upload(request.raw_body)
    if "caller" in route.wants:
        arguments["caller"] = caller
    if "owner_id" in route.wants:
        arguments["owner_id"] = None if caller is None or caller.is_staff else caller.customer_id
    if "address" in route.wants:
        arguments["address"] = _address(request)
    if "expected_version" in route.wants:
        arguments["expected_version"] = _expected_version(request)
    if "base_path" in route.wants:
        # API Gateway serves below its stage: /api/docs is the route /docs.
        arguments["base_path"] = _base_path(_path(request), route.path)
    if route.idempotency is not None:
        key = request.headers.get(idempotency.HEADER)
        idempotency.check_key(key, required=route.idempotency == "required")
        if "request_key" in route.wants:
            arguments["request_key"] = None  # `_once` knows it
    return arguments


def _address(request: Any) -> str:
    return request.context.get("identity", {}).get("sourceIp") or "unknown"


def _expected_version(request: Any) -> int | None:
    """Return the version that a change was made on, from If-Match; None where any will do (`*`)."""
    condition: str | None = request.headers.get("if-match")
    if condition is None:
        raise PreconditionRequired("Send If-Match with the ETag that a GET of this answered, or `*` for any version.")
    try:
        return responses.version_of(condition)
    except ValueError:
        raise PreconditionFailed(
            "If-Match names no version of this, or several; read it again and send its ETag."
        ) from None


def _base_path(path: str, pattern: str) -> str:
    """Return what stands before the segments of the route: `/api` of `/api/imports/7` under `/imports/{id}`."""
    own = len([segment for segment in pattern.split("/") if segment])
    segments = path.rstrip("/").split("/")
    return "/".join(segments[: len(segments) - own])


def _query(request: Any) -> dict[str, list[str]]:
    return request.to_original_event()["multiValueQueryStringParameters"] or {}


def _path(request: Any) -> str:
    return str(request.context.get("path") or request.path)


def _url(request: Any) -> str:
    """Return the address that was asked, without its query; only its path where the client names no host."""
    host = request.headers.get("host")
    scheme = request.headers.get("x-forwarded-proto") or "http"
    return _path(request) if host is None else f"{scheme}://{host}{_path(request)}"


def _success(route: Route, request: Any, result: Any) -> Response:
    status = route.status
    headers: Headers = {}
    body: str | bytes
    if isinstance(result, Bytes):
        _take_anything(request)
    if isinstance(result, Text | Bytes):
        headers = {"Content-Type": result.content_type, **result.headers}
        body = result.body
    else:
        if isinstance(result, Reply):
            status, headers, result = result.status or status, dict(result.headers), result.body
        if isinstance(result, Page):
            headers.update(responses.paging_headers(result, _path(request), _query(request)))
            result = result.items
        elif isinstance(result, NumberedPage):
            result = responses.numbered(result, _url(request), _query(request))
        headers["Content-Type"] = "application/json"
        body = "" if status == 204 else responses.to_json(result)
    if status == 204:
        headers.pop("Content-Type")
    if request.method in ("GET", "HEAD"):
        return _conditional(request, status, headers, body)
    headers.setdefault("Cache-Control", "no-store")
    return Response(body=body, status_code=status, headers=headers)


def _take_anything(request: Any) -> None:
    """Let Chalice send bytes to who names no type: a request without Accept takes any (RFC 9110 12.5.1)."""
    if "accept" not in request.headers:
        request.headers = CaseInsensitiveMapping({**request.headers, "accept": "*/*"})


def _conditional(request: Any, status: int, headers: Headers, body: str | bytes) -> Response:
    if status == 200:
        version = headers.get("ETag")
        headers["ETag"] = tag = responses.etag_of_version(str(version), body) if version else responses.etag(body)
        private = "authorization" in request.headers
        headers.setdefault("Cache-Control", "private, no-cache" if private else "no-cache")
        condition = request.headers.get("if-none-match")
        if condition is not None and responses.matches(condition, tag):
            headers.pop("Content-Type")
            return Response(body="", status_code=304, headers=headers)
    # None of the body, in its own kind: Chalice refuses text as an image.
    return Response(body=body[:0] if request.method == "HEAD" else body, status_code=status, headers=headers)


def _failure(error: AppError, request: Any, request_id: str) -> Response:
    status = status_of(type(error))
    headers: Headers = {"Content-Type": responses.PROBLEM_TYPE, "Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = _CHALLENGE
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    body = "" if request.method == "HEAD" else responses.problem(error, status, _path(request), request_id)
    return Response(body=body, status_code=status, headers=headers)


def _finish(response: Response, request: Any, request_id: str) -> None:
    response.headers.update(cors.headers(request.headers.get("origin")))
    response.headers["X-Request-Id"] = request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
