"""Files to batches: the header, resuming, and the same batches from every way to write the same file."""

import gzip
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_import import records
from chalicelib.csv_import.columns import DISTRIBUTION_CENTERS, ORDERS, USERS, TableFile
from chalicelib.csv_import.lines import BrokenFile, FileError
from chalicelib.csv_import.reader import Batches, MissingColumns, read_batches
from chalicelib.csv_import.records import RawBatch, Rejection

HEADER = "id,name,latitude,longitude\n"
ROWS = "1,London,51.5,-0.1\n2,Houston,29.7,-95.3\n3,Memphis,35.1,-89.9\n"


def open_text(text: str, table_file: TableFile = DISTRIBUTION_CENTERS, **options: int) -> Batches:
    return read_batches(BytesIO(text.encode("utf-8", "surrogateescape")), table_file, **options)


def all_rows(batches: Batches) -> list[list[str]]:
    return [row for batch in batches for row in batch.rows]


# The header


def test_header_names_are_trimmed_in_any_case_and_any_order() -> None:
    batches = open_text("\n \n NAME ,Id, Longitude,latitude\nLondon,1,-0.1,51.5\n")
    assert batches.header.positions == {"name": 0, "id": 1, "longitude": 2, "latitude": 3}
    assert batches.notes == ()
    [batch] = batches
    assert batch.lines == [4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    batches = open_text((HEADER + ROWS).replace(",", delimiter))
    assert all_rows(batches)[0] == ["1", "London", "51.5", "-0.1"]


def test_the_delimiter_with_most_known_names_wins() -> None:
    batches = open_text('id;name;latitude;longitude;"a,b,c,d,e,f"\n1;x;1;1;y\n')
    assert batches.header.width == 5
    assert batches.notes == ("column a,b,c,d,e,f is ignored",)


def test_notes_tell_what_is_left_empty_and_what_is_ignored() -> None:
    batches = open_text("id,email,created_at,User_Geom,\n", USERS)
    assert batches.notes[:2] == (
        "column first_name is missing: left empty",
        "column last_name is missing: left empty",
    )
    assert batches.notes[-2:] == ("column user_geom is ignored", "column 5 has no name: ignored")
    assert len(batches.notes) == 14


def test_a_thousand_extra_columns_are_not_a_thousand_notes() -> None:
    header = HEADER.strip() + "".join(f",extra{number}" for number in range(1000)) + "\n"
    notes = open_text(header).notes
    assert len(notes) == 21
    assert notes[-1] == "980 more columns are ignored"


def test_missing_required_columns_are_all_named() -> None:
    with pytest.raises(MissingColumns, match="the header lacks the required columns order_id, num_of_item") as error:
        open_text("user_id,status,created_at\n", ORDERS)
    assert error.value.names == ("order_id", "num_of_item")
    with pytest.raises(MissingColumns, match="required column longitude"):
        open_text("id,name,latitude\n")


def test_a_column_that_is_named_twice_is_refused() -> None:
    with pytest.raises(FileError, match="the header names name more than once"):
        open_text("id,name,Name,latitude,longitude\n")


@pytest.mark.parametrize("text", ["", "\n\r\n  \n", "\ufeff", "\ufeff\n"])
def test_an_empty_file_is_named(text: str) -> None:
    with pytest.raises(FileError, match="the file is empty"):
        open_text(text)


def test_a_first_line_that_is_no_header_is_named() -> None:
    with pytest.raises(FileError, match="is this a CSV file"):
        open_text("x" * 2_000_000)
    with pytest.raises(FileError, match="is this a CSV file"):
        open_text("x" * 200_000 + "\n")


def test_a_header_alone_is_a_file_without_records() -> None:
    assert list(open_text(HEADER)) == []
    assert list(open_text(HEADER.strip())) == []


# Batches


def test_batches_hold_so_many_records_malformed_ones_included() -> None:
    batches = open_text(HEADER + "1,a,1,1\n2,b\n\n3,c,1,1\n4,d,1,1\n", batch_rows=2)
    assert list(batches) == [
        RawBatch(0, [["1", "a", "1", "1"]], [2], [Rejection(3, "", "2,b", "has 2 fields, the header has 4")]),
        RawBatch(2, [["3", "c", "1", "1"], ["4", "d", "1", "1"]], [5, 6]),
    ]


def test_a_batch_of_long_records_ends_early() -> None:
    text = HEADER + "1,a,1,1\n" * 200_000
    with patch.object(records, "MAX_BATCH", 100_000):
        sizes = [len(batch.rows) for batch in open_text(text, batch_rows=150_000)]
    assert sum(sizes) == 200_000
    assert len(sizes) > 2


def test_a_last_line_needs_no_line_end() -> None:
    assert all_rows(open_text(HEADER + ROWS.rstrip())) == all_rows(open_text(HEADER + ROWS))


def test_a_broken_file_gives_its_readable_records_first() -> None:
    whole = HEADER + "".join(f"{n},{n * 7919 % 10007},1,1\n" for n in range(50_000))
    batches = read_batches(BytesIO(gzip.compress(whole.encode())[:-3000]), DISTRIBUTION_CENTERS, batch_rows=1000)
    seen: list[RawBatch] = []
    with pytest.raises(BrokenFile):
        seen.extend(batches)
    rows = [row for batch in seen for row in batch.rows]
    assert len(rows) > 10_000
    assert rows == [[str(n), str(n * 7919 % 10007), "1", "1"] for n in range(len(rows))]


def test_progress_is_the_bytes_of_the_stream() -> None:
    content = gzip.compress((HEADER + ROWS).encode())
    batches = read_batches(BytesIO(content), DISTRIBUTION_CENTERS)
    assert 0 < batches.bytes_read <= len(content)
    list(batches)
    assert batches.bytes_read == len(content)


# Resuming


def test_skipped_records_can_be_seen() -> None:
    batches = open_text(HEADER + ROWS, batch_rows=1, skip_rows=2)
    assert [batch.rows[0][0] for batch in batches.skipped()] == ["1", "2"]
    assert list(batches.skipped()) == []
    assert list(batches) == [RawBatch(2, [["3", "Memphis", "35.1", "-89.9"]], [4])]


def test_skipping_more_than_there_is_leaves_nothing() -> None:
    assert list(open_text(HEADER + ROWS, skip_rows=99)) == []
    assert len(list(open_text(HEADER + ROWS, skip_rows=99).skipped())) == 1


messy = st.lists(st.sampled_from(["1,a,1,1", '2,"b\nb",1,1', "3,c", '4,"d', "", "5,e,1,1", ",,,"]), max_size=30)


@given(messy, st.integers(0, 30), st.integers(1, 7))
def test_skipping_some_and_reading_the_rest_equals_the_whole(lines: list[str], skip: int, batch_rows: int) -> None:
    text = HEADER + "\n".join(lines)
    whole = flatten(open_text(text))
    resumed = open_text(text, batch_rows=batch_rows, skip_rows=skip)
    skipped = list(resumed.skipped())
    rest = list(resumed)
    assert sum(batch.next_record - batch.first_record for batch in skipped) == min(skip, len(whole))
    assert flatten(skipped) + flatten(rest) == whole
    assert flatten(open_text(text, batch_rows=batch_rows, skip_rows=skip)) == flatten(rest)
    if rest:
        assert rest[0].first_record == skip
        assert rest[-1].next_record == len(whole)


def flatten(batches: Batches | list[RawBatch]) -> list[tuple[int, list[str]]]:
    """Every record by the line on which it starts; a malformed one as its reason."""
    found: list[tuple[int, list[str]]] = []
    for batch in batches:
        found += zip(batch.lines, batch.rows, strict=True)
        found += [(rejection.line, [rejection.reason]) for rejection in batch.malformed]
    return sorted(found)


# Every way to write the same file

cells = st.text("ab \u00e9\u4e2d\U0001f600'\x00", max_size=5)
tables = st.lists(st.tuples(st.integers(1, 999).map(str), cells, cells, cells), max_size=20)

SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "crlf": lambda content: content.replace(b"\n", b"\r\n"),
    "cr": lambda content: content.replace(b"\n", b"\r"),
    "byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "gz": gzip.compress,
    "gz in members": lambda content: gzip.compress(content[:50]) + gzip.compress(content[50:]),
    "everything": lambda content: gzip.compress(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(rows=tables)
def test_all_spellings_of_a_file_give_the_same_batches(spelling: str, rows: list[tuple[str, ...]]) -> None:
    content = (HEADER + "".join(",".join(row) + "\n" for row in rows)).encode()
    plain = list(read_batches(BytesIO(content), DISTRIBUTION_CENTERS, batch_rows=7))
    spelt = read_batches(BytesIO(SPELLINGS[spelling](content)), DISTRIBUTION_CENTERS, batch_rows=7)
    assert list(spelt) == plain
    assert [row for batch in plain for row in batch.rows] == [list(row) for row in rows]


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_file_error(content: bytes) -> None:
    for start in (b"", HEADER.encode(), b"\x1f\x8b\x08\x00"):
        with suppress(FileError):
            list(read_batches(BytesIO(start + content), DISTRIBUTION_CENTERS))
