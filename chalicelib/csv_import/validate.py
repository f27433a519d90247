"""From a batch of raw records to typed columns of the good rows, and a rejection for each bad value.

One file at a time and no state: what other rows or the database say (keys seen before, parents that are
missing) is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.core.text import fold
from chalicelib.csv_import.columns import Column, TableFile
from chalicelib.csv_import.parsers import Value, parse_column
from chalicelib.csv_import.reader import Header
from chalicelib.csv_import.records import RawBatch, Rejection

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Validated:
    """The good rows of a batch as parallel lists by database column, in the order of the file.

    `lines` holds the line on which each good row starts. A row with two bad values has two rejections.
    """

    columns: dict[str, list[Value]]
    lines: list[int]
    rejections: list[Rejection]


def validate(table_file: TableFile, header: Header, batch: RawBatch) -> Validated:
    """Parse every column of a batch; columns that the file lacks are None throughout."""
    values: dict[str, list[Value]] = {}
    rejections = list(batch.malformed)
    bad: set[int] = set()
    fields = list(zip(*batch.rows, strict=True))
    for column in table_file.columns:
        position = header.positions.get(column.name)
        if position is None or not fields:
            values[column.target] = [None] * len(batch.rows)
            continue
        parsed = parse_column(column, fields[position])
        values[column.target] = parsed.values
        bad.update(parsed.refused)
        rejections += _rejections(column, batch.lines, fields[position], parsed.refused)
    rejections.sort(key=lambda rejection: rejection.line)
    good = {target: _without(column, bad) for target, column in values.items()}
    return Validated(_with_keys(table_file, good), _without(batch.lines, bad), rejections)


def read_keys(table_file: TableFile, header: Header, batch: RawBatch) -> list[int]:
    """Return the primary keys of a batch that can be read, without looking at anything else."""
    position = header.positions[table_file.key_column.name]
    parsed = parse_column(table_file.key_column, [row[position] for row in batch.rows])
    return [key for key in parsed.values if isinstance(key, int)]


def _rejections(
    column: Column, lines: Sequence[int], texts: Sequence[str], refused: dict[int, str]
) -> list[Rejection]:
    return [Rejection.of(lines[at], column.name, texts[at], reason) for at, reason in refused.items()]


def _without(items: list[_Item], bad: set[int]) -> list[_Item]:
    return [item for at, item in enumerate(items) if at not in bad] if bad else items


def _with_keys(table_file: TableFile, columns: dict[str, list[Value]]) -> dict[str, list[Value]]:
    """Return the columns in the order of the table's targets, with the folded keys among them."""
    keyed: dict[str, list[Value]] = {}
    for column in table_file.columns:
        keyed[column.target] = columns[column.target]
        if column.key_target:
            keyed[column.key_target] = _fold_all(columns[column.target], column.length)
    return keyed


def _fold_all(values: list[Value], length: int) -> list[Value]:
    memo: dict[Value, Value] = {
        value: fold(value, length) if isinstance(value, str) else None for value in set(values)
    }
    return list(map(memo.__getitem__, values))
