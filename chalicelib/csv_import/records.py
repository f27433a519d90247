"""From lines to records: quotes, the number of fields, and the line on which each record starts.

Parsing is strict about quotes: a record that breaks the rules costs its first line and reading goes on at the
next one, so that one stray quote does not swallow the rest of the file. Nothing here knows a column.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import NamedTuple

from chalicelib.csv_import.lines import MAX_LINE, Block

MAX_RECORD = MAX_LINE  # characters
MAX_RECORD_LINES = 100
MAX_BATCH = 16 << 20  # characters after which a batch ends early
MAX_EXCERPT = 200  # characters of a value that a rejection shows

_SURROGATE = re.compile(r"[\ud800-\udfff]")  # stands for a byte that was not UTF-8


def excerpt(text: str) -> str:
    """Return the start of a text as it can be stored in UTF-8."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text[:MAX_EXCERPT])


class Rejection(NamedTuple):
    """One value that cannot be imported: `column` is empty where the record as a whole is at fault."""

    line: int
    column: str
    value: str
    reason: str

    @classmethod
    def of(cls, line: int, column: str, value: str, reason: str) -> Rejection:
        """Make a rejection whose value is short and can be stored as UTF-8."""
        return cls(line, column, excerpt(value), reason)


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Consecutive records of a file: `rows`, each as wide as the header, and the line where each one starts.

    `first_record` counts the data records before this batch, so it is the `skip_rows` that resumes here.
    """

    first_record: int
    rows: list[list[str]]
    lines: list[int]
    malformed: list[Rejection] = field(default_factory=list)

    @property
    def next_record(self) -> int:
        """The `skip_rows` that resumes after this batch."""
        return self.first_record + len(self.rows) + len(self.malformed)


class Records:
    """The records read so far and not yet taken; a malformed one stands there as an empty row."""

    def __init__(self, width: int, delimiter: str, line: int) -> None:
        self.rows: list[list[str]] = []
        self._lines: list[int] = []  # where each record starts
        self._malformed: dict[int, Rejection] = {}  # by line
        self._chars = 0
        self._unfinished: list[str] = []  # lines of a record whose quoted field goes on
        self._width = width
        self._delimiter = delimiter
        self._line = line  # the next line that belongs to no record yet

    def suffice(self, limit: int) -> bool:
        """Whether a batch can be taken."""
        return len(self.rows) >= limit or (bool(self.rows) and self._chars >= MAX_BATCH)

    def take(self, limit: int, first_record: int) -> RawBatch:
        """Take the first records out, `limit` at most."""
        rows, lines = self.rows[:limit], self._lines[:limit]
        self._chars -= self._chars * len(rows) // len(self.rows)
        del self.rows[:limit], self._lines[:limit]
        if not self._malformed:
            return RawBatch(first_record, rows, lines)
        pairs = list(zip(rows, lines, strict=True))
        malformed = [self._malformed.pop(line) for row, line in pairs if not row]
        lines = [line for row, line in pairs if row]
        return RawBatch(first_record, [row for row in rows if row], lines, malformed)

    def add(self, block: Block) -> None:
        """Parse the lines of a block."""
        text, overlong = block
        if overlong:
            self.finish()
            self._refuse(self._line, text, f"the line is longer than {MAX_LINE} bytes")
            self._line += 1
            return
        self._chars += len(text)
        if self._unfinished or '"' in text or not self._add_unquoted(text):
            self._add_lines(self._unfinished + StringIO(text, newline="").readlines(), final=False)

    def finish(self) -> None:
        """Give up on a quoted field that is still open."""
        self._add_lines(self._unfinished, final=True)

    def _add_unquoted(self, text: str) -> bool:
        """Parse text in which every line is a record; return False where a line needs a closer look."""
        try:
            rows = list(csv.reader(StringIO(text, newline=""), delimiter=self._delimiter))
        except csv.Error:
            return False
        numbers = range(self._line, self._line + len(rows))
        self._line += len(rows)
        if set(map(len, rows)) == {self._width} and all(map(any, rows)):
            self.rows += rows
            self._lines += numbers
        else:
            for row, number in zip(rows, numbers, strict=True):
                self._add_row(row, number)
        return True

    def _add_lines(self, lines: list[str], *, final: bool) -> None:
        """Parse lines that may hold quotes; keep an unfinished record for later unless this is `final`."""
        start = 0
        while start < len(lines):
            feed = _Feed(lines, start)
            try:
                start = self._add_from(feed)
            except csv.Error as error:
                start = feed.record_start
                cut_off = feed.exhausted and not final
                if cut_off and sum(map(len, lines[start:])) <= MAX_RECORD:
                    break
                self._refuse(self._line + start, lines[start], _quote_advice(error, feed))
                start += 1
        self._unfinished = lines[start:]
        self._line += start

    def _add_from(self, feed: _Feed) -> int:
        """Add records until the lines end; raises csv.Error for the record at `feed.record_start`."""
        reader = csv.reader(feed, delimiter=self._delimiter, strict=True)
        base = feed.record_start
        for row in reader:
            end = base + reader.line_num
            if end - feed.record_start > 1 and len(row) != self._width:
                raise csv.Error("unbalanced")
            self._add_row(row, self._line + feed.record_start)
            feed.record_start = end
        return feed.record_start

    def _add_row(self, row: list[str], line: int) -> None:
        if len(row) == self._width:
            if any(row):
                self.rows.append(row)
                self._lines.append(line)
        elif "".join(row).strip():
            fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
            reason = f"has {fields}, the header has {self._width}"
            self._refuse(line, self._delimiter.join(row), reason)

    def _refuse(self, line: int, text: str, reason: str) -> None:
        self._malformed[line] = Rejection.of(line, "", text.rstrip("\r\n"), reason)
        self.rows.append([])
        self._lines.append(line)


class _Feed:
    """Hands lines to csv.reader, which would read on to the end of the file to close a quote."""

    def __init__(self, lines: Sequence[str], start: int) -> None:
        self.record_start = start
        self.exhausted = False
        self._lines = lines

    def __iter__(self) -> Iterator[str]:
        for at in range(self.record_start, len(self._lines)):
            if at - self.record_start >= MAX_RECORD_LINES:
                raise csv.Error("unbalanced")
            yield self._lines[at]
        self.exhausted = True


def _quote_advice(error: csv.Error, feed: _Feed) -> str:
    if "field larger" in str(error):
        return f"a field is longer than {csv.field_size_limit()} characters: is a quote left open?"
    if feed.exhausted or str(error) == "unbalanced":
        return "a quote is opened here and not closed"
    return "a quote inside a quoted field must be doubled"
