"""Values by kind: what is taken, what is refused, and that nothing raises."""

import string
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_import.columns import TABLE_FILES, Column
from chalicelib.csv_import.parsers import Value, parse_column

COLUMNS = {f"{t.table}.{column.name}": column for t in TABLE_FILES for column in t.columns}
ID = COLUMNS["orders.order_id"]
USER_ID = COLUMNS["orders.user_id"]
AGE = COLUMNS["users.age"]
PRICE = COLUMNS["order_items.sale_price"]
CREATED = COLUMNS["orders.created_at"]
SHIPPED = COLUMNS["orders.shipped_at"]
STATUS = COLUMNS["orders.status"]
EMAIL = COLUMNS["users.email"]
NAME = COLUMNS["users.first_name"]
GENDER = COLUMNS["users.gender"]
LATITUDE = COLUMNS["distribution_centers.latitude"]
LONGITUDE = COLUMNS["users.longitude"]

any_text = st.text(st.characters()) | st.text("0123456789+-.,:eETZ UTC_$") | st.text(string.printable)


def value(column: Column, text: str) -> Value:
    """The value of a text that must be taken."""
    parsed = parse_column(column, [text])
    assert parsed.refused == {}
    return parsed.values[0]


def reason(column: Column, text: str) -> str:
    """Why a text is refused."""
    parsed = parse_column(column, [text])
    assert parsed.values == [None]
    return parsed.refused[0]


# Null


@pytest.mark.parametrize("text", ["", "  ", "null", "NULL", r"\N", " null "])
@pytest.mark.parametrize("column", [USER_ID, SHIPPED, NAME, LONGITUDE, COLUMNS["users.age"]])
def test_null_in_its_exact_spellings(column: Column, text: str) -> None:
    assert value(column, text) is None


def test_a_person_may_be_called_null() -> None:
    assert value(NAME, "Null") == "Null"
    assert value(NAME, "nUll") == "nUll"


@pytest.mark.parametrize("column", [ID, PRICE, CREATED, STATUS, EMAIL, LATITUDE])
@pytest.mark.parametrize("text", ["", "null"])
def test_a_required_value_must_be_there(column: Column, text: str) -> None:
    assert reason(column, text) == "is required"


# Integers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("17850", 17850),
        ("17850.0", 17850),
        ("12.", 12),
        (" 7 ", 7),
        ("007", 7),
        ("+5", 5),
        (str(2**53 - 1), 2**53 - 1),
    ],
)
def test_ids_as_exports_write_them(text: str, number: int) -> None:
    assert value(ID, text) == number


@pytest.mark.parametrize("text", ["0", "-1", str(2**53), "9" * 5000, "-" + "9" * 5000])
def test_ids_out_of_range(text: str) -> None:
    assert reason(ID, text) == f"must be from 1 to {2**53 - 1}"


@pytest.mark.parametrize("text", ["12.5", "1_000", "1e3", "twelve", "0x10", "\u0663", "\u00b2", "1 2", "--1", "nan"])
def test_what_is_not_a_whole_number(text: str) -> None:
    assert reason(ID, text) == "is not a whole number"


def test_age_and_number_of_items_have_bounds() -> None:
    assert value(AGE, "0") == 0
    assert value(AGE, "150") == 150
    assert reason(AGE, "151") == "must be from 0 to 150"
    items = COLUMNS["orders.num_of_item"]
    assert value(items, "1000000") == 1_000_000
    assert reason(items, "1000001") == "must be from 0 to 1000000"


def test_one_odd_text_does_not_change_the_rest_of_the_column() -> None:
    parsed = parse_column(ID, ["1", "x", "2", "3.0", "x"])
    assert parsed.values == [1, None, 2, 3, None]
    assert set(parsed.refused) == {1, 4}
    assert parse_column(USER_ID, ["1", "", "2"]).values == [1, None, 2]


