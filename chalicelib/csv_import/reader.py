"""From the bytes of a CSV file to batches of raw records: the header, resuming, progress.

Lines are cut in `lines`, records in `records`; what a field means is decided in `validate`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import BinaryIO

from chalicelib.csv_import.columns import TableFile
from chalicelib.csv_import.lines import MAX_LINE, Block, BrokenFile, CountingStream, FileError, read_blocks
from chalicelib.csv_import.records import RawBatch, Records, excerpt

DELIMITERS = ",;\t|"
MAX_NOTES = 20  # columns that are ignored by name


class MissingColumns(FileError):
    """The header lacks the required columns `names`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        noun = "column" if len(self.names) == 1 else "columns"
        super().__init__(f"the header lacks the required {noun} {', '.join(self.names)}")


@dataclass(frozen=True, slots=True)
class Header:
    """Where a file keeps its columns: `positions` by column name, in rows of `width` fields."""

    width: int
    positions: dict[str, int]
    notes: tuple[str, ...] = ()


class Batches:
    """The batches of one file. Iterate once; `skipped` first, where those records are of interest."""

    def __init__(self, stream: BinaryIO, table_file: TableFile, *, batch_rows: int, skip_rows: int) -> None:
        self._counter = CountingStream(stream)
        self._blocks = read_blocks(self._counter)
        self._batch_rows = batch_rows
        self._to_skip = skip_rows
        self._next_record = 0
        self._failure: BrokenFile | None = None
        self.header, self._records = _read_header(self._blocks, table_file)

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know about the header."""
        return self.header.notes

    @property
    def bytes_read(self) -> int:
        """Bytes taken from the stream so far (compressed ones, where it is compressed)."""
        return self._counter.count

    def skipped(self) -> Iterator[RawBatch]:
        """Yield the records that `skip_rows` leaves out, for callers that need their keys."""
        while self._to_skip > 0 and (batch := self._take(min(self._to_skip, self._batch_rows))):
            self._to_skip -= batch.next_record - batch.first_record
            yield batch

    def __iter__(self) -> Iterator[RawBatch]:
        for _ in self.skipped():
            pass
        while batch := self._take(self._batch_rows):
            yield batch

    def _take(self, limit: int) -> RawBatch | None:
        """Return the next records, `limit` at most, or None at the end; raises BrokenFile there."""
        records = self._records
        while not records.suffice(limit) and self._read_block():
            pass
        if not records.rows:
            if self._failure:
                raise self._failure
            return None
        batch = records.take(limit, self._next_record)
        self._next_record = batch.next_record
        return batch

    def _read_block(self) -> bool:
        """Read on by one block; return False at the end."""
        if self._failure:
            return False
        try:
            block = next(self._blocks, None)
        except BrokenFile as failure:
            self._failure = failure
            return False
        if block is None:
            self._records.finish()
            return False
        self._records.add(block)
        return True


def read_batches(stream: BinaryIO, table_file: TableFile, *, batch_rows: int = 20_000, skip_rows: int = 0) -> Batches:
    """Open a CSV file, plain or gz, and read its header; raises FileError, MissingColumns, BrokenFile.

    `stream` needs read() alone. `skip_rows` leaves out so many data records, malformed ones included.
    """
    return Batches(stream, table_file, batch_rows=batch_rows, skip_rows=skip_rows)


def _read_header(blocks: Iterator[Block], table_file: TableFile) -> tuple[Header, Records]:
    """Read up to the first line that is not blank; return its columns and the records that came with it."""
    line = 0
    for text, overlong in blocks:
        if overlong:
            raise FileError(f"the first line is longer than {MAX_LINE} bytes: is this a CSV file?")
        stream = StringIO(text, newline="")
        for header_line in stream:
            line += 1
            if header_line.strip():
                names, delimiter = _split_header(header_line, table_file)
                header = _match_header(table_file, names)
                records = Records(header.width, delimiter, line + 1)
                records.add(Block(stream.read()))
                return header, records
    raise FileError("the file is empty")


def _split_header(line: str, table_file: TableFile) -> tuple[list[str], str]:
    """Split the header at the delimiter under which most names are known; return names and delimiter."""
    known = {column.name for column in table_file.columns}
    try:
        splits = {d: next(csv.reader([line], delimiter=d)) for d in DELIMITERS}
    except csv.Error as error:
        raise FileError("the first line cannot be read as a header: is this a CSV file?") from error
    delimiter = max(DELIMITERS, key=lambda d: sum(_normalise(name) in known for name in splits[d]))
    return [excerpt(name) for name in splits[delimiter]], delimiter


def _normalise(name: str) -> str:
    """Return a header name as it is compared: trimmed, in lower case."""
    return name.strip().lower()


def _match_header(table_file: TableFile, names: Sequence[str]) -> Header:
    """Find the columns of `table_file` among the header's `names`; raises FileError, MissingColumns."""
    found = [_normalise(name) for name in names]
    known = [column.name for column in table_file.columns]
    missing = [c.name for c in table_file.columns if c.required and c.name not in found]
    if missing:
        raise MissingColumns(missing)
    twice = [name for name, count in Counter(found).items() if count > 1 and name in known]
    if twice:
        raise FileError(f"the header names {', '.join(twice)} more than once")
    positions = {name: found.index(name) for name in known if name in found}
    return Header(len(found), positions, tuple(_notes(found, known)))


def _notes(found: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    for name in known:
        if name not in found:
            yield f"column {name} is missing: left empty"
    extra = [(number, name) for number, name in enumerate(found, start=1) if name not in known]
    for number, name in extra[:MAX_NOTES]:
        yield f"column {name} is ignored" if name else f"column {number} has no name: ignored"
    if len(extra) > MAX_NOTES:
        yield f"{len(extra) - MAX_NOTES} more columns are ignored"
