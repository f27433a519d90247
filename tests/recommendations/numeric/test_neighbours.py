"""Neighbourhoods against their formulas, computed for all pairs in plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chalicelib.recommendations.numeric import neighbours as rooms
from chalicelib.recommendations.numeric.neighbours import (
    Neighbours,
    bm25_neighbours,
    from_dense,
    merged,
    rp3_neighbours,
)
from chalicelib.recommendations.numeric.pairs import Pairs, affordable
from chalicelib.recommendations.numeric.sparse import Sparse, from_entries


def some_people(n_people: int = 90, n_items: int = 40, seed: int = 5) -> Sparse:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, n_people, 700)
    columns = np.minimum((rng.random(700) ** 2 * n_items).astype(int), n_items - 1)
    values = rng.choice([0.15, 0.5, 1.0], 700)
    return from_entries(rows, columns, values, (n_people, n_items), most=True)


def dense(found: Neighbours) -> NDArray[Any]:
    n = len(found.codes)
    made = np.zeros((n, n))
    for item in range(n):
        for code, strength in zip(found.codes[item], found.strengths[item], strict=True):
            if strength:
                assert made[item, code] == 0
                made[item, code] = strength
    return made


def strongest_of(wanted: NDArray[Any], k: int) -> NDArray[Any]:
    kept = np.zeros_like(wanted)
    for row, values in enumerate(wanted):
        best = [place for place in np.lexsort((np.arange(len(values)), -values)) if values[place] > 0][:k]
        kept[row, best] = values[best]
    return kept


def bm25_by_hand(x: NDArray[Any], k1: float, b: float) -> NDArray[Any]:
    n_people, n_items = x.shape
    lengths = x.sum(axis=0)
    y = np.zeros_like(x)
    for person in range(n_people):
        idf = np.log(n_items) - np.log1p((x[person] > 0).sum())
        for item in range(n_items):
            norm = 1 - b + b * lengths[item] / lengths.mean()
            y[person, item] = x[person, item] * (k1 + 1) / (k1 * norm + x[person, item]) * idf
    found: NDArray[Any] = y.T @ y
    np.fill_diagonal(found, 0)
    return found


def rp3_by_hand(x: NDArray[Any], alpha: float, beta: float) -> NDArray[Any]:
    item_degree, person_degree = (x > 0).sum(axis=0), (x > 0).sum(axis=1)
    there = np.where(x > 0, (x / np.maximum(item_degree, 1)) ** alpha, 0)
    back = np.where(x > 0, (x / np.maximum(person_degree, 1)[:, None]) ** alpha, 0)
    found: NDArray[Any] = (there.T @ back) / np.maximum(item_degree, 1.0) ** beta
    np.fill_diagonal(found, 0)
    return found


@pytest.mark.parametrize("k", [1, 5, 40])
@pytest.mark.parametrize(("k1", "b"), [(0.2, 0.1), (5.0, 0.75)])
def test_bm25_is_its_formula(k: int, k1: float, b: float) -> None:
    people = some_people()
    wanted = strongest_of(bm25_by_hand(people.dense_rows(0, people.n_rows).astype(float), k1, b), k)
    np.testing.assert_allclose(dense(bm25_neighbours(people, k, k1=k1, b=b)), wanted, rtol=1e-4)


@pytest.mark.parametrize("k", [3, 40])
@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 0.1), (1.0, 0.7)])
def test_rp3_is_its_formula(k: int, alpha: float, beta: float) -> None:
    people = some_people()
    wanted = strongest_of(rp3_by_hand(people.dense_rows(0, people.n_rows).astype(float), alpha, beta), k)
    np.testing.assert_allclose(dense(rp3_neighbours(people, k, alpha=alpha, beta=beta)), wanted, rtol=1e-4)


def test_bm25_is_symmetric_where_all_neighbours_are_kept() -> None:
    found = dense(bm25_neighbours(some_people(), 40, k1=1.2, b=0.4))
    np.testing.assert_allclose(found, found.T, rtol=1e-4)
    assert found.any()


def test_the_size_of_blocks_and_the_number_of_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    people = some_people(400, 60)
    usual = bm25_neighbours(people, 7, k1=1.2, b=0.4)
    for cached, block, threads in ((1, 1, 1), (64, 10, 2), (200, 1_000, 3)):
        monkeypatch.setattr(rooms, "_CACHED_SUMS", cached)
        monkeypatch.setattr(rooms, "_BLOCK", block)
        monkeypatch.setattr(rooms, "_THREADS", threads)
        again = bm25_neighbours(people, 7, k1=1.2, b=0.4)
        np.testing.assert_array_equal(again.codes, usual.codes)
        np.testing.assert_array_equal(again.strengths, usual.strengths)


def test_dense_weights_keep_the_greatest_amounts_also_below_zero() -> None:
    weights = np.array([[0, -3, 1, 0.5], [2, 0, -1, 3], [0, 0, 0, 0], [1, 1, 1, 0]], dtype=np.float32)
    found = from_dense(weights, 2)
    assert found.codes[0].tolist() == [1, 2]
    assert found.strengths[0].tolist() == [-3, 1]
    assert found.codes[1].tolist() == [3, 0]
    np.testing.assert_array_equal(found.strengths[2], [0, 0])


def test_merging_adds_what_neighbourhoods_say_relative_to_their_best() -> None:
    one = Neighbours(np.array([[3, 1]], np.int32), np.array([[4.0, 2.0]], np.float32))
    other = Neighbours(np.array([[1, 2]], np.int32), np.array([[10.0, 0.0]], np.float32))
    codes, scores = merged([(1.0, one), (1.0, other)], 0)
    assert codes.tolist() == [1, 3]
    assert scores.tolist() == [1.5, 1.0]


def test_of_long_lists_only_the_newest_count_where_all_would_cost_too_much() -> None:
    people = from_entries(np.repeat([0, 1], [6, 2]), np.array([0, 1, 2, 3, 4, 5, 0, 1]), np.ones(8), (2, 6))
    pairs = Pairs(people, np.array([9, 1, 8, 2, 7, 3, 50, 60], dtype=np.float32))
    assert affordable(pairs, 40) is people  # 6 x 6 + 2 x 2
    kept = affordable(pairs, 15)  # 3 x 3 + 2 x 2
    assert kept.columns.tolist() == [1, 3, 5, 0, 1]
    assert kept.lengths.tolist() == [3, 2]
