"""Small stand-ins for what a build uses: a model that counts, a trainer, and a stream of interactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalicelib.core.blobs import Blobs
from chalicelib.recommendations.models import artefacts
from chalicelib.recommendations.models.manifests import new_version
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import History, Interactions
from chalicelib.recommendations.numeric.train import Budget, Report, Trained

BASE = 1_770_000_000  # seconds since 1970


class CountingModel:
    """Ranks by how often an item was bought; what is in the history counts one more."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> None:
        self.popularity = arrays["popularity"]
        self.n_items = len(self.popularity)
        self.settings = settings

    def score(self, history: History, question: str = "next") -> NDArray[np.float32]:
        scores: NDArray[np.float32] = np.array(self.popularity)
        scores[history.items] += history.weights
        return scores


@dataclass
class Trainer:
    """`train` that counts, and remembers what it was given; `metrics` is what it says that it measured."""

    metrics: dict[str, Any] = field(default_factory=lambda: {"ndcg10": 0.2, "recall20": 0.3, "people": 100_000})
    spoil: Callable[[dict[str, Any]], object] = lambda _arrays: None
    during: Callable[[], object] = lambda: None
    calls: list[tuple[Interactions, Catalogue, Budget]] = field(default_factory=list)

    def __call__(
        self, interactions: Interactions, catalogue: Catalogue, *, now: int, budget: Budget, report: Report
    ) -> Trained:
        self.calls.append((interactions, catalogue, budget))
        report("choosing", 0.0)
        self.during()
        report("fitting", 0.5)
        counts = np.bincount(interactions.items, interactions.weights, interactions.n_items).astype(np.float32)
        arrays: dict[str, Any] = {
            "popularity": counts,
            "neighbours": np.tile(np.arange(3, dtype=np.int32), (interactions.n_items, 1)),
            "nothing": np.empty((0, 4), dtype=np.float32),
        }
        self.spoil(arrays)
        report("evaluating", 1.0)
        return Trained(arrays, {"kind": "counting", "weights": [1, 2.5]}, dict(self.metrics))


@dataclass(frozen=True)
class Batch:
    people: NDArray[np.int64]
    products: NDArray[np.int64]
    times: NDArray[np.int64]
    weights: NDArray[np.float32]


def batch(*rows: tuple[int, int, int, float]) -> Batch:
    """Return (person, product, seconds since BASE, weight) as a batch of the stream."""
    people, products, times, weights = zip(*rows, strict=True)
    return Batch(
        np.array(people, dtype=np.int64),
        np.array(products, dtype=np.int64),
        np.array(times, dtype=np.int64) + BASE,
        np.array(weights, dtype=np.float32),
    )


@dataclass
class Stream:
    """`stream` of whatever batches it holds."""

    batches: Sequence[Batch] = ()

    def __call__(self, *, now: datetime) -> Iterator[Batch]:
        assert now.tzinfo is UTC
        yield from self.batches


def write_model(store: Blobs, popularity: Sequence[float] = (2.0, 1.0), at: datetime | None = None) -> str:
    """Put a version of the counting model into the bucket, for the products 10, 20, …; return its name."""
    moment = at or datetime(2026, 11, 27, 12, tzinfo=UTC)
    version = new_version(moment)
    artefacts.write_version(
        store,
        version,
        {"popularity": np.array(popularity, dtype=np.float32)},
        10 * np.arange(1, len(popularity) + 1),
        parameters={"kind": "counting"},
        metrics={"ndcg10": 0.2, "people": 500},
        origin=artefacts.Origin(moment, None, None, people=0, interactions=0, git_revision="4c7b1f2"),
    )
    return version
