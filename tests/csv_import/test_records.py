"""Lines to records: quotes that are right, quotes that are not, and the line where each record starts."""

import csv
from collections.abc import Iterator
from io import StringIO
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_import import records
from chalicelib.csv_import.lines import Block
from chalicelib.csv_import.records import RawBatch, Records, Rejection

UNCLOSED = "a quote is opened here and not closed"


def parse(text: str, *, width: int = 2, pieces: int = 1, delimiter: str = ",") -> RawBatch:
    """Parse a text that follows a header on line 1, given in blocks of some lines."""
    parser = Records(width, delimiter, line=2)
    lines = StringIO(text, newline="").readlines()
    step = max(1, -(-len(lines) // pieces))
    for start in range(0, len(lines), step):
        parser.add(Block("".join(lines[start : start + step])))
    parser.finish()
    if not parser.rows:
        return RawBatch(0, [], [])
    return parser.take(len(parser.rows), 0)


def reasons(batch: RawBatch) -> list[tuple[int, str]]:
    return [(rejection.line, rejection.reason) for rejection in batch.malformed]


def test_plain_records_and_their_lines() -> None:
    batch = parse("1,a\n2,b\n")
    assert batch == RawBatch(0, [["1", "a"], ["2", "b"]], [2, 3])
    assert batch.next_record == 2


def test_blank_lines_are_skipped_and_counted_as_lines() -> None:
    for text in ("\n1,a\n\n  \n2,b\n,\n", '\n1,"a"\n\n  \n2,"b"\n,\n'):
        batch = parse(text)
        assert batch.rows == [["1", "a"], ["2", "b"]]
        assert batch.lines == [3, 6]
        assert batch.malformed == []


def test_a_row_of_the_wrong_width_is_refused() -> None:
    batch = parse("1,a\n2\n3,c,d\n4,d\n")
    assert batch.rows == [["1", "a"], ["4", "d"]]
    assert batch.lines == [2, 5]
    assert batch.malformed == [
        Rejection(3, "", "2", "has 1 field, the header has 2"),
        Rejection(4, "", "3,c,d", "has 3 fields, the header has 2"),
    ]
    assert batch.next_record == 4


def test_quoted_fields_hold_delimiters_quotes_and_line_breaks() -> None:
    batch = parse('1,"a, b"\n2,"say ""hi"""\n3,"two\nlines"\n4,"x\r\n\r\ny"\n5,e\n')
    assert [row[1] for row in batch.rows] == ["a, b", 'say "hi"', "two\nlines", "x\r\n\r\ny", "e"]
    assert batch.lines == [2, 3, 4, 6, 9]  # where each record starts


def test_a_quote_inside_an_unquoted_field_is_a_character() -> None:
    assert parse('1,12" pipe\n').rows == [["1", '12" pipe']]


def test_a_stray_quote_costs_its_own_line_alone() -> None:
    batch = parse('1,a\n2,"b\n3,c\n4,d\n')
    assert [row[0] for row in batch.rows] == ["1", "3", "4"]
    assert batch.lines == [2, 4, 5]
    assert batch.malformed == [Rejection(3, "", '2,"b', UNCLOSED)]


def test_two_stray_quotes_do_not_swallow_the_lines_between() -> None:
    batch = parse('1,"a\n2,b\n3,"c"\n4,d\n5,"e\n')
    assert [row[0] for row in batch.rows] == ["2", "3", "4"]
    assert [line for line, _ in reasons(batch)] == [2, 6]


def test_text_after_a_closing_quote_is_refused() -> None:
    batch = parse('1,"a" b\n2,b\n')
    assert reasons(batch) == [(2, "a quote inside a quoted field must be doubled")]
    assert batch.rows == [["2", "b"]]


def test_a_field_over_the_limit_of_csv_is_refused() -> None:
    for quote in ("", '"'):
        batch = parse(f"1,{quote}{'x' * 200_000}{quote}\n2,b\n")
        assert batch.rows == [["2", "b"]]
        [rejection] = batch.malformed
        assert rejection.reason == "a field is longer than 131072 characters: is a quote left open?"
        assert len(rejection.value) == 200


def test_a_quoted_field_reaches_over_so_many_lines_at_most() -> None:
    fits = '1,"' + "x\n" * 99 + '"\n2,b\n'
    assert [len(row[1]) for row in parse(fits).rows] == [198, 1]
    batch = parse('1,"' + "x,y\n" * 100 + '"\n')
    assert reasons(batch)[0] == (2, UNCLOSED)
    assert batch.lines == list(range(3, 102))


def test_an_unfinished_record_is_not_collected_for_ever() -> None:
    parser = Records(2, ",", line=2)
    with patch.object(records, "MAX_RECORD", 1000):
        parser.add(Block('1,"' + "x" * 900 + "\n"))
        assert not parser.rows
        parser.add(Block("2," + "x" * 900 + "\n"))
    assert parser.rows == [[], ["2", "x" * 900]]


def test_an_overlong_line_is_refused_and_ends_an_open_quote() -> None:
    parser = Records(2, ",", line=2)
    parser.add(Block('1,"a\n'))
    parser.add(Block("xxxx", overlong=True))
    parser.add(Block("3,c\n"))
    batch = parser.take(9, 0)
    assert reasons(batch) == [(2, UNCLOSED), (3, "the line is longer than 1048576 bytes")]
    assert batch.lines == [4]


def test_a_nul_is_a_character_for_the_validation() -> None:
    assert parse("1,a\0b\n").rows == [["1", "a\0b"]]


def test_what_a_rejection_shows_is_short_and_can_be_stored() -> None:
    rejection = Rejection.of(1, "name", "\udcff" + "x" * 300, "is bad")
    assert rejection.value == "\ufffd" + "x" * 199


fields = st.text("ab,;\"' \n\r\u00e9\0", max_size=6)


@given(st.lists(st.tuples(fields, fields), max_size=12), st.integers(1, 5), st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_writer_writes_is_read_back(rows: list[tuple[str, str]], pieces: int, end: str) -> None:
    buffer = StringIO(newline="")
    csv.writer(buffer, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    batch = parse(buffer.getvalue(), pieces=pieces)
    assert batch.malformed == []
    assert batch.rows == [list(row) for row in rows if any(row)]


@given(st.text('1,"\n\r', max_size=60), st.integers(2, 20))
def test_any_text_gives_the_same_records_however_it_is_cut(text: str, pieces: int) -> None:
    whole = parse(text)
    assert parse(text, pieces=pieces) == whole
    assert all(len(row) == 2 for row in whole.rows)
    starts = sorted(whole.lines + [rejection.line for rejection in whole.malformed])
    assert len(set(starts)) == len(starts)


@pytest.mark.parametrize("line", ['a","\n', '1,""""x\n', '"\n', '"a\n', '1,"""\n'])
def test_a_file_of_bad_quotes_takes_work_in_proportion_to_its_size(line: str) -> None:
    pulled = 0

    class CountingFeed(records._Feed):
        def __iter__(self) -> Iterator[str]:
            nonlocal pulled
            for text in super().__iter__():
                pulled += 1
                yield text

    with patch.object(records, "_Feed", CountingFeed):
        parse(line * 5000, width=3, pieces=5)
    assert pulled <= 5000 * 101  # without a bound it would be millions
