"""A trained model at work: scores for one person, the nearest items of one item, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
# Of what speaks for an item, whatever does at least so much of the strongest may be told: the one most like the item.
_TOLD, _LOOKED_AT = 0.5, 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an item is ranked where it is: `source` spoke most for it; `because` is the place in the history of an item
    that did (of several that did much, of the one most like it), None where it is popularity; `share` of the score in
    [0, 1] is that source's.
    """

    source: Source
    because: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Gathered:
    """Weighed rows of a matrix: `places` (r,) of the items that have one, their `codes` and `values` (r, k)."""

    places: NDArray[Any]
    codes: NDArray[Any]
    values: Reals

    def total(self, n_items: int) -> Reals:
        """Return the sum of the rows: (n_items,) float32."""
        if not len(self.places):
            return np.zeros(n_items, dtype=np.float32)
        return np.bincount(self.codes.ravel(), weights=self.values.ravel(), minlength=n_items).astype(np.float32)

    def told(self, place_of: Codes, n: int, length: int) -> Reals:
        """Return what each of `length` items adds to each of `n` others, whose places `place_of` (n_items,) holds, -1
        for all else: (n, length) float32.
        """
        found = np.zeros((n, length), dtype=np.float32)
        places = place_of[self.codes]
        hits = np.nonzero(places >= 0)
        np.add.at(found, (places[hits], self.places[hits[0]]), self.values[hits])
        return found


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
        return self.gather(items, weights).total(n_items)

    def gather(self, items: Codes, weights: Reals) -> Gathered:
        """Return the weighed rows of `items`."""
        known, rows = self.rows(items)
        values = self.neighbours.strengths[rows].astype(np.float32) * weights[known][:, None]
        return Gathered(known, self.neighbours.codes[rows], values)


def decayed(history: History, decay: tuple[float, float | None]) -> Reals:
    """Return the weights of a history of distinct items: less by rank from the newest (to a power), and by half for
    so many days more than the newest.
    """
    power, half_life = decay
    weights = history.weights
    if power:
        weights = weights * (1.0 + np.arange(len(history) - 1, -1, -1)) ** -power
    return _faded(weights, history, half_life).astype(np.float32)


def _faded(weights: NDArray[Any], history: History, half_life: float | None) -> NDArray[Any]:
    """Return weights of a history, by half for so many days more than its newest, where times are known."""
    if half_life is None or history.ages is None or not len(history):
        return weights
    faded: NDArray[Any] = weights * np.exp2((history.ages.min() - history.ages) / half_life)
    return faded


