"""Which pages of other origins may call, and read what is answered (CORS)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice import Chalice, Response

from chalicelib.core.config import settings

Headers = dict[str, str | list[str]]

EXPOSED_HEADERS = (
    "ETag, Idempotency-Replayed, Link, Location, Retry-After, WWW-Authenticate, X-Did-You-Mean, "
    "X-Next-Cursor, X-Request-Id, X-Total-Count"
)
_ALLOWED_HEADERS = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id"


def headers(origin: str | None) -> Headers:
    """Return the headers that let a page of an allowed origin read the answer."""
    found: Headers = {"Vary": "Origin, Authorization"}
    if origin is not None and origin in settings().cors_origins:
        found["Access-Control-Allow-Origin"] = origin
        found["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    return found


def preflight(app: Chalice, verbs: list[str]) -> Callable[..., Response]:
    """Return the view that tells a browser with which methods a path may be called."""

    def answer(**_path: str) -> Response:
        request: Any = app.current_request
        found = headers(request.headers.get("origin"))
        found["Allow"] = ", ".join([*verbs, "OPTIONS"])
        if "Access-Control-Allow-Origin" in found:
            found["Access-Control-Allow-Methods"] = found["Allow"]
            found["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
            found["Access-Control-Max-Age"] = "600"
        return Response(body="", status_code=204, headers=found)

    return answer
