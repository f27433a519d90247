"""Whole numbers of many rows as arrays: the same as the driver's rows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, literal, select, union_all

from chalicelib.commerce.tables import products
from chalicelib.core.database import read
from chalicelib.core.database.columns import fetch_integers
from tests.factories import make_product


def numbers(*rows: tuple[Any, ...]) -> Any:
    parts = union_all(*(select(*(literal(value).label(f"c{n}") for n, value in enumerate(row))) for row in rows))
    return select(parts.subquery())


def fetched(statement: Any) -> list[list[int]]:
    with read() as connection:
        return [column.tolist() for column in fetch_integers(connection, statement)]


def test_columns_come_whole_with_the_least_and_the_greatest(shop: Engine) -> None:
    rows = [(1, -(2**63)), (2, 2**63 - 1), (3, 0), (4, -1)]
    first, second = fetched(numbers(*rows))
    assert sorted(zip(first, second, strict=True)) == rows


def test_no_rows_are_empty_arrays(shop: Engine) -> None:
    with read() as connection:
        found = fetch_integers(connection, select(products.c.id, products.c.cost_cents))
    assert [(len(column), str(column.dtype)) for column in found] == [(0, "int64")] * 2


def test_the_order_and_the_bound_of_a_page_are_kept(shop: Engine) -> None:
    ids = [make_product() for _ in range(5)]
    page = select(products.c.id).order_by(products.c.id.desc()).limit(3)
    assert fetched(page) == [ids[:1:-1]]


@pytest.mark.parametrize("rows", [[(1, 2), (3, None)], [(1, None)]])
def test_a_null_is_not_passed_over(shop: Engine, rows: list[tuple[Any, ...]]) -> None:
    with pytest.raises(ValueError, match="rows"):
        fetched(numbers(*rows))


@pytest.mark.parametrize("most", [6, 7, 8, 9, 10])
def test_a_page_that_the_server_cuts_is_not_taken_for_whole(shop: Engine, most: int) -> None:
    if shop.dialect.name == "sqlite":
        pytest.skip("SQLite has no such bound")
    rows = numbers((100,), (101,), (102,))
    with read() as connection:
        connection.exec_driver_sql(f"SET SESSION group_concat_max_len = {most}")
        with pytest.raises(ValueError, match="too long"):
            fetch_integers(connection, rows)
        connection.invalidate()
