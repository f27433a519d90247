"""The checker of answers: whatever an engine says of products, prices, stock and orders, a tool found in this turn.

It reads an answer sentence by sentence. A sentence with a claim that no result holds is taken out, a card that no
result holds too; where too little is left, the answer is written anew from the results. Rather a true sentence too
few than a wrong one too many. Pure: no database, and the texts of products and policies are only ever compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.conversations.assistant import claims
from chalicelib.conversations.assistant.compose import compose
from chalicelib.conversations.assistant.facts import BrandWords, Facts, brand_words, facts_of, key, standings_of
from chalicelib.conversations.assistant.ordinary_words import ORDINARY
from chalicelib.conversations.assistant.turns import Reply, ToolResult, Vocabulary

_ABBREVIATION = re.compile(
    r"\b(?:ca|no|nr|z\. ?b|d\. ?h|e\.g|i\.e|approx|inkl|incl|etc|vs|mr|ms|dr|st)\.$", re.IGNORECASE
)
# How far behind an amount the word may stand that makes it a total.
_NEAR = 15
_END = re.compile(r"[.!?…]+[\"')\]*_“”»]*\s+")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_PRONOUN = re.compile(
    r"^\W*(?:it|its|this|that|they|the price|es|er|sie|diese[rs]?|der preis|davon)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that holds, how many statements were looked at, and how many did not hold and are gone."""

    reply: Reply
    checked: int
    replaced: int

    @property
    def figures(self) -> Mapping[str, int]:
        """What is kept of the check: numbers, no text."""
        return {"checked": self.checked, "replaced": self.replaced}


def check(
    reply: Reply,
    results: Sequence[ToolResult],
    *,
    asked: str,
    now: datetime,
    vocabulary: Vocabulary | None = None,
    currency: str = "usd",
) -> Checked:
    """Return an answer of which everything holds; `asked` is what the person said itself."""
    checker = _Checker(facts_of(results, asked), vocabulary or Vocabulary(), now, currency)
    facts = checker.facts
    products = [each for each in reply.product_ids if each in facts.products]
    orders = [each for each in reply.order_ids if each in facts.orders]
    suggestions = [each for each in reply.suggestions if checker.holds_all(each)]
    text, sentences, gone = checker.keep(reply.text)
    dropped = gone + len(reply.product_ids) - len(products) + len(reply.order_ids) - len(orders)
    dropped += len(reply.suggestions) - len(suggestions)
    looked_at = sentences + len(reply.product_ids) + len(reply.order_ids) + len(reply.suggestions)
    if gone and _too_little(text, sentences, gone):
        text = compose(results, reply.language, currency)
        products = products or list(facts.products)[:5]
        orders = orders or list(facts.orders)[:5]
    if not dropped:
        return Checked(reply, looked_at, 0)
    held = replace(reply, text=text, product_ids=products, order_ids=orders, suggestions=suggestions)
    return Checked(held, looked_at, dropped)


def _too_little(text: str, sentences: int, gone: int) -> bool:
    return 2 * gone >= sentences or len(re.sub(r"\W", "", text)) < 12


