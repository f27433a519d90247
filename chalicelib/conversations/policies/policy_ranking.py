"""Which sections of the shop's policies fit a question: a small ranking of words, in English and German. No I/O.

BM25 over the sections (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) in its form for several
fields: a word in a heading counts as several in the text. A word of the question finds words of the texts that are
the same but for their ending, that mean the same here (`_ALIKE`), that begin alike ("Rückgabe", "Rückgabefrist"), or,
where it is known nowhere, that differ by a slip or two; each less than the one before.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chalicelib.commerce.catalogue import search_words
from chalicelib.conversations.assistant.turns import Language, PolicyFact
from chalicelib.conversations.policies.policy_texts import Policy, Section

MOST = 3
MAX_TEXT = 2_000  # characters of a section that are shown
_MAX_WORDS = 40  # of a question

_K1, _B = 1.2, 0.5
_IN_TITLE, _IN_POLICY_TITLE = 4.0, 2.0
_MEANS_THE_SAME, _BEGINS_ALIKE, _SLIP = 0.8, 0.6, 0.5
_BEGINNING = 5  # letters that words which begin alike share at least, and that a word with a slip has
_FIRST = 1.15  # the first section of a text is the one to read where a question is about the topic at large
_OF_BEST = 0.4  # what a section must reach of the best one's score
# How much of a question a section must be about: less where a heading says so.
_OF_QUESTION, _BY_HEADING = 0.34, 0.2

_EN_STOP = """
a about all also am an and any are as at be because been but by can could did do does for from get give go had
has have he hello her here hey hi him his how i if in into is it its just like ll may me might mine much must my
need no not now of off on one or our out over please re s shall she should so some tell than thank thanks that
the their them then there these they this those to too up us ve very was we were what when where which who why
will with would yes you your im id ive dont cant shop store something anything thing things want know many make
take say policy policies rule rules information info
"""
_DE_STOP = """
aber alle allem allen aller alles als also am an auch auf aus bei bekomme bekommen bin bis bitte da danke das
dass dem den denn der des dich die dir doch dort du durch ein eine einem einen einer eines er es etwas euch euer
eure fur gibt hab habe haben habt hallo hat hatte ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ist ja kann
kannst konnen konnte konnt man mehr mein meine meinem meinen meiner mich mir mit mochte muss mussen nach nein
nicht noch nun nur ob oder schon sehr sein sich sie sind so soll sollte und uns unser unsere vom von vor wann
war warum was wegen welche welchen welcher welches wenn wer werden wie will wir wird wo zu zum zur uber um mal
eigentlich shop laden sachen sache regel regeln info brauch brauche brauchen gerne finde
"""
_STOP: Mapping[Language, frozenset[str]] = {
    "en": frozenset(search_words.split_words(_EN_STOP)),
    "de": frozenset(search_words.split_words(_DE_STOP)),
}

# Words, in their stems, that mean the same in questions to a shop.
_ALIKE: Mapping[Language, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("ship", "deliver", "delivery", "dispatch", "post", "postage", "arrive", "send"),
        ("parcel", "package", "packet", "track", "tracking", "shipment"),
        ("return", "back", "bring", "withdraw", "withdrawal", "revoke"),
        ("refund", "money", "reimburse", "reimbursement"),
        ("exchange", "swap", "replace", "replacement"),
        ("pay", "payment", "card", "credit", "visa", "mastercard", "paypal", "invoice", "cash", "klarna"),
        ("cost", "price", "fee", "charge", "expensive", "free"),
        ("damage", "broken", "faulty", "defect", "defective", "wrong", "tear", "torn", "warranty", "guarantee"),
        ("size", "fit", "sizing", "small", "large", "tight", "measurement", "chart"),
        ("code", "coupon", "voucher", "discount", "promotion", "promo", "rebate", "deal", "sale"),
        ("person", "human", "staff", "agent", "somebody", "contact", "reach", "support", "service", "talk"),
        ("telephone", "phone", "call", "number", "email", "mail", "address"),
        ("privacy", "data", "gdpr", "personal", "store", "stored", "tracked"),
        ("delete", "erase", "remove", "deletion"),
        ("cancel", "change", "cancellation", "modify"),
        ("long", "day", "time", "deadline", "late", "period", "until", "week"),
        ("hold", "held", "reserve", "reservation"),
        ("decline", "refuse", "reject", "fail"),
    ),
    "de": (
        ("versand", "liefer", "lieferung", "verschick", "schick", "versend", "zustell", "porto", "ankomm", "ankomt"),
        ("paket", "sendung", "verfolg", "tracking", "sendungsnumm", "sendungsverfolg"),
        ("ruckgab", "zuruck", "zuruckgeb", "zuruckschick", "ruckgeb", "rucksend", "retour", "widerruf"),
        ("erstatt", "erstattung", "geld", "ruckerstatt", "ruckzahl", "zuruckbekomm"),
        ("umtausch", "tausch", "tauschen", "eintausch", "ersatz"),
        ("bezahl", "bezahlung", "zahl", "zahlung", "kart", "kreditkart", "paypal", "rechnung", "uberweis", "klarna"),
        ("kost", "preis", "gebuhr", "teu", "kostenlos", "gratis"),
        ("beschadigt", "kaput", "kaputt", "fehlerhaft", "falsch", "defekt", "mangel", "garanti", "gewahrleist"),
        ("gross", "pass", "passt", "klein", "eng", "weit", "tabell", "grossentabell"),
        ("cod", "gutschein", "gutscheincod", "rabatt", "aktion", "rabattcod", "nachlass", "angebot"),
        ("mensch", "mitarbeit", "person", "kontakt", "erreich", "kundenservic", "kundendienst", "sprech"),
        ("telefon", "anruf", "anruff", "mail", "email", "adress", "anschrift", "telefonnumm"),
        ("datenschutz", "dat", "personlich", "speicher", "gespeichert", "dsgvo"),
        ("losch", "loschung", "entfern"),
        ("stornier", "stornierung", "ander", "abbestell"),
        ("lang", "tag", "frist", "zeit", "lieferzeit", "daur", "dauert", "woch", "spat"),
        ("reserviert", "reservier", "halt"),
        ("ablehn", "abgelehnt", "fehlgeschlag"),
    ),
}  # fmt: skip

_ENDINGS: Mapping[Language, tuple[str, ...]] = {
    "en": ("ings", "ing", "ed", "es", "s"),
    "de": ("ern", "em", "en", "er", "es", "e", "n", "s"),
}
_LEAST_STEM = 3


@lru_cache(maxsize=4096)
def stem(word: str, language: Language) -> str:
    """Return a folded word without its ending: "returned" -> "return", "rucksendungen" -> "rucksendung"."""
    if language == "en":
        word = search_words.stem(word)
        for ending in _ENDINGS["en"]:
            if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM and not word.endswith("ss"):
                word = word.removesuffix(ending)
                # "shipping" -> "shipp" -> "ship"; "call" stays.
                if ending in ("ing", "ings", "ed") and len(word) > _LEAST_STEM and word[-1] == word[-2] not in "ls":
                    word = word[:-1]
                break
        return word.removesuffix("e") if len(word) > _LEAST_STEM + 1 else word
    for ending in _ENDINGS["de"]:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word.removesuffix(ending)
    return word


def words_of(text: str, language: Language) -> list[str]:
    """Return the stems of the words of a text that say something, in order."""
    words = search_words.split_words(_umlauts(text) if language == "de" else text)
    return [stem(word, language) for word in words if word not in _STOP[language]]


def _umlauts(text: str) -> str:
    """Return a text in which umlauts that were typed as two letters are one, as folding makes of all others."""
    text = search_words.fold_words(text)
    for typed, letter in (("ue", "u"), ("oe", "o"), ("ae", "a")):
        text = text.replace(typed, letter)
    return text


# --- the index ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """A section as it is searched: how much each word counts in it."""

    policy: Policy
    section: Section
    counts: Mapping[str, float]
    length: float
    headings: frozenset[str]
    is_first: bool


@dataclass(frozen=True, slots=True)
class Index:
    """The sections of one language's texts, ready to be searched."""

    language: Language
    entries: tuple[_Entry, ...]
    # In how many sections a word stands.
    spread: Mapping[str, int]
    mean_length: float


