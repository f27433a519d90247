"""A toolbox that answers from a few facts and writes down what it was asked: what handlers are tried with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib.conversations.assistant.local.engine import LocalEngine
from chalicelib.conversations.assistant.turns import (
    CartFact,
    Language,
    OrderFact,
    OrderLineFact,
    PolicyFact,
    ProductFact,
    Question,
    Reply,
    ToolCall,
    ToolResult,
    Vocabulary,
)

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
VOCABULARY = Vocabulary(
    categories=("Jeans", "Sweaters", "Outerwear & Coats", "Dresses"),
    brands=("Fenoria", "Mill House"),
    departments=("Men", "Women"),
    words=frozenset({"jeans", "slim", "sweater", "coat", "wool", "dress", "fenoria"}),
)
JEANS = ProductFact(11, "Slim Jeans - Black", "Fenoria", "Jeans", "Men", 7_111, 9)
COAT = ProductFact(12, "Wool Coat - Navy", "Mill House", "Outerwear & Coats", "Men", 19_322, 2)
GONE = ProductFact(13, "Wool Sweater - Red", "Fenoria", "Sweaters", "Men", 4_533, 0)
ORDER = OrderFact(
    901, "Complete", NOW, 2, 11_644, delivered_at=NOW,
    lines=(
        OrderLineFact(71, 11, "Slim Jeans - Black", 7_111, "Complete", can_return=True),
        OrderLineFact(72, 13, "Wool Sweater - Red", 4_533, "Complete", can_return=True),
    ),
)  # fmt: skip


@dataclass(slots=True)
class Toolbox:
    """`answers` stand in place of what a tool says by itself; an acting tool acts where `says_yes` is set."""

    answers: dict[str, ToolResult] = field(default_factory=dict)
    says_yes: bool = False
    calls: list[ToolCall] = field(default_factory=list)

    def __call__(self, call: ToolCall) -> ToolResult:
        self.calls.append(call)
        if call.name in self.answers:
            return self.answers[call.name]
        if call.name in ("search_products", "recommend_products", "similar_products"):
            return ToolResult(call, products=(JEANS, COAT, GONE))
        if call.name == "get_product":
            return ToolResult(call, products=[p for p in (JEANS, COAT, GONE) if p.id == call.arguments["product_id"]])
        if call.name in ("list_orders", "get_order"):
            return ToolResult(call, orders=(ORDER,))
        if call.name == "read_policies":
            return ToolResult(call, policies=(PolicyFact("returns", "Returns", "You have 30 days.", "en"),))
        if call.name == "show_cart":
            return ToolResult(call, cart=CartFact((), 0, 0))
        if call.name == "request_human":
            return ToolResult(call)
        return self._act(call)

    def _act(self, call: ToolCall) -> ToolResult:
        product = [p for p in (JEANS, COAT, GONE) if p.id == call.arguments.get("product_id")]
        if not self.says_yes:
            return ToolResult(call, products=product, orders=(ORDER,), needs_yes=True)
        if call.name == "start_return":
            return ToolResult(call, orders=(ORDER,), return_id=5)
        return ToolResult(call, products=product, cart=CartFact((), 1, 7_111))

    def named(self, name: str) -> list[Mapping[str, Any]]:
        """Return the arguments of the calls of one tool."""
        return [call.arguments for call in self.calls if call.name == name]


@dataclass(slots=True)
class Talk:
    """Turns of one conversation."""

    tools: Toolbox = field(default_factory=Toolbox)
    language: Language | None = None
    state: Mapping[str, Any] = field(default_factory=dict)

    def say(self, text: str) -> Reply:
        """Say something; return the answer."""
        question = Question(text, NOW, language=self.language, state=self.state, vocabulary=VOCABULARY)
        reply = LocalEngine().answer(question, self.tools)
        self.state = reply.state
        return reply
