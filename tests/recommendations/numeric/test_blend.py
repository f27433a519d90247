"""What blending learns: who is right counts, who is not does not, and ties do not help."""

from __future__ import annotations

import numpy as np
import pytest

from chalicelib.recommendations.numeric.blend import Features, gains, learn_weights, lists
from chalicelib.recommendations.numeric.evaluation import per_person
from chalicelib.recommendations.numeric.model import LENGTHS

NAMES = ["right", "noise", "helpful"]


def some(n: int = 400, candidates: int = 30, seed: int = 2) -> Features:
    """Two targets each: "right" sees the first, "helpful" the second, "noise" nothing."""
    rng = np.random.default_rng(seed)
    values = rng.random((n, candidates, 3)).astype(np.float32) * 0.6
    wanted = np.zeros((n, candidates), dtype=bool)
    for row in range(n):
        first, second = rng.choice(candidates, 2, replace=False)
        wanted[row, [first, second]] = True
        values[row, first, 0] += 0.3
        values[row, second, 2] += 0.3
    codes = np.tile(np.arange(candidates, dtype=np.int32), (n, 1))
    return Features(NAMES, values, codes, wanted, np.full(n, 2), np.full(n, 5))


def test_who_is_right_counts_and_noise_does_not() -> None:
    data = some()
    weights = learn_weights(data, None)["3"]
    assert weights["right"] > 0
    assert weights["helpful"] > 0
    assert weights["noise"] < 0.3 * max(weights["right"], weights["helpful"])
    fresh = some(seed=9)
    learnt = gains(fresh, np.array([weights[name] for name in NAMES])).mean()
    for alone in np.eye(3):
        assert learnt > gains(fresh, alone).mean()


def test_gains_are_those_of_the_lists() -> None:
    data = some(60)
    weights = {str(length): dict(zip(NAMES, (1.0, 0.2, 0.6), strict=True)) for length in LENGTHS}
    found = per_person(lists(data, weights), [np.flatnonzero(row).astype(np.int32) for row in data.wanted])
    np.testing.assert_allclose(gains(data, np.array([1.0, 0.2, 0.6])), found.ndcg + 0.5 * found.recall, atol=1e-9)


def test_ties_are_ranked_by_code_not_in_favour_of_the_target() -> None:
    values = np.full((1, 40, 1), 0.5, dtype=np.float32)
    wanted = np.zeros((1, 40), dtype=bool)
    wanted[0, 30] = True
    codes = np.arange(40, dtype=np.int32)[None, :]
    assert gains(Features(["flat"], values, codes, wanted, np.array([1]), np.array([1])), np.ones(1))[0] == 0


def test_a_length_gets_weights_of_its_own_where_many_have_it_and_gain() -> None:
    short, long = some(300, seed=1), some(300, seed=4)
    swapped = long.values[:, :, [1, 0, 1]]  # of long histories only the second part knows anything
    data = Features(
        NAMES,
        np.concatenate([short.values, swapped]),
        np.concatenate([short.codes, long.codes]),
        np.concatenate([short.wanted, long.wanted]),
        np.concatenate([short.n_wanted, long.n_wanted]),
        np.concatenate([np.full(300, 1), np.full(300, 20)]),
    )
    weights = learn_weights(data, None)
    assert weights["10"]["noise"] > weights["10"]["right"]
    assert weights["1"]["right"] > weights["1"]["noise"]


@pytest.mark.parametrize("part", NAMES)
def test_nobody_to_learn_from_gives_even_weights(part: str) -> None:
    empty = some().only(np.zeros(400, dtype=bool))
    assert {each[part] for each in learn_weights(empty, None).values()} == {1.0}
