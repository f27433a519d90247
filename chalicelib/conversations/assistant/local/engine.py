"""The embedded engine: from what is said to one intent, from the intent to tools, from what they found to an answer.

How an intent is chosen: each has the summed weights of its cues (`cues`), what is said of products and orders adds
to those that it fits, and the greatest wins. An answer to what was asked back, and a yes or no to what waits for
one, come before all that. Confidence is the winner's share of what speaks for it, for the runner-up, for neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.conversations.assistant.local import buying, orders, shopping, talk
from chalicelib.conversations.assistant.local.amounts import find_quantity
from chalicelib.conversations.assistant.local.consent import begins_with_no, is_no, is_yes
from chalicelib.conversations.assistant.local.lexicon import KINDS, MEANINGS
from chalicelib.conversations.assistant.local.memory import Memory
from chalicelib.conversations.assistant.local.turn import Turn
from chalicelib.conversations.assistant.local.understanding import Filters, Understanding, understand
from chalicelib.conversations.assistant.local.wording import words_of
from chalicelib.conversations.assistant.turns import Intent, Question, Reply, Tools

# Less than a hint speaks for it.
_LEAST = 0.35
# Stands for all that a text may mean besides.
_DOUBT = 0.25
# So short a text is mostly the name of what is wanted.
_FEW_WORDS = 4
# A number up to here is a place in a list.
_MOST_PLACES = 20
_ORDERS = re.compile(r"\b(?:order|status|bestellung|stand|paket|package|parcel|return|tracking)\b")
_COURTESIES: tuple[Intent, ...] = ("greeting", "thanks", "help")
_NEW_SUBJECT: tuple[Intent, ...] = (
    "search", "recommend", "policy", "human", "help", "show_cart", "order_history", "out_of_scope", "feedback",
)  # fmt: skip

_HANDLERS: Mapping[Intent, Callable[[Turn], Reply]] = {
    "search": shopping.search,
    "refine": shopping.refine,
    "recommend": shopping.recommend,
    "similar": shopping.similar,
    "product": shopping.about_product,
    "order_status": orders.order_status,
    "order_history": orders.order_history,
    "start_return": orders.start_return,
    "policy": talk.policy,
    "add_to_cart": buying.add,
    "show_cart": buying.show,
    "greeting": talk.greeting,
    "thanks": talk.thanks,
    "help": talk.help_,
    "human": talk.human,
    "feedback": talk.feedback,
    "out_of_scope": talk.off_topic,
    "unclear": talk.unclear,
}


class LocalEngine:
    """Answers without any network; the same question in the same state gets the same answer."""

    def answer(self, question: Question, tools: Tools) -> Reply:
        """Return the answer to a question."""
        memory = Memory.read(question.state)
        understood = understand(question.text, question.vocabulary, hint=question.language, before=memory.language)
        understood = _with_known_order(understood, memory)
        turn = Turn(question, understood, memory, tools)
        waits, asked = memory.waits, memory.asked
        memory.waits = memory.asked = None  # each holds for the next words only
        if understood.forbidden:
            turn.confidence = 0.95
            return talk.must_not(turn)
        return _settle(turn, waits) or _go_on(turn, asked) or _begin(turn)


def _with_known_order(understood: Understanding, memory: Memory) -> Understanding:
    """Take a bare number for an order where it is one that was shown, or where orders are talked of."""
    if understood.order_id is not None:
        return understood
    numbers = [int(word) for word in understood.text.split() if word.isdecimal() and len(word) < 19]
    known = next((number for number in numbers if number in memory.orders), None)
    talked_of = bool(_ORDERS.search(understood.text)) or any(
        understood.scores.get(each, 0) >= 0.4 for each in ("order_status", "start_return")
    )
    if known is None and talked_of and understood.filters.max_price_cents is None:
        known = next((number for number in numbers if number > _MOST_PLACES), None)
    if known is None:
        return understood
    filters = replace(understood.filters, min_price_cents=None, max_price_cents=None)
    return replace(understood, order_id=known, filters=filters)


# --- yes and no --------------------------------------------------------------------------------------------------


def _settle(turn: Turn, waits: Mapping[str, Any] | None) -> Reply | None:
    """Return the answer to a yes or no, None where the text is neither."""
    text = turn.question.text
    turn.confidence = 0.95
    if is_yes(text, None if waits is None else waits["name"]):
        if waits is None:
            return talk.yes_to_nothing(turn) if turn.memory.language else None
        confirm = buying.confirm if waits["name"] == "add_to_cart" else orders.confirm_return
        return confirm(turn, dict(waits["arguments"]))
    if is_no(text):
        return talk.declined(turn, something=waits is not None)
    if waits is None:
        return None
    return _changed(turn, waits)


def _changed(turn: Turn, waits: Mapping[str, Any]) -> Reply | None:
    """Return the answer to a proposal that the text changes: "yes, but three", "no, only one"; it needs a new yes."""
    plain = " ".join(words_of(turn.question.text))
    quantity = find_quantity(plain) or _lone_number(plain)
    arguments = waits["arguments"]
    same_product = not turn.understood.ordinals and not turn.understood.filters.names_goods
    if waits["name"] == "add_to_cart" and quantity and same_product and len(turn.understood.words) <= 8:
        return buying.propose(turn, int(arguments["product_id"]), quantity)
    if (
        begins_with_no(turn.question.text)
        and not turn.understood.scores
        and not turn.understood.filters.says_anything
    ):
        return talk.declined(turn, something=True)
    if waits["name"] == "start_return" and orders.reason_said(turn):
        known = {"order": arguments["order_id"], "items": arguments["item_ids"]}
        return orders.start_return(turn, known)
    return None


def _lone_number(text: str) -> int | None:
    found = re.search(r"\b(?:make it|only|just|nur|lieber|aber|but) (one|eine?n?|eins)\b", text)
    return 1 if found else None


# --- answers to what was asked back ------------------------------------------------------------------------------


def _go_on(turn: Turn, asked: Mapping[str, Any] | None) -> Reply | None:
    """Return what follows from the answer to a question of the assistant, None where the text is none."""
    if asked is None:
        return None
    turn.memory.asked = dict(asked)
    reply = _ANSWERED[asked["what"]](turn, asked)
    if reply is None:
        turn.memory.asked = None
    return reply


def _changes_subject(turn: Turn) -> bool:
    """Tell whether the text begins something else than what was asked."""
    scores = turn.understood.scores
    best = max(scores, key=lambda intent: scores[intent], default=None)
    return best in _NEW_SUBJECT and scores[best] >= 0.6


def _order_named(turn: Turn, asked: Mapping[str, Any]) -> Reply | None:
    known = turn.memory.orders
    number = turn.understood.order_id
    if number is None:
        said = [int(word) for word in turn.understood.words if word.isdecimal() and len(word) < 19]
        number = next((each for each in said if each in known or each > len(known)), None)
    if number is None:
        ordinals = [*turn.understood.ordinals, *_newest(turn)]
        places = [each - 1 if each > 0 else len(known) + each for each in ordinals]
        number = next((known[place] for place in places if 0 <= place < len(known)), None)
    if number is None:
        return None
    turn.confidence = 0.9
    turn.memory.asked = None
    turn.memory.order = number
    if asked["for"] == "start_return":
        return orders.start_return(turn, {"order": number, "reason": asked.get("reason")})
    return orders.show_order(turn, number)


def _newest(turn: Turn) -> list[int]:
    return [1] if re.search(r"\b(?:latest|newest|most recent|neueste\w*|jungste\w*)\b", turn.understood.text) else []


def _items_named(turn: Turn, asked: Mapping[str, Any]) -> Reply | None:
    if _changes_subject(turn) and not turn.understood.ordinals:
        return None
    turn.confidence = 0.85
    return orders.start_return(turn, {"order": asked["order"], "reason": asked.get("reason")})


def _product_named(turn: Turn, asked: Mapping[str, Any]) -> Reply | None:
    meant = turn.meant()
    if not meant:
        return None
    turn.confidence = 0.85
    turn.memory.asked = None
    if asked["for"] == "add_to_cart":
        return buying.propose(turn, meant[0], turn.understood.quantity or asked.get("quantity") or 1)
    return shopping.similar(turn) if asked["for"] == "similar" else shopping.about_product(turn)


_ANSWERED: Mapping[str, Callable[[Turn, Mapping[str, Any]], Reply | None]] = {
    "order": _order_named,
    "items": _items_named,
    "product": _product_named,
}


# --- something new -----------------------------------------------------------------------------------------------


def _begin(turn: Turn) -> Reply:
    intent, turn.confidence = choose(turn.understood, turn.memory, viewing=turn.question.viewing)
    return _HANDLERS[intent](turn)


def choose(understood: Understanding, memory: Memory, *, viewing: int | None = None) -> tuple[Intent, float]:
    """Return what a text wants most, and how sure that is, in [0, 1]."""
    scores = _weighed(understood, memory, viewing)
    ranked = sorted(scores.items(), key=lambda each: -each[1])
    if not ranked or ranked[0][1] < _LEAST:
        return "unclear", 0.2
    best = ranked[0][1]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return ranked[0][0], min(0.99, best / (best + 0.5 * second + _DOUBT))


def _weighed(understood: Understanding, memory: Memory, viewing: int | None) -> dict[Intent, float]:
    """Return the scores of the cues, with what is said of products and orders added to what it fits."""
    scores = dict(understood.scores)
    filters = understood.filters

    def add(intent: Intent, weight: float) -> None:
        scores[intent] = scores.get(intent, 0.0) + weight

    if filters.names_kind:
        # A word of some product's name says less than the name of a kind of thing.
        sure = filters.category is not None or any(word in MEANINGS for word in filters.words)
        add("search", 0.5 if sure or len(understood.words) <= _FEW_WORDS else 0.2)
    elif filters.brand and not memory.search:
        add("search", 0.5)
    if filters.says_anything:
        add("refine" if memory.search and not filters.names_kind else "search", 0.4 if _is_sure(filters) else 0.1)
    if memory.shown and (understood.ordinals or viewing is not None):
        for intent in ("product", "similar", "add_to_cart"):
            if intent in scores:
                add(intent, 0.4)
        if understood.ordinals and not filters.says_anything and set(scores) <= {"refine", "search"}:
            add("product", 0.9)
    if understood.order_id is not None:
        add("start_return" if scores.get("start_return", 0) >= 0.5 else "order_status", 0.8)
    if memory.search and (filters.words or filters.category) and len(understood.words) <= 3 and _is_detail(filters):
        add("refine", 0.8)
    if memory.search and filters.colours and not filters.names_goods:
        add("refine", 0.4)  # "do they come in blue?"
    if memory.orders and not memory.shown and understood.ordinals and not filters.says_anything:
        add("order_status", 0.9)
    if understood.drops_price and memory.search:
        add("refine", 0.6)
    if "refine" in scores and not memory.search and not memory.shown:
        add("search", scores.pop("refine") * 0.5)
    if memory.order is not None and not memory.shown and "refine" not in scores and "order_status" in scores:
        add("order_status", 0.3)
    if "out_of_scope" in scores and filters.names_goods and understood.scores.get("search", 0) >= 0.5:
        scores["out_of_scope"] -= 0.6
    others = max((score for intent, score in scores.items() if intent not in _COURTESIES), default=0.0)
    if others >= 0.4:
        for intent in _COURTESIES:
            scores.pop(intent, None)
    return scores


def _is_detail(filters: Filters) -> bool:
    """Tell whether what is named is a property of things ("in cashmere") rather than a kind of thing."""
    return filters.category is None and not any(word in KINDS for word in filters.words)


def _is_sure(filters: Filters) -> bool:
    """Tell whether anything is said beside words that some name has."""
    return filters != Filters(words=filters.words, unknown=filters.unknown)
