"""Batches to typed columns: good rows in order, one rejection for each bad value."""

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_import.columns import ORDERS, PRODUCTS, TABLE_FILES, USERS, TableFile
from chalicelib.csv_import.reader import Header, read_batches
from chalicelib.csv_import.records import RawBatch, Rejection
from chalicelib.csv_import.validate import Validated, read_keys, validate

ORDER_HEADER = "order_id,user_id,status,created_at,num_of_item\n"


def validated(text: str, table_file: TableFile) -> Validated:
    batches = read_batches(BytesIO(text.encode("utf-8", "surrogateescape")), table_file)
    [batch] = batches
    return validate(table_file, batches.header, batch)


def test_good_rows_become_typed_columns_by_target() -> None:
    result = validated(ORDER_HEADER + "6,3,Cancelled,2024-01-16 18:54:22 UTC,1\n7,,shipped,2024-01-17,2.0\n", ORDERS)
    assert result.columns == {
        "id": [6, 7],
        "user_id": [3, None],
        "status": ["cancelled", "shipped"],
        "gender": [None, None],
        "created_at": ["2024-01-16 18:54:22.000000", "2024-01-17 00:00:00.000000"],
        "returned_at": [None, None],
        "shipped_at": [None, None],
        "delivered_at": [None, None],
        "num_of_item": [1, 2],
    }
    assert list(result.columns) == list(ORDERS.targets)
    assert result.lines == [2, 3]
    assert result.rejections == []


def test_a_row_with_two_bad_values_has_two_rejections() -> None:
    text = (
        ORDER_HEADER
        + "1,1,shipped,2024-01-01,1\nx,1,lost,2024-01-01,1\n3\n4,1,shipped,,1\n5,1,shipped,2024-01-01,1\n"
    )
    result = validated(text, ORDERS)
    assert result.columns["id"] == [1, 5]
    assert result.lines == [2, 6]
    assert [(r.line, r.column, r.value) for r in result.rejections] == [
        (3, "order_id", "x"),
        (3, "status", "lost"),
        (4, "", "3"),
        (5, "created_at", ""),
    ]
    assert result.rejections[3].reason == "is required"


def test_a_batch_in_which_nothing_is_good() -> None:
    result = validated(ORDER_HEADER + "x,1,shipped,2024-01-01,1\n", ORDERS)
    assert set(result.columns) == set(ORDERS.targets)
    assert not any(result.columns.values())
    result = validated(ORDER_HEADER + "x\n", ORDERS)
    assert set(result.columns) == set(ORDERS.targets)
    assert result.rejections == [Rejection(2, "", "x", "has 1 field, the header has 5")]


def test_a_rejection_shows_the_start_of_a_long_value() -> None:
    result = validated(ORDER_HEADER + f"{'x' * 5000},1,shipped,2024-01-01,1\n", ORDERS)
    assert result.rejections[0].value == "x" * 200


def test_a_value_that_is_not_utf8_costs_its_row() -> None:
    text = "id,email,created_at,first_name\n1,a@b,2024-01-01,Jos\udce9\n2,b@b,2024-01-01,Jos\u00e9\n"
    result = validated(text, USERS)
    assert result.columns["first_name"] == ["Jos\u00e9"]
    assert result.rejections == [
        Rejection(2, "first_name", "Jos\ufffd", "is not valid UTF-8: save the file as UTF-8")
    ]


def test_folded_keys_stand_beside_their_text() -> None:
    users = validated("id,email,created_at\n1, Ann@Example.COM ,2024-01-01\n", USERS)
    assert users.columns["email"] == ["Ann@Example.COM"]
    assert users.columns["email_key"] == ["ann@example.com"]
    header = "id,cost,category,name,brand,retail_price,sku,distribution_center_id\n"
    products = validated(header + "1,1,Stra\u00dfe,x,,2,s1,1\n2,1,B,y,L\u00e9 X,2,s2,1\n", PRODUCTS)
    assert products.columns["category_key"] == ["strasse", "b"]
    assert products.columns["brand_key"] == [None, "l\u00e9 x"]


def test_a_folded_key_fits_its_column() -> None:
    header = "id,cost,category,name,brand,retail_price,sku,distribution_center_id\n"
    products = validated(header + f"1,1,{chr(0xFDFA) * 255},x,,2,s1,1\n", PRODUCTS)
    assert len(str(products.columns["category_key"][0])) <= 255


def test_line_breaks_inside_text_do_not_depend_on_the_system() -> None:
    text = 'id,email,created_at,street_address\n1,a@b,2024-01-01,"1 High Street\nFlat 2"\n'
    for spelling in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r")):
        assert validated(spelling, USERS).columns["street_address"] == ["1 High Street\nFlat 2"]


def test_keys_can_be_read_alone() -> None:
    batches = read_batches(BytesIO(f"{ORDER_HEADER}1,x,lost,,\n9,,,,\ny,,,,\n12.0,,,,\n".encode()), ORDERS)
    [batch] = batches
    assert read_keys(ORDERS, batches.header, batch) == [1, 9, 12]
    assert read_keys(ORDERS, batches.header, RawBatch(0, [], [])) == []


texts = st.one_of(
    st.text(st.characters(), max_size=8),
    st.sampled_from(["", "1", "2.5", "null", "2024-01-01", "shipped", "a@b", "-1", "1e9", "nan", "\udcff", "9" * 30]),
)


@given(st.data(), st.sampled_from(TABLE_FILES))
def test_no_text_raises_and_each_row_is_either_good_or_rejected(data: st.DataObject, table_file: TableFile) -> None:
    names = [column.name for column in table_file.columns]
    rows = data.draw(st.lists(st.lists(texts, min_size=len(names), max_size=len(names)), max_size=6))
    header = Header(len(names), {name: at for at, name in enumerate(names)})
    lines = list(range(2, 2 + len(rows)))
    result = validate(table_file, header, RawBatch(0, rows, lines))
    rejected = {rejection.line for rejection in result.rejections}
    assert result.lines == [line for line in lines if line not in rejected]
    assert {len(column) for column in result.columns.values()} == {len(result.lines)}
    assert tuple(result.columns) == table_file.targets
    for rejection in result.rejections:
        assert rejection.column in names
        rejection.value.encode()  # it can be stored