# Money


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("123.45", 12345),
        ("6.25", 625),
        ("6.5", 650),
        ("6", 600),
        ("0", 0),
        (".5", 50),
        (".50", 50),
        ("5.", 500),
        ("+1.00", 100),
        ("-0.00", 0),
        ("2.7680398976188529", 277),
        ("0.0199999995529651", 2),
        ("10.989999771118164", 1099),
        ("168469.60", 16846960),
        ("1e3", 100000),
        ("1E-9", 0),
        ("0.125", 12),  # halves go to the even cent
        ("0.135", 14),
        ("0.12500000000001", 13),
        ("0.005", 0),
        ("0.015", 2),
        ("999999999.99", 99_999_999_999),
        ("999999999.9949", 99_999_999_999),
        ("000000000000001.00", 100),
        ("0." + "0" * 4000 + "1", 0),
    ],
)
def test_amounts_are_exact_cents(text: str, cents: int) -> None:
    assert value(PRICE, text) == cents


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("-1", "must not be negative"),
        ("-0.01", "must not be negative"),
        ("-1e99", "must not be negative"),
        ("1000000000", "is too large an amount"),
        ("999999999.995", "is too large an amount"),
        ("1e9999", "is too large an amount"),
        ("9" * 5000, "is too large an amount"),
        ("1e99999", "is not an amount such as 12.50"),
        ("nan", "is not an amount such as 12.50"),
        ("NaN", "is not an amount such as 12.50"),
        ("inf", "is not an amount such as 12.50"),
        ("Infinity", "is not an amount such as 12.50"),
        ("1_000.00", "is not an amount such as 12.50"),
        ("\u0661\u0662.\u0663\u0664", "is not an amount such as 12.50"),
        ("\u00b2.\u00b2\u00b2", "is not an amount such as 12.50"),
        ("1.2.34", "is not an amount such as 12.50"),
        (".", "is not an amount such as 12.50"),
        ("$12.50", "write the amount without a currency"),
        ("12,50 \u20ac", "write the amount without a currency"),
        ("GBP 12.50", "write the amount without a currency"),
        ("12.50 USD", "write the amount without a currency"),
        ("1,234.50", "write the number without separators between thousands"),
        ("1 234", "write the number without separators between thousands"),
        ("12,50", "write the number with a decimal point, without other separators"),
        ("1.234,50", "write the number with a decimal point, without other separators"),
    ],
)
def test_amounts_that_are_refused_say_what_to_change(text: str, advice: str) -> None:
    assert reason(PRICE, text) == advice


@given(st.integers(0, 99_999_999_998), st.decimals("-0.0039", "0.0039", places=12))
def test_noise_below_half_a_cent_leaves_the_cents(cents: int, noise: Decimal) -> None:
    amount = Decimal(cents).scaleb(-2) + noise
    if amount >= 0:
        assert value(PRICE, f"{amount:f}") == cents
    assert value(PRICE, f"{Decimal(cents).scaleb(-2):f}") == cents


@given(st.from_regex(r"[0-9]{0,9}\.[0-9]{2,18}", fullmatch=True))
def test_the_short_way_of_plain_amounts_rounds_as_decimals_do(text: str) -> None:
    cents = int(Decimal(text).quantize(Decimal("0.01"), ROUND_HALF_EVEN) * 100)
    parsed = parse_column(PRICE, [text])
    assert parsed.values == [cents if cents <= 99_999_999_999 else None]


