"""A trained model at work: scores for one person, the nearest items of one item, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Codes, History, Reals

# "next": what will this person want next, knowing when it did what; "set": what goes with these items.
Question = Literal["next", "set"]
# Which kind of model spoke most for an item.
Source = Literal["collaborative", "content", "popularity"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an item is ranked where it is: `source` spoke most for it; `because` is the place in the history of the
    item that did, None where it is popularity; `share` of the score in [0, 1] is that source's.
    """

    source: Source
    because: int | None
    share: float


class Model:
    """A model over arrays that may be memory-mapped: nothing is copied, nothing is changed."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> None:
        raise NotImplementedError

    n_items: int

    # (n_items,) float32: units weighted by how long ago they were bought; for trending and fall-backs.
    recent_popularity: Reals
    popularity: Reals  # (n_items,) float32: units bought, all times

    def score(self, history: History, question: Question = "next") -> Reals:
        """Return how much speaks for each item: (n_items,) float32, comparable within one call only.

        What the person has is scored too: leaving it out is the caller's. An empty history scores by popularity.
        """
        raise NotImplementedError

    def explain(self, history: History, item: int, question: Question = "next") -> Evidence:
        """Return what spoke most for `item` in `score` of the same history and question."""
        raise NotImplementedError

    def score_new(self, history: History, catalogue: Catalogue, question: Question = "next") -> Reals:
        """Return scores, on the scale of `score`, of items that the model has not seen, by their attributes."""
        raise NotImplementedError

    def similar(self, item: int) -> tuple[Codes, Reals]:
        """Return the items most like `item` by behaviour and attributes, best first: codes and scores in (0, 1]."""
        raise NotImplementedError

    def bought_together(self, item: int) -> tuple[Codes, Codes]:
        """Return items that were bought in the same order or visit as `item`, best first: codes, and how often."""
        raise NotImplementedError
