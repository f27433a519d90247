"""Words as the product search sees them: folded, stemmed, coded, compared. No database.

A product's words stand in one text, each with the field that it comes from: ` b_levi n_jean n_jeans n_slim `. It
holds nothing but ASCII letters, digits, `_` and spaces, and each token has at least three characters and is no
word of any language: every full-text engine takes it apart alike, and finds no stopwords and no operators in it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from os.path import commonprefix

MAX_WORDS = 8  # of a query; further ones are left out
MAX_LETTERS = 32
_MAX_CODED = 72  # InnoDB leaves out tokens of more than 84

_ANYWHERE = "="  # any field; no letter of a coded word
NAME, BRAND, CATEGORY, DEPARTMENT = FIELDS = ("n", "b", "c", "d")

_WORD = re.compile(r"[^\W_]+")
_CODED = re.compile(r"_[0-9a-f]{5}")
_APOSTROPHES = dict.fromkeys(map(ord, "'`\u00b4\u02bc\u2018\u2019\uff07"))
# Letters that are letters with a stroke, which Unicode does not take apart.
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)


@dataclass(frozen=True, slots=True)
class Term:
    """A word that is looked for: a product's word that begins with `word`, or is `stem`."""

    word: str
    stem: str


def fold_words(text: str) -> str:
    """Return `text` without case, accents and apostrophes: "Women's Café" -> "womens cafe"."""
    text = text.translate(_APOSTROPHES)
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_STROKES)


def split_words(text: str) -> list[str]:
    """Return the words of `text`, folded, in order; what is neither letter nor digit parts them."""
    return [_cut(word) for word in _WORD.findall(fold_words(text))]


def _cut(word: str) -> str:
    word = word[:MAX_LETTERS]
    while len(word) > 1 and len(_code(word)) > _MAX_CODED:
        word = word[:-1]
    return word


def stem(word: str) -> str:
    """Return the singular of an English plural, or the word itself: jeans -> jean, dresses -> dress."""
    if len(word) < 4 or not word.endswith("s") or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]


def terms_of(query: str) -> tuple[Term, ...]:
    """Return what a query looks for: its words, each once, at most `MAX_WORDS`."""
    return tuple(Term(word, stem(word)) for word in list(dict.fromkeys(split_words(query)))[:MAX_WORDS])


# --- the text that is searched -----------------------------------------------------------------------------------


def _code(word: str) -> str:
    return "".join(letter if letter.isascii() else f"_{ord(letter):05x}" for letter in word)


def token(field: str, word: str) -> str:
    """Return `word` of a field as it stands in the text; the token of a beginning is the beginning of the token."""
    return f"{field}_{_code(word)}"


def words_text(fields: Mapping[str, str | None]) -> str:
    """Return the text of a product from its fields; words stand in it as they are and in the singular."""
    tokens = {
        token(field, form)
        for field, text in fields.items()
        for word in split_words(text or "")
        for form in (word, stem(word))
    }
    return f" {' '.join(sorted(tokens))} "


def words_in(text: str) -> dict[str, set[str]]:
    """Return the words of a `words_text`, each with the fields that it stands in."""
    found: dict[str, set[str]] = {}
    for each in text.split():
        word = _decoded(each[2:])
        found.setdefault(word, set()).add(each[0])
    return found


def all_words(texts: Iterable[str]) -> frozenset[str]:
    """Return every word of texts `without_fields`."""
    tokens = {token for text in texts for token in text.split()}
    return frozenset(_decoded(token[1:]) for token in tokens)


def _decoded(word: str) -> str:
    return _CODED.sub(lambda code: chr(int(code[0][1:], 16)), word)


# --- levels of relevance -----------------------------------------------------------------------------------------

# The fields in which every word must stand at each level; each level contains the next.
LEVEL_FIELDS = (FIELDS, (NAME, BRAND, CATEGORY), (NAME, BRAND), (NAME,), (NAME,))
TOP_LEVEL = len(LEVEL_FIELDS) - 1  # words that are in the name as they are, not as beginnings