def build_index(policies: Sequence[Policy], language: Language) -> Index:
    """Return what questions in `language` are looked up in."""
    entries = [
        _entry(policy, section, language, is_first=number == 0)
        for policy in policies
        for number, section in enumerate(policy.sections)
    ]
    spread = Counter(word for entry in entries for word in entry.counts)
    mean = sum(entry.length for entry in entries) / len(entries) if entries else 1.0
    return Index(language, tuple(entries), spread, mean or 1.0)


def _entry(policy: Policy, section: Section, language: Language, *, is_first: bool) -> _Entry:
    topic = words_of(f"{policy.title} {policy.topic.replace('-', ' ')}", language)
    title = words_of(section.title or "", language)
    text = words_of(section.text, language)
    counts: dict[str, float] = {}
    # A title says once what it says, however often its words come in it.
    for words, weight in ((set(topic), _IN_POLICY_TITLE), (set(title), _IN_TITLE), (text, 1.0)):
        for word in words:
            counts[word] = counts.get(word, 0.0) + weight
    return _Entry(policy, section, counts, len(topic) + len(title) + len(text), frozenset([*topic, *title]), is_first)


# --- the question ------------------------------------------------------------------------------------------------


def rank(index: Index, question: str, *, topic: str | None = None) -> list[PolicyFact]:
    """Return the sections that fit a question, the best first, at most three; none when nothing fits.

    With a topic only its sections count.
    """
    entries = [entry for entry in index.entries if topic is None or entry.policy.topic == topic]
    words = list(dict.fromkeys(words_of(question, index.language)))[:_MAX_WORDS]
    found = _fitting(index, entries, words, is_sure=topic is not None)
    return [_fact(entry) for entry in found[:MOST]]


