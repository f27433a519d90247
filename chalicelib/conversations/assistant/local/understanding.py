# ruff: noqa: E501  (patterns and word lists, one a line)
"""What a text is understood as: its language, what it wants, and what it says of products and orders. Pure.

Every word is one of: a cue of an intent, a slot (price, colour, department, category, brand, ordinal), a filler, or
else a word to look for in the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from chalicelib.commerce.catalogue.search_words import stem
from chalicelib.conversations.assistant.local import amounts, cues, lexicon
from chalicelib.conversations.assistant.local.wording import folded, nearest_of, without_umlauts, words_of
from chalicelib.conversations.assistant.turns import Intent, Language, Vocabulary

# Words that are common in one language and no word of the other.
_ENGLISH = frozenset(
    words_of(
        "the is are do you have i my me a an and for with in this that it what where how much show can want need please "
        "ones was were under below order ship shipping return cart yes no of to add put blue red black white green cheaper "
        "similar second first one track would like looking any something else not hello hi hey thanks thank don't i'm "
        "jacket dress shirt pants shoes bag skirt coat sweater recommend delivery who your when does cheap men women"
    )
)
_GERMAN = frozenset(
    words_of(
        "der die das ist sind hast du ich mein meine mir ein eine einen und für mit was wo wie viel zeig kann möchte "
        "brauche bitte nicht unter über bestellung versand rückgabe warenkorb ja nein von zu leg blau rot schwarz weiß "
        "grün günstiger ähnlich zweite erste letzte hallo danke suche gibt habt es sie den dem auf noch auch oder aber "
        "jacke kleid hemd hose schuhe tasche rock mantel pulli socken empfiehl lieferung wer euer wann billig herren "
        "damen nur eins davon zwei welche welches alle meinen meiner kostet kosten lager guten morgen abend moin servus "
        "hat hatte blaue rote schwarze weiße grüne grau graue braun braune gelb rosa lila dunkelblau keine ahnung bis leg lege euro "
        "wieder zurück zurueck fuer ueber weiss gruen guenstiger aehnlich paket nehme lieber egal warum geht bin"
    )
)
# Whoever says these speaks the language, whatever the goods are called.
_STRONG_ENGLISH = frozenset(
    words_of("do you have i the is are my where what how please show me want need looking can would like")
)
_STRONG_GERMAN = frozenset(
    words_of(
        "habt ihr ich suche gibt hast du möchte brauche zeig mir wo ist mein meine wie und oder für der die das nicht "
        "bitte ein eine einen sind kann euch euer gibts"
    )
)
_LONGEST_PHRASE = 4
_SHORTEST_MENDED = 5
# Each word is compared with all that the shop knows, and signs may come apart into many letters: what somebody
# really wants is said in less.
_MOST_MENDED = 60
_MOST_TEXT = 4_000
# German words that mean something else in English.
_FALSE_FRIENDS = frozenset(
    ("shirts", "slipper", "shopper", "overall", "overalls", "cord", "rock", "pullover", "pumps")
)
_NO_WORDS = re.compile(r"\b(?:no|not|without|except|ohne|nicht|kein\w*|ausser)\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Filters:
    """What is said of the products that are wanted; `words` are what else a product must have in its texts.

    `category_words` are those that the category was named by, where they are only part of its name: what they name may
    stand in other categories too. `unknown` are words of which no product has any.
    """

    words: tuple[str, ...] = ()
    category: str | None = None
    category_words: tuple[str, ...] = ()
    brand: str | None = None
    department: str | None = None
    colours: tuple[str, ...] = ()
    min_price_cents: int | None = None
    max_price_cents: int | None = None
    in_stock: bool | None = None
    sort: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def names_kind(self) -> bool:
        """Whether it says what kind of thing is wanted."""
        return bool(self.words or self.category)

    @property
    def names_goods(self) -> bool:
        """Whether it says which things are wanted: their kind or their brand."""
        return bool(self.words or self.category or self.brand)

    @property
    def says_anything(self) -> bool:
        """Whether anything at all is said."""
        return self != Filters(unknown=self.unknown)


@dataclass(frozen=True, slots=True)
class Understanding:
    """A text as it is understood. `scores` holds what speaks for each intent, the cues' weights summed."""

    language: Language
    text: str
    words: Sequence[str]
    scores: Mapping[Intent, float]
    filters: Filters
    order_id: int | None = None
    ordinals: Sequence[int] = ()
    quantity: int | None = None
    drops_price: bool = False
    forbidden: bool = False


