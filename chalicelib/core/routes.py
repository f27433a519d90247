"""What a route declares: method, path, who may call, what goes in and what comes out.

Filled by the `*_api` modules, carried out by `core.http`, described by `core.openapi`.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from chalicelib.core.auth import Access
from chalicelib.core.errors import AppError

View = TypeVar("View", bound=Callable[..., Any])

# What a view may ask for by the name of a parameter, beside its path parameters.
INJECTED = frozenset(
    {
        "connection",
        "caller",
        "owner_id",
        "query",
        "body",
        "raw",
        "upload",
        "address",
        "base_path",
        "expected_version",
        "request_key",
    }
)

# Whether a request must, may or cannot name itself (Idempotency-Key) to be carried out once.
Idempotency = Literal["required", "optional"] | None


@dataclass(frozen=True, slots=True)
class Text:
    """An answer that is not JSON."""

    body: str
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bytes:
    """An answer that is no text, such as an image; its type is one of `core.http.BINARY_TYPES`."""

    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON answer that needs headers of its own, such as Location, or another status than the route's."""

    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None


def versioned(body: Any, version: int, headers: dict[str, str] | None = None, status: int | None = None) -> Reply:
    """Return an answer whose ETag names the `version` of what it shows, for the If-Match of a later change."""
    return Reply(body, {**(headers or {}), "ETag": f'"v{version}"'}, status)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `response` is the type that describes the JSON answer, or a content type for text.

    `writes` tells whether it may change things; `idempotency` is None for one that does not.
    """

    method: str
    path: str
    access: Access
    view: Callable[..., Any]
    tag: str
    response: Any
    status: int = 200
    # Another status of success, where an answer says whether something is new.
    or_status: int | None = None
    or_type: str | None = None
    errors: tuple[type[AppError], ...] = ()
    writes: bool = False
    idempotency: Idempotency = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    path_types: dict[str, type] = field(default_factory=dict)
    wants: frozenset[str] = frozenset()
    # The same operation at another path, for clients that know it there.
    is_alias: bool = False

    @property
    def asks_who(self) -> bool:
        """Whether it matters who calls; where it does not, a token is not even looked at."""
        return not self.access.public or "caller" in self.wants

    @property
    def name(self) -> str:
        """The operation's id: the name of its view."""
        return f"{self.view.__name__}_too" if self.is_alias else self.view.__name__


class Routes:
    """The routes of one `*_api` module, under one tag of the API document.

    With `also` ("/api", "/api/conversations") each is also found at a path that begins with the second instead of the
    first.
    """

    def __init__(self, tag: str, *, also: tuple[str, str] | None = None) -> None:
        self.tag = tag
        self._also = also
        self.all: list[Route] = []

    def get(self, path: str, **declared: Any) -> Callable[[View], View]:
        """Declare a reading operation; see `declare`."""
        return self.declare("GET", path, **declared)

    def post(self, path: str, **declared: Any) -> Callable[[View], View]:
        """Declare a POST operation; see `declare`."""
        return self.declare("POST", path, **declared)

    def put(self, path: str, **declared: Any) -> Callable[[View], View]:
        """Declare a PUT operation; see `declare`."""
        return self.declare("PUT", path, **declared)

    def patch(self, path: str, **declared: Any) -> Callable[[View], View]:
        """Declare a PATCH operation; see `declare`."""
        return self.declare("PATCH", path, **declared)

    def delete(self, path: str, **declared: Any) -> Callable[[View], View]:
        """Declare a DELETE operation; see `declare`."""
        return self.declare("DELETE", path, **declared)

    def declare(
        self,
        method: str,
        path: str,
        *,
        access: Access,
        response: Any,
        status: int = 200,
        or_status: int | None = None,
        or_type: str | None = None,
        errors: Sequence[type[AppError]] = (),
        reads: bool = False,
        writes: bool = False,
        idempotency: Idempotency = "optional",
    ) -> Callable[[View], View]:
        """Declare an operation; the view is given what its parameters name.

        `connection` (inside the request's transaction), `caller` (None when nobody is signed in), `owner_id` (the
        customer whose rows alone may be seen, None for staff), `query` and `body` (pydantic models, by their
        annotation), `raw` (`inputs.RawRequest`: a JSON body byte for byte, with the headers, for a view that verifies
        a signature), `upload` (the bytes of a file), `address` (of the client), `base_path` (what stands before the
        route's path), `expected_version` (from the If-Match that the route then demands; None for `*`),
        `request_key` (64 characters that stay the same when a request with an Idempotency-Key is tried again; None
        without one), and the path's own parameters. A view that does not ask for `connection` manages its own
        transactions.
        `or_status` is another status of success, `or_type` the content type of an answer that may be text instead.
        `reads` says of another method than GET that it changes nothing, and needs no transaction; `writes` says of a
        GET that it may change something. `idempotency` says of what changes things whether a request must bring an
        Idempotency-Key, or may; None where the answer must not be kept for a retry, as where it holds a secret.
        """
        if writes and (reads or method != "GET"):
            raise TypeError(f"{method} {path}: `writes` is for a GET that may change something")

        def register(view: View) -> View:
            changes = method != "GET" and not reads
            route = _route(
                view,
                method=method,
                path=path,
                access=access,
                tag=self.tag,
                response=response,
                status=status,
                or_status=or_status,
                or_type=or_type,
                errors=tuple(errors),
                writes=writes or changes,
                idempotency=idempotency if changes else None,
            )
            self.all.append(route)
            if self._also is not None:
                here, there = self._also
                self.all.append(replace(route, path=there + path.removeprefix(here), is_alias=True))
            return view

        return register


def _route(view: Callable[..., Any], *, path: str, access: Access, **declared: Any) -> Route:
    parameters = inspect.signature(view).parameters
    hints = typing.get_type_hints(view)
    in_path = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    unknown = set(parameters) - INJECTED - set(in_path)
    if unknown or not set(in_path) <= set(parameters):
        raise TypeError(f"{view.__name__}: parameters {sorted(parameters)} do not fit {path}")
    if access.owned and "owner_id" not in parameters:
        raise TypeError(f"{view.__name__}: a route for owners must take owner_id")
    if {"body", "raw"} <= set(parameters):
        raise TypeError(f"{view.__name__}: takes either body or raw")
    if "request_key" in parameters and declared["idempotency"] is None:
        raise TypeError(f"{view.__name__}: a route that takes no Idempotency-Key has no request_key")
    return Route(
        path=path,
        access=access,
        view=view,
        query=hints.get("query"),
        body=hints.get("body"),
        path_types={name: hints[name] for name in in_path},
        wants=frozenset(parameters) & INJECTED,
        **declared,
    )