class _Checker:
    def __init__(self, facts: Facts, vocabulary: Vocabulary, now: datetime, currency: str) -> None:
        self.facts = facts
        self._now, self._currency = now, currency.lower()
        self._names = [name for name in facts.named if _can_be_masked(name)]
        self._at = {key(name): which for which, name in enumerate(self._names)}
        self._mask = _either(self._names)
        self._brands: BrandWords = brand_words(vocabulary)
        self._known = facts.phrases | {key(each) for each in (*vocabulary.categories, *vocabulary.departments)}
        self._asked = key(facts.asked)
        self._written = key(facts.written)
        # Read once, however many sentences are compared with them.
        self._amounts_written = {cents for each in claims.amounts(facts.written) for cents in each.cents}
        self._dates_written = claims.dates(facts.written) | claims.dates(facts.asked)
        self._spans_written = claims.time_spans(facts.written) | claims.time_spans(facts.asked)
        self._shares_written = claims.shares(facts.written)
        self._discounts_written = claims.discounts(facts.written)
        self._when_written = claims.says_when(f"order {facts.written}")
        self._said = [key(claims.plain(name)) for name in facts.named]  # as phrases of a plain text are

    # --- the text ------------------------------------------------------------------------------------------------

    def keep(self, text: str) -> tuple[str, int, int]:
        """Return what holds of a text, how many sentences it had, and how many are gone."""
        lines, sentences, gone = [], 0, 0
        subject: int | None = None
        for line in claims.readable(text).split("\n"):
            kept = []
            for masked in _sentences(self._masked(line)):
                if not re.search(r"\w|" + claims.NAME_MARK, masked):
                    kept.append(masked)
                    continue
                sentences += 1
                if self._holds(masked, subject):
                    kept.append(masked)
                else:
                    gone += 1
                named = {which for which, _ in claims.names_in(masked)}
                subject = named.pop() if len(named) == 1 else subject if not named else None
            rest = "".join(kept).rstrip()
            if rest and (re.search(r"\w|" + claims.NAME_MARK, _ITEM.sub("", rest)) or not line.strip()):
                lines.append(self._unmasked(rest))
            elif not line.strip():
                lines.append("")
        kept_text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        return (text if not gone else kept_text), sentences, gone

    def holds_all(self, text: str) -> bool:
        """Tell whether every sentence of a text holds."""
        return self.keep(text)[2] == 0

    def _masked(self, line: str) -> str:
        """Return a line with a mark in place of each known name: what stands in a name claims nothing."""
        if self._mask is None:
            return line
        return self._mask.sub(lambda found: f"{claims.NAME_MARK}{chr(0xE100 + self._at[key(found[0])])}", line)

    def _unmasked(self, text: str) -> str:
        marked = re.compile(rf"{claims.NAME_MARK}([\ue100-\uf8ff])")
        return marked.sub(lambda found: self._names[ord(found[1]) - 0xE100], text)

    # --- one sentence --------------------------------------------------------------------------------------------

    def _holds(self, sentence: str, subject: int | None) -> bool:
        text = claims.plain(sentence)
        carried = subject if _PRONOUN.search(text) and not claims.names_in(text) else None
        found = list(claims.amounts(text))
        rest = claims.without(text, [(each.start, each.end) for each in found])
        tests: Sequence[Callable[[], bool]] = (
            lambda: self._amounts_hold(text, found, carried),
            lambda: self._stock_holds(rest, carried),
            lambda: self._orders_hold(rest),
            lambda: self._shares_hold(rest),
            lambda: self._times_hold(rest),
            lambda: claims.urls(sentence) <= self.facts.urls,
            lambda: self._codes_hold(text),
            lambda: self._names_hold(sentence, text),
        )
        return all(test() for test in tests)

    def _amounts_hold(self, text: str, found: Sequence[claims.Amount], carried: int | None) -> bool:
        names = claims.names_in(text)
        if carried is not None:
            names = [(carried, 0)]
        # "For $20 you get …": each amount belongs to the name behind it, else to the one before it.
        ahead = bool(names and found and found[0].start < names[0][1])
        for each in found:
            if each.cents & self._amounts_written:
                continue
            owner, foreign = _owner(names, each.start, ahead=ahead), not claims.is_currency(each.unit, self._currency)
            if owner is not None and foreign:
                return False
            if owner is not None:
                between = text[owner[1] : each.start] if owner[1] < each.start else ""
                total = (
                    claims.is_total(between + "|" + text[each.end : each.end + _NEAR])
                    and each.cents & self.facts.total_cents
                )
                if not total and not each.cents & self.facts.named[self._names[owner[0]]].cents:
                    return False
            elif foreign or not each.cents & self.facts.cents or self._speaks_of_others(text):
                limit = each.cents & self.facts.limit_cents and (claims.is_limit(text, each) or claims.denies(text))
                if not limit:
                    return False
        return True

    def _stock_holds(self, text: str, carried: int | None) -> bool:
        names = claims.names_in(text) if carried is None else [(carried, 0)]
        for claim in claims.stock_claims(text):
            owner = _owner(names, claim.at, ahead=False)
            if owner is None:
                if self._speaks_of_others(text) and not claims.denies(text):
                    return False
                there = {product.available for product in self.facts.products.values()}
                if claim.counts and claim.units in self.facts.counts:
                    continue
            else:
                there = self.facts.named[self._names[owner[0]]].available
            if claim.units is None:
                if there and max(there) == 0:
                    return False
            elif claim.units == 0:
                nothing = not self.facts.products or "out-of-stock" in self.facts.errors
                if not (0 in there or (owner is None and nothing)):
                    return False
            elif claim.units not in there:
                return False
        return True

    def _orders_hold(self, text: str) -> bool:
        numbers = claims.order_numbers(text) - set(self.facts.orders)
        if numbers:
            asked = {int(each) for each in re.findall(r"\d{1,18}", self.facts.asked)}
            unsaid = claims.denies(text) or "?" in text
            # An order that the person named may be spoken of as one that is not there.
            if not (numbers <= asked and unsaid):
                return False
        spoken_of = self._numbers_of_orders(text) or set(self.facts.orders)
        stands = {each for number in spoken_of for each in standings_of(self.facts.orders[number])}
        if spoken_of and not claims.standings(text) <= stands:
            return False
        return claims.return_numbers(text) <= self.facts.returns | self._numbers_of_orders(text)

    def _numbers_of_orders(self, text: str) -> set[int]:
        return claims.order_numbers(text) & set(self.facts.orders)

    def _shares_hold(self, text: str) -> bool:
        said = claims.shares(text)
        if said and not said <= self._shares_written:
            return False
        promised = claims.discounts(text)
        return not promised or claims.denies(text) or promised <= self._discounts_written

    def _times_hold(self, text: str) -> bool:
        for year, month, day in claims.dates(text):
            known = any(
                (each.month, each.day) == (month, day) and year in (None, each.year) for each in self.facts.dates
            )
            swapped = any(
                (each.day, each.month) == (month, day) and year in (None, each.year) for each in self.facts.dates
            )
            if not (known or swapped or (year, month, day) in self._dates_written):
                return False
        spans = claims.time_spans(text) - self._spans_written
        ago = {(self._now.date() - each).days for each in self.facts.dates}
        if not spans <= ago:
            return False
        return claims.says_when(text) <= self._when_written | self._days_near()

    def _days_near(self) -> set[str]:
        """Return the words for the days on which something of the orders happened."""
        ago = {(self._now.date() - each).days for each in self.facts.dates}
        words = {0: ("today", "heute"), 1: ("yesterday", "gestern"), 2: ("vorgestern",)}
        return {word for days in ago for word in words.get(days, ())}

    def _codes_hold(self, text: str) -> bool:
        said = {each for each in claims.codes(text) if not re.fullmatch(r"\d{4}-\d\d-\d\d", each)}
        held = {each.replace(" ", "") for each in self.facts.codes}
        return all(each in held or each.lower() in self._asked or each.lower() in self._written for each in said)

    def _speaks_of_others(self, text: str) -> bool:
        """Tell whether something is named that the person may have named, but no tool found: it has no price here."""
        return any(
            not (self._is_found(key(phrase)) or self._in_pieces(key(phrase).split()))
            for phrase in (*_emphasised(text), *_capitalised(text))
            if re.search(r"[^\W\d_]{2}", phrase)
        )

    # --- names ---------------------------------------------------------------------------------------------------

    def _names_hold(self, sentence: str, text: str) -> bool:
        for brand, at in self._brands.found_in(text):
            begins = not text[:at].strip(" -*•>\"'„“#0123456789.)(")
            if begins and " " not in brand:
                continue  # at the beginning any word has a capital
            if key(brand) not in self.facts.brands and not self._is_said(key(brand)):
                return False
        return all(self._is_known(phrase, text) for phrase in _emphasised(sentence)) and all(
            self._is_known(phrase, text) for phrase in _capitalised(text)
        )

    def _is_known(self, phrase: str, text: str) -> bool:
        # The number of a parcel is no word of a name; whether it is one that was found, is asked elsewhere.
        words = (word for word in phrase.split() if word.upper() not in self.facts.codes)
        folded = key(claims.plain(" ".join(words)))
        if not re.search(r"[^\W\d_]{2}", folded) or self._is_said(folded):
            return True
        if all(word in ORDINARY for word in re.findall(r"\w+", folded)):
            return True
        if self._in_pieces(folded.split()):
            return True
        searched = claims.denies(text) or re.search(
            r"\b(?:for|nach|zu|für|searched|gesucht|mean|meinst|meinen)\b", text
        )
        return bool(searched) and _within(folded, self.facts.searched)

    def _is_found(self, folded: str) -> bool:
        """Tell whether a phrase stands in what was found."""
        if folded in self._known or any(_within(folded, name) for name in self._said):
            return True
        return any(_within(folded, text) for text in (self._written, *self.facts.phrases))

    def _is_said(self, folded: str) -> bool:
        """Tell whether a phrase stands in what was found or in what the person said."""
        return self._is_found(folded) or _within(folded, self._asked)

    def _in_pieces(self, words: Sequence[str]) -> bool:
        """Tell whether words are one known value after the other, such as department and category."""
        if not words:
            return True
        values = self._known | self.facts.brands
        for size in range(len(words), 0, -1):
            piece = " ".join(words[:size])
            if (piece in values or (size == 1 and piece in ORDINARY)) and self._in_pieces(words[size:]):
                return True
        return False


