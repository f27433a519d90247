"""From a view's result to bytes: JSON that keeps decimals exact, problem details, ETag, paging headers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from chalicelib.core.errors import AppError
from chalicelib.core.paging import NumberedPage, Page, encode_cursor

_encoder = msgspec.json.Encoder(decimal_format="number")

_VERSION = re.compile(r'"v([0-9]{1,9})(?:\.[0-9a-f]*)?"')
# An entity tag, weak or strong, in which a comma may stand (RFC 9110 8.8.3), and a list of them with empty places.
_TAG = re.compile(r'(?:W/)?"[!#-~\x80-\xff]*"')
_TAGS = re.compile(rf"[ \t,]*{_TAG.pattern}(?:[ \t]*,[ \t,]*{_TAG.pattern})*[ \t,]*")

PROBLEM_TYPE = "application/problem+json"


def to_json(value: Any) -> str:
    """Return `value` as JSON: decimals as exact numbers, times as ISO 8601 in UTC."""
    return _encoder.encode(value).decode()


def etag(body: str | bytes) -> str:
    """Return the strong entity tag of a body."""
    data = body.encode() if isinstance(body, str) else body
    return f'"{hashlib.blake2b(data, digest_size=12).hexdigest()}"'


def etag_of_version(given: str, body: str | bytes) -> str:
    """Return the tag of a body that shows a version (`"v7"`): the version first, for If-Match, then its bytes."""
    return f"{given[:-1]}.{etag(body)[1:]}"


def version_of(if_match: str) -> int | None:
    """Return the version that an If-Match names: that of `"v7"` or `"v7.…"`; None for `*`.

    Of a list the tags that are none of ours, or weak, are passed over: they match nothing (RFC 9110 13.1.1).

    Raises:
        ValueError: it is no list of tags, or names no version, or several.
    """
    if if_match.strip() == "*":
        return None
    if _TAGS.fullmatch(if_match) is None:
        raise ValueError(if_match)
    found = (_VERSION.fullmatch(tag) for tag in _TAG.findall(if_match))
    versions = {int(each[1]) for each in found if each}
    if len(versions) != 1:
        raise ValueError(if_match)
    return versions.pop()


def matches(if_none_match: str, tag: str) -> bool:
    """Tell whether the condition of a conditional GET names `tag` (compared weakly, RFC 9110 13.1.2)."""
    candidates = (part.strip().removeprefix("W/") for part in if_none_match.split(","))
    return any(candidate in ("*", tag) for candidate in candidates)


def paging_headers(page: Page[Any], path: str, query: Mapping[str, list[str]]) -> dict[str, str]:
    """Return X-Total-Count, X-Next-Cursor and Link (RFC 8288) of a page."""
    given = {name: values[0] for name, values in query.items() if name not in ("skip", "after")}
    headers: dict[str, str] = {}
    cursor = encode_cursor(page.next_key) if page.next_key else None
    if cursor:
        headers["X-Next-Cursor"] = cursor
    links: list[str] = []
    if page.total is None:
        if cursor:
            links.append(_link(path, {**given, "after": cursor}, "next"))
    else:
        headers["X-Total-Count"] = str(page.total)
        links += _offset_links(path, given, page.total, page.request.limit, page.request.skip)
    if links:
        headers["Link"] = ", ".join(links)
    return headers


def numbered(page: NumberedPage[Any], url: str, query: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return a numbered page as it is answered, with the addresses of its neighbours."""
    last = -(-page.count // page.page_size)

    def address(number: int) -> str:
        given = {name: values[0] for name, values in query.items() if name != "page"}
        return f"{url}?{urlencode({**given, 'page': number})}"

    return {
        "count": page.count,
        "next": address(page.page + 1) if page.page < last else None,
        # From behind the end the way back begins at the last page.
        "previous": address(min(page.page - 1, last)) if page.page > 1 and last else None,
        "results": page.items,
    }


def _offset_links(path: str, given: Mapping[str, str], total: int, limit: int, skip: int) -> list[str]:
    links: list[str] = []
    if limit and skip + limit < total:
        last = skip + (total - 1 - skip) // limit * limit
        links.append(_link(path, {**given, "skip": str(skip + limit)}, "next"))
        links.append(_link(path, {**given, "skip": str(last)}, "last"))
    if limit and skip:
        # From behind the end the way back begins at the last page.
        before = skip - limit if skip < total else (total - 1) // limit * limit
        links.append(_link(path, {**given, "skip": str(max(0, before))}, "prev"))
        links.append(_link(path, given, "first"))
    return links


def _link(path: str, query: Mapping[str, str], relation: str) -> str:
    target = f"{path}?{urlencode(query)}" if query else path
    return f'<{target}>; rel="{relation}"'


def problem(error: AppError, status: int, instance: str, request_id: str) -> str:
    """Return the problem details (RFC 9457) of an error as JSON."""
    return to_json(
        {
            "type": f"urn:shopkeeper:problem:{error.code}",
            "title": error.title,
            "status": status,
            "detail": error.message,
            "instance": instance,
            "request_id": request_id,
            "errors": [{"location": entry.location, "message": entry.message} for entry in error.errors],
        }
    )
