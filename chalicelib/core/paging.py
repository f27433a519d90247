"""Bounded lists: `skip`/`limit`, and an opaque `after` cursor that stays quick at any depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")
U = TypeVar("U")

Key = int | datetime
MAX_LIMIT = 500
MAX_PAGE_SIZE = 100
MAX_ID = 2**63 - 1


_DIGITS = 16
_YEAR_1 = datetime.min.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_MICROSECONDS = (datetime.max.replace(tzinfo=UTC) - _YEAR_1) // _MICROSECOND
_AFTER = (
    "Continue behind this cursor (from `X-Next-Cursor`); empty for the first page. Quick at any depth, since nothing "
    "is counted."
)


def _cursor_pattern(parts: int) -> str:
    """Return the form of a cursor: whatever fits it is a position in the list, so none is refused that fits."""
    return f"^(([0-7][0-9a-f]{{{_DIGITS - 1}}}){{{parts}}})?$"


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


class NumberedQuery(BaseModel):
    """The paging parameters of a list in numbered pages, as the conversations have them."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(1, ge=1, le=1_000_000_000, description="Which page, from 1; behind the last one it is empty.")
    page_size: int = Field(20, ge=1, le=MAX_PAGE_SIZE, description="How many rows a page has.")

    @property
    def skip(self) -> int:
        """How many rows stand before the page."""
        return (self.page - 1) * self.page_size


@dataclass(frozen=True, slots=True)
class NumberedPage(Generic[T]):
    """A numbered page of a list that has `count` rows in all."""

    items: Sequence[T]
    count: int
    page: int
    page_size: int

    def with_items(self, items: Sequence[U]) -> NumberedPage[U]:
        """Return the same page holding `items`, one for each of its own."""
        return NumberedPage(items, self.count, self.page, self.page_size)


class Listed(BaseModel, Generic[T]):
    """A numbered page as it is answered; `next` and `previous` are addresses, null where there is none."""

    count: int
    next: str | None
    previous: str | None
    results: list[T]


class PageQuery(BaseModel):
    """The paging parameters that every list takes; this one for lists by id, `key_types` says by what others are."""

    model_config = ConfigDict(extra="forbid")
    key_types: ClassVar[tuple[type[Key], ...]] = (int,)

    skip: int = Field(0, ge=0, le=1_000_000_000, description="How many rows to leave out from the start.")
    limit: int = Field(100, ge=0, le=MAX_LIMIT, description="How many rows to answer at most.")
    after: str | None = Field(None, pattern=_cursor_pattern(1), description=_AFTER)

    def page(self) -> PageRequest:
        """Return what is asked of the list."""
        after = None if self.after is None else decode_cursor(self.after, self.key_types)
        return PageRequest(self.limit, self.skip, after)


class TimelineQuery(PageQuery):
    """The paging parameters of a list by time, then id."""

    key_types: ClassVar[tuple[type[Key], ...]] = (datetime, int)

    after: str | None = Field(None, pattern=_cursor_pattern(2), description=_AFTER)


class PairQuery(PageQuery):
    """The paging parameters of a list by two numbers."""

    key_types: ClassVar[tuple[type[Key], ...]] = (int, int)

    after: str | None = Field(None, pattern=_cursor_pattern(2), description=_AFTER)


def encode_cursor(key: Sequence[Key]) -> str:
    """Return the opaque cursor of a row's key: ids, and microseconds since the year 1, in 16 hexadecimal digits."""
    return "".join(f"{_as_number(part):0{_DIGITS}x}" for part in key)


def decode_cursor(cursor: str, key_types: Sequence[type[Key]]) -> tuple[Key, ...]:
    """Return the key inside `cursor`, a text of the list's pattern; () of the empty one."""
    if cursor == "":
        return ()
    numbers = [int(cursor[at : at + _DIGITS], 16) for at in range(0, len(cursor), _DIGITS)]
    parts = zip(numbers, key_types, strict=True)
    return tuple(_as_time(number) if kind is datetime else number for number, kind in parts)


def _as_number(part: Key) -> int:
    return (part - _YEAR_1) // _MICROSECOND if isinstance(part, datetime) else part


def _as_time(number: int) -> datetime:
    return _YEAR_1 + min(number, _MOST_MICROSECONDS) * _MICROSECOND
