"""Positions in the results of a search, as the numbers of a cursor and back. Any cursor of the form is a position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_DIGITS = 16
_BYTES = 7  # of a name in one number, which stays below 2**63
_MOST_NUMBERS = 43  # an id and 70 letters of 4 bytes, and some room

CURSOR_PATTERN = f"^(([0-7][0-9a-f]{{{_DIGITS - 1}}}){{1,{_MOST_NUMBERS}}})?$"


def numbers_of(key: Sequence[Any]) -> tuple[int, ...]:
    """Return a key as numbers below 2**63: a key with a text is (text, id), whose id comes first."""
    if not isinstance(key[0], str):
        return tuple(key)
    text = key[0].encode()
    parts = (text[at : at + _BYTES].ljust(_BYTES, b"\0") for at in range(0, len(text), _BYTES))
    return (key[1], *(int.from_bytes(part) for part in parts))


def key_of(cursor: str, sort: str) -> tuple[Any, ...]:
    """Return the key of a cursor: (level, place, id) by relevance, (text, id) by name, else (number, id); () of none.

    A cursor of another order is some position in this one.
    """
    if cursor == "":
        return ()
    numbers = [int(cursor[at : at + _DIGITS], 16) for at in range(0, len(cursor), _DIGITS)]
    if sort == "name":
        parts = (number.to_bytes(_BYTES + 1)[1:] for number in numbers[1:])
        text = b"".join(parts).rstrip(b"\0").decode(errors="replace")
        return (text, numbers[0])
    length = 3 if sort == "relevance" else 2
    return tuple((numbers + [0] * length)[:length])
