"""The words of a message: how they are kept to be searched, and where the ones that are looked for stand in it.

Words are folded and coded as the product search does, so that each full-text engine takes them apart alike. Symbols
such as emoji are words of one letter. No database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chalicelib.commerce.catalogue.search_words import MAX_WORDS, Term, fold_words, split_words, stem, token

_FIELD = "m"
# MySQL's TEXT ends at 65,535 bytes; in the densest scripts a long message would need more.
_MAX_LENGTH = 60_000
# A message is shown with so much around the first hit, in characters.
SNIPPET_LENGTH = 200
_BEFORE = 60

# Arrows, technical signs, dingbats, pictures; without the tones of skin, which stand behind another one.
_SYMBOL = "[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
_SYMBOLS = re.compile(_SYMBOL)
_PIECES = re.compile(rf"[^\W_]+|{_SYMBOL}")


def coded_words(content: str) -> str:
    """Return the text that a message is found by: ` m_cheap m_jean m_jeans `.

    Of a message whose words are too many for the column, those that come first.
    """
    tokens: dict[str, None] = {}
    length = 1
    for word in _words(content):
        for form in dict.fromkeys((word, stem(word))):
            coded = token(_FIELD, form)
            if coded in tokens:
                continue
            length += len(coded) + 1
            if length > _MAX_LENGTH:
                return _joined(tokens)
            tokens[coded] = None
    return _joined(tokens)


def _joined(tokens: dict[str, None]) -> str:
    return f" {' '.join(sorted(tokens))} " if tokens else " "


def _words(text: str) -> list[str]:
    folded = fold_words(text)
    return split_words(folded) + _SYMBOLS.findall(folded)


def terms_of(query: str) -> tuple[Term, ...]:
    """Return what a query looks for: its words and symbols, each once, at most `MAX_WORDS`."""
    return tuple(Term(word, stem(word)) for word in list(dict.fromkeys(_words(query)))[:MAX_WORDS])


def tokens_of(term: Term) -> list[tuple[str, bool]]:
    """Return the tokens of which one is in the `coded_words` of a message that has the term.

    Each with whether more letters may follow it.
    """
    found = [(token(_FIELD, term.word), True)]
    return found if term.stem == term.word else [*found, (token(_FIELD, term.stem), False)]


# --- where they stand --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a message, as it was written but for its lines, and the [start, end) places of hits in it."""

    text: str
    highlights: tuple[tuple[int, int], ...]


def snippet(content: str, terms: Sequence[Term]) -> Snippet:
    """Return at most `SNIPPET_LENGTH` characters around the first hit, with an ellipsis where something is left out.

    Places are counted in characters (code points) of the snippet.
    """
    hits = _hits(content, terms)
    first = next(hits, None)
    start, end = _window(content, 0 if first is None else first[0])
    found = [] if first is None else [first]
    for hit in hits:
        if hit[0] >= end:
            break
        found.append(hit)
    before = "…" if start else ""
    shift = len(before) - start
    # What stands on lines of its own is shown on one: control characters count as spaces, so that no place moves.
    text = before + "".join(" " if letter < " " else letter for letter in content[start:end])
    places = tuple((hit[0] + shift, min(hit[1], end) + shift) for hit in found)
    return Snippet(text + ("…" if end < len(content) else ""), places)


def _window(content: str, hit: int) -> tuple[int, int]:
    """Return where a snippet begins and ends: if it can at a space, not too far from the hit."""
    room = SNIPPET_LENGTH - 2  # the ellipses
    if len(content) <= SNIPPET_LENGTH:
        return 0, len(content)
    start = max(0, min(hit - _BEFORE, len(content) - room))
    if start:
        space = content.find(" ", start, hit)
        start = space + 1 if space >= 0 else start
    return start, min(len(content), start + room)


def _hits(content: str, terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    folded, origins = _fold_with_origins(content)
    end = 0
    for found in _PIECES.finditer(folded):
        if origins[found.start()] < end:
            continue  # one sign may come apart into several words, as a fraction does
        forms = {word for each in _words(found[0]) for word in (each, stem(each))}
        if any(form.startswith(term.word) or form == term.stem for form in forms for term in terms):
            end = origins[found.end() - 1] + 1
            while end < len(content) and unicodedata.combining(content[end]):
                end += 1
            yield origins[found.start()], end


def _fold_with_origins(content: str) -> tuple[str, Sequence[int]]:
    """Return the folded text, and for each letter of it the place in `content` that it comes from."""
    pieces = [_fold_letter(letter) for letter in content]
    origins = [place for place, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), origins


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    return fold_words(letter)
