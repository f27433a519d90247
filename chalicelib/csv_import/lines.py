"""From the bytes of a file to blocks of complete lines, in bounded memory.

Knows gz, byte order marks and line ends; nothing of quotes, fields or tables.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple, cast

MAX_LINE = 1 << 20  # bytes, its end included
_CHUNK = 1 << 18
_EXCERPT = 1000

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")  # a carriage return at the very end may be half of a line end
_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")

_Read = Callable[[int], bytes]


class FileError(Exception):
    """A file as a whole cannot be imported; the message tells people what to change."""


class BrokenFile(FileError):
    """The file ends before its content does; raised after what could be read."""


class Block(NamedTuple):
    """Complete lines; or, where `overlong`, the start of a single line that is not kept."""

    text: str
    overlong: bool = False


class CountingStream:
    """Counts what is read, and lets the first bytes be seen before they are read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self._stream = stream
        self._head = b""

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end, and leave them in place."""
        while len(self._head) < size and (more := self._pull(size - len(self._head))):
            self._head += more
        return self._head

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        return self._pull(size)

    def _pull(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.count += len(data)
        return data


def read_blocks(stream: CountingStream) -> Iterator[Block]:
    """Yield the lines of a file, plain or gz, many at a time; raises FileError, BrokenFile.

    Bytes that are not UTF-8 become lone surrogates, so that one bad value does not cost the file.
    """
    first = True
    for content, overlong in _blocks(_opened(stream)):
        if first and content.startswith(_UTF16_BOMS):
            raise FileError("the file is UTF-16: save it as UTF-8")
        text = (content.removeprefix(_BOM) if first else content).decode("utf-8", "surrogateescape")
        yield Block(text, overlong)
        first = False


def _opened(stream: CountingStream) -> _Read:
    """Return the function that reads the file's own bytes; names lie, so the first bytes decide."""
    head = stream.peek(4)
    if head == b"PK\x03\x04":
        raise FileError("this is a zip archive or a workbook: export it as CSV")
    if not head.startswith(b"\x1f\x8b"):
        return stream.read
    archive = gzip.GzipFile(fileobj=cast(BinaryIO, stream), mode="rb")  # reads and never seeks

    def read(size: int) -> bytes:
        try:
            data: bytes = archive.read1(size)
            return data
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BrokenFile("the gz file is damaged or was cut short: upload it again") from error

    return read


def _blocks(read: _Read) -> Iterator[tuple[bytes, bool]]:
    """Yield the lines of a file, many at a time; a line that never ends is never held in memory."""
    tail, skipping = b"", False
    while chunk := read(min(_CHUNK, MAX_LINE)):
        block = tail + chunk
        if skipping or len(block) > MAX_LINE:
            first = _LINE_END.search(block)
            if not skipping and (first is None or first.end() > MAX_LINE):
                yield block[:_EXCERPT], True
                skipping = True
            if skipping:
                skipping = first is None
                block = block[first.end() :] if first else block[-1:] if block.endswith(b"\r") else b""
        cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
        tail = block[cut:]
        if cut:
            yield block[:cut], False
    if tail and not skipping:
        yield tail, False
