"""The catalogue as arrays, and the model beside it."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from sqlalchemy import Engine

from chalicelib.commerce.catalogue.choices import ProductFilter
from chalicelib.commerce.catalogue.search import Kept
from chalicelib.commerce.catalogue.search_facets import END, PART, facets_text, read_catalogue
from chalicelib.core.database import Connection, run
from chalicelib.recommendations.models.live import LiveModel
from chalicelib.recommendations.numeric.interactions import History
from chalicelib.recommendations.serving.shelf import Shelf, shelf_of
from chalicelib.recommendations.serving.stand import Stand, stand_of, top_of_groups
from tests.factories import make_product
from tests.recommendations.fakes import BUILT_AT, CountingModel

GOODS = [
    (30, "Jeans", "Levi", "Women", 1000),
    (10, "JEANS", None, "Men", 2000),
    (20, "Hats", "Lee", None, 3000),
]


def kept(goods: list[tuple[int, str, str | None, str | None, int]] = GOODS, in_stock: bytes = b"\1\0\0") -> Kept:
    text = ",".join(
        f"{product_id}{PART}n_x {PART}{facets_text(category, brand, department, cents)}{END}"
        for product_id, category, brand, department, cents in goods
    )
    return Kept(0.0, 1, read_catalogue([text] if goods else []), in_stock)


def ids(shelf: Shelf, **wanted: Any) -> list[int]:
    without = wanted.pop("without", ())
    return [int(each) for each in shelf.ids[shelf.passing(ProductFilter(**wanted), without=without)]]


def test_rows_stand_by_id_whatever_the_order_in_which_they_were_read() -> None:
    shelf = shelf_of(kept())
    assert shelf.ids.tolist() == [10, 20, 30]
    assert shelf.prices.tolist() == [2000, 3000, 1000]
    assert shelf.in_stock.tolist() == [False, False, True]
    assert [shelf.brands.spellings[code] for code in shelf.brands.codes] == ["", "Lee", "Levi"]


def test_filters_mean_what_they_mean_in_the_database() -> None:
    shelf = shelf_of(kept())
    assert ids(shelf) == [10, 20, 30]
    assert ids(shelf, category="jEA") == [10, 30]
    assert ids(shelf, category=" ", brand="") == [10, 20, 30]
    assert ids(shelf, brand="le") == [20, 30]
    assert ids(shelf, department="men") == [10]
    assert ids(shelf, min_price_cents=2000) == [10, 20]
    assert ids(shelf, max_price_cents=2000) == [10, 30]
    assert ids(shelf, in_stock=True) == [30]
    assert ids(shelf, without=[30, 10, 99]) == [20]
    assert ids(shelf, category="none") == []


def test_an_empty_catalogue_has_no_rows() -> None:
    shelf = shelf_of(kept([], b""))
    assert ids(shelf, category="x", department="y", without=[1]) == []


def test_what_is_made_is_kept_and_another_stock_changes_nothing_else() -> None:
    first = kept()
    shelf = shelf_of(first)
    assert shelf_of(first) is shelf
    other = shelf_of(Kept(1.0, 1, first.catalogue, b"\0\1\1"))
    assert other.in_stock.tolist() == [True, True, False]
    assert other.ids is shelf.ids


def test_the_best_sold_of_each_group_are_found() -> None:
    values = np.array([5, 0, 3, 3, 9, 3], dtype=np.float32)
    groups = np.array([1, 1, 1, 1, 2, 1], dtype=np.int32)
    assert top_of_groups(values, groups, 2).tolist() == [True, False, True, False, True, False]
    assert top_of_groups(values, groups, 9).tolist() == [True, False, True, True, True, True]
    assert top_of_groups(values, groups, 9, 0.25).tolist() == [True, False, True, False, True, False]
    assert top_of_groups(values, groups, 1, 0.5).tolist() == [True, False, False, False, True, False]


def model_of(product_ids: list[int], categories: list[str]) -> LiveModel:
    n = len(product_ids)
    popularity = np.arange(n, 0, -1, dtype=np.float32)
    fake = CountingModel(categories, np.zeros((n, n)), {}, popularity, popularity)
    return LiveModel("v", cast(Any, fake), np.array(product_ids, dtype=np.int64), BUILT_AT, {})


def test_products_that_the_model_does_not_know_are_scored_by_what_they_are(shop: Engine) -> None:
    known, alike, strange = make_product(category="Jeans"), make_product(category="JEANS"), make_product(category="X")
    goods: list[tuple[int, str, str | None, str | None, int]] = [
        (known, "Jeans", None, None, 1),
        (alike, "JEANS", None, None, 1),
        (strange, "X", None, None, 1),
    ]
    # What is gone has the greater id, whatever the numbers have come to.
    live = model_of([known, known + 999_999], ["jeans", "gone"])
    history = History(np.array([0], dtype=np.int32), np.ones(1, dtype=np.float32))

    def look(connection: Connection) -> Stand:
        return stand_of(connection, live, shelf_of(memory))

    memory = kept(goods, b"\0\0\0")
    stand = run(look, writes=False)
    assert stand.codes.tolist() == [0, -1, -1]
    assert np.allclose(stand.scores(live.model.ask(history)), [0.1 + 0.002, 0.1, 0.0])
    assert run(look, writes=False) is stand
    assert stand.trend[0] == max(stand.trend), "what was bought is before what nobody bought"
