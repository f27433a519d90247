"""Bytes to blocks of lines: line ends, gz, byte order marks, lines that never end."""

import gzip
import tracemalloc
from io import BytesIO
from itertools import pairwise
from typing import BinaryIO, cast
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_import import lines
from chalicelib.csv_import.lines import Block, BrokenFile, CountingStream, FileError, read_blocks


class Dribble(BytesIO):
    """A stream that gives a few bytes at a time, as a network may."""

    def __init__(self, content: bytes, at_once: int) -> None:
        super().__init__(content)
        self.at_once = at_once

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(self.at_once, size if size and size > 0 else self.at_once))


def text_of(stream: BinaryIO) -> str:
    return "".join(block.text for block in read_blocks(CountingStream(stream)))


def overlong_and_kept(content: bytes, at_once: int, limit: int) -> tuple[list[str], str]:
    with patch.object(lines, "MAX_LINE", limit):
        blocks = list(read_blocks(CountingStream(Dribble(content, at_once))))
    overlong = [block.text for block in blocks if block.overlong]
    return overlong, "".join(block.text for block in blocks if not block.overlong)


@given(st.text("ab\r\n\u00e9", max_size=40), st.integers(1, 9))
def test_blocks_hold_the_whole_text_and_end_where_lines_end(text: str, at_once: int) -> None:
    blocks = list(read_blocks(CountingStream(Dribble(text.encode(), at_once))))
    assert "".join(block.text for block in blocks) == text
    for block, following in pairwise(blocks):
        assert block.text.endswith(("\n", "\r"))
        assert not (block.text.endswith("\r") and following.text.startswith("\n"))


def test_a_byte_order_mark_is_dropped_at_the_start_only() -> None:
    assert text_of(BytesIO(b"\xef\xbb\xbfa\n\xef\xbb\xbfb")) == "a\n\ufeffb"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_named(encoding: str) -> None:
    with pytest.raises(FileError, match="UTF-16: save it as UTF-8"):
        text_of(BytesIO("\ufeffid,name\n".encode(encoding)))


def test_a_workbook_is_named() -> None:
    with pytest.raises(FileError, match="workbook: export it as CSV"):
        text_of(BytesIO(b"PK\x03\x04rest"))


def test_bytes_that_are_not_utf8_survive_as_lone_surrogates() -> None:
    assert text_of(BytesIO(b"a\xff\n")) == "a\udcff\n"


@pytest.mark.parametrize("at_once", [1, 7, 1 << 20])
def test_gz_is_known_by_its_bytes_and_may_have_many_members(at_once: int) -> None:
    content = gzip.compress(b"a\nb") + gzip.compress(b"c\n") + b"\0" * 8
    assert text_of(Dribble(content, at_once)) == "a\nbc\n"


def test_a_gz_that_was_cut_short_gives_its_complete_lines_first() -> None:
    whole = b"".join(b"%d,%d\n" % (number, number * 7919 % 10007) for number in range(50_000))
    read: list[Block] = []
    with pytest.raises(BrokenFile, match="damaged or was cut short"):
        read.extend(read_blocks(CountingStream(BytesIO(gzip.compress(whole)[:-5000]))))
    text = "".join(block.text for block in read)
    assert len(text) > 100_000
    assert text.endswith("\n")
    assert whole.decode().startswith(text)


def test_a_gz_that_is_damaged_is_named() -> None:
    content = bytearray(gzip.compress(b"id,name\n" * 1000))
    content[-6] ^= 0xFF  # the check sum
    with pytest.raises(BrokenFile):
        text_of(BytesIO(bytes(content)))
    with pytest.raises(BrokenFile):
        text_of(BytesIO(b"\x1f\x8bnot gz at all"))


@pytest.mark.parametrize("at_once", [1, 3, 10, 100])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_over_the_limit_is_left_out_and_the_rest_is_read(end: str, at_once: int) -> None:
    content = end.join(["a", "b" * 30, "c", "d" * 31]).encode()
    overlong, kept = overlong_and_kept(content, at_once, limit=20)
    assert [set(text) for text in overlong] == [{"b"}, {"d"}]
    assert kept.splitlines() == ["a", "c"]


@given(st.lists(st.integers(0, 12)), st.integers(1, 20))
def test_the_limit_does_not_depend_on_how_the_bytes_arrive(lengths: list[int], at_once: int) -> None:
    content = b"".join(b"x" * length + b"\n" for length in lengths)
    overlong, kept = overlong_and_kept(content, at_once, limit=8)
    assert len(overlong) == sum(length > 7 for length in lengths)
    assert list(map(len, kept.splitlines())) == [length for length in lengths if length <= 7]


class Endless:
    """A file of gigabytes without a single line end."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return b"x" * size


def test_a_giant_line_is_never_held_in_memory() -> None:
    with patch.object(lines, "MAX_LINE", 10_000):
        tracemalloc.start()
        blocks = list(read_blocks(CountingStream(cast(BinaryIO, Endless(20_000_000)))))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert [block.overlong for block in blocks] == [True]
    assert peak < 200_000


def test_what_is_read_from_the_stream_is_counted() -> None:
    content = gzip.compress(b"id,name\n" * 1000)
    stream = CountingStream(BytesIO(content))
    assert stream.peek(2) == content[:2]
    assert len(list(read_blocks(stream))) == 1
    assert stream.count == len(content)
