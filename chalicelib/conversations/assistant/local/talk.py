"""What is neither about products nor orders: the shop's terms, courtesies, people, and what is refused. Pure."""

from __future__ import annotations

from chalicelib.conversations.assistant.local.turn import Turn
from chalicelib.conversations.assistant.turns import Reply

_MOST_TEXT = 900


def policy(turn: Turn) -> Reply:
    """Answer with what the shop's terms say."""
    result = turn.call("read_policies", question=turn.question.text[:300])
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
    turn.memory.missed += 1
    if turn.memory.missed > 1:
        return turn.reply(turn.say("unclear_again"), "unclear", "unanswered", suggestions=("human", "recommend"))
    return turn.reply(turn.say("unclear"), "unclear", "asked_back", suggestions=("recommend", "where"))


def yes_to_nothing(turn: Turn) -> Reply:
    """Say that there is nothing that waits for a yes."""
    return turn.reply(turn.say("nothing_to_confirm"), "confirm", "asked_back", suggestions=("recommend", "my_orders"))


def declined(turn: Turn, *, something: bool) -> Reply:
    """Leave what was proposed."""
    phrase = "declined" if something else "nothing_to_decline"
    return turn.reply(turn.say(phrase), "decline", suggestions=("recommend", "my_orders"))
