"""One turn of a conversation with the assistant: what is asked, what tools found, what is answered. Plain values.

Shared by both engines, the tools, the checker and the use case; imports none of them. Money is in cents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

Language = Literal["en", "de"]

# How a question was understood; what the figures of a day count.
Intent = Literal[
    "search", "refine", "recommend", "similar", "product", "order_status", "order_history", "start_return", "policy",
    "add_to_cart", "show_cart", "confirm", "decline", "greeting", "thanks", "help", "human", "feedback",
    "out_of_scope", "unclear",
]  # fmt: skip

# What became of it. "asked_back": the assistant needs to know more; "refused": it must not or cannot do that, and
# says so; "unanswered": it did not understand or found nothing; "failed": a tool or a model broke.
Outcome = Literal["answered", "asked_back", "refused", "unanswered", "failed"]

ToolName = Literal[
    "search_products", "recommend_products", "similar_products", "get_product", "list_orders", "get_order",
    "start_return", "read_policies", "add_to_cart", "show_cart", "request_human",
]  # fmt: skip

# Tools that change something: they act only on the person's yes to exactly this call, given in a later turn.
ACTING: frozenset[ToolName] = frozenset({"start_return", "add_to_cart"})


@dataclass(frozen=True, slots=True)
class ProductFact:
    """A product as a shopper sees it at this moment; `available` units can be bought."""

    id: int
    name: str
    brand: str | None
    category: str
    department: str | None
    price_cents: int
    available: int
    image_url: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OrderLineFact:
    """One unit of an order; `can_return` tells whether it may be sent back now."""

    id: int
    product_id: int
    name: str
    price_cents: int
    status: str
    can_return: bool = False


@dataclass(frozen=True, slots=True)
class OrderFact:
    """An order of the caller, with its lines where one order was asked for."""

    id: int
    status: str
    created_at: datetime
    units: int
    total_cents: int | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    returned_at: datetime | None = None
    carrier: str | None = None
    tracking_number: str | None = None
    lines: Sequence[OrderLineFact] = ()


@dataclass(frozen=True, slots=True)
class PolicyFact:
    """A section of one of the shop's policies that fits what was asked."""

    topic: str
    title: str
    text: str
    language: Language


@dataclass(frozen=True, slots=True)
class CartLineFact:
    """A product in the cart."""

    product_id: int
    name: str
    quantity: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class CartFact:
    """The caller's cart; `items_cents` before discounts, tax and shipping."""

    lines: Sequence[CartLineFact]
    units: int
    items_cents: int


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What an engine wants looked up or done; the arguments are checked by the tool."""

    name: ToolName
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call. `error` is the code of a refusal ("not-found", "return-too-late", "invalid-input" …) with
    `message` for people; `needs_yes`: the tool acts only once the person has said yes to this call; `more`: there is
    more than is shown.
    """

    call: ToolCall
    products: Sequence[ProductFact] = ()
    orders: Sequence[OrderFact] = ()
    policies: Sequence[PolicyFact] = ()
    cart: CartFact | None = None
    return_id: int | None = None
    did_you_mean: str | None = None
    more: bool = False
    needs_yes: bool = False
    error: str | None = None
    message: str | None = None
    elapsed_ms: float = 0.0


# Carries out a call under the caller's own permissions; never raises for what the caller may not do or see.
Tools = Callable[[ToolCall], ToolResult]


@dataclass(frozen=True, slots=True)
class Said:
    """A message that came before; `by` is who said it."""

    by: Literal["user", "assistant", "staff"]
    text: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the shop sells, to understand words by: spellings as the catalogue has them; the folded words of names."""

    categories: Sequence[str] = ()
    brands: Sequence[str] = ()
    departments: Sequence[str] = ()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks, and what is known around it. `viewing` is the product whose page is open.

    `state` is what the engine remembered after the last turn (JSON values; {} at the beginning).
    """

    text: str
    now: datetime
    language: Language | None = None
    signed_in_customer: bool = True
    viewing: int | None = None
    currency: str = "usd"
    state: Mapping[str, Any] = field(default_factory=dict)
    said: Sequence[Said] = ()
    vocabulary: Vocabulary = field(default_factory=Vocabulary)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: `text`, and the products and orders to show as cards, in this order.

    `confidence` in [0, 1]: how sure the engine is to have understood. `state` is what to remember for the next turn.
    `suggestions` are questions that fit now. `wants_human`: a person should take over. `fallback` is the code of why
    another engine answered than the one that was to.
    """

    text: str
    language: Language
    intent: Intent
    outcome: Outcome
    confidence: float
    state: Mapping[str, Any]
    product_ids: Sequence[int] = ()
    order_ids: Sequence[int] = ()
    suggestions: Sequence[str] = ()
    wants_human: bool = False
    model: str = "shopkeeper-local"
    tokens_used: int | None = None
    cost_micros: int | None = None
    fallback: str | None = None


class Engine(Protocol):
    """Whoever answers. All that it looks up goes through `tools`."""

    def answer(self, question: Question, tools: Tools) -> Reply:
        """Return the answer to a question."""
        ...
