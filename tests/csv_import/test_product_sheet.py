"""Products as a sheet: what goes out comes back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.csv_import.cells import guard, unguard, write_line
from chalicelib.csv_import.product_sheet import MAX_ROWS, NAMES, SheetError, read


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("\uff1dx", "'\uff1dx"),
        ("'=x", "''=x"),
        ("'quoted'", "'quoted'"),
        ("'", "'"),
        ("''", "''"),
        ("1-2", "1-2"),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_would_compute_is_guarded_and_nothing_else(text: str, cell: str) -> None:
    assert guard(text) == cell
    assert unguard(cell) == text


@given(st.text(alphabet="'=+-@\t\r\n ax", max_size=6))
@example("'=")
def test_a_guard_is_taken_off_exactly_as_it_was_put_on(text: str) -> None:
    assert unguard(guard(text)) == text
    assert guard(text)[:1] not in set("=+-@\t\r\n")


def test_the_header_has_the_columns_of_the_import_and_what_else_can_be_edited() -> None:
    contract = (
        "id",
        "cost",
        "category",
        "name",
        "brand",
        "retail_price",
        "department",
        "sku",
        "distribution_center_id",
    )
    assert (*contract, "status", "description", "image_alt", "low_stock_level", "version") == NAMES


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_a_file_is_read_however_it_was_saved(mark: str, delimiter: str, line_end: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    writer.writerows(
        [["ID", " Name ", "retail_price"], ["7", f"a{delimiter}b\nc", "1e1"], ["", "", ""], ["8", 'q"', "2"]]
    )
    sheet = read(mark + text.getvalue())
    assert sheet.names == ("id", "name", "retail_price")
    assert [row.values for row in sheet.rows] == [
        {"id": 7, "name": f"a{delimiter}b\nc", "retail_price": 1000},
        {"id": 8, "name": 'q"', "retail_price": 200},
    ]
    assert [row.line for row in sheet.rows] == [2, 5]


def test_bad_values_are_refused_by_line_and_column_with_the_reasons_of_the_import() -> None:
    sheet = read("id,cost,name,low_stock_level\r\nx,1,a,1\r\n1,-1,b,\r\n2,$5,,1.5\r\n3,1\r\n")
    found = [
        (row.line, {(error.column, error.value): error.reason for error in row.errors.values()}) for row in sheet.rows
    ]
    assert found == [
        (2, {("id", "x"): "is not a whole number"}),
        (3, {("cost", "-1"): "must not be negative"}),
        (
            4,
            {
                ("cost", "$5"): "write the amount without a currency",
                ("name", ""): "is required",
                ("low_stock_level", "1.5"): "is not a whole number",
            },
        ),
        (5, {("", ""): "has 2 fields, the header has 4"}),
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("", 1, "", "empty"),
        ("\ufeff\r\n \n", 1, "", "empty"),
        ("id,price\r\n1,2\r\n", 1, "price", "is no column of products"),
        ("\r\nid,created_at\r\n", 2, "created_at", "is no column"),
        ("id,,name\r\n", 1, "", "is no column"),
        ("id,name,ID\r\n", 1, "id", "more than once"),
        ('id,name\r\n1,a\r\n2,"b\r\n', 3, "", "cannot be read as CSV"),
        ('id,name\r\n1,"a"b\r\n', 2, "", "cannot be read as CSV"),
        ("id\r\n" + "1\r\n" * (MAX_ROWS + 1), MAX_ROWS + 2, "", f"more than {MAX_ROWS} rows"),
    ],
)
def test_a_file_that_is_none_is_refused_where_it_begins_to_be_none(
    text: str, line: int, column: str, reason: str
) -> None:
    with pytest.raises(SheetError) as caught:
        read(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert reason in caught.value.reason


def test_as_many_rows_as_allowed_are_read() -> None:
    assert len(read("id\r\n" + "".join(f"{number}\r\n" for number in range(1, MAX_ROWS + 1))).rows) == MAX_ROWS


@given(
    st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")), min_size=2, max_size=4)
)
def test_a_written_line_is_read_as_it_was(values: list[str]) -> None:
    assert list(csv.reader(io.StringIO(write_line(values), newline=""))) == [values]
