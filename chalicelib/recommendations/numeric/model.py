"""A trained model at work: scores for one person, the nearest items of one item, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric import content
from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.content import Vocabulary
from chalicelib.recommendations.numeric.interactions import Codes, History, Reals
from chalicelib.recommendations.numeric.neighbours import Neighbours, merged
from chalicelib.recommendations.numeric.pairs import distinct
from chalicelib.recommendations.numeric.sparse import Sparse

# "next": what will this person want next, knowing when it did what; "set": what goes with these items.
Question = Literal["next", "set"]
# Which kind of model spoke most for an item.
Source = Literal["collaborative", "content", "popularity"]

# What is older in a long history says nothing that the rest does not, and costs time.
MOST_HISTORY = 500
# Lengths of histories that are blended apart: from 1, 3, 10 and 50 different items on.
LENGTHS = (1, 3, 10, 50)
# What a part that was not asked about its weight gets where nothing else is known of an item.
NEW_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an item is ranked where it is: `source` spoke most for it; `because` is the place in the history of the
    item that did, None where it is popularity; `share` of the score in [0, 1] is that source's.
    """

    source: Source
    because: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Part:
    """A matrix of item-item strengths, rows only for some items: `row_of` (n_items,) int32, -1 for the others; None:
    every item has its row.
    """

    neighbours: Neighbours
    row_of: Codes | None
    source: Source

    def rows(self, items: Codes) -> tuple[NDArray[Any], Codes]:
        """Return which of `items` have a row, and the rows."""
        if self.row_of is None:
            return np.arange(len(items)), items
        rows = self.row_of[items]
        known = np.flatnonzero(rows >= 0)
        return known, rows[known]

    def spread(self, items: Codes, weights: Reals, n_items: int) -> Reals:
        """Return the weighed sum of the rows of `items`: (n_items,) float32."""
        known, rows = self.rows(items)
        if not len(rows):
            return np.zeros(n_items, dtype=np.float32)
        values = self.neighbours.strengths[rows].astype(np.float32) * weights[known][:, None]
        codes = self.neighbours.codes[rows]
        return np.bincount(codes.ravel(), weights=values.ravel(), minlength=n_items).astype(np.float32)


def decayed(history: History, decay: tuple[float, float | None]) -> Reals:
    """Return the weights of a history of distinct items: less by rank from the newest (to a power), and by half for
    so many days more than the newest.
    """
    power, half_life = decay
    weights = history.weights
    if power:
        weights = weights * (1.0 + np.arange(len(history) - 1, -1, -1)) ** -power
    if half_life is not None and history.ages is not None and len(history):
        weights = weights * np.exp2((history.ages.min() - history.ages) / half_life)
    return weights.astype(np.float32)


def length_bin(n: int) -> str:
    """Return which blend a history of so many different items gets."""
    return str(max((each for each in LENGTHS if each <= n), default=0))


def own_scale(scores: Reals, own: Codes) -> float:
    """Return the greatest score of what the person does not have; its own items would hide how much the rest says."""
    kept = scores[own]
    scores[own] = -np.inf
    best = float(scores.max(initial=-np.inf))
    scores[own] = kept
    return best


