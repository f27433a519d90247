"""What the tools found in a turn, in the form in which claims of an answer are compared with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from chalicelib.conversations.assistant import claims
from chalicelib.conversations.assistant.turns import OrderFact, ProductFact, ToolResult, Vocabulary
from chalicelib.core.text import fold


@dataclass
class Named:
    """What is known of all that has one name: prices in cents, and the units of each product."""

    cents: set[int] = field(default_factory=set)
    available: set[int] = field(default_factory=set)


@dataclass
class Facts:
    """All that an answer may say. `written` are texts that may be repeated: of policies and of refusals."""

    products: dict[int, ProductFact] = field(default_factory=dict)
    orders: dict[int, OrderFact] = field(default_factory=dict)
    named: dict[str, Named] = field(default_factory=dict)
    phrases: set[str] = field(default_factory=set)
    brands: set[str] = field(default_factory=set)
    total_cents: set[int] = field(default_factory=set)
    limit_cents: set[int] = field(default_factory=set)
    counts: set[int] = field(default_factory=set)
    returns: set[int] = field(default_factory=set)
    dates: set[date] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)
    written: str = ""
    errors: set[str] = field(default_factory=set)
    asked: str = ""
    searched: str = ""

    @property
    def cents(self) -> set[int]:
        """All amounts that were found."""
        return {each for named in self.named.values() for each in named.cents} | self.total_cents


def facts_of(results: Sequence[ToolResult], asked: str) -> Facts:
    """Return the facts of what tools found, and of what the person says itself."""
    facts = Facts(asked=claims.plain(claims.readable(asked)))
    facts.limit_cents |= {cents for number in _numbers(facts.asked) for cents in claims.cents_of(number)}
    written: list[str] = []
    for result in results:
        for product in result.products:
            _add_product(facts, product)
        for order in result.orders:
            _add_order(facts, order)
        _add_cart(facts, result)
        for policy in result.policies:
            written += [policy.title, policy.text]
            facts.phrases |= {_key(policy.title), _key(policy.topic)}
        if result.message:
            written.append(result.message)
        if result.error:
            facts.errors.add(result.error)
        if result.return_id is not None:
            facts.returns.add(result.return_id)
        if result.did_you_mean:
            facts.phrases.add(_key(result.did_you_mean))
        facts.counts |= {len(result.products), len(result.orders)}
        _add_arguments(facts, result)
    facts.written = claims.plain(claims.readable("\n".join(written)))
    facts.urls |= claims.urls(facts.written)
    return facts


def _numbers(text: str) -> Iterable[str]:
    return re.findall(r"\d[\d.,' ]*\d|\d", text)


def _name(facts: Facts, name: str) -> Named:
    return facts.named.setdefault(claims.readable(name).strip(), Named())


def _add_product(facts: Facts, product: ProductFact) -> None:
    facts.products[product.id] = product
    named = _name(facts, product.name)
    named.cents.add(product.price_cents)
    named.available.add(product.available)
    facts.phrases |= {_key(each) for each in (product.category, product.department, product.brand) if each}
    if product.brand:
        facts.brands.add(_key(product.brand))
    if product.reason:
        facts.phrases.add(_key(product.reason))
    if product.image_url:
        facts.urls.add(product.image_url.lower())


def _add_order(facts: Facts, order: OrderFact) -> None:
    facts.orders[order.id] = order
    facts.counts.add(order.units)
    if order.total_cents is not None:
        facts.total_cents.add(order.total_cents)
    moments = (order.created_at, order.shipped_at, order.delivered_at, order.returned_at)
    facts.dates |= {each.date() for each in moments if isinstance(each, datetime)}
    if order.tracking_number:
        facts.codes.add(order.tracking_number.upper())
    if order.carrier:
        facts.phrases.add(_key(order.carrier))
    for line in order.lines:
        _name(facts, line.name).cents.add(line.price_cents)


def standings_of(order: OrderFact) -> set[str]:
    """Return how an order, or a line of it, stands or has stood."""
    statuses = {order.status, *(line.status for line in order.lines)}
    found = statuses & {"shipped", "cancelled", "returned"}
    if order.delivered_at is not None or statuses & {"complete", "returned"}:
        found.add("delivered")
    if order.shipped_at is not None or statuses & {"shipped", "complete", "returned"}:
        found.add("shipped")
    if order.returned_at is not None:
        found.add("returned")
    return found


def _add_cart(facts: Facts, result: ToolResult) -> None:
    if result.cart is None:
        return
    facts.total_cents.add(result.cart.items_cents)
    facts.counts |= {result.cart.units, len(result.cart.lines)}
    for line in result.cart.lines:
        _name(facts, line.name).cents.add(line.price_cents)
        facts.counts.add(line.quantity)


def _add_arguments(facts: Facts, result: ToolResult) -> None:
    """What was looked for may be said again: limits as limits, words as words that were looked for."""
    for name, value in result.call.arguments.items():
        if name.endswith("_price_cents") and isinstance(value, int):
            facts.limit_cents.add(value)
        elif isinstance(value, str):
            facts.searched += f" {_key(value)}"
        elif name == "colours" and isinstance(value, list | tuple):
            facts.searched += "".join(f" {_key(str(each))}" for each in value)


@lru_cache(maxsize=2048)  # names and values of the shop come again with each question
def _key(text: str) -> str:
    return " ".join(fold(claims.readable(text)).split())


def key(text: str) -> str:
    """Return a text as phrases are compared: folded, with single spaces."""
    return _key(text)


@dataclass(frozen=True)
class BrandWords:
    """The brands of a shop by their spelling, and how many words the longest has."""

    spellings: frozenset[str]
    longest: int

    def found_in(self, text: str) -> Iterator[tuple[str, int]]:
        """Yield brands that stand in a text, each with the place of its first word."""
        words = [(each[0].strip(".,;:!?\"'()[]„“”»«"), each.start()) for each in re.finditer(r"\S+", text)]
        for at, (_, start) in enumerate(words):
            for size in range(min(self.longest, len(words) - at), 0, -1):
                phrase = " ".join(word for word, _ in words[at : at + size]).removesuffix("'s")
                if len(phrase) > 2 and phrase in self.spellings:
                    yield phrase, start
                    break


@lru_cache(maxsize=4)
def _brand_words(brands: tuple[str, ...]) -> BrandWords:
    spellings = frozenset(" ".join(claims.readable(brand).split()) for brand in brands)
    return BrandWords(spellings, max((brand.count(" ") + 1 for brand in spellings), default=0))


class _Memory:
    """The brands of the vocabulary that was seen last: it stays the same object while the catalogue does."""

    made: tuple[Vocabulary, BrandWords] | None = None


def brand_words(vocabulary: Vocabulary) -> BrandWords:
    """Return the brands of a vocabulary to look for; made once for each."""
    made = _Memory.made
    if made is None or made[0] is not vocabulary:
        made = _Memory.made = (vocabulary, _brand_words(tuple(vocabulary.brands)))
    return made[1]