def _owner(names: Sequence[tuple[int, int]], at: int, *, ahead: bool) -> tuple[int, int] | None:
    """Return the name to which something at a place belongs: the nearest before it, else the next behind it."""
    before = [each for each in names if each[1] < at]
    behind = [each for each in names if each[1] >= at]
    if ahead and behind:
        return behind[0]
    return before[-1] if before else behind[0] if behind else None


def _within(phrase: str, text: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text))


def _can_be_masked(name: str) -> bool:
    # A name that is a word of answers would hide what they say.
    return len(re.findall(r"[^\W\d_]", name)) >= 3 and key(name) not in ORDINARY


def _either(names: list[str]) -> re.Pattern[str] | None:
    if not names:
        return None
    ordered = sorted(names, key=len, reverse=True)
    spaced = (r"\s+".join(re.escape(word) for word in name.split()) for name in ordered)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)", re.IGNORECASE)


def _sentences(line: str) -> Iterator[str]:
    """Yield the sentences of a line, each with the space behind it."""
    start = 0
    item = _ITEM.match(line)
    for end in _END.finditer(line, item.end() if item else 0):
        before, behind = line[start : end.start() + 1], line[end.end() :]
        if end[0][0] == "." and (_ABBREVIATION.search(before) or claims.is_ordinal(before, behind)):
            continue
        yield line[start : end.end()]
        start = end.end()
    yield line[start:]


