"""What a model's last message says: the text for people, and what it shows and means. No I/O.

The model ends with a line `[[intent=… outcome=… products=… orders=…]]`. It is believed as far as the turn's results
bear it out: ids must be ones that a tool returned, and what tools tell of intent and outcome wins. Without the line,
or without an id in it, the cards are those of the products and orders that the text names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast, get_args

from chalicelib.conversations.assistant.turns import Intent, Language, Outcome, ToolName, ToolResult

MAX_CARDS = 6
MAX_TEXT = 4_000
_NUMBERS = re.compile(r"\d{1,18}")
_LINE = re.compile(r"\[\[([^\[\]]*)\]\]|^\[\[?[^\[\]\n]*\b(?:intent|outcome|products)=[^\n]*$", re.MULTILINE)
_PAIR = re.compile(
    r"(intent|outcome|products|orders)\s*=\s*([\w,# ]*?)\s*(?=\b(?:intent|outcome|products|orders)\s*=|$)"
)
_THINKING = re.compile(r"<(thinking|reasoning|scratchpad)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_INTENTS: frozenset[str] = frozenset(get_args(Intent))
_OUTCOMES: frozenset[str] = frozenset({"answered", "asked_back", "refused", "unanswered"})

# Which of the tools of a turn tells what it was about: the first of these that was used.
_INTENT_OF: Sequence[tuple[ToolName, Intent]] = (
    ("request_human", "human"),
    ("start_return", "start_return"),
    ("add_to_cart", "add_to_cart"),
    ("get_order", "order_status"),
    ("list_orders", "order_history"),
    ("show_cart", "show_cart"),
    ("similar_products", "similar"),
    ("recommend_products", "recommend"),
    ("search_products", "search"),
    ("get_product", "product"),
    ("read_policies", "policy"),
)
_FINER: dict[Intent, frozenset[str]] = {
    # The same tools serve these: here the model's word says which it was.
    "search": frozenset({"search", "refine", "product"}),
    "order_history": frozenset({"order_history", "order_status"}),
    "similar": frozenset({"similar"}),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A message, taken apart; ids as the model gives them."""

    text: str
    intent: Intent | None = None
    outcome: Outcome | None = None
    products: Sequence[int] = ()
    orders: Sequence[int] = ()


def read_answer(text: str) -> Answer:
    """Return what a message says; its text is empty where it says nothing to people."""
    text = _CONTROL.sub(" ", _THINKING.sub("", text.replace("\r\n", "\n")))
    told: dict[str, str] = {}
    for line in _LINE.finditer(text):
        told |= dict(_PAIR.findall((line[1] or line[0].strip("[]")).strip()))
    shown = re.sub(r"[ \t]+\n", "\n", _LINE.sub("", text)).strip()
    shown = re.sub(r"\n{3,}", "\n\n", shown)
    intent, outcome = told.get("intent", ""), told.get("outcome", "")
    return Answer(
        shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1].rstrip() + "…",
        cast(Intent, intent) if intent in _INTENTS else None,
        cast(Outcome, outcome) if outcome in _OUTCOMES else None,
        _ids(told.get("products", "")),
        _ids(told.get("orders", "")),
    )


def _ids(text: str) -> list[int]:
    return list(dict.fromkeys(int(each) for each in _NUMBERS.findall(text)))


def cut_short(text: str) -> str:
    """Return what is whole of a message that was cut off: its sentences up to the last end of one, and a mark."""
    whole = _THINKING.sub("", text).partition("[[")[0]
    ends = [found.end() for found in re.finditer(r"[.!?](?=\s|$)|\n", whole)]
    return whole[: ends[-1]].rstrip() + " …" if ends else ""


# --- what it shows -----------------------------------------------------------------------------------------------


def products_to_show(answer: Answer, results: Iterable[ToolResult]) -> list[int]:
    """Return the products to show as cards, six at most: those that the model gives the ids of, else names."""
    names = {each.id: each.name for result in results if not result.error for each in result.products}
    told = [each for each in answer.products if each in names]
    return (told or _named(answer.text, names))[:MAX_CARDS]