# Times


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2022-10-22 07:53:43+00:00", "2022-10-22 07:53:43.000000"),
        ("2022-10-22 07:53:43 UTC", "2022-10-22 07:53:43.000000"),
        ("2024-06-23 23:41:55.000000 UTC", "2024-06-23 23:41:55.000000"),
        ("2026-03-12 14:31:57.247467 UTC", "2026-03-12 14:31:57.247467"),
        ("2026-03-12T14:31:57.247467Z", "2026-03-12 14:31:57.247467"),
        ("2026-03-12t14:31:57Z", "2026-03-12 14:31:57.000000"),
        ("2026-03-12T14:31:57.2Z", "2026-03-12 14:31:57.200000"),
        ("2026-03-12T14:31", "2026-03-12 14:31:00.000000"),
        ("2026-03-12 14:31:57.123456789", "2026-03-12 14:31:57.123456"),
        ("2022-10-22T07:53:43+05:30", "2022-10-22 02:23:43.000000"),
        ("2022-10-22 07:53:43 -0800", "2022-10-22 15:53:43.000000"),
        ("2022-10-22 07:53:43.1+0100", "2022-10-22 06:53:43.100000"),  # as long as a plain time
        ("2022-10-22 07:53+01", "2022-10-22 06:53:00.000000"),
        ("2022-10-22 23:59:59.5-00:00:01", "2022-10-23 00:00:00.500000"),
        ("2022-10-22", "2022-10-22 00:00:00.000000"),
        (" 2022-10-22 07:53:43 ", "2022-10-22 07:53:43.000000"),
        ("1900-01-01", "1900-01-01 00:00:00.000000"),
        ("9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"),
        ("2024-02-29", "2024-02-29 00:00:00.000000"),
    ],
)
def test_times_become_one_spelling_in_utc(text: str, moment: str) -> None:
    assert value(CREATED, text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "2022-13-01", "2023-02-29", "2022-10-22 24:30:00", "2022-10-22 07:60", "22.10.2022"),
        *("10/22/2022", "20221022", "2022-W42-6", "2022W42", "2022-10-22x07:53", "1666425223", "2022-10", "2022"),
        *("2022-10-22 07:53:43 UTC UTC", "2022-10-22 07:53:43 PST", "UTC", "2022-10-22 07:53:43+99:00"),
        *("0000-01-01", "10000-01-01", "2022-10-22\u0660"),
        *("9999-12-31 23:59:59-01:00", "0001-01-01 00:00:00+01:00"),  # the offset leads out of the calendar
    ],
)
def test_what_is_not_a_time(text: str) -> None:
    assert reason(CREATED, text) == "is not a time such as 2024-05-31 18:30:00 UTC"


@pytest.mark.parametrize("text", ["1899-12-31 23:59:59", "1900-01-01 00:30:00+01:00", "0001-01-01"])
def test_times_before_1900_are_refused(text: str) -> None:
    assert reason(CREATED, text) == "is before the year 1900"


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - hypothesis wants them naive
    st.integers(-23 * 60, 23 * 60),
)
def test_all_spellings_of_a_moment_give_the_same_text(moment: datetime, minutes: int) -> None:
    elsewhere = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    exact = moment.isoformat(" ", "microseconds")
    spellings = [
        exact,
        f"{exact} UTC",
        f"{exact}+00:00",
        exact.replace(" ", "T") + "Z",
        elsewhere.isoformat(),
        elsewhere.isoformat(" "),
        elsewhere.strftime("%Y-%m-%d %H:%M:%S.%f %z").rjust(len("0000-00-00 00:00:00.000000 +0000"), "0"),
    ]
    if moment.microsecond == 0:
        spellings += [moment.isoformat(" "), f"{moment.isoformat(' ')} UTC"]
    assert set(parse_column(CREATED, spellings).values) == {exact}
    assert len(exact) == 26


# Coordinates, statuses


