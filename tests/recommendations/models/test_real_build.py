"""One build from end to end: orders in, a model live that knows who bought what goes with what."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import Engine

from chalicelib.core import blobs
from chalicelib.recommendations.models import live, rebuild, versions
from chalicelib.recommendations.numeric.interactions import History
from tests.factories import make_center, make_customer, make_order, make_product

PEOPLE = 12


@pytest.fixture
def pairs(shop: Engine) -> Iterator[list[int]]:
    """Four products of which the first two were bought by the same people, and so were the other two."""
    center = make_center()
    products = [make_product(distribution_center_id=center, name="Thing", brand="One") for _ in range(4)]
    for number in range(PEOPLE):
        customer = make_customer()
        for product in products[:2] if number % 2 else products[2:]:
            make_order(customer, (product, 1000))
    yield products
    live.forget()


def test_a_build_of_real_orders_knows_what_goes_together(pairs: list[int]) -> None:
    done = rebuild.build(requested_by="robin")
    assert (done.state, done.rows_read) == ("done", 2 * PEOPLE)
    versions.check_whole(blobs.store(), done.version)
    found = live.current()
    assert found is not None
    assert found.version == done.version
    first, second, third, fourth = found.codes_of(pairs).tolist()
    for bought, other in ((first, second), (second, first), (third, fourth), (fourth, third)):
        scores = found.model.score(History(np.array([bought], np.int32), np.ones(1, np.float32)))
        rest = [code for code in (first, second, third, fourth) if code not in (bought, other)]
        assert scores[other] > scores[rest].max()
