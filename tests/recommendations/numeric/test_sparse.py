"""Sparse matrices by hand, against the same in dense numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.sparse import Sparse, blocks, dense_product, from_entries
from chalicelib.recommendations.numeric.sparse import single_products as singles

entries = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(1, 9)), max_size=40)


def sparse_of(found: list[tuple[int, int, int]], *, most: bool = False) -> Sparse:
    rows, columns, values = (np.array([each[place] for each in found], dtype=np.int64) for place in range(3))
    return from_entries(rows, columns, values.astype(float), (6, 5), most=most)


def dense_of(found: list[tuple[int, int, int]], *, most: bool = False) -> NDArray[Any]:
    made = np.zeros((6, 5))
    for row, column, value in found:
        made[row, column] = max(made[row, column], value) if most else made[row, column] + value
    return made


@given(entries)
def test_entries_of_one_place_are_added(found: list[tuple[int, int, int]]) -> None:
    np.testing.assert_array_equal(sparse_of(found).dense_rows(0, 6), dense_of(found))


@given(entries)
def test_or_the_greatest_counts(found: list[tuple[int, int, int]]) -> None:
    np.testing.assert_array_equal(sparse_of(found, most=True).dense_rows(0, 6), dense_of(found, most=True))


@given(entries)
def test_transposing_swaps_rows_and_columns(found: list[tuple[int, int, int]]) -> None:
    made = sparse_of(found).transposed()
    np.testing.assert_array_equal(made.dense_rows(0, 5), dense_of(found).T)
    np.testing.assert_array_equal(made.transposed().dense_rows(2, 4), dense_of(found)[2:4])


@given(entries, entries)
def test_products_are_those_of_dense_matrices(
    left: list[tuple[int, int, int]], right: list[tuple[int, int, int]]
) -> None:
    wanted = dense_of(left).T @ dense_of(right)
    one, other = sparse_of(left).transposed(), sparse_of(right)
    np.testing.assert_array_equal(dense_product(one, other), wanted)
    places, values = singles(one, other, 1, 4, 8)
    sums = np.bincount(places, weights=values, minlength=24).reshape(3, 8)
    np.testing.assert_array_equal(sums[:, :5], wanted[1:4])


@given(entries, st.integers(1, 20), st.integers(1, 6))
def test_blocks_cover_each_row_once_and_keep_to_their_bounds(
    found: list[tuple[int, int, int]], most_products: int, most_rows: int
) -> None:
    people = sparse_of(found)
    items = people.transposed()
    made = blocks(items, people, most_products=most_products, most_rows=most_rows)
    assert [row for first, last in made for row in range(first, last)] == list(range(5))
    for first, last in made:
        assert last - first <= most_rows
        if last - first > 1:
            assert len(singles(items, people, first, last, 8)[0]) <= most_products
