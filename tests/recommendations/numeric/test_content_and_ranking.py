"""Items by what they are; lists from scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.recommendations.numeric import content
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.ranking import diversify, top

SHOP = Catalogue(
    names=["red wool scarf", "blue wool scarf", "garden gnome", "garden bench", ""],
    categories=["scarves", "scarves", "garden", "garden", ""],
    brands=["north", "north", "", "oak", ""],
    prices=np.array([20, 22, 15, 400, np.nan], dtype=np.float32),
)


def test_vectors_have_length_one_or_nothing_is_known() -> None:
    _words, vectors = content.learn(SHOP, 5)
    norms = np.linalg.norm(vectors.dense_rows(0, 5), axis=1)
    assert norms.tolist() == pytest.approx([1, 1, 1, 1, 0], abs=1e-6)


def test_neighbours_are_the_cosines_of_vectors() -> None:
    _words, vectors = content.learn(SHOP, 5)
    dense = vectors.dense_rows(0, 5)
    found = content.content_neighbours(vectors, 4)
    for item in range(4):
        for code, strength in zip(found.codes[item], found.strengths[item], strict=True):
            if strength:
                assert strength == pytest.approx(float(dense[item] @ dense[code]), rel=1e-4)
    assert found.codes[0][0] == 1
    assert found.codes[2][0] == 3


def test_a_shop_that_is_learnt_and_one_that_is_encoded_are_the_same() -> None:
    words, vectors = content.learn(SHOP, 5)
    again = content.encode(SHOP, words, 5)
    np.testing.assert_allclose(again.dense_rows(0, 5), vectors.dense_rows(0, 5), atol=1e-6)


def test_tokens_that_all_have_are_left_out_where_they_cost_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Catalogue(names=[f"thing pair{item // 2}" for item in range(40)])
    _words, vectors = content.learn(shop, 40)
    monkeypatch.setattr(content, "_MOST_PRODUCTS", 200)  # "thing" alone would cost 1,600
    found = content.content_neighbours(vectors, 3)
    assert [int(codes[0]) for codes in found.codes] == [item ^ 1 for item in range(40)]
    assert not found.strengths[:, 1:].any()


def test_likeness_knows_no_unknown_words() -> None:
    words, vectors = content.learn(SHOP, 5)
    new = content.encode(Catalogue(names=["green wool scarf", "unheard"], categories=["scarves", "new"]), words, 2)
    found = content.likeness(np.array([0], np.int32), np.ones(1, np.float32), vectors, new)
    assert 0.3 < found[0] <= 1
    assert found[1] == 0


scores = st.lists(st.integers(-5, 5), min_size=0, max_size=60)


@given(scores, st.integers(0, 70), st.data())
def test_the_best_come_first_and_ties_by_code(given_scores: list[int], n: int, data: st.DataObject) -> None:
    values = np.array(given_scores, dtype=np.float32)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))), dtype=bool)
    wanted = sorted((code for code in range(len(values)) if allowed[code]), key=lambda code: (-values[code], code))[
        :n
    ]
    assert top(values, n, allowed).tolist() == wanted


@given(scores.filter(bool), st.floats(0, 1), st.integers(1, 20))
def test_diversity_changes_the_order_and_loses_nothing(given_scores: list[int], diversity: float, n: int) -> None:
    values = np.array(sorted(given_scores, reverse=True), dtype=np.float32)
    candidates = np.arange(len(values), dtype=np.int32) + 100
    groups = (np.arange(len(values)) % 3).astype(np.int32)
    found = diversify(candidates, values, groups, n, diversity)
    assert len(set(found.tolist())) == len(found) == min(n, len(values))
    assert found[0] == 100
    if diversity == 0:
        assert found.tolist() == candidates[:n].tolist()


def test_full_diversity_takes_groups_by_turns() -> None:
    values = np.array([1.0, 0.9, 0.8, 0.1, 0.0], dtype=np.float32)
    groups = np.array([0, 0, 0, 1, 2], dtype=np.int32)
    found = diversify(np.arange(5, dtype=np.int32), values, groups, 3, 1.0)
    assert sorted(groups[found].tolist()) == [0, 1, 2]
