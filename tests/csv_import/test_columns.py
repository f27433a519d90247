"""The six files as facts: names, targets and relations fit together."""

import subprocess
import sys

import pytest

from chalicelib.csv_import.columns import TABLE_FILES, Kind, TableFile

by_table = pytest.mark.parametrize("table_file", TABLE_FILES, ids=lambda table_file: table_file.table)


def names_required(table: str) -> set[str]:
    table_file = next(t for t in TABLE_FILES if t.table == table)
    return {column.name for column in table_file.columns if column.required}


def test_parents_come_before_their_children() -> None:
    before: set[str] = set()
    for table_file in TABLE_FILES:
        assert {parent for _, parent in table_file.references} <= before
        before.add(table_file.table)
    assert [table_file.file_stem for table_file in TABLE_FILES] == [
        "distribution_centers",
        "users",
        "products",
        "inventory_items",
        "orders",
        "order_items",
    ]


@by_table
def test_keys_references_and_unique_columns_are_columns_of_the_table(table_file: TableFile) -> None:
    targets = table_file.targets
    assert len(set(targets)) == len(targets)
    assert table_file.key_column.required
    assert set(table_file.unique) <= set(targets)
    assert {target for target, _ in table_file.references} <= set(targets)


@by_table
def test_names_are_the_targets_but_for_money_and_the_key_of_orders(table_file: TableFile) -> None:
    for column in table_file.columns:
        if column.kind is Kind.MONEY:
            assert column.target == f"{column.name}_cents"
        elif column.name == "order_id" and table_file.table == "orders":
            assert column.target == "id"
        else:
            assert column.target == column.name


def test_text_has_a_length_and_numbers_have_bounds() -> None:
    for column in (column for table_file in TABLE_FILES for column in table_file.columns):
        if column.kind in {Kind.TEXT, Kind.EMAIL}:
            assert column.length > 0
        if column.kind in {Kind.INTEGER, Kind.MONEY, Kind.COORDINATE}:
            assert column.low < column.high


def test_what_is_required() -> None:
    assert names_required("distribution_centers") == {"id", "name", "latitude", "longitude"}
    assert names_required("users") == {"id", "email", "created_at"}
    assert names_required("products") == {
        *("id", "name", "retail_price", "sku", "cost", "category", "distribution_center_id")
    }
    assert names_required("inventory_items") == {"id", "product_id", "created_at", "cost"}
    assert names_required("orders") == {"order_id", "status", "created_at", "num_of_item"}
    assert names_required("order_items") == {*("id", "order_id", "product_id", "status", "created_at", "sale_price")}


def test_folded_keys_are_targets_beside_their_text() -> None:
    targets = {table_file.table: table_file.targets for table_file in TABLE_FILES}
    assert "email_key" in targets["users"]
    assert {"category_key", "brand_key"} <= set(targets["products"])
    assert targets["orders"][0] == "id"


def test_reading_and_validating_load_neither_numpy_nor_a_framework() -> None:
    code = (
        "import sys, chalicelib.csv_import.validate, chalicelib.csv_import.reader;"
        "print({'numpy', 'sqlalchemy', 'chalice', 'boto3', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