@lru_cache(maxsize=256)
def patterns(term: Term, level: int) -> tuple[str, ...]:
    """Return the strings of which one is in a `words_text` exactly when the term stands there at the level."""
    end = " " if level == TOP_LEVEL else ""
    found = [f" {token(field, term.word)}{end}" for field in LEVEL_FIELDS[level]]
    if term.stem != term.word:
        found += [f" {token(field, term.stem)} " for field in LEVEL_FIELDS[level]]
    return tuple(found)


def common_part(term: Term) -> str:
    """Return a string that is in a `words_text`, or one `without_fields`, wherever any pattern of the term is."""
    return commonprefix([_code(term.word), _code(term.stem)])  # noqa: RUF071  (letters, no paths)


def without_fields(texts: Sequence[str]) -> list[str]:
    """Return `words_text`s with one mark in place of all fields, for `patterns_anywhere`."""
    joined = "\n".join(texts)
    for field in FIELDS:
        joined = joined.replace(f" {token(field, '')}", f" {_ANYWHERE}")
    return joined.split("\n") if texts else []


def patterns_anywhere(term: Term) -> tuple[str, ...]:
    """Return the strings of which one is in a text `without_fields` exactly when the term stands in it at all."""
    begins = _ANYWHERE + _code(term.word)
    return (begins,) if term.stem == term.word else (begins, f"{_ANYWHERE}{_code(term.stem)} ")


# --- words that nobody knows -------------------------------------------------------------------------------------


def allowed_distance(word: str) -> int:
    """Return how many slips a word may have: none below 4 letters, 1 below 8, else 2. Numbers have none."""
    if len(word) < 4 or any(letter.isdigit() for letter in word):
        return 0
    return 1 if len(word) < 8 else 2


def distance(first: str, second: str) -> int:
    """Return how many letters to add, leave out, change or swap with their neighbour make one word of the other.

    Damerau and Levenshtein's distance in its form without edits between swapped letters (optimal string alignment).
    """
    before: list[int] = []
    last = list(range(len(second) + 1))
    for row, letter in enumerate(first, 1):
        this = [row]
        for column, other in enumerate(second, 1):
            cost = min(last[column] + 1, this[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == second[column - 2] and first[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            this.append(cost)
        before, last = last, this
    return last[-1]


def grams(word: str) -> set[str]:
    """Return the runs of three letters in a word, with its two ends marked."""
    padded = f"^^{word}$$"
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def shared_grams(word: str) -> int:
    """Return how many grams of `word` a word within the allowed distance has at least.

    A slip touches at most three of the grams; a swap of neighbours four.
    """
    return max(1, len(grams(word)) - 4 * allowed_distance(word))


def nearest(word: str, known: Iterable[tuple[str, int]]) -> str | None:
    """Return the nearest of `known` words (each with its number of products) within the allowed distance.

    Of equally near ones that of more products, then the first in the alphabet.
    """
    allowed = allowed_distance(word)
    found = [
        (apart, -products, other)
        for other, products in known
        if abs(len(other) - len(word)) <= allowed and (apart := distance(word, other)) <= allowed
    ]
    return min(found)[2] if found else None


# --- filters and bands -------------------------------------------------------------------------------------------


def split_values(text: str) -> list[str]:
    """Return the values of a filter such as `Jeans|Shorts`; `||` is a bar within a value."""
    parts = text.replace("||", "\0").split("|")
    return [value for part in parts if (value := part.replace("\0", "|").strip())]


_LOWS = [100 * step for step in (0, 10, 25, 50, 100, 200, 300, 500, 1_000, 2_500, 5_000, 10_000)]


def band_of(cents: int) -> int:
    """Return the number of the price band of a price: the same for every search."""
    return bisect_right(_LOWS, cents) - 1


def price_bands(counts: Mapping[int, int]) -> list[tuple[int, int | None, int]]:
    """Return the price bands that hold anything, as (least, greatest, count) in cents; the last one has no greatest.

    `counts` are those of `band_of`. The bands are the same for every search, so that one that was chosen stays there
    to be chosen off.
    """
    highs = [low - 1 for low in _LOWS[1:]]
    bands = zip(_LOWS, [*highs, None], strict=True)
    return [(low, high, counts[band]) for band, (low, high) in enumerate(bands) if counts.get(band)]
