"""What somebody did, as a model takes it in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import numpy as np
import pytest

from chalicelib.recommendations.models.live import LiveModel
from chalicelib.recommendations.serving.histories import known_to
from chalicelib.recommendations.serving.wishes import Deed
from tests.recommendations.fakes import BUILT_AT, VERSION, CountingModel

NOTHING: Any = np.zeros(2, dtype=np.float32)


@pytest.mark.parametrize("hours_of_a_day", [24.0, 1.5])
def test_ages_are_in_the_days_of_the_model(hours_of_a_day: float) -> None:
    model = CountingModel(["a", "b"], np.zeros((2, 2)), {}, NOTHING, NOTHING, unit_s=hours_of_a_day * 3_600)
    live = LiveModel(VERSION, cast(Any, model), np.array([7, 9]), BUILT_AT, {})
    deeds = [
        Deed(7, "purchase", BUILT_AT - timedelta(hours=36), 1.0),
        Deed(8, "purchase", BUILT_AT - timedelta(hours=20), 1.0),  # the model does not know it
        Deed(9, "view", BUILT_AT + timedelta(hours=1), 0.15),  # a clock that is ahead
    ]
    known = known_to(live, deeds, BUILT_AT)
    assert known.history.items.tolist() == [0, 1]
    assert known.history.ages is not None
    assert known.history.ages.tolist() == [36 / hours_of_a_day, 0]
    assert [deed.product_id for deed in known.deeds] == [7, 9]