def habit(history: History, items: Codes, half_life: float | None) -> Reals:
    """Return how often and how lately each of the distinct `items` was had, the greatest 1: (n,) float32."""
    weights = _faded(history.weights, history, half_life)
    order = np.argsort(items)
    places = np.searchsorted(items, history.items, sorter=order)
    places = np.minimum(places, max(len(items) - 1, 0))
    mine = items[order[places]] == history.items
    sums = np.bincount(order[places[mine]], weights=weights[mine], minlength=len(items))
    return (sums / max(float(sums.max(initial=0.0)), 1e-9)).astype(np.float32)


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


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to one question: `scores` (n_items,) float32, and what they were added up from.

    `again` (h,) float32: how much having had each item speaks for having it again; `vectors`: what the items are;
    `described` remembers those that were looked at.
    """

    scores: Reals
    history: History
    known: History
    statics: Sequence[tuple[float, Reals]]
    spoke: Sequence[tuple[Source, float, Gathered]]
    again: Reals
    vectors: Sparse
    described: dict[int, dict[int, float]] = field(default_factory=dict, repr=False)

    def explain(self, items: Codes) -> list[Evidence]:
        """Return what spoke most for each of `items`."""
        place_of = np.full(len(self.scores), -1, dtype=np.int32)
        place_of[items] = np.arange(len(items), dtype=np.int32)
        told: dict[Source, Reals] = {}
        for source, scale, gathered in self.spoke:
            found = gathered.told(place_of, len(items), len(self.known)) * np.float32(scale)
            told[source] = told[source] + found if source in told else found
        own = np.flatnonzero(place_of[self.known.items] >= 0)
        if len(own) and self.again.any():
            found = told.setdefault("collaborative", np.zeros((len(items), len(self.known)), dtype=np.float32))
            found[place_of[self.known.items[own]], own] += self.again[own]
        popular = np.zeros(len(items), dtype=np.float64)
        for weight, scores in self.statics:
            popular += weight * scores[items]
        # An item that is asked for twice has its parts at its last place.
        return [
            self._evidence(int(item), {source: told[source][place_of[item]] for source in told}, float(popular[at]))
            for at, item in enumerate(items)
        ]

    def _evidence(self, item: int, told: Mapping[Source, Reals], popular: float) -> Evidence:
        spoke: dict[Source, float] = {"collaborative": 0.0, "content": 0.0, "popularity": popular}
        spoke |= {source: float(found.sum()) for source, found in told.items()}
        total = sum(max(value, 0.0) for value in spoke.values())
        for source in sorted(spoke, key=lambda each: -spoke[each]):
            if source == "popularity":
                break
            if spoke[source] <= 0:
                continue
            every: Reals = np.sum(list(told.values()), axis=0)
            if float(every.max()) > 0:
                place = self._telling(item, every)
                because = int(np.flatnonzero(self.history.items == self.known.items[place])[-1])
                return Evidence(source, because, spoke[source] / total)
        return Evidence("popularity", None, popular / total if total > 0 else 0.0)

    def _telling(self, item: int, told: Reals) -> int:
        """Return which known item is told as the reason: who is shown jeans understands jeans before a hat."""
        strong = np.argsort(-told, kind="stable")[:_LOOKED_AT].tolist()
        strong = [place for place in strong if told[place] >= _TOLD * told[strong[0]]]
        if len(strong) == 1:
            return int(strong[0])
        mine = self._described(item)
        best, chosen = -1.0, -1
        for place in strong:
            other = self._described(int(self.known.items[place]))
            alike = sum(mine[token] * other[token] for token in mine.keys() & other.keys())
            worth = float(told[place]) * (0.1 + alike)
            if worth > best:
                best, chosen = worth, place
        return chosen

    def _described(self, item: int) -> dict[int, float]:
        if item not in self.described:
            first, last = int(self.vectors.starts[item]), int(self.vectors.starts[item + 1])
            columns, values = self.vectors.columns[first:last], self.vectors.values[first:last]
            self.described[item] = dict(zip(columns.tolist(), values.tolist(), strict=True))
        return self.described[item]


class Model:
    """A model over arrays that may be memory-mapped: nothing is copied, nothing is changed."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> None:
        # The same memory, also of a map of a file, as plain arrays: slices of those cost a fraction.
        arrays = {name: np.asarray(array) for name, array in arrays.items()}
        self.settings = settings
        self.n_items = int(settings["n_items"])
        self.unit_s = float(settings["unit_s"])  # how many seconds the model calls a day: ages of histories are in it
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
        return self.ask(history, question).scores

    def explain(self, history: History, item: int, question: Question = "next") -> Evidence:
        """Return what spoke most for `item` in `score` of the same history and question."""
        return self.ask(history, question).explain(np.array([item], dtype=np.int32))[0]

    def ask(self, history: History, question: Question = "next") -> Asked:
        """Return the scores of `score`, with what explains any of them."""
        asked, known = self._asked(history, question)
        total = np.zeros(self.n_items, dtype=np.float32)
        statics: list[tuple[float, Reals]] = []
        spoke: list[tuple[Source, float, Gathered]] = []
        for name, weight in self._weights(question, len(known)).items():
            if name in self.statics:
                statics.append((weight, self.statics[name]))
                total += np.float32(weight) * self.statics[name]
            elif name in self.parts and len(known):
                part = self.parts[name]
                gathered = part.gather(known.items, decayed(known, asked["decay"][name]))
                scores = gathered.total(self.n_items)
                best = own_scale(scores, known.items)
                if best > 0:
                    scores *= np.float32(weight / best)
                    total += scores
                    spoke.append((part.source, weight / best, gathered))
        repeat = np.float32(asked.get("repeat", 0.0))
        again = (
            repeat * habit(history, known.items, asked.get("repeat_half_life")) if repeat else np.zeros(len(known))
        )
        total[known.items] += again.astype(np.float32)
        return Asked(total, history, known, statics, spoke, again.astype(np.float32), self._vectors)

    def encode(self, catalogue: Catalogue) -> Sparse:
        """Return items that the model has not seen as vectors over its tokens, for `score_new`: a row each."""
        return content.encode(catalogue, self._vocabulary, content.n_items_of(catalogue))

    def score_new(self, asked: Asked, new: Sparse) -> Reals:
        """Return scores, on the scale of those of `asked`, of encoded items that the model has not seen.

        What is as much alike as the person's own items are gets a set share of what the best known item has: nothing
        is known yet of how it sells. (A long history of many kinds is not much like any one of them.)
        """
        known = asked.known
        if not len(known) or not new.n_rows:
            return np.zeros(new.n_rows, dtype=np.float32)
        weights = decayed(known, (0.5, None))
        alike = content.likeness(known.items, weights, self._vectors, new)
        own = content.likeness(known.items, weights, self._vectors, content.rows_of(self._vectors, known.items))
        alike = np.minimum(alike / max(float(own.max()), 1e-9), 1.0)
        best = own_scale(asked.scores, known.items)
        found: Reals = (alike * np.float32(NEW_SHARE * max(best, 0.0))).astype(np.float32)
        return found

    def likeness_to(self, catalogue: Catalogue) -> Reals:
        """Return the cosine of each of m items that the model has not seen with each that it has: (m, n_items)."""
        new = self.encode(catalogue)
        ones = np.ones(1, dtype=np.float32)
        found = np.zeros((new.n_rows, self.n_items), dtype=np.float32)
        for row in range(new.n_rows):
            found[row] = content.likeness(np.array([row], dtype=np.int32), ones, new, self._vectors)
        return found

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