def detect_language(text: str, hint: Language | None, before: Language | None) -> Language:
    """Return the language of a text; where its words do not tell, that of the conversation, then the client's."""
    words = words_of(text)
    german = sum(word in _GERMAN for word in words) + sum(letter in "äöüßÄÖÜ" for letter in text)
    german += sum(word in _STRONG_GERMAN for word in words) + sum(
        bool(_parts_of(without_umlauts(word))) for word in words
    )
    german += sum(word in lexicon.GERMAN and word not in lexicon.MEANINGS and word not in _ENGLISH for word in words)
    english = sum(word in _ENGLISH for word in words) + sum(word in _STRONG_ENGLISH for word in words)
    if german > english:
        return "de"
    if english > german:
        return "en"
    return before or hint or "en"


def understand(
    text: str, vocabulary: Vocabulary, *, hint: Language | None = None, before: Language | None = None
) -> Understanding:
    """Return what a text says. Nothing is looked up: whether there is such a thing the tools tell."""
    language = detect_language(text, hint, before)
    plain = folded(lexicon.read_signs(text)).replace("%", " percent ")[:_MOST_TEXT]
    order = amounts.find_order(plain)
    rest = plain if order is None else plain[: order[1][0]] + " " + plain[order[1][1] :]
    prices = amounts.find_prices(rest)
    for start, end in sorted(prices.spans, reverse=True):
        rest = rest[:start] + " " + rest[end:]
    said = " ".join(words_of(plain))
    # Slips are looked for in the words of the whole text, each once.
    put_right = {word: _mend(word, vocabulary) for word in list(dict.fromkeys(words_of(plain)))[:_MOST_MENDED]}
    mended = [part for word in words_of(rest) for part in put_right.get(word, (word,))]
    joined = " ".join(part for word in words_of(plain) for part in put_right.get(word, (word,)))
    # A word that is put right may have been right: whichever reading says more.
    scores = {**cues.scores_of(joined)}
    for intent, score in cues.scores_of(said).items():
        scores[intent] = max(score, scores.get(intent, 0))
    filters = _filters(mended, joined, vocabulary, prices, language)
    return Understanding(
        language=language,
        text=joined,
        words=mended,
        scores=scores,
        filters=filters,
        order_id=None if order is None else order[0],
        ordinals=amounts.find_ordinals(rest, mended),
        quantity=amounts.find_quantity(rest),
        drops_price=bool(
            re.search(r"price limit|any price|price doesnt matter|regardless of price|preis egal", joined)
        )
        or bool(
            re.search(r"ohne (?:preis)?(?:limit|grenze|begrenzung)|preis ist egal|egal was (?:es|sie) koste", joined)
        ),
        forbidden=cues.is_forbidden(joined) or cues.is_forbidden(said),
    )


def _mend(word: str, vocabulary: Vocabulary) -> Sequence[str]:
    """Return a word that was mistyped as the cue, colour or article that it stands for, a compound in its parts; any
    other as it is.
    """
    if _is_known(word, vocabulary):
        return (word,)
    plain = without_umlauts(word)
    if plain != word and _is_known(plain, vocabulary):
        return (plain,)
    if len(word) < _SHORTEST_MENDED:
        near = nearest_of(word, lexicon.MEANINGS) if len(word) == _SHORTEST_MENDED - 1 else None
        return (near or word,)
    parts = _parts_of(plain)
    if parts:
        return parts
    found = nearest_of(word, _KNOWN) or nearest_of(word, _names(vocabulary)) or nearest_of(word, vocabulary.words)
    return (found or word,)


