"""From interactions to a model: choose, fit, blend, evaluate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Interactions

# (step, share of all work in [0, 1]) -> nothing: called a few dozen times.
Report = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a build may take: memory in bytes, time in seconds. They bound which models are candidates."""

    memory_bytes: int = 2_000_000_000
    time_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Trained:
    """A model as it is stored: arrays by name, `settings` that JSON can hold, and what validation measured.

    `metrics`: {"ndcg10": ..., "recall20": ..., "hit10": ..., "coverage10": ..., "novelty10": ..., "people": ...,
    "popularity": {the same of plain popularity}, "by_length": {"1-2": {...}, ...}, "components": {name: {...}}}.
    """

    arrays: Mapping[str, NDArray[Any]]
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]


def train(
    interactions: Interactions,
    catalogue: Catalogue,
    *,
    now: int,
    budget: Budget,
    report: Report = lambda _step, _share: None,
) -> Trained:
    """Return the model of all `interactions`, with parameters chosen on their latest slice.

    `now` is the moment of the build, seconds since 1970. The same input gives the same arrays.
    Empty input gives a model that knows nothing and ranks by code.
    """
    raise NotImplementedError
