"""Bounded lists: `skip`/`limit`, and an opaque `after` cursor that stays quick at any depth."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.core.errors import InvalidInput

T = TypeVar("T")
U = TypeVar("U")

Key = int | datetime
MAX_LIMIT = 500
MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is wanted. `after` is None for paging by `skip`, () for the first page by cursor."""

    limit: int
    skip: int = 0
    after: tuple[Key, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list: `total` rows in all (None when paging by cursor), `next_key` when more follow."""

    items: Sequence[T]
    request: PageRequest
    total: int | None = None
    next_key: tuple[Key, ...] | None = None

    def with_items(self, items: Sequence[U]) -> Page[U]:
        """Return the same page holding `items`, one for each of its own."""
        return Page(items, self.request, self.total, self.next_key)


class PageQuery(BaseModel):
    """The paging parameters that every list takes."""

    model_config = ConfigDict(extra="forbid")

    skip: int = Field(0, ge=0, le=1_000_000_000, description="How many rows to leave out from the start.")
    limit: int = Field(100, ge=0, le=MAX_LIMIT, description="How many rows to answer at most.")
    after: str | None = Field(
        None,
        max_length=200,
        pattern="^[A-Za-z0-9_-]*$",
        description="Continue behind this cursor (from `X-Next-Cursor`); empty for the first page. Quick at any "
        "depth; not together with `skip`.",
    )

    @model_validator(mode="after")
    def _one_way_of_paging(self) -> PageQuery:
        if self.skip and self.after is not None:
            raise ValueError("skip and after exclude each other")
        return self

    def page(self, key_types: Sequence[type[Key]]) -> PageRequest:
        """Return what is asked of a list that is ordered by columns of `key_types`.

        Raises:
            InvalidInput: the cursor is not one of this list.
        """
        after = None if self.after is None else decode_cursor(self.after, key_types)
        return PageRequest(self.limit, self.skip, after)


def encode_cursor(key: Sequence[Key]) -> str:
    """Return the opaque cursor of a row's key."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, key_types: Sequence[type[Key]]) -> tuple[Key, ...]:
    """Return the key inside `cursor`; () of the empty one.

    Raises:
        InvalidInput: it was not made by `encode_cursor` for such a list.
    """
    if cursor == "":
        return ()
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(key_types):
            raise ValueError("another list's cursor")
        return tuple(_decode_key(value, kind) for value, kind in zip(values, key_types, strict=True))
    except (ValueError, OverflowError, RecursionError):
        raise InvalidInput.at("query.after", "not a cursor of this list; start again with an empty one") from None


def _decode_key(value: object, kind: type[Key]) -> Key:
    if kind is datetime and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    if kind is int and type(value) is int and 0 <= value <= MAX_ID:
        return value
    raise ValueError("not of the kind that this list is ordered by")
