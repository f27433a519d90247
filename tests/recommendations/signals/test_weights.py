"""What each kind of behaviour weighs."""

from __future__ import annotations

import itertools
import math

import pytest

from chalicelib.recommendations.signals import weights


def test_what_people_do_weighs_less_than_a_purchase_and_more_the_more_it_says() -> None:
    shown, clicked, seen, carted = (weights.weight_of(kind) for kind in ("impression", "click", "view", "cart"))
    assert 0 == shown < clicked < seen < carted < weights.weight_of_purchase(1) == 1.0


def test_what_was_merely_shown_is_no_interest() -> None:
    assert set(weights.INTEREST) == set(weights.KINDS) - {"impression"}


def test_each_further_unit_counts_less() -> None:
    found = [weights.weight_of_purchase(units) for units in range(1, 200)]
    steps = [after - before for before, after in itertools.pairwise(found)]
    assert all(step > 0 for step in steps)
    assert steps == sorted(steps, reverse=True)
    assert found[9] == pytest.approx(1 + math.log(10))


@pytest.mark.parametrize("quantity", [0, -1])
def test_no_unit_is_no_purchase(quantity: int) -> None:
    with pytest.raises(ValueError, match="no purchase"):
        weights.weight_of_purchase(quantity)


def test_an_unknown_kind_weighs_nothing_that_could_be_named() -> None:
    with pytest.raises(KeyError):
        weights.weight_of("purchased")
