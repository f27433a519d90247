"""Interactions and items from CSV files of any shop, as arrays: to judge models away from a database."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.core.text import fold
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Interactions, sorted_interactions

# Columns by the names that files use.
_PEOPLE, _ITEMS = ("user_id", "customer_id", "visitor_id"), ("item_id", "product_id", "id")
_TIMES, _WEIGHTS = ("timestamp", "time", "created_at", "at"), ("weight",)
_LATEST_S = 1e10  # in the year 2286


class BadFile(Exception):
    """A file is not what it should be; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of people and items as text, by code."""

    people: Sequence[str]
    items: Sequence[str]


def read_interactions(path: Path, items_path: Path | None = None) -> tuple[Interactions, Ids]:
    """Return the interactions of a CSV file (or .gz); items of `items_path` that nobody touched have codes too.

    Raises:
        BadFile: a column is missing, or a time or a weight is none.
    """
    columns = _read(path)
    people_ids, people = _coded(_column(columns, _PEOPLE, path))
    items = _column(columns, _ITEMS, path)
    known = _column(_read(items_path), _ITEMS, items_path) if items_path else []
    item_ids, coded = _coded([*items, *known])
    times = _times(next((columns[name] for name in _TIMES if name in columns), None), people, path)
    weights = _weights(next((columns[name] for name in _WEIGHTS if name in columns), None), len(people), path)
    there = weights > 0  # what counts for nothing is as if it had not happened
    made = sorted_interactions(
        people[there],
        coded[: len(items)][there],
        times[there],
        weights[there],
        n_people=len(people_ids),
        n_items=len(item_ids),
    )
    return made, Ids(people_ids, item_ids)


def _coded(ids: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the different ids, ascending, and the code of each given one.

    By a table: an array of texts takes four bytes a letter of the longest, and forgets zeros at the end.
    """
    unique = sorted(set(ids))
    code_of = {each: code for code, each in enumerate(unique)}
    return unique, np.fromiter((code_of[each] for each in ids), dtype=np.int64, count=len(ids))


def read_catalogue(path: Path | None, item_ids: Sequence[str]) -> Catalogue:
    """Return what an item file says of the items, in the order of `item_ids`; empty without a file."""
    if path is None:
        return Catalogue()
    columns = _read(path)
    row_of = {item: row for row, item in enumerate(_column(columns, _ITEMS, path))}
    rows = [row_of.get(item) for item in item_ids]

    def texts(name: str) -> list[str]:
        values = columns.get(name)
        return [] if values is None else [fold(values[row]) if row is not None else "" for row in rows]

    prices = columns.get("price", columns.get("retail_price"))
    return Catalogue(
        names=texts("name"),
        categories=texts("category"),
        brands=texts("brand"),
        departments=texts("department"),
        prices=None
        if prices is None
        else np.array([_number(prices[row]) if row is not None else np.nan for row in rows], dtype=np.float32),
    )


def _read(path: Path) -> dict[str, list[str]]:
    opened: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = [name.strip().lower() for name in next(rows, [])]
            values = [row for row in rows if len(row) == len(header)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{path} cannot be read: {error}") from error
    columns = list(zip(*values, strict=True)) if values else [()] * len(header)
    return {name: list(column) for name, column in zip(header, columns, strict=True)}


def _column(columns: Mapping[str, list[str]], names: Sequence[str], path: Path | None) -> list[str]:
    for name in names:
        if name in columns:
            return columns[name]
    raise BadFile(f"{path} has no column {' or '.join(names)}; it has {', '.join(columns) or 'none'}.")


def _times(texts: Sequence[str] | None, people: NDArray[np.int64], path: Path) -> NDArray[np.int64]:
    """Return seconds since 1970. Where there are no times, or all are the same, the order in the file tells what each
    person did before what: 0, 1, 2, ...
    """
    times = np.zeros(len(people), dtype=np.int64) if texts is None else _moments(texts, path)
    if len(times) and int(times.min()) == int(times.max()):
        order = np.argsort(people, kind="stable")
        begins = np.searchsorted(people[order], people[order])
        times[order] = np.arange(len(order)) - begins
    return times


def _moments(texts: Sequence[str], path: Path) -> NDArray[np.int64]:
    try:
        # What is missing was a long time ago; so is what is no number.
        found = np.nan_to_num(np.array([float(text or 0) for text in texts]), posinf=0.0, neginf=0.0)
    except ValueError:
        pass
    else:
        # Clocks that count thousandths of a second, or less, would be thousands of years ahead.
        while len(found) and float(np.median(found)) > _LATEST_S:
            found /= 1_000
        return found.astype(np.int64)
    try:
        return np.array([_seconds(text) for text in texts], dtype=np.int64)
    except ValueError as error:
        raise BadFile(f"{path}: a time is neither seconds since 1970 nor ISO 8601 ({error}).") from error


def _seconds(text: str) -> int:
    if not text.strip():
        return 0
    moment = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _weights(texts: Sequence[str] | None, n: int, path: Path) -> NDArray[np.float64]:
    if texts is None:
        return np.ones(n)
    try:
        found = np.array([float(text or 0) for text in texts])
    except ValueError as error:
        raise BadFile(f"{path}: a weight is no number ({error}).") from error
    return np.nan_to_num(found, posinf=0.0, neginf=0.0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