_EMPHASIS = re.compile(r"\*\*(.+?)\*\*|__(.+?)__|\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|»([^«]+)«|`([^`]+)`")
_CAPITAL = re.compile(r"(?<![\w\ue000])[A-ZÄÖÜ][\w'&-]*(?:\s+(?:(?:&|of|the|and|by|von|und)\s+)?[A-ZÄÖÜ][\w'&-]*)+")


_BESIDE_NAME = re.compile(
    rf"{claims.NAME_MARK}.\s+(?P<behind>[A-ZÄÖÜ][\w'&-]*)|(?P<before>[A-ZÄÖÜ][\w'&-]*)\s+(?={claims.NAME_MARK})"
)


# What a person is told to say is no name: "Just write "talk to a person"".
_TO_SAY = re.compile(
    r"\b(?:write|say|type|reply|answer|ask|schreib\w*|sag\w*|tipp\w*|antwort\w*|frag\w*)(?:\s(?:just|me|with|mit|einfach"
    r"|mir|uns|us|bitte|please))*[\s:]*$",
    re.IGNORECASE,
)


def _emphasised(sentence: str) -> Iterator[str]:
    """Yield what stands in bold or between quotation marks, without known names and numbers."""
    for found in _EMPHASIS.finditer(sentence):
        if _TO_SAY.search(sentence[: found.start()]):
            continue
        inner = next(each for each in found.groups() if each is not None)
        for part in re.split(rf"{claims.NAME_MARK}.|[^\w\s'&-]+|\b\d[\d.,]*\b", inner):
            if part and part.strip(" -"):
                yield part.strip(" -")


def _capitalised(text: str) -> Iterator[str]:
    """Yield the runs of words with capitals that may be names."""
    for found in _BESIDE_NAME.finditer(text):
        word = found["before"] or found["behind"]
        # At the beginning any word has a capital.
        begins = found["before"] and not re.search(r"\w", text[: found.start()])
        if not begins and key(word) not in ORDINARY:
            yield word
    for found in _CAPITAL.finditer(text):
        words = found[0].split()
        while words and key(words[0]) in ORDINARY:
            words.pop(0)
        while words and key(words[-1]) in ORDINARY:
            words.pop()
        if len(words) > 1:
            yield " ".join(words)
