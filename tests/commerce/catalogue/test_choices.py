"""Choosing products for others: what the filter says of a row is what it says in the database."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TypeVar

import pytest
from sqlalchemy import Engine

from chalicelib.commerce.catalogue import choices, search
from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.core.database import Connection, run, transaction
from tests.factories import make_order, make_product, make_stock

T = TypeVar("T")


def look(work: Callable[[Connection], T]) -> T:
    return run(work, writes=False)


def popular(wanted: ProductFilter, *, first: bool = False, limit: int = 9) -> list[int]:
    def find(connection: Connection) -> list[int]:
        found = choices.popular(connection, wanted, not_bought_by=None, in_stock_first=first, limit=limit)
        return [row.id for row in found]

    return look(find)


@pytest.fixture
def goods(shop: Engine) -> list[int]:
    """Products that differ in each thing that a filter asks for; the first one is in stock."""
    made = [
        make_product(category=category, brand=brand, department=department, retail_price_cents=cents)
        for category, brand, department, cents in [
            ("Jeans", "Levi", "Women", 1000),
            ("JEANS", None, "Men", 1001),
            ("Éclair 100%", "a_b", None, 999),
            ("Jumpers", "LEVI'S", "women", 0),
        ]
    ]
    make_stock(made[0], 1)
    with transaction() as connection:
        search.index_products(connection, made)
    return made


def test_a_filter_takes_the_rows_that_its_conditions_find(goods: list[int]) -> None:
    rows = look(lambda connection: choices.find_shown(connection, goods))
    possible = product(
        (None, "", " ", "je", "JEANS", "%", "é"),
        (None, "levi", "_"),
        (None, "MEN", "wo"),
        (None, 1000),
        (False, True),
    )
    found_any = 0
    for category, brand, department, cents, in_stock in possible:
        for low, high in ((cents, None), (None, cents)):
            wanted = ProductFilter(category, brand, department, low, high, in_stock)
            found = popular(wanted)
            assert set(found) == {each for each in goods if wanted.takes(rows[each])}, wanted
            found_any += len(found)
    assert found_any


def test_products_are_found_in_one_statement_whatever_their_status(goods: list[int]) -> None:
    draft = make_product(status="draft")
    rows = look(lambda connection: choices.find_shown(connection, [draft, goods[0], 999_999]))
    assert {each: row.status for each, row in rows.items()} == {draft: "draft", goods[0]: "published"}
    assert rows[goods[0]].available == 1
    assert look(lambda connection: choices.find_shown(connection, [])) == {}


def test_what_is_in_stock_may_come_first(goods: list[int]) -> None:
    make_order(None, (goods[2], 1))

    assert popular(ProductFilter(), limit=2) == [goods[2], goods[0]]
    assert popular(ProductFilter(), first=True, limit=2) == [goods[0], goods[2]]
