"""From which centers units are taken: the nearest one that has them all, or else the nearest ones together.

Pure: no database. Distances are great circles on a sphere, which is off by half a percent at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Point:
    """A place on Earth, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Source:
    """A center that has `free` units of a product; `own` says that it is where the product belongs."""

    center_id: int
    free: int
    own: bool
    place: Point


def distance_km(one: Point, other: Point) -> float:
    """Return how far two places are apart, by the haversine formula, which is exact for short ways too."""
    north, other_north = math.radians(one.latitude), math.radians(other.latitude)
    half_up = (other_north - north) / 2
    half_across = math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_up) ** 2 + math.cos(north) * math.cos(other_north) * math.sin(half_across) ** 2
    # Rounding may carry the square beyond 1 between antipodes.
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, chord)))


def rank(sources: Sequence[Source], near: Point | None) -> list[Source]:
    """Return the sources nearest first; without a place the product's own center first. Equal ones go by id."""
    if near is None:
        return sorted(sources, key=lambda source: (not source.own, source.center_id))
    return sorted(sources, key=lambda source: (distance_km(near, source.place), source.center_id))


def in_turn(sources: Sequence[Source], near: Point | None, wanted: int) -> list[Source]:
    """Return the sources in the order in which to ask them: first the nearest that has all `wanted` units."""
    ranked = rank(sources, near)
    whole = next((source for source in ranked if source.free >= wanted), None)
    if whole is None:
        return ranked
    return [whole, *(source for source in ranked if source is not whole)]