def beginning(index: Index, topic: str) -> list[PolicyFact]:
    """Return the first sections of a topic, for whoever knows what it wants to read about."""
    return [_fact(entry) for entry in index.entries if entry.policy.topic == topic][:MOST]


def _fitting(index: Index, entries: Sequence[_Entry], words: Sequence[str], *, is_sure: bool) -> list[_Entry]:
    meanings = {word: _meanings(index, word) for word in words}
    weights = {word: _rarity(index, meanings[word]) for word in words}
    asked = sum(weights.values())
    scored: list[tuple[float, int, _Entry]] = []
    for number, entry in enumerate(entries):
        parts = {word: _share_of(index, entry, meanings[word]) for word in words}
        hits = [word for word, part in parts.items() if part > 0]
        if hits and (is_sure or _is_about(entry, hits, meanings, sum(weights[word] for word in hits) / asked)):
            score = sum(weights[word] * part for word, part in parts.items())
            scored.append((score * (_FIRST if entry.is_first else 1.0), -number, entry))
    best = max((score for score, _, _ in scored), default=0.0)
    ranked = sorted(scored, key=lambda each: each[:2], reverse=True)
    return [entry for score, _, entry in ranked if score >= _OF_BEST * best]


def _is_about(entry: _Entry, hits: Sequence[str], meanings: Mapping[str, Mapping[str, float]], share: float) -> bool:
    """Tell whether a section is about a question of which it holds the words `hits`, that `share` of its weight."""
    if share >= _BY_HEADING and any(not entry.headings.isdisjoint(meanings[word]) for word in hits):
        return True
    return share >= _OF_QUESTION and len(hits) > 1


def _meanings(index: Index, word: str) -> dict[str, float]:
    """Return the words of the texts that a word of a question may stand for, with how much each counts."""
    found = _known_meanings(index, word)
    if found or len(word) < _BEGINNING:
        return found
    near = search_words.nearest(word, index.spread.items()) or search_words.nearest(
        word, ((other, 1) for other in _known(index.language))
    )
    return {} if near is None else {other: _SLIP * part for other, part in _known_meanings(index, near).items()}


def _known_meanings(index: Index, word: str) -> dict[str, float]:
    found = {other: _MEANS_THE_SAME for other in _alike(word, index.language) if other in index.spread}
    if len(word) >= _BEGINNING:
        for other in index.spread:
            if len(other) >= _BEGINNING and (other.startswith(word) or word.startswith(other)):
                found[other] = max(found.get(other, 0.0), _BEGINS_ALIKE)
    if word in index.spread:
        found[word] = 1.0
    return found


@lru_cache(maxsize=4096)
def _alike(word: str, language: Language) -> frozenset[str]:
    groups = [group for group in _stemmed(language) if word in group]
    return frozenset().union(*groups) - {word}


@lru_cache(maxsize=2)
def _stemmed(language: Language) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(group) | {stem(word, language) for word in group} for group in _ALIKE[language])


@lru_cache(maxsize=2)
def _known(language: Language) -> frozenset[str]:
    return frozenset().union(*_stemmed(language))


def _rarity(index: Index, meanings: Mapping[str, float]) -> float:
    """Return how much a word tells: the more, the fewer sections it stands in; most of all, when in none."""
    sections = max((index.spread[word] for word in meanings), default=0)
    return math.log(1 + (len(index.entries) - sections + 0.5) / (sections + 0.5))


def _share_of(index: Index, entry: _Entry, meanings: Mapping[str, float]) -> float:
    count = max((entry.counts.get(word, 0.0) * part for word, part in meanings.items()), default=0.0)
    crowd = 1 - _B + _B * entry.length / index.mean_length
    return count * (_K1 + 1) / (count + _K1 * crowd) if count else 0.0


def _fact(entry: _Entry) -> PolicyFact:
    policy, section = entry.policy, entry.section
    title = policy.title if section.title is None else f"{policy.title}: {section.title}"
    return PolicyFact(policy.topic, title, _cut(section.text), policy.language)


def _cut(text: str) -> str:
    """Return a text of at most `MAX_TEXT` characters, cut between words."""
    if len(text) <= MAX_TEXT:
        return text
    head = text[: MAX_TEXT - 1]
    return f"{head[: head.rfind(' ')] if ' ' in head else head}…"
