"""Writes the six CSV files in pieces, so that memory does not grow with the text."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from .draw import Ints, Reals

CHUNK = 20_000
# Lists of cells, one list per column, for the given rows.
Columns = Callable[[slice], list[Iterable[object]]]


def write_table(path: Path, header: tuple[str, ...], size: int, columns: Columns) -> None:
    """Write a header and `size` rows; `columns` is asked for one chunk after the other."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for start in range(0, size, CHUNK):
            rows = slice(start, min(start + CHUNK, size))
            writer.writerows(zip(*columns(rows), strict=True))


def ids(rows: slice) -> Iterable[int]:
    """The ids of rows: ids start at 1."""
    return range(rows.start + 1, rows.stop + 1)


def times(seconds: Ints) -> list[str]:
    """Times as `2022-10-22 07:53:43+00:00`; what never happened is empty."""
    texts: list[str] = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    return ["" if text == "NaT" else f"{text[:10]} {text[11:]}+00:00" for text in texts]


def money(cents: Ints) -> list[str]:
    """Amounts with two decimals."""
    return [f"{amount // 100}.{amount % 100:02d}" for amount in cents.tolist()]


def degrees(values: Reals) -> list[str]:
    """Coordinates with six decimals (about ten centimetres)."""
    return [f"{value:.6f}" for value in values.tolist()]


def chosen(values: list[str], indexes: Ints) -> list[str]:
    """The values at the indexes."""
    return [values[index] for index in indexes.tolist()]
