"""Items by what they are: words of the name, category, brand, department and price as one vector each.

Tokens are kept as hashes, so that an item that nobody had seen when the model was made finds its place too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from chalicelib.recommendations.numeric.catalogue import Catalogue
from chalicelib.recommendations.numeric.interactions import Codes, Reals
from chalicelib.recommendations.numeric.neighbours import Neighbours, strongest
from chalicelib.recommendations.numeric.sparse import Sparse, from_entries

_WORD = re.compile(r"\w+")
# How much an attribute counts beside a word of the name of the same rarity.
_KINDS = {"category": 1.0, "brand": 1.0, "department": 0.5, "price": 0.4}
# What pairs of items by shared tokens may cost at most; the most frequent tokens are left out beyond it.
_MOST_PRODUCTS = 150_000_000


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Known tokens: `hashes` (n_tokens,) uint64 ascending, `rarity` (n_tokens,) float32, the log of how rare."""

    hashes: NDArray[np.uint64]
    rarity: Reals


def n_items_of(catalogue: Catalogue) -> int:
    """Return of how many items something is known."""
    texts = (catalogue.names, catalogue.categories, catalogue.brands, catalogue.departments)
    return max(*(len(each) for each in texts), 0 if catalogue.prices is None else len(catalogue.prices))


def _tokens(catalogue: Catalogue) -> tuple[list[int], list[int], list[float]]:
    """Return (item, hash, weight) of every token of every item, as three lists."""
    items: list[int] = []
    hashes: list[int] = []
    weights: list[float] = []
    known: dict[str, int] = {}

    def add(item: int, token: str, weight: float) -> None:
        if token not in known:
            known[token] = int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "big")
        items.append(item)
        hashes.append(known[token])
        weights.append(weight)

    for item, name in enumerate(catalogue.names):
        for word in set(_WORD.findall(name.lower())):
            add(item, word, 1.0)
    attributes = {"category": catalogue.categories, "brand": catalogue.brands, "department": catalogue.departments}
    for kind, values in attributes.items():
        for item, value in enumerate(values):
            if value:
                add(item, f"{kind}:{value}", _KINDS[kind])
    if catalogue.prices is not None:
        positive = np.where(catalogue.prices > 0, catalogue.prices, np.nan)
        steps = np.log2(positive) * 2  # a step is a factor of 1.4; the nearest two count
        for item in np.flatnonzero(np.isfinite(steps)).tolist():
            low = int(np.floor(steps[item]))
            add(item, f"price:{low}", _KINDS["price"])
            add(item, f"price:{low + 1}", _KINDS["price"])
    return items, hashes, weights


def learn(catalogue: Catalogue, n_items: int) -> tuple[Vocabulary, Sparse]:
    """Return the tokens of a catalogue and its items as vectors of length 1 over them: (n_items, n_tokens)."""
    items, hashes, weights = _tokens(catalogue)
    unique, columns, counts = np.unique(np.array(hashes, dtype=np.uint64), return_inverse=True, return_counts=True)
    rarity = np.log((1.0 + n_items) / (0.5 + counts)).astype(np.float32)
    vocabulary = Vocabulary(unique, np.maximum(rarity, 0.0))
    return vocabulary, _vectors(np.array(items, dtype=np.int64), columns, np.array(weights), vocabulary, n_items)


def encode(catalogue: Catalogue, vocabulary: Vocabulary, n_items: int) -> Sparse:
    """Return items as vectors over a vocabulary that was learnt from others; unknown tokens count for nothing."""
    items, hashes, weights = _tokens(catalogue)
    if not len(vocabulary.hashes) or not items:
        return Sparse(np.zeros(n_items + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), 1)
    wanted = np.array(hashes, dtype=np.uint64)
    columns = np.minimum(np.searchsorted(vocabulary.hashes, wanted), len(vocabulary.hashes) - 1)
    known = vocabulary.hashes[columns] == wanted
    return _vectors(np.array(items)[known], columns[known], np.array(weights)[known], vocabulary, n_items)


def _vectors(
    items: NDArray[np.int64], columns: NDArray[np.int64], weights: NDArray[np.float64], words: Vocabulary, n: int
) -> Sparse:
    if not len(words.hashes):
        return Sparse(np.zeros(n + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), 1)
    made = from_entries(items, columns, weights * words.rarity[columns], (n, len(words.hashes)))
    norms = np.sqrt(np.bincount(made.rows, weights=made.values.astype(np.float64) ** 2, minlength=n))
    return made.with_values(made.values / np.maximum(norms, 1e-9)[made.rows])


def content_neighbours(vectors: Sparse, k: int) -> Neighbours:
    """Return the items that are most alike by cosine. Tokens that most have are left out where they cost much."""
    tokens = vectors.transposed()
    costs = np.sort(tokens.lengths.astype(np.float64) ** 2)
    affordable = int(np.searchsorted(np.cumsum(costs), _MOST_PRODUCTS))
    if affordable < len(costs):
        kept = tokens.lengths.astype(np.float64) ** 2 < costs[affordable]
        vectors = vectors.with_values(np.where(kept[vectors.columns], vectors.values, 0.0))
        rows = vectors.values > 0
        starts = np.concatenate([[0], np.cumsum(rows)])[vectors.starts]
        vectors = Sparse(starts, vectors.columns[rows], vectors.values[rows], vectors.n_columns)
        tokens = vectors.transposed()
    return strongest(vectors, tokens, k)


def rows_of(vectors: Sparse, items: Codes) -> Sparse:
    """Return the vectors of some items, in their order."""
    parts = [np.arange(vectors.starts[item], vectors.starts[item + 1]) for item in items.tolist()]
    chosen = np.concatenate([np.empty(0, np.int64), *parts])
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Sparse(starts, vectors.columns[chosen], vectors.values[chosen], vectors.n_columns)


def likeness(profile_items: Codes, profile_weights: Reals, known: Sparse, new: Sparse) -> Reals:
    """Return the cosine of each new item with the weighed sum of known ones: (new.n_rows,) float32 in [0, 1]."""
    profile = np.zeros(known.n_columns, dtype=np.float32)
    for item, weight in zip(profile_items.tolist(), profile_weights.tolist(), strict=True):
        part = slice(int(known.starts[item]), int(known.starts[item + 1]))
        profile[known.columns[part]] += weight * known.values[part]
    norm = float(np.sqrt((profile**2).sum()))
    if norm <= 0 or not len(new.columns):
        return np.zeros(new.n_rows, dtype=np.float32)
    return np.bincount(new.rows, weights=new.values * profile[new.columns] / norm, minlength=new.n_rows).astype(
        np.float32
    )