def test_coordinates() -> None:
    assert value(LATITUDE, "-8.065346116") == -8.065346116
    assert value(LATITUDE, "90") == 90.0
    assert value(LONGITUDE, "-1.8e2") == -180.0
    assert reason(LATITUDE, "90.0001") == "must be from -90 to 90"
    assert reason(LONGITUDE, "1e999") == "must be from -180 to 180"
    assert reason(LATITUDE, "51,5072") == "write the number with a decimal point, without other separators"
    for text in ("nan", "inf", "-Infinity", "1_0", "N 51", "\u0663"):
        assert reason(LATITUDE, text) == "is not a number"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Complete", "complete"),
        ("completed", "complete"),
        ("CANCELED", "cancelled"),
        ("Cancelled", "cancelled"),
        (" Returned ", "returned"),
        ("pending", "pending"),
        ("Processing", "processing"),
        ("SHIPPED", "shipped"),
    ],
)
def test_statuses_in_any_case_and_with_synonyms(text: str, status: str) -> None:
    assert value(STATUS, text) == status


def test_an_unknown_status_lists_the_known_ones() -> None:
    advice = "is not a status: use one of pending, processing, shipped, complete, cancelled, returned"
    assert reason(STATUS, "lost") == advice


# Text


def test_text_is_trimmed_and_measured_in_characters() -> None:
    assert value(GENDER, "  F\t") == "F"
    assert value(GENDER, " " * 99 + "\U0001f600" * 16) == "\U0001f600" * 16
    assert reason(GENDER, "x" * 17) == "is longer than 16 characters"
    assert value(NAME, "\u00a0Ren\u00e9 e\u0301\u00a0") == "Ren\u00e9 e\u0301"


def test_tabs_and_line_breaks_inside_text_are_kept_in_one_form() -> None:
    assert value(NAME, "a\tb\nc") == "a\tb\nc"
    assert value(NAME, "a\r\nb\rc") == "a\nb\nc"


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "a\x1bb", "\x1fa", "a\x7f", "a\x0b"])
@pytest.mark.parametrize("column", [NAME, ID, CREATED])
def test_control_characters_are_refused(column: Column, text: str) -> None:
    assert reason(column, text) == "contains a control character"


def test_bytes_that_were_not_utf8_are_refused() -> None:
    text = "Jos\u00e9".encode("latin-1").decode("utf-8", "surrogateescape")
    assert reason(NAME, text) == "is not valid UTF-8: save the file as UTF-8"


@pytest.mark.parametrize(
    "text", ["a@b", "first.last+tag@example.com", '"odd"@example.com', "\u00fc@b\u00fccher.example"]
)
def test_email_addresses(text: str) -> None:
    assert value(EMAIL, f" {text} ") == text


@pytest.mark.parametrize("text", ["a", "@b", "a@", "a b@c", "a@b c", "a@b@c", "a@b\nc"])
def test_what_is_not_an_email_address(text: str) -> None:
    assert reason(EMAIL, text) == "is not an e-mail address"


def test_an_email_address_has_a_maximum_length() -> None:
    assert value(EMAIL, "a" * 252 + "@b") == "a" * 252 + "@b"
    assert reason(EMAIL, "a" * 253 + "@b") == "is longer than 254 characters"


# Any text


@given(st.sampled_from(list(COLUMNS.values())), st.lists(any_text, min_size=1))
def test_no_text_makes_a_parser_raise_and_each_value_is_taken_or_refused(column: Column, texts: list[str]) -> None:
    parsed = parse_column(column, texts)
    assert len(parsed.values) == len(texts)
    assert set(parsed.refused) <= set(range(len(texts)))
    for at, parsed_value in enumerate(parsed.values):
        alone = parse_column(column, [texts[at]])
        assert alone.values == [parsed_value]
        assert alone.refused.get(0) == parsed.refused.get(at)
        if column.required:
            assert (parsed_value is None) == (at in parsed.refused)


@pytest.mark.parametrize("column", list(COLUMNS.values()), ids=list(COLUMNS))
@pytest.mark.parametrize("text", ["1" * 130_000 + "x", "1," * 65_000, " " * 130_000, "1 " * 65_000, "A" * 130_000])
def test_long_nonsense_is_refused_at_once(column: Column, text: str) -> None:
    parsed = parse_column(column, [text])  # a pattern that backtracks would take minutes
    assert parsed.values == [None]
