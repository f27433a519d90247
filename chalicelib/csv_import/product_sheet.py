"""Products as a sheet: from rows to the text of a CSV file that people edit, and back. Pure.

What comes back is what went out: text that a spreadsheet would take for a formula is guarded by an apostrophe, which
is taken off again. Nothing here knows what the shop holds.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.csv_import.cells import guard, unguard
from chalicelib.csv_import.columns import PRODUCTS, Column, Kind
from chalicelib.csv_import.parsers import Value, parse_column
from chalicelib.csv_import.reader import DELIMITERS
from chalicelib.csv_import.records import excerpt

MAX_ROWS = 5_000

COLUMNS = (
    *PRODUCTS.columns,
    Column("status", "status", Kind.TEXT, required=True, length=16),
    Column("description", "description", Kind.TEXT, length=10_000),
    Column("image_alt", "image_alt", Kind.TEXT, length=500),
    Column("low_stock_level", "low_stock_level", Kind.INTEGER, high=1_000_000),
    Column("version", "version", Kind.INTEGER, low=1, high=2**31 - 1),
)
NAMES = tuple(column.name for column in COLUMNS)
# What tells which row is meant, and is not changed.
_MARKS = ("id", "version")


@dataclass(frozen=True, slots=True)
class CellError:
    """A value that cannot be taken; `column` is empty where the row as a whole is at fault."""

    column: str
    value: str
    reason: str


@dataclass(slots=True)
class SheetRow:
    """A row: the line on which it starts, its cells as text and as values by the name of the column."""

    line: int
    texts: dict[str, str] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    errors: dict[str, CellError] = field(default_factory=dict)

    def refuse(self, column: str, reason: str) -> None:
        """Note what is wrong with a cell, or with the row (no column); the first reason counts."""
        self.errors.setdefault(column, CellError(column, excerpt(self.texts.get(column, "")), reason))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file and the names of its columns."""

    names: tuple[str, ...]
    rows: list[SheetRow]


class SheetError(Exception):
    """The file as a whole cannot be read: what is wrong where."""

    def __init__(self, line: int, column: str, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.column = excerpt(column)
        self.reason = reason


def cells(texts: Mapping[str, str | None]) -> list[str]:
    """Return the cells of a row in the order of the columns."""
    return [
        guard(texts[column.name] or "") if column.kind is Kind.TEXT else texts[column.name] or ""
        for column in COLUMNS
    ]


def read(text: str) -> Sheet:
    """Read a file: with or without a byte order mark, with commas, semicolons, tabs or bars.

    Raises:
        SheetError: it is empty, too long, not CSV, or its header names what is not known.
    """
    names, delimiter, lines_before, body = _read_header(text.removeprefix("\ufeff"))
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    rows: list[SheetRow] = []
    while True:
        line = lines_before + reader.line_num + 1
        try:
            found = next(reader, None)
        except csv.Error as error:
            raise SheetError(line, "", f"cannot be read as CSV: {error}") from None
        if found is None:
            break
        if any(found):
            rows.append(_row(line, names, found))
        if len(rows) > MAX_ROWS:
            raise SheetError(line, "", f"has more than {MAX_ROWS} rows: send it in parts")
    _parse(names, rows)
    return Sheet(names, rows)


def _row(line: int, names: Sequence[str], found: Sequence[str]) -> SheetRow:
    row = SheetRow(line)
    if len(found) != len(names):
        row.refuse("", f"has {len(found)} fields, the header has {len(names)}")
    else:
        row.texts = dict(zip(names, found, strict=True))
    return row


def _read_header(text: str) -> tuple[tuple[str, ...], str, int, str]:
    """Return names, delimiter, the number of lines up to the header, and what follows it."""
    stream = io.StringIO(text, newline="")
    for number, line in enumerate(stream, start=1):
        if line.strip():
            delimiter = max(DELIMITERS, key=lambda each: len(set(_split(line, each)) & set(NAMES)))
            names = _split(line, delimiter)
            _check_names(number, names)
            return tuple(names), delimiter, number, stream.read()
    raise SheetError(1, "", "the file is empty")


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter))]
    except csv.Error:
        return []


def _check_names(line: int, names: Sequence[str]) -> None:
    unknown = next((name for name in names if name not in NAMES), None)
    if unknown is not None or not names:
        raise SheetError(line, unknown or "", f"is no column of products: use {', '.join(NAMES)}")
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise SheetError(line, twice, "is named more than once")


def _parse(names: Sequence[str], rows: Sequence[SheetRow]) -> None:
    """Give each row the values of its cells, and the reasons where a cell holds none."""
    whole = [row for row in rows if row.texts]
    for column in COLUMNS:
        if column.name not in names or not whole:
            continue
        texts = [row.texts[column.name] for row in whole]
        if column.kind is Kind.TEXT:
            texts = [unguard(text) for text in texts]
        parsed = parse_column(_optional(column), texts)
        for at, row in enumerate(whole):
            if at in parsed.refused:
                row.refuse(column.name, parsed.refused[at])
            else:
                row.values[column.name] = parsed.values[at]


def _optional(column: Column) -> Column:
    """A row without an id is a new one; one without a version takes any."""
    return (
        Column(column.name, column.target, column.kind, False, column.low, column.high, column.length)
        if (column.name in _MARKS or column.name == "status")
        else column
    )
