"""Distances on Earth, and which centers are asked first."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.commerce.stock.nearest import Point, Source, distance_km, in_turn, rank

points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))
PARIS, LYON, MEMPHIS = Point(48.8566, 2.3522), Point(45.7640, 4.8357), Point(35.1495, -90.0490)


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        (Point(0, 0), Point(0, 90), 6371.0088 * math.pi / 2),
        (Point(90, 0), Point(-90, 0), 6371.0088 * math.pi),
        (Point(0, 179), Point(0, -179), 6371.0088 * math.pi / 90),
        (PARIS, LYON, 391.5),
    ],
)
def test_the_distance_is_that_of_the_great_circle(one: Point, other: Point, km: float) -> None:
    assert distance_km(one, other) == pytest.approx(km, rel=1e-3)


@given(points, points)
def test_the_way_back_is_as_long_and_never_more_than_half_round_the_earth(one: Point, other: Point) -> None:
    there = distance_km(one, other)
    assert 0 <= there <= 6371.0088 * math.pi + 1e-6
    assert there == pytest.approx(distance_km(other, one), abs=1e-6)


def source(center_id: int, free: int = 1, *, own: bool = False, place: Point = PARIS) -> Source:
    return Source(center_id, free, own, place)


def test_centers_are_ranked_by_distance_and_equal_ones_by_id() -> None:
    far, near, twin = source(1, place=MEMPHIS, own=True), source(3, place=LYON), source(2, place=LYON)
    assert rank([far, near, twin], PARIS) == [twin, near, far]


def test_without_a_place_the_products_own_center_comes_first() -> None:
    own, first, second = source(9, own=True), source(1), source(2)
    assert rank([second, first, own], None) == [own, first, second]


def test_the_nearest_center_that_has_all_of_it_goes_before_nearer_ones() -> None:
    near, whole, farther = source(1, 1, place=PARIS), source(2, 3, place=LYON), source(3, 9, place=MEMPHIS)
    assert in_turn([farther, whole, near], PARIS, 3) == [whole, near, farther]


def test_where_no_center_has_all_of_it_the_nearest_give_what_they_have() -> None:
    near, farther = source(1, 1, place=LYON), source(2, 2, place=MEMPHIS)
    assert in_turn([farther, near], PARIS, 3) == [near, farther]
