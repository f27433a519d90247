"""Prices and numbers in what people say: limits of a price, ordinals, quantities, numbers of orders. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.core.money import MAX_CENTS

_DIGITS = r"\d{1,3}k\b|\d{1,3}(?:[., '\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d{1,7}(?:[.,]\d{1,2})?"
_WORDS: Mapping[str, int] = {
    "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "hundred": 100, "a hundred": 100, "one hundred": 100, "two hundred": 200,
    "zehn": 10, "funfzehn": 15, "fuenfzehn": 15, "zwanzig": 20, "dreissig": 30, "vierzig": 40, "funfzig": 50,
    "fuenfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90, "hundert": 100, "einhundert": 100,
    "zweihundert": 200,
}  # fmt: skip
_NUMBER = rf"(?:{_DIGITS}|\b(?:{'|'.join(sorted(map(re.escape, _WORDS), key=len, reverse=True))})\b)"
_SIGN = r"(?:us)?[$€£]"
_UNIT = r"(?:[$€£]|usd\b|eur(?:os?)?\b|gbp\b|dollars?\b|dollar\b|bucks?\b|pounds?\b|chf\b)"
_DASH = "[-\u2013\u2014]"
_MONEY = rf"(?:{_SIGN}\s?)?({_NUMBER})(?:\s?{_UNIT})?"
_SURE = rf"(?:{_SIGN}\s?({_NUMBER})|({_NUMBER})\s?{_UNIT})"

_MOST = (
    r"under|below|less than|at most|max(?:imum|imal)?\.?(?: of)?|up to|no(?:t)? more than|cheaper than|within|until"
    r"|not over|nicht uber|nicht ueber|unter|bis zu|bis|hochstens|hoechstens|weniger als|nicht mehr als|billiger als"
    r"|gunstiger als|guenstiger als|budget(?: is| of| von| ist)?|<=?"
)
_LEAST = (
    r"over|above|more than|at least|min(?:imum)?\.?(?: of)?|starting (?:at|from)|from|uber|ueber|mehr als"
    r"|mindestens|ab|teurer als|>=?"
)
_ABOUT = r"around|about|approx(?:imately)?\.?|roughly|circa|ca\.?|etwa|ungefahr|ungefaehr|so um die|um die"
_BETWEEN = re.compile(rf"(?:between|from|zwischen|von)\s+{_MONEY}\s*(?:and|to|und|bis|{_DASH})\s*{_MONEY}")
_SPAN = re.compile(
    rf"(?<![\w.])(?:{_SIGN}\s?({_NUMBER})\s?(?:{_DASH}|to|bis)\s?(?:{_SIGN}\s?)?({_NUMBER})"
    rf"|({_NUMBER})(?:\s?{_UNIT})?\s?(?:{_DASH}|to|bis)\s?({_NUMBER})\s?{_UNIT})"
)
_AT_MOST = re.compile(rf"(?:\b(?:{_MOST}))\s*{_MONEY}|(?<!\w)<=?\s*{_MONEY}")
_AT_LEAST = re.compile(rf"\b(?:{_LEAST})\s*{_MONEY}|(?<!\w)>=?\s*{_MONEY}")
_NEARLY = re.compile(rf"\b(?:{_ABOUT})\s*{_MONEY}")
_OR_LESS = re.compile(rf"{_MONEY}\s*(?:or less|or under|max(?:imum|imal)?\b|oder weniger|budget)")
_ANY_MONEY = re.compile(_SURE)
_NOT = "not|nothing|dont|wont|cant|nicht|nichts|never|nie"
# "I do not want to spend more than 80."
_NO_MORE = re.compile(rf"\b(?:{_NOT})\b[^.!?]{{0,40}}?\b(?:more than|over|above|mehr als|uber|ueber)\s*{_MONEY}")
# "Nothing below 100."
_NO_LESS = re.compile(rf"\b(?:{_NOT})\b[^.!?]{{0,40}}?\b(?:less than|under|below|weniger als|unter)\s*{_MONEY}")

_ORDER = re.compile(
    r"(?:\b(?:orders?|bestellung(?:en)?|auftrag|bestellnummer|auftragsnummer|ordernummer|bestell-?nr)\b"
    r"(?:\s*(?:number|nummer|no|nr|id|with|mit|the|is|ist|der|die|meine)\b\.?)*\s*[:#]?\s*#?\s*(\d{1,60})\b)"
    r"|#\s?(\d{2,60})\b|\b(?:nr|no|number|nummer)\.?\s*(\d{2,60})\b"
)
_ORDINALS: Mapping[str, int] = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
    "sixth": 6, "6th": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "last": -1, "final": -1,
    **{f"{stem}{end}": number for number, stem in enumerate(
        ("erst", "zweit", "dritt", "viert", "funft", "sechst", "siebt", "acht", "neunt", "zehnt"), 1)
       for end in ("e", "en", "er", "es", "em")},
    **{f"letzt{end}": -1 for end in ("e", "en", "er", "es", "em")},
    "vorletzte": -2, "vorletzten": -2,
}  # fmt: skip
_NTH = re.compile(r"\b(?:number|nummer|nr|no|option|item|artikel)\.?\s*#?(\d{1,2})\b|#(\d)\b|^\W*(\d{1,2})\W*$")
_COUNTS: Mapping[str, int] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "a couple": 2, "couple": 2, "both": 2,
    "ein": 1, "eine": 1, "einen": 1, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "funf": 5, "fuenf": 5, "sechs": 6,
}  # fmt: skip
_PLACES: Mapping[str, int] = {word: count for word, count in _COUNTS.items() if " " not in word and word != "both"}
# "number two", "nummer 2": a place, not how many.
_PLACE = re.compile(rf"\b(?:number|nummer|nr)\.?\s*(?:({'|'.join(_PLACES)})|\d{{1,2}})\b")
_TIMES = re.compile(
    r"\b(\d{1,2})\s?(?:x|times|mal|stuck|stueck|pieces?|pairs?|paar|of (?:them|it|those|these|the))\b"
)
# "5-Pocket", "(3-Pack)" and 9" say nothing of how many.
_IN_NAMES = re.compile(r"\d+-[a-z]+|\d+(?:/\d+|\")")
_NOT_A_COUNT = re.compile(r"\b(?:the|this|that|which|blue|red|black|other|cheaper|second|first|last|third) one\b")


@dataclass(frozen=True, slots=True)
class PriceWish:
    """Limits of a price in cents; `spans` are where in the text they stand."""

    least: int | None = None
    most: int | None = None
    spans: tuple[tuple[int, int], ...] = ()


def cents_of(text: str) -> int | None:
    """Return a number as people write it, in cents ("1.299,00", "49.9", "2k", "fifty"); None where too large."""
    word = _WORDS.get(" ".join(text.split()))
    if word is not None:
        return word * 100
    plain = re.sub(r"[ '\u00a0\u202f]", "", text)
    if plain.endswith("k"):
        plain = f"{plain[:-1]}000"
    whole, mark, rest = plain, "", ""
    found = re.fullmatch(r"(.*)([.,])(\d{1,2})", plain)
    if found:
        whole, mark, rest = found.groups()
    digits = re.sub(r"[.,]", "", whole)
    if not digits.isdecimal():
        return None
    cents = int(digits) * 100 + (int(rest.ljust(2, "0")) if mark else 0)
    return cents if cents <= MAX_CENTS else None


def find_prices(text: str) -> PriceWish:
    """Return the limits of a price that a folded text names; a bare amount with its currency is the most."""
    for pattern in (_BETWEEN, _SPAN):
        if found := pattern.search(text):
            low, high = (cents_of(each) for each in found.groups() if each)
            if low is not None and high is not None:
                return PriceWish(min(low, high), max(low, high), (found.span(),))
    if found := _NEARLY.search(text):
        cents = _amount(found)
        if cents is not None:
            return PriceWish(cents * 3 // 4, cents * 5 // 4, (found.span(),))
    if found := _NO_MORE.search(text):
        return PriceWish(None, _amount(found), (found.span(),))
    if found := _NO_LESS.search(text):
        return PriceWish(_amount(found), None, (found.span(),))
    most, least = _AT_MOST.search(text) or _OR_LESS.search(text), _AT_LEAST.search(text)
    if least and most and least.start() <= most.start() < least.end():
        least = None
    if not most and not least:
        most = _ANY_MONEY.search(text)
    spans = tuple(found.span() for found in (most, least) if found)
    low, high = _amount(least), _amount(most)
    if low is not None and high is not None and low > high:
        low, high = high, low  # "over 60, under 20" can only be a slip
    return PriceWish(low, high, spans)


def _amount(found: re.Match[str] | None) -> int | None:
    return None if found is None else cents_of(next(each for each in found.groups() if each))


def find_order(text: str) -> tuple[int, tuple[int, int]] | None:
    """Return the number of an order that a folded text names, and where it stands."""
    found = _ORDER.search(text)
    if found is None:
        return None
    # Larger numbers than any order has stay the number of none.
    return min(int(next(each for each in found.groups() if each)), 10**18), found.span()


def find_ordinals(text: str, words: list[str]) -> list[int]:
    """Return which of what was shown a text means, from 1; -1 is the last one. "the second and the third": [2, 3]."""
    found = [_ORDINALS[word] for word in words if word in _ORDINALS]
    if not found:
        found = [int(next(each for each in number.groups() if each)) for number in _NTH.finditer(text)]
        found += [_PLACES[place[1]] for place in _PLACE.finditer(text) if place[1]]
    return list(dict.fromkeys(each for each in found if each))


def find_quantity(text: str) -> int | None:
    """Return how many of something are wanted, None where it is not said."""
    text = _PLACE.sub(" ", _IN_NAMES.sub(" ", text))
    if found := _TIMES.search(text):
        return int(found[1])
    plain = _NOT_A_COUNT.sub(" ", text)
    for word, count in _COUNTS.items():
        if re.search(rf"\b{word}\b(?!\s+(?:you|second|moment|more thing))", plain) and (
            count > 1 or re.search(rf"\b{word} (?:of|davon|in den|to|into)\b|\bjust {word}\b|\bnur {word}\b", plain)
        ):
            return count
    digits = [int(word) for word in text.split() if word.isdecimal() and len(word) <= 2]
    return digits[0] if len(digits) == 1 and digits[0] > 0 else None
