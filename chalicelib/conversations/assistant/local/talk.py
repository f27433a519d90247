# ruff: noqa: E501  (a pattern a line)
"""What is neither about products nor orders: the shop's terms, courtesies, people, and what is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chalicelib.conversations.assistant.local.turn import Turn
from chalicelib.conversations.assistant.turns import Reply

_MOST_TEXT = 900
# What a question about the terms is about, where its words say so; the first that fits.
_TOPICS: Mapping[str, re.Pattern[str]] = {
    "promotions": re.compile(r"promo\w*|coupons?|vouchers?|discounts?|gutschein\w*|rabatt\w*|aktion\w*|angebot\w*|deals?|sale"),
    "sizing": re.compile(r"\bsiz(?:e|es|ing)\b|\bgrosse(?:n\w*)?\b|measure\w*|ausmessen"),
    "privacy": re.compile(r"privacy|gdpr|dsgvo|datenschutz|\bdata\b|\bdaten\b|cookies?|delete my account|konto loschen"),
    "returns": re.compile(r"return\w*|refund\w*|exchange\w*|send(?:ing)? (?:\w+ ){0,3}back|money back|ruckgabe\w*|rucksend\w*|retoure\w*|umtausch\w*|zuruck\w*|erstatt\w*"),
    "payment": re.compile(r"\bpay\w*|\bcards?\b|paypal|klarna|visa|mastercard|maestro|amex|american express|invoice|bezahl\w*|zahl\w*|rechnung|karte\w*|declined"),
    "shipping": re.compile(r"ship\w*|deliver\w*|postage|versand\w*|versend\w*|liefer\w*|porto|verschick\w*"),
    "contact": re.compile(r"contact|phone|reach|opening hours|customer service|kontakt|telefon\w*|erreich\w*|offnungszeiten|kundendienst"),
}  # fmt: skip


def policy(turn: Turn) -> Reply:
    """Answer with what the shop's terms say."""
    topic = next((name for name, pattern in _TOPICS.items() if pattern.search(turn.understood.text)), None)
    question = " ".join(turn.question.text.split())[:300]
    result = turn.call("read_policies", question=question, topic=topic)
    if not result.policies and topic is not None:
        result = turn.call("read_policies", question=question)
    if not result.policies:
        return turn.reply(turn.say("no_policy"), "policy", "unanswered", suggestions=("human",))
    found = result.policies[0]
    text = found.text.strip()
    if len(text) > _MOST_TEXT:
        text = text[:_MOST_TEXT].rsplit(" ", 1)[0] + " …"
    return turn.reply(text, "policy", suggestions=("shipping", "return_policy", "human"))


def greeting(turn: Turn) -> Reply:
    """Say hello, and what there is to ask."""
    return turn.reply(turn.say("greeting"), "greeting", suggestions=("recommend", "where", "return_policy"))


def thanks(turn: Turn) -> Reply:
    """Answer a courtesy."""
    return turn.reply(turn.say("thanks"), "thanks", suggestions=("recommend", "my_orders"))


def help_(turn: Turn) -> Reply:
    """Say truthfully what can be done here and what cannot."""
    return turn.reply(turn.say("help"), "help", suggestions=("recommend", "where", "return_policy", "human"))


def human(turn: Turn) -> Reply:
    """Have a person of the shop take over."""
    turn.call("request_human", reason="asked")
    return turn.reply(turn.say("human"), "human", wants_human=True)


def feedback(turn: Turn) -> Reply:
    """Take a complaint calmly, and offer a person."""
    return turn.reply(turn.say("sorry"), "feedback", suggestions=("human", "my_orders"))


def off_topic(turn: Turn) -> Reply:
    """Say that this is nothing for a shop's assistant."""
    return turn.reply(turn.say("off_topic"), "out_of_scope", "refused", suggestions=("recommend", "where"))


def must_not(turn: Turn) -> Reply:
    """Refuse what the assistant must not do."""
    return turn.reply(turn.say("must_not"), "out_of_scope", "refused", suggestions=("recommend", "my_orders"))


def unclear(turn: Turn) -> Reply:
    """Ask back; the second time in a row offer a person."""
    if turn.misses_again():
        return turn.offer_person()
    return turn.reply(turn.say("unclear"), "unclear", "asked_back", suggestions=("recommend", "where"))


def yes_to_nothing(turn: Turn) -> Reply:
    """Say that there is nothing that waits for a yes."""
    return turn.reply(turn.say("nothing_to_confirm"), "confirm", "asked_back", suggestions=("recommend", "my_orders"))


def declined(turn: Turn, *, something: bool) -> Reply:
    """Leave what was proposed."""
    phrase = "declined" if something else "nothing_to_decline"
    return turn.reply(turn.say(phrase), "decline", suggestions=("recommend", "my_orders"))
