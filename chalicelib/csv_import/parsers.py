"""From the texts of one column to typed values: whole columns in, values and refusals out.

Each distinct text is parsed once per column and batch: statuses, days and prices repeat. Nothing here
knows of files, lines or tables, and no text makes these functions raise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from chalicelib.csv_import.columns import Column, Kind

Value = int | float | str | None

# Exact spellings only: a person may be called "Null".
NULLS = frozenset({"", "null", "NULL", r"\N"})

STATUSES = ("pending", "processing", "shipped", "complete", "cancelled", "returned")
_STATUS_OF = {status: status for status in STATUSES} | {"completed": "complete", "canceled": "cancelled"}

# Tab and line breaks are welcome inside text. A lone surrogate stands for a byte that was not UTF-8.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LINE_BREAK = re.compile(r"\r\n?")

_WHOLE = re.compile(r"([+-]?[0-9]+)(?:\.0*)?")  # pandas writes 17850.0 where a column has gaps
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[,' \u00a0\u202f][0-9]{3})+(?:\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9.]*,[0-9]+")
_CURRENCY = re.compile(r"[$\u00a3\u20ac\u00a5\u20b9]|[A-Z]{3}\s*[0-9]|[0-9]\s*[A-Z]{3}")
_SPACED_OFFSET = re.compile(r" (?=[+-][0-9:]+\Z)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

_MAX_DIGITS = 30  # no number that fits a column is longer before its point
_MIN_YEAR = 1900
_CENT = Decimal("0.01")


class _Refused(Exception):
    """The text is not a value of its column; the message says what to change."""


@dataclass(slots=True)
class Parsed:
    """The values of one column, None where there is none, and the reason for each refused position."""

    values: list[Value]
    refused: dict[int, str] = field(default_factory=dict)


def parse_column(column: Column, texts: Sequence[str]) -> Parsed:
    """Parse the texts of one column."""
    if column.kind is Kind.INTEGER:
        numbers = _plain_integers(column, texts)
        if numbers is not None:
            return Parsed(numbers)
    memo, refusals = _parse_distinct(column, set(texts))
    parsed = Parsed(list(map(memo.__getitem__, texts)))
    if refusals:
        parsed.refused = {at: refusals[text] for at, text in enumerate(texts) if text in refusals}
    return parsed


def _plain_integers(column: Column, texts: Sequence[str]) -> list[Value] | None:
    """Parse a column of nothing but digits, or return None where any text needs a closer look."""
    digits = "".join(texts)
    if not (digits.isascii() and digits.isdigit()):
        return None
    try:
        numbers = list(map(int, texts))
    except ValueError:  # an empty text, or more digits than Python converts
        return None
    in_range = column.low <= min(numbers) and max(numbers) <= column.high
    return list[Value](numbers) if in_range else None


def _parse_distinct(column: Column, texts: set[str]) -> tuple[dict[str, Value], dict[str, str]]:
    """Parse each text; return the value of every text and the reason for each one refused."""
    parse = _PARSERS[column.kind]
    memo: dict[str, Value] = {}
    refusals: dict[str, str] = {}
    for text in texts:
        try:
            if not text.isprintable():
                _check_characters(text)
            trimmed = text.strip()
            memo[text] = _parse_null(column) if trimmed in NULLS else parse(column, trimmed)
        except _Refused as refusal:
            memo[text] = None
            refusals[text] = str(refusal)
    return memo, refusals


def _parse_null(column: Column) -> Value:
    if column.required:
        raise _Refused("is required")
    return None


def _check_characters(text: str) -> None:
    if _SURROGATE.search(text):
        raise _Refused("is not valid UTF-8: save the file as UTF-8")
    if _CONTROL.search(text):
        raise _Refused("contains a control character")


def _parse_integer(column: Column, text: str) -> int:
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise _Refused(_number_advice(text) or "is not a whole number")
    digits = match[1].lstrip("+")
    # Checked before the conversion: Python refuses to convert thousands of digits.
    number = int(digits) if len(digits) <= _MAX_DIGITS else None
    if number is None or not column.low <= number <= column.high:
        raise _Refused(f"must be from {column.low} to {column.high}")
    return number


def _parse_money(column: Column, text: str) -> int:
    cents = _plain_cents(text)
    if cents is None:
        cents = _decimal_cents(text)
    if cents < column.low:
        raise _Refused("must not be negative")
    if cents > column.high:
        raise _Refused("is too large an amount")
    return cents


def _plain_cents(text: str) -> int | None:
    """Return the cents of digits with two or more decimals, rounded half-even; None for other texts.

    The same as `_decimal_cents`, several times as fast: nearly all prices look like this.
    """
    whole, _, decimals = text.partition(".")
    if len(decimals) < 2 or len(text) > _MAX_DIGITS or not (text.isascii() and (whole + decimals).isdigit()):
        return None
    cents = int(whole + decimals[:2])
    rest = decimals[2:].rstrip("0")
    return cents + 1 if rest > "5" or (rest == "5" and cents % 2) else cents


def _decimal_cents(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        currency = "write the amount without a currency" if _CURRENCY.search(text) else None
        raise _Refused(currency or _number_advice(text) or "is not an amount such as 12.50")
    amount = Decimal(text)
    if amount and amount.adjusted() > _MAX_DIGITS // 2:  # too large to be rounded to cents at all
        raise _Refused("must not be negative" if amount < 0 else "is too large an amount")
    return int(amount.quantize(_CENT, ROUND_HALF_EVEN).scaleb(2))


def _parse_coordinate(column: Column, text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise _Refused(_number_advice(text) or "is not a number")
    number = float(text)
    if not (math.isfinite(number) and column.low <= number <= column.high):
        raise _Refused(f"must be from {column.low} to {column.high}")
    return number


def _number_advice(text: str) -> str | None:
    """Return what to change in a text that people mean as a number, or None."""
    if _GROUPED.fullmatch(text):
        return "write the number without separators between thousands"
    if _DECIMAL_COMMA.fullmatch(text):
        return "write the number with a decimal point, without other separators"
    return None


def _parse_timestamp(_column: Column, text: str) -> str:
    """Return the moment in UTC as YYYY-MM-DD HH:MM:SS.ffffff; without a zone it is taken as UTC."""
    # Without its zone a time in UTC is read in a third of the time.
    iso = text[:-4] if text[-4:] == " UTC" else text[:-6] if text[-6:] == "+00:00" else text
    moment = _read_moment(iso) or _read_moment(_SPACED_OFFSET.sub("", iso))
    # fromisoformat() also takes week dates, dates without hyphens and any letter before the time.
    if moment is None or not (iso[4:5] == iso[7:8] == "-" and iso[10:11] in "Tt "):
        raise _Refused("is not a time such as 2024-05-31 18:30:00 UTC")
    if moment.year < _MIN_YEAR:
        raise _Refused(f"is before the year {_MIN_YEAR}")
    # Most files write this very form, and formatting costs three times what parsing does.
    if iso[10:11] == " " and iso[13:14] == iso[16:17] == ":":
        if len(iso) == 19:
            return iso + ".000000"
        if len(iso) == 26 and iso[19] == "." and iso[20:].isdigit():
            return iso
    return moment.isoformat(" ", "microseconds")


def _read_moment(iso: str) -> datetime | None:
    """Return the moment as a naive time in UTC."""
    try:
        moment = datetime.fromisoformat(iso)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):  # the latter where the offset leads out of the calendar
        return None


def _parse_status(_column: Column, text: str) -> str:
    status = _STATUS_OF.get(text.lower())
    if status is None:
        raise _Refused(f"is not a status: use one of {', '.join(STATUSES)}")
    return status


def _parse_text(column: Column, text: str) -> str:
    if "\r" in text:  # line breaks inside text must not depend on the system that wrote the file
        text = _LINE_BREAK.sub("\n", text)
    if len(text) > column.length:
        raise _Refused(f"is longer than {column.length} characters")
    return text


def _parse_email(column: Column, text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise _Refused("is not an e-mail address")
    return _parse_text(column, text)


_PARSERS: dict[Kind, Callable[[Column, str], Value]] = {
    Kind.INTEGER: _parse_integer,
    Kind.MONEY: _parse_money,
    Kind.TIMESTAMP: _parse_timestamp,
    Kind.COORDINATE: _parse_coordinate,
    Kind.STATUS: _parse_status,
    Kind.TEXT: _parse_text,
    Kind.EMAIL: _parse_email,
}