def _parts_of(word: str) -> Sequence[str]:
    """Return the parts of a German compound that say something: "damenjacke", "lederjacke", "sommerjacke"."""
    for at in range(3, len(word) - 2):
        first, last = word[:at], word[at:]
        if last not in lexicon.GERMAN and last not in lexicon.COLOURS:
            continue
        for form in (first, first.rstrip("s"), first.removesuffix("n"), f"{first}e"):
            if form in lexicon.DEPARTMENTS or form in lexicon.GERMAN or form in lexicon.COLOURS:
                return (form, last)
        if len(last) > _SHORTEST_MENDED and at > _SHORTEST_MENDED - 1:
            return (last,)
    return ()


_KNOWN = frozenset(
    {*lexicon.GERMAN, *lexicon.ENGLISH, *lexicon.COLOURS, *lexicon.DEPARTMENTS, *cues.CUE_WORDS}
    | {word for word in lexicon.FILLERS if len(word) > 4}
)


def _is_known(word: str, vocabulary: Vocabulary) -> bool:
    return (
        word in _KNOWN
        or word in lexicon.FILLERS
        or word in lexicon.PEOPLE
        or word in vocabulary.words
        or word in _names(vocabulary)
    )


@lru_cache(maxsize=8)
def _words_and_stems(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(form for value in values for word in words_of(value) for form in (word, stem(word)))


def _names(vocabulary: Vocabulary) -> frozenset[str]:
    """Return the words of all categories, brands and departments, each in the singular too."""
    return _words_and_stems((*vocabulary.categories, *vocabulary.brands, *vocabulary.departments))


# --- what is said of products ------------------------------------------------------------------------------------


def _filters(
    words: Sequence[str], text: str, vocabulary: Vocabulary, prices: amounts.PriceWish, language: Language
) -> Filters:
    """Return what words say of products."""
    rest = list(words)
    unwanted = set(_NO_WORDS.findall(text))
    brand, rest = _take_phrase(rest, _phrases(tuple(vocabulary.brands)))
    colours, rest = _take_colours(rest, unwanted)
    department, rest = _take_department(rest, vocabulary)
    rest = _in_english(rest, language)
    category, part, rest = _take_category(rest, vocabulary)
    if language == "de":
        rest = [word for word in rest if word not in _GERMAN]
    left = [word for word in rest if word not in lexicon.FILLERS and len(word) > 1 and word not in unwanted]
    found = [word for word in left if not word.isdecimal() and word not in cues.CUE_WORDS]
    unknown = [word for word in found if vocabulary.words and not _is_of_catalogue(word, vocabulary)]
    found = [word for word in found if word not in unknown]
    return Filters(
        words=tuple(dict.fromkeys(found)),
        category=category,
        category_words=part,
        brand=brand,
        department=department,
        colours=colours,
        min_price_cents=prices.least,
        max_price_cents=prices.most,
        in_stock=True
        if re.search(r"\b(?:in stock|available|auf lager|verfugbar|lieferbar|vorratig)\b", text)
        else None,
        sort=_sort(text),
        unknown=tuple(unknown),
    )


def _is_of_catalogue(word: str, vocabulary: Vocabulary) -> bool:
    forms = {word, stem(word)}
    return bool(forms & vocabulary.words or forms & _names(vocabulary)) or any(
        each.startswith(word) for each in vocabulary.words if len(word) > _SHORTEST_MENDED
    )


def _sort(text: str) -> str | None:
    for sort, pattern in _SORTS:
        if pattern.search(text):
            return sort
    return None


_SORTS = (
    (
        "price_asc",
        re.compile(r"\b(?:cheap\w*|affordable|inexpensive|lowest price|by price|billig\w*|gunstig\w*|preiswert\w*|nach preis)\b"),
    ),
    ("price_desc", re.compile(r"\b(?:most expensive|dearest|luxury|luxurious|highest price|teuerste\w*|luxus\w*)\b")),
    ("newest", re.compile(r"\b(?:newest|latest|new arrivals|whats new|recently added|neueste\w*|neuheiten|neu eingetroffen)\b")),
)  # fmt: skip


@lru_cache(maxsize=8)
def _phrases(values: tuple[str, ...]) -> Mapping[tuple[str, ...], str]:
    return {tuple(words_of(value)): value for value in values if words_of(value)}


def _take_phrase(words: list[str], known: Mapping[tuple[str, ...], str]) -> tuple[str | None, list[str]]:
    """Return the longest known phrase among the words, and the words without it.

    A phrase of one word that is also a filler or a colour ("Amber") must not be taken for a name by chance.
    """
    for size in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
        for at in range(len(words) - size + 1):
            piece = tuple(words[at : at + size])
            if piece not in known:
                continue
            if size == 1 and (
                piece[0] in lexicon.FILLERS or piece[0] in lexicon.COLOURS or piece[0] in lexicon.GERMAN
            ):
                continue
            return known[piece], words[:at] + words[at + size :]
    return None, words


def _take_colours(words: list[str], unwanted: set[str]) -> tuple[tuple[str, ...], list[str]]:
    found = [word for word in words if word in lexicon.COLOURS and word not in unwanted]
    names = [name for word in found for name in lexicon.COLOURS[word]]
    rest = [word for word in words if word not in lexicon.COLOURS and word not in ("dark", "light", "dunkel", "hell")]
    return tuple(dict.fromkeys(names))[:8], rest if found else [w for w in words if w not in lexicon.COLOURS]


def _take_department(words: list[str], vocabulary: Vocabulary) -> tuple[str | None, list[str]]:
    by_key = {" ".join(words_of(name)): name for name in vocabulary.departments}
    wanted = [
        lexicon.DEPARTMENTS.get(word) or lexicon.PEOPLE.get(word) or lexicon.PEOPLE.get(word.removesuffix("s"))
        for word in words
    ]
    found = {by_key[key] for key in wanted if key in by_key}
    rest = [word for word, key in zip(words, wanted, strict=True) if key is None]
    # For both of them is for anybody.
    return (found.pop() if len(found) == 1 else None), rest


def _in_english(words: list[str], language: Language) -> list[str]:
    """Return words with articles of clothing as the catalogue calls them."""
    found = []
    for word in words:
        german = None if language == "en" and word in _FALSE_FRIENDS else lexicon.GERMAN.get(word)
        english = None if language == "de" and word in _GERMAN else lexicon.ENGLISH.get(word)
        found += (german or english or word).split()
    return found


@lru_cache(maxsize=8)
def _named_categories(categories: tuple[str, ...]) -> Mapping[tuple[str, ...], Set[str]]:
    named: dict[tuple[str, ...], set[str]] = {}
    for category in categories:
        for part in {category, *category.split("&")}:
            key = tuple(stem(word) for word in words_of(part))
            if key:
                named.setdefault(key, set()).add(category)
    return named


def _take_category(words: list[str], vocabulary: Vocabulary) -> tuple[str | None, tuple[str, ...], list[str]]:
    """Return the one category that words name, the words that are only part of its name, and the other words.

    "Hoodies & Sweatshirts" is named by each of its parts. A part that several categories have ("Socks", "Socks &
    Hosiery") names none of them: it is looked for as a word.
    """
    named = _named_categories(tuple(vocabulary.categories))
    stems = [stem(word) for word in words]
    for size in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
        for at in range(len(words) - size + 1):
            found = named.get(tuple(stems[at : at + size]), frozenset())
            if len(found) == 1:
                [category] = found
                whole = len(words_of(category)) == size
                partly = () if whole else tuple(words[at : at + size])
                return category, partly, words[:at] + words[at + size :]
    return None, (), words
