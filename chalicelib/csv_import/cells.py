"""Cells and lines of the CSV files that the shop gives out. Pure.

Text that a spreadsheet would take for a formula, and compute, is guarded by an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

REJECTION_NAMES = ("file", "line", "column", "value", "reason")

# What a spreadsheet takes for a formula: = + - @, their full-width forms, and space that it would skip before them.
_FORMULA = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_NEEDS_GUARD = re.compile(f"'*[{_FORMULA}]")
_GUARDED = re.compile(f"'+[{_FORMULA}]")


def guard(text: str) -> str:
    """Return text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _NEEDS_GUARD.match(text) else text


def unguard(cell: str) -> str:
    """Return the text that a cell stands for: what `guard` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell


def write_line(values: Sequence[str]) -> str:
    """Return a line of a file."""
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()


def rejection_line(row: Any) -> str:
    """Return the line of a rejected row: what stood in the file came from outside, and so does its reason."""
    told = (row.file, row.line, row.column_name, row.value, row.reason)
    return write_line([guard(str(each or "")) for each in told])
