"""The made-up shop that builds are timed on: as big as said, the same again, and shaped like a shop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import recommendations_made_up
from bench.recommendations_made_up import END, YEAR_S, Size, load, made_up, made_up_catalogue, save

SIZE = Size(people=3_000, items=900, pairs=45_000)


@pytest.mark.parametrize("size", [SIZE, Size(1_000, 300, 15_000), Size(500, 50, 500), Size(25_000, 2_000, 60_000)])
def test_it_has_exactly_the_pairs_asked_for_each_once_and_at_least_one_of_each_person(size: Size) -> None:
    found = made_up(size)
    assert len(found) == size.pairs
    assert len(np.unique(found.people.astype(np.int64) * size.items + found.items)) == size.pairs
    assert np.bincount(found.people, minlength=size.people).min() >= 1
    assert (found.n_people, found.n_items) == (size.people, size.items)
    assert found.items.min() >= 0
    assert found.items.max() < size.items
    assert (found.weights == 1).all()


def test_it_is_in_the_order_and_of_the_types_that_a_build_expects() -> None:
    found = made_up(SIZE)
    order = np.lexsort((found.items, found.times, found.people))
    assert (order == np.arange(len(found))).all()
    types = [each.dtype for each in (found.people, found.items, found.times, found.weights)]
    assert types == [np.int32, np.int32, np.int64, np.float32]


def test_it_fills_the_year_before_the_build() -> None:
    times = made_up(SIZE).times
    assert times.min() >= END - YEAR_S
    assert times.max() <= END
    assert np.ptp(times) > 0.9 * YEAR_S


def test_the_same_seed_makes_the_same_shop_and_another_another() -> None:
    first, again, other = made_up(SIZE), made_up(SIZE), made_up(SIZE, seed=21)
    assert (first.items == again.items).all()
    assert (first.times == again.times).all()
    assert (first.people == again.people).all()
    assert len(first) == len(other)
    assert not np.array_equal(first.items, other.items)


def test_a_few_items_have_much_of_the_sales_and_most_have_some() -> None:
    sold = np.sort(np.bincount(made_up(SIZE).items, minlength=SIZE.items))[::-1]
    assert sold[: SIZE.items // 10].sum() > 0.25 * SIZE.pairs
    assert (sold > 0).mean() > 0.9


def test_people_who_share_an_item_share_a_taste() -> None:
    """Items of one circle are together far more often than their popularity alone would bring them."""
    found = made_up(SIZE)
    has = np.zeros((SIZE.people, SIZE.items), dtype=np.float64)
    has[found.people, found.items] = 1
    together = has.T @ has
    popularity = has.sum(axis=0)
    lift = together / np.maximum(np.outer(popularity, popularity) / SIZE.people, 1e-9)
    circles = np.arange(SIZE.items) // 100
    same = circles[:, None] == circles[None, :]
    np.fill_diagonal(same, val=False)
    weight = np.outer(popularity, popularity)
    apart = circles[:, None] != circles[None, :]
    assert np.average(lift[same], weights=weight[same]) > 1.5 * np.average(lift[apart], weights=weight[apart])


def test_whom_chance_gives_too_little_gets_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommendations_made_up, "_ROUNDS", 2)  # many draws hit what the person has
    found = made_up(Size(200, 40, 400))
    assert len(np.unique(found.people.astype(np.int64) * 40 + found.items)) == len(found) == 400


@pytest.mark.parametrize("size", [Size(100, 50, 99), Size(10, 20, 150)])
def test_a_size_that_no_shop_has_is_refused(size: Size) -> None:
    with pytest.raises(ValueError, match="no shop's size"):
        made_up(size)


def test_a_size_is_named_as_people_say_it() -> None:
    assert str(Size(100_000, 30_000, 1_500_000)) == "100k x 30k x 1.5M"


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    made = made_up(SIZE)
    save(made, tmp_path / "shop")
    back = load(tmp_path / "shop")
    for name in ("people", "items", "times", "weights"):
        assert np.array_equal(getattr(made, name), getattr(back, name))
    assert (back.n_people, back.n_items) == (SIZE.people, SIZE.items)


def test_each_item_has_all_attributes() -> None:
    catalogue = made_up_catalogue(250)
    fields = (catalogue.names, catalogue.categories, catalogue.brands, catalogue.departments, catalogue.prices)
    assert [len(field) for field in fields if field is not None] == [250] * 5
    assert catalogue.prices is not None
    assert (catalogue.prices > 0).all()
    assert made_up_catalogue(250).names == catalogue.names
