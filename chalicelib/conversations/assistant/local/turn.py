"""One turn at work: the question as it is understood, what is remembered, tools at hand, the answer in the making.

Shared by the handlers of the intents; decides nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.conversations.assistant.local import formats, lexicon
from chalicelib.conversations.assistant.local.memory import Memory, Shown
from chalicelib.conversations.assistant.local.phrases import say, suggest
from chalicelib.conversations.assistant.local.understanding import Understanding
from chalicelib.conversations.assistant.local.wording import words_of
from chalicelib.conversations.assistant.turns import (
    ACTING,
    Intent,
    OrderFact,
    Outcome,
    ProductFact,
    Question,
    Reply,
    ToolCall,
    ToolName,
    ToolResult,
    Tools,
)

# From how many units on it matters how many are left.
LOW_STOCK = 5
_PRONOUNS = frozenset(
    words_of("it this that them these those one es das den die ihn sie dies dieses diese diesen der dem davon")
)
_HERE = re.compile(r"\b(?:this|these|here|dies\w*|hier)\b")
_LEAST = re.compile(r"\b(?:cheaper|cheapest|less expensive|billiger\w*|billigste\w*|gunstiger\w*|gunstigste\w*)\b")
_MOST = re.compile(r"\b(?:more expensive|most expensive|dearer|teurere\w*|teuerste\w*)\b")
_ALL = re.compile(r"\b(?:both|all of them|all three|all two|alle drei|beide\w*|alle)\b")


@dataclass(slots=True)
class Turn:
    """A question on its way to its answer."""

    question: Question
    understood: Understanding
    memory: Memory
    tools: Tools
    confidence: float = 0.0
    _found: list[ToolResult] = field(default_factory=list)

    def call(self, name: ToolName, **arguments: Any) -> ToolResult:
        """Ask a tool; arguments that are None or empty are left out. What was looked up in this turn is not again."""
        call = ToolCall(name, {key: value for key, value in arguments.items() if value not in (None, "", [])})
        known = next((result for result in self._found if result.call == call and name not in ACTING), None)
        if known is not None:
            return known
        result = self.tools(call)
        self._found.append(result)
        return result

    def misses_again(self) -> bool:
        """Count that nothing was understood or found; tell whether it is not for the first time in a row."""
        self.memory.missed += 1
        return self.memory.missed > 1

    def offer_person(self) -> Reply:
        """Say that it is not understood, and that a person may take over."""
        return self.reply(self.say("unclear_again"), "unclear", "unanswered", suggestions=("human", "recommend"))

    def say(self, phrase: str, /, **facts: object) -> str:
        """Return a phrase in the language of the turn."""
        return say(phrase, self.understood.language, **facts)

    def reply(
        self,
        text: str,
        intent: Intent,
        outcome: Outcome = "answered",
        *,
        products: Sequence[ProductFact] = (),
        orders: Sequence[OrderFact] = (),
        suggestions: Sequence[str] = (),
        wants_human: bool = False,
    ) -> Reply:
        """Return the answer; what it shows is remembered. `suggestions` are names of `phrases`."""
        self.memory.language = self.understood.language
        if outcome != "unanswered" and intent != "unclear":
            self.memory.missed = 0
        return Reply(
            text=text,
            language=self.understood.language,
            intent=intent,
            outcome=outcome,
            confidence=round(self.confidence, 3),
            state=self.memory.state(),
            product_ids=[each.id for each in products],
            order_ids=[each.id for each in orders],
            suggestions=suggest(self.understood.language, *suggestions),
            wants_human=wants_human,
        )

    # --- facts in words ------------------------------------------------------------------------------------------

    def money(self, cents: int) -> str:
        """Return an amount in the shop's currency."""
        return formats.money(cents, self.question.currency, self.understood.language)

    def stock(self, product: ProductFact) -> str:
        """Return whether a product can be had."""
        if product.available <= 0:
            return self.say("sold_out")
        return self.say("left", count=product.available) if product.available <= LOW_STOCK else self.say("in_stock")

    def lines(self, products: Sequence[ProductFact]) -> str:
        """Return a line for each product."""
        return "\n".join(
            self.say(
                "line",
                name=formats.one_line(each.name),
                price=self.money(each.price_cents),
                stock=self.stock(each),
            )
            for each in products
        )

    def units(self, count: int) -> str:
        """Return a number of things."""
        return self.say("item") if count == 1 else self.say("items", count=count)

    # --- which one is meant --------------------------------------------------------------------------------------

    def meant(self) -> list[int]:
        """Return the products that the text points at, by place, by what sets them apart, or by a pronoun."""
        shown, understood = self.memory.shown, self.understood
        by_place = [shown[place].id for place in map(self._place, understood.ordinals) if place is not None]
        if by_place:
            return list(dict.fromkeys(by_place))
        if shown and _ALL.search(understood.text) and len(shown) <= 3:
            return [each.id for each in shown]
        if shown and (_LEAST.search(understood.text) or _MOST.search(understood.text)):
            pick = min if _LEAST.search(understood.text) else max
            return [pick(shown, key=lambda each: each.price_cents).id]
        described = self._described()
        if described is not None:
            return [described.id]
        if understood.filters.names_goods:
            return []
        return self._by_pronoun()

    def _place(self, ordinal: int) -> int | None:
        size = len(self.memory.shown)
        place = ordinal - 1 if ordinal > 0 else size + ordinal
        return place if 0 <= place < size else None

    def _described(self) -> Shown | None:
        """Return the one that was shown which fits the words best, if one alone does."""
        filters = self.understood.filters
        wanted = set(words_of(" ".join((*filters.words, filters.category or "", filters.brand or ""))))
        scored = []
        for each in self.memory.shown:
            name = set(words_of(f"{each.name} {each.brand or ''}"))
            score = len(wanted & name) + 2 * bool(name & set(words_of(" ".join(filters.colours))))
            scored.append((score, each))
        best = max((score for score, _ in scored), default=0)
        fit = [each for score, each in scored if score == best]
        # A word or two that fit one of them do not say that it is meant, where others fit none of them.
        return fit[0] if best and len(fit) == 1 and best >= len(wanted) else None

    def _by_pronoun(self) -> list[int]:
        words = set(self.understood.words) | set(self.understood.text.split())
        if self.question.viewing is not None and (_HERE.search(self.understood.text) or not self.memory.shown):
            return [self.question.viewing]
        if not words & _PRONOUNS and words - lexicon.FILLERS and self.memory.focus is None:
            return []
        if self.memory.focus is not None:
            return [self.memory.focus]
        return [self.memory.shown[0].id] if len(self.memory.shown) == 1 else []