class Model:
    """A model over arrays that may be memory-mapped: nothing is copied, nothing is changed."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.n_items = int(settings["n_items"])
        self.parts = {name: _part(arrays, name, source) for name, source in settings["parts"].items()}
        self.statics: dict[str, Reals] = {name: arrays[f"{name}.scores"] for name in settings["statics"]}
        self.popularity: Reals = arrays["popularity"]
        self.recent_popularity: Reals = arrays["recent_popularity"]
        self._together = Neighbours(arrays["together.codes"], arrays["together.counts"])
        self._vocabulary = Vocabulary(arrays["content.hashes"], arrays["content.rarity"])
        self._vectors = Sparse(
            arrays["content.starts"],
            arrays["content.columns"],
            arrays["content.values"],
            max(len(self._vocabulary.hashes), 1),
        )

    def score(self, history: History, question: Question = "next") -> Reals:
        """Return how much speaks for each item: (n_items,) float32, comparable within one call only.

        What the person has is scored too: leaving it out is the caller's. An empty history scores by popularity.
        """
        asked, known = self._asked(history, question)
        total = np.zeros(self.n_items, dtype=np.float32)
        for name, weight in self._weights(question, len(known)).items():
            if name in self.statics:
                total += np.float32(weight) * self.statics[name]
            elif name in self.parts and len(known):
                scores = self.parts[name].spread(known.items, decayed(known, asked["decay"][name]), self.n_items)
                best = own_scale(scores, known.items)
                if best > 0:
                    scores *= np.float32(weight / best)
                    total += scores
        repeat = float(asked.get("repeat", 0.0))
        if repeat and len(known):
            total[known.items] += repeat * decayed(known, tuple(asked["repeat_decay"]))
        return total

    def explain(self, history: History, item: int, question: Question = "next") -> Evidence:
        """Return what spoke most for `item` in `score` of the same history and question."""
        asked, known = self._asked(history, question)
        spoke: dict[Source, float] = {"collaborative": 0.0, "content": 0.0, "popularity": 0.0}
        by_item = {source: np.zeros(len(known), dtype=np.float32) for source in spoke}
        for name, weight in self._weights(question, len(known)).items():
            if name in self.statics:
                spoke["popularity"] += weight * float(self.statics[name][item])
            elif name in self.parts and len(known):
                part = self.parts[name]
                weights = decayed(known, asked["decay"][name])
                best = own_scale(part.spread(known.items, weights, self.n_items), known.items)
                if best > 0:
                    found = _contributions(part, known.items, weights, item) * np.float32(weight / best)
                    by_item[part.source] += found
                    spoke[part.source] += float(found.sum())
        total = sum(max(value, 0.0) for value in spoke.values())
        for source in sorted(spoke, key=lambda each: -spoke[each]):
            if source == "popularity":
                break
            best_place = int(np.argmax(by_item[source])) if len(known) else 0
            if len(known) and spoke[source] > 0 and by_item[source][best_place] > 0:
                because = int(np.flatnonzero(history.items == known.items[best_place])[-1])
                return Evidence(source, because, spoke[source] / total)
        return Evidence("popularity", None, spoke["popularity"] / total if total > 0 else 0.0)

    def score_new(self, history: History, catalogue: Catalogue, question: Question = "next") -> Reals:
        """Return scores, on the scale of `score`, of items that the model has not seen, by their attributes.

        The most alike gets a set share of what the best known item has: nothing is known yet of how it sells.
        """
        n_new = content.n_items_of(catalogue)
        _asked, known = self._asked(history, question)
        if not len(known) or not n_new:
            return np.zeros(n_new, dtype=np.float32)
        new = content.encode(catalogue, self._vocabulary, n_new)
        alike = content.likeness(known.items, decayed(known, (0.5, None)), self._vectors, new)
        best = own_scale(self.score(history, question), known.items)
        return (alike * np.float32(NEW_SHARE * max(best, 0.0))).astype(np.float32)

    def similar(self, item: int) -> tuple[Codes, Reals]:
        """Return the items most like `item` by behaviour and attributes, best first: codes and scores in (0, 1]."""
        wanted = [(1.0, self.parts[name].neighbours) for name in ("bm25", "content") if name in self.parts]
        codes, scores = merged(wanted, item)
        return codes, scores / np.float32(max(len(wanted), 1))

    def bought_together(self, item: int) -> tuple[Codes, Codes]:
        """Return items that were bought in the same order or visit as `item`, best first: codes, and how often."""
        counts = self._together.strengths[item]
        kept = counts > 0
        return self._together.codes[item][kept], counts[kept].astype(np.int32)

    def _asked(self, history: History, question: Question) -> tuple[Mapping[str, Any], History]:
        newest = slice(max(0, len(history) - MOST_HISTORY), None)
        ages = None if history.ages is None else history.ages[newest]
        known = distinct(History(history.items[newest], history.weights[newest], ages))
        return self.settings["questions"][question], known

    def _weights(self, question: Question, length: int) -> Mapping[str, float]:
        weights: Mapping[str, float] = self.settings["questions"][question]["weights"][length_bin(length)]
        return weights


def _part(arrays: Mapping[str, NDArray[Any]], name: str, source: Source) -> Part:
    row_of = arrays.get(f"{name}.row_of")
    return Part(Neighbours(arrays[f"{name}.codes"], arrays[f"{name}.strengths"]), row_of, source)


def _contributions(part: Part, items: Codes, weights: Reals, item: int) -> Reals:
    """Return what each of `items` adds to the score of `item`: (h,) float32."""
    known, rows = part.rows(items)
    found = np.zeros(len(items), dtype=np.float32)
    if len(rows):
        hits = part.neighbours.codes[rows] == item
        strengths = np.where(hits, part.neighbours.strengths[rows], 0).sum(axis=1, dtype=np.float32)
        found[known] = strengths * weights[known]
    return found
