"""Numbers that are written as words, in English and German: "forty-nine" and "neunundvierzig" are 49. Pure."""

from __future__ import annotations

import re


def _words(text: str) -> list[str]:
    return text.split()


_EN_ONES = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_EN_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_DE_ONES = _words(
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn "
    "achtzehn neunzehn"
)
_DE_TENS = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]

_EN = {word: at for at, word in enumerate(_EN_ONES)} | {word: 10 * at for at, word in enumerate(_EN_TENS, 2)}
_EN_WORD = "|".join(sorted(_EN, key=len, reverse=True))
_EN_RUN = re.compile(
    rf"\b(?:{_EN_WORD}|hundred|thousand)(?:(?:[ -]|,? and )(?:{_EN_WORD}|hundred|thousand))*\b", re.IGNORECASE
)

_DOZEN = re.compile(r"\b(?:(?:an?|one|ein) )?(?:dozen|dutzend)\b", re.IGNORECASE)

_DE_ONE = "|".join(sorted([*_DE_ONES, "eins", "dreissig"], key=len, reverse=True))
_DE_TEN = "|".join([*_DE_TENS, "dreissig"])
_DE_BELOW_100 = rf"(?:(?P<{{0}}u>{_DE_ONE})und(?P<{{0}}z>{_DE_TEN})|(?P<{{0}}t>{_DE_TEN})|(?P<{{0}}o>{_DE_ONE}))"
_DE_BELOW_1000 = rf"(?:(?P<{{0}}h>(?:{_DE_ONE})?)(?P<{{0}}H>hundert)(?:und)?)?(?:{_DE_BELOW_100})?"
_DE_NUMBER = re.compile(
    rf"\b(?=\w)(?:{_DE_BELOW_1000.format('k')}(?P<K>tausend)(?:und)?)?{_DE_BELOW_1000.format('n')}\b", re.IGNORECASE
)
_DE = (
    {word: at for at, word in enumerate(_DE_ONES)}
    | {word: 10 * at for at, word in enumerate(_DE_TENS, 2)}
    | {"eins": 1, "dreissig": 30}
)
# "ein", "eine", "einen" are hardly ever counted with, but "noch eine" is.
_DE_ARTICLES = re.compile(r"\b(noch|nur|nur noch|genau) ein(?:e[nmrs]?)?\b", re.IGNORECASE)


def with_digits(text: str) -> str:
    """Return a text with its number words as digits."""
    text = _DOZEN.sub("12", text)
    text = _EN_RUN.sub(lambda found: str(_english(found[0])), text)
    text = _DE_ARTICLES.sub(r"\1 1", text)
    return _DE_NUMBER.sub(lambda found: _german(found) or found[0], text)


def _english(run: str) -> int:
    total, part = 0, 0
    for word in re.split(r"[ ,-]+", run.lower()):
        if word == "hundred":
            part = (part or 1) * 100
        elif word == "thousand":
            total, part = total + (part or 1) * 1000, 0
        elif word != "and":
            part += _EN[word]
    return total + part


def _german(found: re.Match[str]) -> str | None:
    if not found[0] or found[0].lower() == "ein":
        return None
    thousands = max(1, _below_1000(found, "k")) if found["K"] else 0
    return str(thousands * 1000 + _below_1000(found, "n"))


def _below_1000(found: re.Match[str], part: str) -> int:
    def value(name: str) -> int:
        return _DE.get((found[f"{part}{name}"] or "").lower(), 0)

    hundreds = max(1, value("h")) if found[f"{part}H"] else 0
    return hundreds * 100 + value("u") + value("z") + value("t") + value("o")