def _named(text: str, names: dict[int, str]) -> list[int]:
    """Return the ids of names in a text, in their order there; a name within a longer one does not count."""
    left = _flat(text)
    found: list[tuple[int, int]] = []
    for product_id, name in sorted(names.items(), key=lambda each: (-len(_flat(each[1])), each[0])):
        flat = _flat(name)
        place = re.search(rf"(?<!\w){re.escape(flat)}(?!\w)", left) if flat else None
        if place is not None:
            found.append((place.start(), product_id))
            left = left[: place.start()] + "\0" * len(flat) + left[place.end() :]
    return [product_id for _, product_id in sorted(found)]


def _flat(text: str) -> str:
    return " ".join(re.sub(r"[*_`]", "", text).casefold().split())


def orders_to_show(answer: Answer, results: Iterable[ToolResult]) -> list[int]:
    """Return the orders to show as cards, six at most: those that the model gives the ids of, else names."""
    known = [each.id for result in results if not result.error for each in result.orders]
    told = [each for each in answer.orders if each in known]
    in_text = _ids(answer.text)
    return (told or [each for each in dict.fromkeys(known) if each in in_text])[:MAX_CARDS]


# --- what it means -----------------------------------------------------------------------------------------------


def intent_of(answer: Answer, results: Sequence[ToolResult]) -> Intent:
    """Return what the question was about: what the tools tell; where none was used, what the model says."""
    used = {result.call.name for result in results}
    for name, intent in _INTENT_OF:
        if name in used:
            return answer.intent if answer.intent in _FINER.get(intent, ()) and answer.intent else intent
    return answer.intent or "unclear"


def outcome_of(answer: Answer, results: Sequence[ToolResult]) -> Outcome:
    """Return what became of the question."""
    if any(result.needs_yes and not result.error for result in results):
        return "asked_back"
    if any(_tells(result) for result in results):
        return answer.outcome or "answered"
    if results:
        refused = any(result.error not in (None, "invalid-input", "not-found") for result in results)
        return "refused" if refused or answer.outcome == "refused" else answer.outcome or "unanswered"
    if answer.outcome is not None:
        return answer.outcome
    return "asked_back" if answer.text.endswith("?") else "answered"


def _tells(result: ToolResult) -> bool:
    found = (result.products, result.orders, result.policies, result.cart, result.return_id)
    return result.error is None and (any(found) or result.call.name == "request_human")


def confidence_of(outcome: Outcome, results: Sequence[ToolResult], *, is_whole: bool) -> float:
    """Return how sure the answer is, a rule of thumb: a model says nothing of it itself.

    0.9 where tools found what is spoken of, 0.7 where none was needed, 0.5 where it asks back or some tool refused,
    0.3 where nothing was found; halved where the message was cut off.
    """
    if outcome in ("unanswered", "failed"):
        sure = 0.3
    elif outcome == "asked_back" or any(result.error for result in results):
        sure = 0.5
    else:
        sure = 0.9 if any(_tells(result) for result in results) else 0.7
    return sure if is_whole else round(sure / 2, 2)


_GERMAN = frozenset(
    {
        "ich", "und", "der", "die", "das", "ist", "sie", "wir", "nicht", "ein", "eine", "mit", "für", "auf", "haben",
        "es", "zu", "den", "im", "ihre", "ihnen", "ja", "nein", "gibt", "wie", "was", "wo", "bitte", "danke", "hallo",
        "kann", "suche", "oder", "von", "bei", "mir", "mein", "meine", "bestellung", "unter", "rücksendung",
    }
)  # fmt: skip
_ENGLISH = frozenset(
    {
        "i", "and", "the", "is", "you", "we", "not", "a", "an", "with", "for", "on", "have", "it", "to", "in", "your",
        "yes", "no", "are", "how", "what", "where", "please", "thanks", "hello", "can", "looking", "or", "of", "my",
        "me", "order", "under", "return", "this", "that", "here", "do",
    }
)  # fmt: skip


def language_of(*texts: str) -> Language:
    """Return the language of the first text that tells; English where none does."""
    for text in texts:
        words = re.findall(r"[^\W\d_]+", text.casefold())
        german = sum(word in _GERMAN or any(letter in "äöüß" for letter in word) for word in words)
        english = sum(word in _ENGLISH for word in words)
        if german != english:
            return "de" if german > english else "en"
    return "en"
