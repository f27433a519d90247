"""Texts as the assistant compares them: folded words, both spellings of umlauts, slips put right. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from chalicelib.commerce.catalogue.search_words import allowed_distance, distance, fold_words, split_words

_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_SPACES = re.compile(r"\s+")
# Half-hearted letters: "jaaa" and "pleeease" are what they stand for.
_DRAWN = re.compile(r"([a-z])\1{2,}")


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case, accents and drawn-out letters."""
    return [_DRAWN.sub(r"\1", word) for word in split_words(text)]


def folded(text: str) -> str:
    """Return a text without case and accents, its signs kept: where prices and numbers are looked for."""
    return _SPACES.sub(" ", fold_words(text)).strip()


@lru_cache(maxsize=4096)
def without_umlauts(word: str) -> str:
    """Return a word whose umlauts were written out as it is folded: "gruen" and "grün" are both "grun"."""
    for spelled, plain in _UMLAUTS:
        word = word.replace(spelled, plain)
    return word


def nearest_of(word: str, known: Collection[str]) -> str | None:
    """Return the one of `known` that a word is a slip of; None where it is itself known, too short, or far from all.

    Beginnings are rarely mistyped: the first letter must be right.
    """
    allowed = allowed_distance(word)
    if not allowed or word in known:
        return None
    near = [
        (apart, other)
        for other in known
        if other[:1] == word[:1]
        and abs(len(other) - len(word)) <= allowed
        and len(other) > 3
        and (apart := distance(word, other)) <= allowed
    ]
    return min(near)[1] if near else None
